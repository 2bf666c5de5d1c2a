"""The state while a block is executed: py-evm's account database, on plain dictionaries.

py-evm's own one passes each access through six layers of journals and caches. Here a change is made in place
and its reverse is noted, so that a snapshot is a position in the list of notes. The tries are touched twice: to
read what is not in memory yet, and once a block to write.

An empty account (EIP-161) is the same as none: this chain has had that rule from its first block.
"""

import itertools
from collections.abc import Callable
from typing import Any

from eth.abc import AccountDatabaseAPI, MetaWitnessAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3, UINT_256_MAX
from eth.db.witness import MetaWitness
from eth.typing import JournalDBCheckpoint
from eth_typing import Address, Hash32
from eth_utils.exceptions import ValidationError
from typing_extensions import override

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.database import NodeDB
from ledger_node.node.embedded.state.account import (
    NO_ACCOUNT,
    AccountRecord,
    account_value,
    read_account,
    read_slot,
    slot_value,
)
from ledger_node.node.embedded.state.trie import update


class Journal:
    """Dictionaries whose changes can be taken back to a checkpoint."""

    def __init__(self) -> None:
        self._notes: list[tuple[dict[Any, Any], Any, Any]] = []
        self._marks: dict[int, int] = {}
        self._count = itertools.count()

    def put(self, where: dict[Any, Any], key: object, value: object) -> None:
        """Set ``where[key]`` (never to None) so that it can be taken back."""
        self._notes.append((where, key, where.get(key)))
        where[key] = value

    def mark(self) -> JournalDBCheckpoint:
        """Return a checkpoint of now."""
        checkpoint = next(self._count)
        self._marks[checkpoint] = len(self._notes)
        return JournalDBCheckpoint(checkpoint)

    def rewind(self, checkpoint: JournalDBCheckpoint) -> None:
        """Take back all that was put since a checkpoint."""
        start = self._marks[checkpoint]
        notes = self._notes
        while len(notes) > start:
            where, key, before = notes.pop()
            if before is None:
                where.pop(key, None)
            else:
                where[key] = before

    def forget(self) -> None:
        """Make everything up to now final."""
        self._notes.clear()
        self._marks.clear()


class NodeAccountDB(AccountDatabaseAPI):
    """The state of one block in the making, over trie nodes that are only added to."""

    def __init__(self, db: NodeDB, state_root: Hash32 = BLANK_ROOT_HASH) -> None:
        self._db = db
        self._root = bytes(state_root)
        self._fetch: Callable[[bytes], bytes] = db.__getitem__
        self._accounts: dict[bytes, AccountRecord] = {}
        self._slots: dict[bytes, dict[int, int]] = {}
        self._before: dict[tuple[bytes, int], int] = {}
        self._warm: dict[Any, bool] = {}
        self._code: dict[bytes, bytes] = {}
        self._changed: dict[bytes, set[int]] = {}
        self.journal = Journal()

    @override  # type: ignore[explicit-override] # it has the mark; mypy looks at the setter
    @property
    def state_root(self) -> Hash32:
        """The root after the last write; changes in the making are not in it."""
        return Hash32(self._root)

    @state_root.setter
    def state_root(self, value: Hash32) -> None:
        """Accept the root it has: py-evm sets it again whenever it takes a change back."""
        if value != self._root:
            raise ValueError("a state does not move to another root")

    @override
    def has_root(self, state_root: bytes) -> bool:
        return state_root == self._root

    def _account(self, address: bytes) -> AccountRecord:
        account = self._accounts.get(address)
        if account is None:
            account = self._accounts[address] = read_account(self._fetch, self._root, address)
        return account

    def _set(self, address: bytes, account: AccountRecord) -> None:
        self._changed.setdefault(address, set())
        self.journal.put(self._accounts, address, account)

    @override
    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:
        if not from_journal:
            before = self._before.get((address, slot))
            if before is not None:
                return before
        slots = self._slots.get(address)
        if slots is None:
            slots = self._slots[address] = {}
        value = slots.get(slot)
        if value is None:
            value = slots[slot] = read_slot(self._fetch, self._account(address).storage_root, slot)
        return value

    @override
    def set_storage(self, address: Address, slot: int, value: int) -> None:
        current = self.get_storage(address, slot)
        if (address, slot) not in self._before:
            self.journal.put(self._before, (address, slot), current)
        self._changed.setdefault(address, set()).add(slot)
        self.journal.put(self._slots[address], slot, value)

    @override
    def delete_storage(self, address: Address) -> None:
        self.journal.put(self._slots, address, {})
        self._set(address, self._account(address)._replace(storage_root=bytes(BLANK_ROOT_HASH)))

    @override
    def is_storage_warm(self, address: Address, slot: int) -> bool:
        return (address, slot) in self._warm

    @override
    def mark_storage_warm(self, address: Address, slot: int) -> None:
        if (address, slot) not in self._warm:
            self.journal.put(self._warm, (address, slot), True)

    @override
    def is_address_warm(self, address: Address) -> bool:
        return address in self._warm

    @override
    def mark_address_warm(self, address: Address) -> None:
        if address not in self._warm:
            self.journal.put(self._warm, address, True)

    @override
    def get_balance(self, address: Address) -> int:
        return self._account(address).balance

    @override
    def set_balance(self, address: Address, balance: int) -> None:
        if balance > UINT_256_MAX:  # on a chain the sum of all is less; a call may be given any
            raise ValidationError("a balance is larger than 256 bits")
        account = self._account(address)
        if account.balance != balance:
            self._set(address, account._replace(balance=balance))

    @override
    def get_nonce(self, address: Address) -> int:
        return self._account(address).nonce

    @override
    def set_nonce(self, address: Address, nonce: int) -> None:
        self._set(address, self._account(address)._replace(nonce=nonce))

    @override
    def increment_nonce(self, address: Address) -> None:
        self.set_nonce(address, self._account(address).nonce + 1)

    @override
    def set_code(self, address: Address, code: bytes) -> None:
        code_hash = keccak(code)
        self._code[code_hash] = code
        self._set(address, self._account(address)._replace(code_hash=code_hash))

    @override
    def get_code(self, address: Address) -> bytes:
        code_hash = self._account(address).code_hash
        if code_hash == EMPTY_SHA3:
            return b""
        return self._code.get(code_hash) or self._fetch(code_hash)

    @override
    def get_code_hash(self, address: Address) -> Hash32:
        return Hash32(self._account(address).code_hash)

    @override
    def delete_code(self, address: Address) -> None:
        self._set(address, self._account(address)._replace(code_hash=bytes(EMPTY_SHA3)))

    @override
    def account_has_code_or_nonce(self, address: Address) -> bool:
        account = self._account(address)
        return account.nonce != 0 or account.code_hash != EMPTY_SHA3

    @override
    def delete_account(self, address: Address) -> None:
        self.journal.put(self._slots, address, {})
        self._set(address, NO_ACCOUNT)

    @override
    def account_exists(self, address: Address) -> bool:
        return not self._account(address).is_empty

    @override
    def touch_account(self, address: Address) -> None:
        """Do nothing: a touched empty account goes, as any other empty one."""

    @override
    def account_is_empty(self, address: Address) -> bool:
        return self._account(address).is_empty

    @override
    def record(self) -> JournalDBCheckpoint:
        return self.journal.mark()

    @override
    def discard(self, checkpoint: JournalDBCheckpoint) -> None:
        self.journal.rewind(checkpoint)

    @override
    def commit(self, checkpoint: JournalDBCheckpoint) -> None:
        """Do nothing: changes are in place already."""

    @override
    def lock_changes(self) -> None:
        self.journal.forget()
        self._before.clear()
        self._warm.clear()

    @override
    def make_state_root(self) -> Hash32:
        changes: dict[bytes, bytes] = {}
        for address, slots in self._changed.items():
            account = self._accounts[address] = self._write_storage(address, slots)
            changes[keccak(address)] = b"" if account.is_empty else account_value(account)
        self._changed = {}
        self._root, nodes = update(self._fetch, self._root, changes)
        self._db.update(nodes)
        return self.state_root

    def _write_storage(self, address: bytes, slots: set[int]) -> AccountRecord:
        account = self._account(address)
        if not slots or account.is_empty:
            return account
        # a slot whose change was taken back may not be in memory any more: it is written as it was
        values = {slot: self.get_storage(Address(address), slot) for slot in slots}
        changes = {keccak(slot.to_bytes(32, "big")): slot_value(value) for slot, value in values.items()}
        root, nodes = update(self._fetch, account.storage_root, changes)
        self._db.update(nodes)
        return account._replace(storage_root=root)

    @override
    def persist(self) -> MetaWitnessAPI:
        self.lock_changes()
        self.make_state_root()
        self._db.update(self._code)
        return MetaWitness(set(), {})
