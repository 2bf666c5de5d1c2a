"""Where in the contracts' storage each fact lies (the layouts that the interfaces in contracts/src promise)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from ledger_node.domain.evidence.contract import Contract
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.query import FactQuery
from ledger_node.domain.status import WORD_BITS, Plane

Slot: TypeAlias = tuple[Contract, int]
"""One word of one contract's storage."""
Slots: TypeAlias = Mapping[Contract, Sequence[int]]
"""Several, by contract."""
StorageWords: TypeAlias = Mapping[Slot, int]
"""What slots hold, proven; zero where nothing was ever written."""

_MEMBERS: Final = 1
_KEYS: Final = 2
_PERIODS: Final = 2
_ANCHORS: Final = 3
_STATUS: Final = 4
_CONSENTS: Final = 0
_ENTRIES: Final = 0
_ENTRY_WORDS: Final = 3
_NAME: Final = 2
_REMEMBERED: Final = 4096
"""Entries that are kept: those of members, keys and schemas are the same in every question."""
_SHORT_TEXT: Final = 31
"""Texts of so many bytes lie in one slot with their length (Solidity, layout of bytes and string)."""


@lru_cache(_REMEMBERED)
def _entry(key: bytes | int, slot: int) -> int:
    """Return k . s: the slot of a mapping's entry."""
    word = key.to_bytes(HASH_BYTES, "big") if isinstance(key, int) else key.rjust(HASH_BYTES, b"\x00")
    return int.from_bytes(keccak(word + _word(slot)), "big")


def _word(number: int) -> bytes:
    return number.to_bytes(HASH_BYTES, "big")


def anchor_slot(member: bytes, stream: int, number: int) -> Slot:
    """Return where the digest of an anchored batch is."""
    return Contract.ANCHORS, _entry(number, _entry(stream, _entry(member, _ANCHORS)))


def status_slot(member: bytes, plane: Plane, word: int) -> Slot:
    """Return where 256 bits of a member's status bitmap are."""
    return Contract.ANCHORS, _entry(word, _entry(plane, _entry(member, _STATUS)))


def key_slot(member: bytes, key: bytes) -> Slot:
    """Return where the validity of a member's key is."""
    return Contract.MEMBERS, _entry(key, _entry(member, _KEYS))


def period_slot(schema: bytes, member: bytes) -> Slot:
    """Return where it says when a member may issue a schema."""
    return Contract.SCHEMAS, _entry(member, _entry(schema, _PERIODS))


def consent_slots(consent: bytes) -> tuple[Slot, Slot]:
    """Return where state, times and uses of a consent are, and where its revocation hash is."""
    first = _entry(consent, _CONSENTS)
    return (Contract.CONSENTS, first), (Contract.CONSENTS, first + 1)


def entry_slots(subject: bytes, index: int) -> tuple[Slot, Slot]:
    """Return where the commitment and the beginning of a subject's entry of controllers are."""
    start = int.from_bytes(keccak(_word(_entry(subject, _ENTRIES))), "big") + _ENTRY_WORDS * index
    return (Contract.SUBJECTS, start), (Contract.SUBJECTS, start + 1)


def member_slots(member: bytes) -> tuple[Slot, Slot]:
    """Return where roles (u8) and state (u8) of a member are, from the low end, and where its successor's id is."""
    first = _entry(member, _MEMBERS)
    return (Contract.MEMBERS, first), (Contract.MEMBERS, first + 1)


def name_words(member: bytes, name: str) -> dict[Slot, int]:
    """Return the words that hold a member's name if it is ``name``."""
    text = name.encode("utf-8")
    slot = _entry(member, _MEMBERS) + _NAME
    if len(text) <= _SHORT_TEXT:
        return {
            (Contract.MEMBERS, slot): int.from_bytes(text.ljust(_SHORT_TEXT, b"\x00") + bytes([2 * len(text)]), "big")
        }
    words = {(Contract.MEMBERS, slot): 2 * len(text) + 1}
    first = int.from_bytes(keccak(_word(slot)), "big")
    for place, start in enumerate(range(0, len(text), HASH_BYTES)):
        part = text[start : start + HASH_BYTES].ljust(HASH_BYTES, b"\x00")
        words[Contract.MEMBERS, first + place] = int.from_bytes(part, "big")
    return words


def slots_of(query: FactQuery, names: Mapping[bytes, str]) -> dict[Contract, tuple[int, ...]]:
    """Return the slots that prove the facts of a query and the names of members, by contract, rising, each once.

    They are exactly those whose proofs a bundle holds: no fewer check, and no more are carried.
    """
    by_contract: dict[Contract, set[int]] = defaultdict(set)
    for contract, slot in _all(query, names):
        by_contract[contract].add(slot)
    return {contract: tuple(sorted(by_contract[contract])) for contract in Contract if contract in by_contract}


def _all(query: FactQuery, names: Mapping[bytes, str]) -> Iterator[Slot]:
    yield from (anchor_slot(*anchor) for anchor in query.anchors)
    yield from (key_slot(*key) for key in query.keys)
    yield from (period_slot(*issuer) for issuer in query.issuers)
    for member, word in words_of(query):
        yield from (status_slot(member, plane, word) for plane in Plane)
    yield from (member_slots(member)[0] for member in query.standings)
    if query.consent is not None:
        yield from consent_slots(query.consent)
    if query.subject is not None:
        subject, index = query.subject
        yield from entry_slots(subject, index)
        yield entry_slots(subject, index + 1)[1]
    for member, name in names.items():
        yield from name_words(member, name)


def words_of(query: FactQuery) -> Iterable[tuple[bytes, int]]:
    """Return (member, number of the word) of all positions asked about, each once."""
    return {(member, position // WORD_BITS) for member, position in query.positions}
