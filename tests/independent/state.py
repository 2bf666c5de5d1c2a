"""Slots of the contracts and the facts that are read of them (clause 16, State; clause 18)."""

from dataclasses import dataclass

from .crypto import Rlp, keccak, rlp_decode, rlp_int, word
from .errors import need
from .history import Asked, Entry, History
from .trie import MALFORMED, Nodes, lookup
from .trust import WITH_FACTS, Trust

FOREVER = 2**64 - 1
U40 = 2**40 - 1
LIVE = 1
TO_ATTEST, TO_RECEIPT = 1, 16


def entry(key: int | bytes, slot: int | bytes) -> bytes:
    """k . s = keccak(k as a word ‖ s as a word), the slot of a mapping's entry."""
    return keccak(word(key), word(slot))


def after(slot: bytes, places: int) -> int:
    """A slot so many places on."""
    return (int.from_bytes(slot) + places) % 2**256


def split(packed: int, *widths: int) -> list[int]:
    """The numbers that are packed into a word, from the low end."""
    found = []
    for width in widths:
        found.append(packed & (1 << width) - 1)
        packed >>= width
    return found


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
    changes: int
    changed_at: int
    spend_key: bytes
    used: int
    uses_digest: bytes
    grant_digest: bytes
    word_digest: bytes

    @property
    def resumed(self) -> bool:
        """Live after a change: that was a resumption."""
        return self.state == LIVE and self.changes > 0

    def times(self, now: int) -> list[int]:
        """When rules 9 and 12 look at the subject."""
        if not self.state or not self.granted_at:
            return []
        return [self.granted_at, now] + ([self.changed_at] if self.resumed else [])


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
        return word(self.word("AnchorRegistry", entry(number, entry(stream, entry(member, 4)))))

    def status(self, member: bytes, plane: int, position: int) -> bool:
        """Whether a position is set in a plane: 0 revoked, 1 superseded."""
        bits = self.word("AnchorRegistry", entry(position // 256, entry(plane, entry(member, 5))))
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
        slot = entry(consent_id, 2)
        first, second, *digests = (self.word("ConsentRegistry", after(slot, place)) for place in range(5))
        need(first & 0xFF <= 3, MALFORMED)
        times = split(first, 8, 40, 40, 40, 8, 24, 40)
        spend_key, used = split(second, 160, 96)
        return ConsentRecord(*times, spend_key.to_bytes(20), used, *map(word, digests))

    def history(self, subject: bytes, asked: Asked) -> History:
        """The entries and holds of a subject that are asked for; the keys' marks come later."""
        entries = {place: self._entry(subject, place) for place in asked.entries}
        begins = {place: split(self._of_entry(subject, place, 1), 160, 40)[1] for place in asked.begins}
        start = keccak(entry(subject, 6))
        holds = {n: self.word("SubjectRegistry", after(start, n - 1)) & U40 for n in asked.holds}
        return History(entries, begins, holds, {})

    def _of_entry(self, subject: bytes, place: int, offset: int) -> int:
        return self.word("SubjectRegistry", after(keccak(entry(subject, 3)), 3 * place + offset))

    def _entry(self, subject: bytes, place: int) -> Entry:
        commitment, middle, registrar = (self._of_entry(subject, place, offset) for offset in range(3))
        key, since, kind, link = split(middle, 160, 40, 8, 32)
        need(since, "state_proof_missing")
        need(kind <= 2, MALFORMED)
        return Entry(word(commitment), key.to_bytes(20), since, kind, link, word(registrar))
