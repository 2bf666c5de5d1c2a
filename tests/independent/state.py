"""Slots of the contracts and the facts that are read of them (clause 16, State; clause 18)."""

from dataclasses import dataclass

from .crypto import Rlp, keccak, rlp_decode, rlp_int, word
from .errors import need
from .trie import MALFORMED, Nodes, lookup
from .trust import WITH_FACTS, Trust

FOREVER = 2**64 - 1
U40 = 2**40 - 1
TO_ATTEST, TO_RECEIPT = 1, 16


def entry(key: int | bytes, slot: int | bytes) -> bytes:
    """k . s = keccak(k as a word ‖ s as a word), the slot of a mapping's entry."""
    return keccak(word(key), word(slot))


def after(slot: bytes, places: int) -> int:
    """A slot so many places on."""
    return (int.from_bytes(slot) + places) % 2**256


@dataclass(frozen=True)
class KeyRecord:
    """validFrom, validUntil, compromisedFrom and what the key is for."""

    valid_from: int
    valid_until: int
    compromised_from: int
    purposes: int

    def check(self, time: int, purpose: int) -> None:
        """A key of the member, valid at the time, not compromised then, and for this; validity is looked at first."""
        need(self.valid_from <= time < self.valid_until, "key_not_valid")
        need(not self.compromised_from or time < self.compromised_from, "key_compromised")
        need(self.purposes & purpose, "key_purpose_wrong")


@dataclass(frozen=True)
class ConsentRecord:
    """What the ConsentRegistry holds."""

    state: int
    granted_at: int
    not_before: int
    expires_at: int
    max_uses: int
    uses: int
    revocation_hash: bytes


class State:
    """Words of the contracts' storage under a state root."""

    def __init__(self, root: bytes, nodes: list[bytes], trust: Trust) -> None:
        self.root, self.nodes, self.trust = root, Nodes(nodes), trust
        self.roots: dict[str, bytes] = {}

    def _storage_root(self, contract: str) -> bytes:
        """The storage root of a contract, whose code is the trust file's (`code_differs`)."""
        if contract not in self.roots:
            address, code_hash = self.trust.contracts[contract]
            raw = lookup(self.nodes, self.root, keccak(address))
            need(raw is not None, "code_differs")
            assert raw is not None
            account: Rlp = rlp_decode(raw, MALFORMED)
            need(isinstance(account, list) and len(account) == 4, "code_differs")
            assert isinstance(account, list)
            _, _, root, code = account
            need(isinstance(root, bytes) and len(root) == 32, MALFORMED)
            need(code == code_hash, "code_differs")
            assert isinstance(root, bytes)
            self.roots[contract] = root
        return self.roots[contract]

    def word(self, contract: str, slot: int | bytes) -> int:
        """The word in a slot; what was never written is zero."""
        raw = lookup(self.nodes, self._storage_root(contract), keccak(word(slot)))
        if raw is None:
            return 0
        value = rlp_int(rlp_decode(raw, MALFORMED), 256, MALFORMED)
        need(value, MALFORMED, "a zero is never stored")
        return value

    def codes(self, *contracts: str) -> None:
        """The codes of these contracts; of all that hold facts if none is named."""
        for contract in contracts or WITH_FACTS:
            self._storage_root(contract)

    def anchored(self, member: bytes, stream: int, number: int) -> bytes:
        """The one word that the chain holds for a batch."""
        return word(self.word("AnchorRegistry", entry(number, entry(stream, entry(member, 3)))))

    def status(self, member: bytes, plane: int, position: int) -> bool:
        """Whether a position is set in a plane: 0 revoked, 1 superseded."""
        bits = self.word("AnchorRegistry", entry(position // 256, entry(plane, entry(member, 4))))
        return bool(bits >> (position % 256) & 1)

    def key(self, member: bytes, key: bytes) -> KeyRecord:
        """The record of a key."""
        packed = self.word("MemberRegistry", entry(key, entry(member, 2)))
        times = (packed >> shift & FOREVER for shift in (0, 64, 128))
        return KeyRecord(*times, packed >> 192 & 0xFF)

    def standing(self, member: bytes) -> tuple[int, int]:
        """Roles and state of a member."""
        packed = self.word("MemberRegistry", entry(member, 1))
        return packed & 0xFF, packed >> 8 & 0xFF

    def is_named(self, member: bytes, name: bytes) -> bool:
        """Whether the slots that follow from a name hold it, as Solidity stores a string."""
        slot = after(entry(member, 1), 2)
        if len(name) < 32:
            return self.word("MemberRegistry", slot) == int.from_bytes(name.ljust(31, b"\0") + bytes([2 * len(name)]))
        start = keccak(word(slot))
        wanted = {slot: 2 * len(name) + 1}
        for i in range(0, len(name), 32):
            wanted[after(start, i // 32)] = int.from_bytes(name[i : i + 32].ljust(32, b"\0"))
        found = {place: self.word("MemberRegistry", place) for place in wanted}
        return found == wanted

    def may_issue(self, member: bytes, schema_id: bytes) -> tuple[int, int]:
        """From and until."""
        packed = self.word("SchemaRegistry", entry(member, entry(schema_id, 2)))
        return packed & FOREVER, packed >> 64 & FOREVER

    def consent(self, consent_id: bytes) -> ConsentRecord:
        """The record of a consent; an unknown state is malformed."""
        slot = entry(consent_id, 0)
        packed, revocation = self.word("ConsentRegistry", slot), self.word("ConsentRegistry", after(slot, 1))
        state = packed & 0xFF
        need(state <= 3, MALFORMED)
        granted, not_before, expires = (packed >> shift & U40 for shift in (8, 48, 88))
        max_uses, uses = (packed >> shift & 0xFFFFFFFF for shift in (128, 160))
        return ConsentRecord(state, granted, not_before, expires, max_uses, uses, word(revocation))

    def controllers(self, subject: bytes, number: int) -> tuple[bytes, int, int]:
        """Commitment and since of an entry, and since of the next one, zero for none."""
        start = keccak(entry(subject, 0))
        places = (3 * number, 3 * number + 1, 3 * (number + 1) + 1)
        commitment, since, following = (self.word("SubjectRegistry", after(start, p)) for p in places)
        return word(commitment), since, following
