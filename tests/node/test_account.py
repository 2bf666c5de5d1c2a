import pytest
from eth.constants import BLANK_ROOT_HASH
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger_node.node.embedded.database import NodeDB, StoredNodes
from ledger_node.node.embedded.state.account import read_account, read_slot
from ledger_node.node.embedded.state.account_state import NodeAccountDB

ADDRESSES = [bytes([n]) * 20 for n in range(1, 5)]
ADDRESS = st.sampled_from(ADDRESSES)
SLOT = st.integers(0, 5)
VALUE = st.sampled_from([0, 0, 1, 127, 128, 2**64, 2**256 - 1])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set_storage"), ADDRESS, SLOT, VALUE),
        st.tuples(st.just("set_balance"), ADDRESS, st.integers(0, 300)),
        st.tuples(st.just("increment_nonce"), ADDRESS),
        st.tuples(st.just("set_code"), ADDRESS, st.binary(min_size=1, max_size=4)),
        st.tuples(st.just("delete_account"), ADDRESS),
        st.tuples(st.just("construct"), ADDRESS, SLOT, VALUE, st.booleans()),
        st.tuples(st.just("mark_storage_warm"), ADDRESS, SLOT),
        st.tuples(st.just("mark_address_warm"), ADDRESS),
        st.tuples(st.just("look")),
        st.tuples(st.just("record")),
        st.tuples(st.just("discard")),
        st.tuples(st.just("commit")),
        st.tuples(st.just("transaction")),
        st.tuples(st.just("block")),
    ),
    max_size=60,
)


class Pair:
    """Our database and py-evm's, driven by the same steps."""

    def __init__(self):
        self.stores = [NodeDB(StoredNodes(lambda _: None)), AtomicDB()]
        self.kinds = [NodeAccountDB, AccountDB]
        self.open(BLANK_ROOT_HASH)

    def open(self, root):
        self.databases = [kind(store, root) for kind, store in zip(self.kinds, self.stores, strict=True)]
        self.marks = []

    def step(self, name, *arguments):
        if name in {"look", "construct"}:
            getattr(self, name)(*arguments)
        elif name == "record":
            self.marks.append([database.record() for database in self.databases])
        elif name in {"discard", "commit"}:
            if self.marks:
                for database, mark in zip(self.databases, self.marks.pop(), strict=True):
                    getattr(database, name)(mark)
        elif name in {"transaction", "block"}:
            self.settle()
            if name == "block":
                for database in self.databases:
                    database.persist()
                ours, theirs = (database.state_root for database in self.databases)
                assert ours == theirs
                self.open(ours)
        else:
            for database in self.databases:
                if name == "set_storage" and database.get_nonce(arguments[0]) == 0:
                    database.increment_nonce(arguments[0])  # only a contract writes, and it has a nonce
                getattr(database, name)(*arguments)
            if name == "delete_account":
                self.settle()  # the EVM deletes at the end of a transaction

    def construct(self, address, slot, value, reverts):
        """Do what CREATE does at an address without code or nonce: empty its storage, run, and perhaps revert."""
        if self.databases[1].account_has_code_or_nonce(address):
            return
        self.step("record")
        for database in self.databases:
            database.delete_storage(address)
        self.step("record")
        self.step("increment_nonce", address)
        self.step("set_storage", address, slot, value)
        for _ in range(2):
            self.step("discard" if reverts else "commit")

    def settle(self):
        """End a transaction: nothing can be taken back, and empty accounts go (EIP-161)."""
        while self.marks:
            self.step("commit")
        theirs = self.databases[1]
        for address in ADDRESSES:
            if theirs.account_exists(address) and theirs.account_is_empty(address):
                for database in self.databases:
                    database.delete_account(address)
        for database in self.databases:
            database.lock_changes()

    def look(self):
        ours, theirs = self.view()
        assert ours == theirs

    def view(self):
        return [
            [
                (
                    database.get_nonce(a),
                    database.get_balance(a),
                    database.get_code(a),
                    database.account_is_empty(a),
                    database.is_address_warm(a),
                    [(database.get_storage(a, s), database.is_storage_warm(a, s)) for s in range(6)],
                    [database.get_storage(a, s, from_journal=False) for s in range(6)],
                )
                for a in ADDRESSES
            ]
            for database in self.databases
        ]


@settings(max_examples=400, deadline=None)
@example([("set_balance", ADDRESSES[0], 5), ("construct", ADDRESSES[0], 1, 7, True)], False)
@given(STEPS, st.booleans())
def test_s13_any_steps_leave_the_state_that_py_evm_leaves(steps, looks):
    pair = Pair()
    for step in steps:
        pair.step(*step)
        if looks:  # whoever looks reads, and what was read is in memory
            pair.step("look")
    pair.step("block")
    fetch = pair.stores[0].__getitem__
    for address in ADDRESSES:
        account = read_account(fetch, pair.databases[0].state_root, address)
        assert account.nonce == pair.databases[1].get_nonce(address)
        found = [read_slot(fetch, account.storage_root, slot) for slot in range(6)]
        assert found == [pair.databases[1].get_storage(address, slot) for slot in range(6)]


def test_a_state_does_not_move_to_another_root():
    database = NodeAccountDB(NodeDB(StoredNodes(lambda _: None)))
    database.state_root = BLANK_ROOT_HASH
    with pytest.raises(ValueError, match="another root"):
        database.state_root = b"\x01" * 32


def test_s13_a_construction_that_is_taken_back_gives_back_stored_slots_and_their_original_values():
    """No chain has storage without code or nonce; the database does not count on it."""
    store = NodeDB(StoredNodes(lambda _: None))
    first = NodeAccountDB(store)
    first.set_balance(ADDRESSES[0], 5)
    first.set_storage(ADDRESSES[0], 1, 77)
    first.persist()
    second = NodeAccountDB(store, first.state_root)
    mark = second.record()
    second.delete_storage(ADDRESSES[0])
    assert second.get_storage(ADDRESSES[0], 1) == 0
    second.set_storage(ADDRESSES[0], 1, 8)
    second.discard(mark)
    second.set_storage(ADDRESSES[0], 2, 0)
    assert second.get_storage(ADDRESSES[0], 1, from_journal=False) == 77
    second.persist()
    assert second.state_root == first.state_root
    assert second.get_storage(ADDRESSES[0], 1) == 77
