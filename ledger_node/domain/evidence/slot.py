"""The contracts' storage: where each fact lies, and what it says there (the layouts of contracts/src)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, ControllerQuery, EntryKind
from ledger_node.domain.eip712 import SigningDomain, address_word, uint_word
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import (
    ConsentRecord,
    ConsentState,
    FactQuery,
    IssuerPeriod,
    KeyPurpose,
    KeyRecord,
    LedgerFacts,
    MemberStanding,
)
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.reason import Reason
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
_ANCHORS: Final = 4
_STATUS: Final = 5
_CONSENTS: Final = 2
_CONSENT_WORDS: Final = 5
_ENTRIES: Final = 3
_ENTRY_WORDS: Final = 3
_HOLDS: Final = 6
_NAME: Final = 2
_REMEMBERED: Final = 4096
"""Entries that are kept: those of members, keys and schemas are the same in every question."""
_SHORT_TEXT: Final = 31
"""Texts of so many bytes lie in one slot with their length (Solidity, layout of bytes and string)."""


@lru_cache(_REMEMBERED)
def _entry(key: bytes | int, slot: int) -> int:
    """Return k . s: the slot of a mapping's entry."""
    word = uint_word(key) if isinstance(key, int) else address_word(key)
    return int.from_bytes(keccak(word + uint_word(slot)), "big")


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


def consent_slots(consent: bytes) -> tuple[Slot, ...]:
    """Return where a consent is: state and times, spend key and used numbers, and digests of uses, grant and word."""
    first = _entry(consent, _CONSENTS)
    return tuple((Contract.CONSENTS, first + place) for place in range(_CONSENT_WORDS))


def entry_slots(subject: bytes, index: int) -> tuple[Slot, Slot, Slot]:
    """Return where the commitment, key with beginning, kind and link, and the registrar of an entry are."""
    start = int.from_bytes(keccak(uint_word(_entry(subject, _ENTRIES))), "big") + _ENTRY_WORDS * index
    return (Contract.SUBJECTS, start), (Contract.SUBJECTS, start + 1), (Contract.SUBJECTS, start + 2)


def hold_slot(subject: bytes, number: int) -> Slot:
    """Return where a hold of a subject is; holds are numbered from 1."""
    start = int.from_bytes(keccak(uint_word(_entry(subject, _HOLDS))), "big")
    return Contract.SUBJECTS, start + number - 1


def _controller_slots(query: ControllerQuery) -> Iterator[Slot]:
    for index in query.entries:
        yield from entry_slots(query.subject, index)
    yield from (entry_slots(query.subject, index)[1] for index in query.begins)
    yield from (hold_slot(query.subject, number) for number in query.holds)


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
    first = int.from_bytes(keccak(uint_word(slot)), "big")
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
    for member, word in status_words_of(query):
        yield from (status_slot(member, plane, word) for plane in Plane)
    yield from (member_slots(member)[0] for member in query.standings)
    if query.consent is not None:
        yield from consent_slots(query.consent)
    if query.subject is not None:
        yield from _controller_slots(query.subject)
    for member, name in names.items():
        yield from name_words(member, name)


def status_words_of(query: FactQuery) -> Iterable[tuple[bytes, int]]:
    """Return (member, number of the word) of all positions asked about, each once."""
    return {(member, position // WORD_BITS) for member, position in query.positions}


_KEY_BITS: Final = (64, 64, 64, 8)
_PERIOD_BITS: Final = (64, 64)
_STANDING_BITS: Final = (8, 8)
_CONSENT_BITS: Final = (8, 40, 40, 40, 8, 24, 40)
_SPENDING_BITS: Final = (160, 96)
_ADDRESS_BYTES: Final = 20
_ENTRY_BITS: Final = (160, 40, 8, 32)
_HOLD_BITS: Final = (40, 8)
_MAX_STATE: Final = max(ConsentState)
_MAX_KIND: Final = max(EntryKind)


def facts_of(
    query: FactQuery,
    storage_words: StorageWords,
    *,
    anchor_domain: SigningDomain,
    consent_domain: SigningDomain,
    number: int,
    block_hash: bytes,
    time: int,
) -> LedgerFacts:
    """Return the facts that ``query`` asks for, out of the words of its slots at one block.

    Raises:
        VerificationError: ``state_proof_malformed``; a consent is in a state, or an entry of a kind, that the contract
            does not know. ``state_proof_missing``; there is no such entry.
    """
    anchors = {anchor: uint_word(storage_words[anchor_slot(*anchor)]) for anchor in query.anchors}
    consent = None if query.consent is None else consent_record(query.consent, storage_words)
    return LedgerFacts(
        block_number=number,
        block_hash=block_hash,
        block_time=time,
        anchor_domain=anchor_domain,
        consent_domain=consent_domain,
        anchor_digests={anchor: digest for anchor, digest in anchors.items() if any(digest)},
        keys={key: key_record(storage_words[key_slot(*key)]) for key in query.keys},
        issuers={
            issuer: IssuerPeriod(*_parts(storage_words[period_slot(*issuer)], _PERIOD_BITS)) for issuer in query.issuers
        },
        status={
            (member, plane, word): storage_words[status_slot(member, plane, word)]
            for member, word in status_words_of(query)
            for plane in Plane
        },
        standings={member: standing_of(storage_words[member_slots(member)[0]]) for member in query.standings},
        consent=consent,
        controllers=None if query.subject is None else controller_history(query.subject, storage_words),
    )


def key_record(storage_word: int) -> KeyRecord:
    """Return validity and purposes of a key as one word holds them; zeros for a key that is not the member's."""
    since, until, compromised, purposes = _parts(storage_word, _KEY_BITS)
    return KeyRecord(since, until, compromised, KeyPurpose(purposes))


def standing_of(storage_word: int) -> MemberStanding:
    """Return roles and state of a member as the low bits of one word hold them; zeros for nobody."""
    return MemberStanding(*_parts(storage_word, _STANDING_BITS))


def require_names(names: Mapping[bytes, str], storage_words: StorageWords) -> None:
    """Require that members are called what a bundle calls them.

    Raises:
        VerificationError: ``member_differs``.
    """
    for member, name in names.items():
        if any(storage_words[slot] != word for slot, word in name_words(member, name).items()):
            raise VerificationError(Reason.MEMBER_DIFFERS, "the chain knows a member by another name")


def consent_record(consent: bytes, storage_words: StorageWords) -> ConsentRecord | None:
    """Return what five words hold of a consent, or None for one that nobody granted or withdrew.

    Raises:
        VerificationError: ``state_proof_malformed``; it is in a state that the contract does not know.
    """
    first, spending, *digests = (storage_words[slot] for slot in consent_slots(consent))
    state, granted_at, not_before, expires_at, max_uses, changes, changed_at = _parts(first, _CONSENT_BITS)
    if state > _MAX_STATE:
        raise VerificationError(Reason.STATE_PROOF_MALFORMED, "a consent is in a state that there is not")
    if state == ConsentState.NONE:
        return None
    spend_key, used = _parts(spending, _SPENDING_BITS)
    uses_digest, grant_digest, word_digest = map(uint_word, digests)
    return ConsentRecord(
        state=ConsentState(state),
        granted_at=granted_at,
        not_before=not_before,
        expires_at=expires_at,
        max_uses=max_uses,
        changes=changes,
        changed_at=changed_at,
        spend_key=spend_key.to_bytes(_ADDRESS_BYTES, "big"),
        used=used,
        uses_digest=uses_digest,
        grant_digest=grant_digest,
        word_digest=word_digest,
    )


def controller_history(query: ControllerQuery, storage_words: StorageWords) -> ControllerHistory:
    """Return what words hold of a subject's entries and holds.

    Raises:
        VerificationError: ``state_proof_missing``; a whole entry is asked for that there is not.
            ``state_proof_malformed``; an entry is of a kind that the contract does not know.
    """
    begins = {index: storage_words[entry_slots(query.subject, index)[1]] for index in query.begins}
    holds = {number: storage_words[hold_slot(query.subject, number)] for number in query.holds}
    return ControllerHistory(
        {index: _controller_entry(query.subject, index, storage_words) for index in query.entries},
        {index: _parts(word, _ENTRY_BITS)[1] for index, word in begins.items()},
        {number: _parts(word, _HOLD_BITS)[0] for number, word in holds.items()},
    )


def _controller_entry(subject: bytes, index: int, storage_words: StorageWords) -> ControllerEntry:
    commitment, word, registrar = (storage_words[slot] for slot in entry_slots(subject, index))
    key, since, kind, link = _parts(word, _ENTRY_BITS)
    if not since:
        raise VerificationError(Reason.STATE_PROOF_MISSING, "the subject has no such entry of controllers")
    if kind > _MAX_KIND:
        raise VerificationError(Reason.STATE_PROOF_MALFORMED, "an entry of controllers is of a kind that there is not")
    address = key.to_bytes(_ADDRESS_BYTES, "big")
    return ControllerEntry(uint_word(commitment), address, since, EntryKind(kind), link, uint_word(registrar))


def _parts(storage_word: int, widths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers that are packed into a word, from the low end."""
    parts = []
    for width in widths:
        parts.append(storage_word & (1 << width) - 1)
        storage_word >>= width
    return tuple(parts)
