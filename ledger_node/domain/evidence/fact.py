"""Proven words of storage as the facts that the verification plan judges by."""

from collections.abc import Mapping
from typing import Final

from ledger_node.domain.consent import ConsentRecord, ConsentState
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.slot import (
    StorageWords,
    anchor_slot,
    consent_slots,
    entry_slots,
    key_slot,
    member_slots,
    name_words,
    period_slot,
    status_slot,
    words_of,
)
from ledger_node.domain.fact import IssuerPeriod, KeyRecord, LedgerFacts, MemberStanding
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.query import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane

_KEY_BITS: Final = (64, 64, 64)
_PERIOD_BITS: Final = (64, 64)
_STANDING_BITS: Final = (8, 8)
_CONSENT_BITS: Final = (8, 40, 40, 40, 32, 32, 40, 24)
_MAX_STATE: Final = max(ConsentState)


def facts_of(
    query: FactQuery,
    words: StorageWords,
    *,
    anchor_domain: SigningDomain,
    consent_domain: SigningDomain,
    number: int,
    block_hash: bytes,
    time: int,
) -> LedgerFacts:
    """Return the facts that ``query`` asks for, out of the words of its slots at one block.

    Raises:
        VerificationError: ``state_proof_malformed``; a consent is in a state that the contract does not know.
    """
    anchors = {anchor: _bytes(words[anchor_slot(*anchor)]) for anchor in query.anchors}
    consent = None if query.consent is None else consent_record(query.consent, words)
    return LedgerFacts(
        block_number=number,
        block_hash=block_hash,
        block_time=time,
        anchor_domain=anchor_domain,
        consent_domain=consent_domain,
        anchor_digests={anchor: digest for anchor, digest in anchors.items() if any(digest)},
        keys={key: key_record(words[key_slot(*key)]) for key in query.keys},
        issuers={issuer: IssuerPeriod(*_parts(words[period_slot(*issuer)], _PERIOD_BITS)) for issuer in query.issuers},
        status={
            (member, plane, word): words[status_slot(member, plane, word)]
            for member, word in words_of(query)
            for plane in Plane
        },
        standings={member: standing_of(words[member_slots(member)[0]]) for member in query.standings},
        consent=consent,
        controllers=None if query.subject is None else _controllers(query.subject, words, consent),
    )


def key_record(word: int) -> KeyRecord:
    """Return the validity of a key as one word holds it; zeros for a key that is not the member's."""
    return KeyRecord(*_parts(word, _KEY_BITS))


def standing_of(word: int) -> MemberStanding:
    """Return roles and state of a member as the low bits of one word hold them; zeros for nobody."""
    return MemberStanding(*_parts(word, _STANDING_BITS))


def consent_record(consent: bytes, words: StorageWords) -> ConsentRecord | None:
    """Return what two words hold of a consent, or None for one that nobody granted.

    Raises:
        VerificationError: ``state_proof_malformed``; it is in a state that the contract does not know.
    """
    first, second = (words[slot] for slot in consent_slots(consent))
    state, granted_at, not_before, expires_at, max_uses, uses, _, changes = _parts(first, _CONSENT_BITS)
    if state > _MAX_STATE:
        raise VerificationError(Reason.STATE_PROOF_MALFORMED, "a consent is in a state that there is not")
    if state == ConsentState.NONE:
        return None
    bounds = (granted_at, not_before, expires_at, max_uses)
    return ConsentRecord(ConsentState(state), *bounds, uses, changes, _bytes(second))


def require_names(names: Mapping[bytes, str], words: StorageWords) -> None:
    """Require that members are called what a bundle calls them.

    Raises:
        VerificationError: ``member_differs``.
    """
    for member, name in names.items():
        if any(words[slot] != word for slot, word in name_words(member, name).items()):
            raise VerificationError(Reason.MEMBER_DIFFERS, "the chain knows a member by another name")


def _controllers(subject: tuple[bytes, int], words: StorageWords, consent: ConsentRecord | None) -> bytes | None:
    """Return the commitment if this entry was the one in force when the consent was granted."""
    commitment, since = (words[slot] for slot in entry_slots(*subject))
    next_since = words[entry_slots(subject[0], subject[1] + 1)[1]]
    if consent is None or not commitment or since > consent.granted_at:
        return None
    # an entry that is not there yet began at no time, which is written as zero
    return None if 0 < next_since <= consent.granted_at else _bytes(commitment)


def _parts(word: int, widths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers that are packed into a word, from the low end."""
    parts = []
    for width in widths:
        parts.append(word & (1 << width) - 1)
        word >>= width
    return tuple(parts)


def _bytes(word: int) -> bytes:
    return word.to_bytes(HASH_BYTES, "big")
