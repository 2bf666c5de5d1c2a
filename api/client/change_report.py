"""What has changed since an answer was given: the facts that it rests on, at a node's newest block.

What is read now is proven under the trust file like the evidence itself: a node can withhold it, and not invent it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.finality import SealedBlock, require_final
from ledger_node.domain.evidence.key_statement import KeyStatement
from ledger_node.domain.evidence.slot import StorageWords, facts_of, member_slots, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.evidence.trust import Contract, Trust
from ledger_node.domain.fact import ConsentState, FactQuery, LedgerFacts
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane, is_set
from ledger_node.domain.value import format_date

_DAY = 86_400
_MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""More than the proofs of any bundle take; the node is somebody else's."""


class ChangeKind(StrEnum):
    """What may be otherwise today."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ATTESTATION_EXPIRED = "attestation_expired"
    KEY_COMPROMISED = "key_compromised"
    KEY_ENDED = "key_ended"
    ISSUER_ENDED = "issuer_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_PAUSED = "consent_paused"
    CONSENT_EXPIRED = "consent_expired"
    CONTROLLERS_CHANGED = "controllers_changed"
    SUBJECT_HELD = "subject_held"
    MEMBER_SUSPENDED = "member_suspended"
    MEMBER_LEFT = "member_left"
    MEMBER_SUCCEEDED = "member_succeeded"
    SEALERS_CHANGED = "sealers_changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise today, in words."""

    kind: ChangeKind
    words: str

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {"change": self.kind.value, "words": self.words}


_OF_MEMBER_STATE: Final = {
    2: (ChangeKind.MEMBER_SUSPENDED, "is suspended by the consortium"),
    3: (ChangeKind.MEMBER_LEFT, "has left the consortium"),
}
"""State in the MemberRegistry, where 1 is active -> what it means."""
_OF_CONSENT_STATE: Final = {
    ConsentState.WITHDRAWN: Change(
        ChangeKind.CONSENT_WITHDRAWN, "the firm has withdrawn its consent: no further questions"
    ),
    ConsentState.PAUSED: Change(ChangeKind.CONSENT_PAUSED, "the firm has paused its consent"),
}


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """The block that was looked at, what the chain says of the keys there, and what is otherwise than it was."""

    block: SealedBlock
    keys: KeyStatement
    changes: tuple[Change, ...]


def read_changes(bundle: Bundle, trust: Trust, url: str) -> ChangeReport:
    """Return what has changed since an answer that checked, as the node at ``url`` proves it.

    Raises:
        ChainError: the node does not answer.
        VerificationError: what it answers does not check under the trust file.
    """
    book = AddressBook(trust.chain_id, trust.genesis, {name: code.address for name, code in trust.contracts.items()})
    ledger = Web3Ledger(book, Rpc(url, max_answer_bytes=_MAX_ANSWER_BYTES))
    ledger.require_same_chain()
    head = ledger.head()
    if head.number < bundle.block.header.number:
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "this node has not come as far as the block of the evidence")
    query = bundle.query
    members = {slot for one in bundle.names for _, slot in member_slots(one)}
    slots = slots_of(query, {})
    slots[Contract.MEMBERS] = tuple(sorted({*slots[Contract.MEMBERS], *members}))
    proof = ledger.state_proof(slots, head)
    final = require_final(proof.block, trust, trust.genesis)
    header = proof.block.header
    words = prove(StateProofs(proof.nodes_of(slots), header.state_root), trust.contracts, slots)
    facts = facts_of(
        query,
        words,
        anchor_domain=trust.anchor_domain,
        consent_domain=trust.consent_domain,
        number=header.number,
        block_hash=final.hash,
        time=header.timestamp,
    )
    of_keys = proof.nodes_of(slots_of(FactQuery(keys=query.keys), {}))
    statement = KeyStatement(trust.chain_id, trust.genesis, query.keys, proof.block, of_keys)
    return ChangeReport(proof.block, statement, tuple(_changes(bundle, trust, facts, words)))


def _changes(bundle: Bundle, trust: Trust, facts: LedgerFacts, words: StorageWords) -> Iterator[Change]:
    yield from _of_attestations(bundle, facts)
    yield from _of_keys(bundle, facts)
    yield from _of_members(bundle, words)
    yield from _of_consent(bundle, facts)
    then = trust.era_of(bundle.genesis).sealers_at(bundle.block.header.number)
    now = trust.current.sealers_at(facts.block_number)
    if then.addresses != now.addresses:
        yield Change(
            ChangeKind.SEALERS_CHANGED,
            f"since block {now.from_block} others seal: {len(now.addresses)} now, {len(then.addresses)} then",
        )


def _of_attestations(bundle: Bundle, facts: LedgerFacts) -> Iterator[Change]:
    subject = bundle.presentation.subject
    shown = [] if subject is None else [subject.registration]
    names = {schema.id: schema.name for schema in bundle.schemas.listed}
    for each in [*shown, *bundle.presentation.attestations.values()]:
        what = f"the {names[each.header.schema_id]} attestation {to_hex(each.header.digest)}"
        for plane, kind in ((Plane.REVOKED, ChangeKind.REVOKED), (Plane.SUPERSEDED, ChangeKind.SUPERSEDED)):
            bits = {
                word: held
                for (member, on, word), held in facts.status.items()
                if (member, on) == (each.anchor.member, plane)
            }
            if is_set(bits, each.position):
                yield Change(kind, f"{what} is {kind.value} now")
        if each.header.valid_until <= facts.block_time:
            yield Change(ChangeKind.ATTESTATION_EXPIRED, f"{what} expired on {_day(each.header.valid_until)}")
        period = facts.issuers[each.header.schema_id, each.header.issuer]
        if period.until <= facts.block_time:
            yield Change(
                ChangeKind.ISSUER_ENDED,
                f"{bundle.names[each.header.issuer]} may issue this no more since {_day(period.until)}",
            )


def _of_keys(bundle: Bundle, facts: LedgerFacts) -> Iterator[Change]:
    for (member, key), record in sorted(facts.keys.items()):
        whose = f"a key of {bundle.names[member]} ({to_hex(key)})"
        if record.compromised_from:
            yield Change(
                ChangeKind.KEY_COMPROMISED,
                f"{whose} counts as compromised from {_day(record.compromised_from)} on, and not before",
            )
        if record.valid_until <= facts.block_time:
            yield Change(ChangeKind.KEY_ENDED, f"{whose} ended on {_day(record.valid_until)}")


def _of_members(bundle: Bundle, words: StorageWords) -> Iterator[Change]:
    for member, name in sorted(bundle.names.items()):
        standing, successor = (words[slot] for slot in member_slots(member))
        state = standing >> 8 & 0xFF
        if state in _OF_MEMBER_STATE:
            kind, what = _OF_MEMBER_STATE[state]
            yield Change(kind, f"{name} {what}")
        if successor:
            yield Change(ChangeKind.MEMBER_SUCCEEDED, f"{name} was taken over by member 0x{successor:064x}")


def _of_consent(bundle: Bundle, facts: LedgerFacts) -> Iterator[Change]:
    consent, history = facts.consent, facts.controllers
    if consent is None or history is None:
        return
    if consent.state in _OF_CONSENT_STATE:
        yield _OF_CONSENT_STATE[consent.state]
    if consent.expires_at <= facts.block_time:
        yield Change(ChangeKind.CONSENT_EXPIRED, f"the consent expired on {_day(consent.expires_at)}")
    answered = bundle.block.header.timestamp
    # the entry and the hold that would come next were proven not to be there
    for began in sorted(since for since in history.begins.values() if since > answered):
        yield Change(ChangeKind.CONTROLLERS_CHANGED, f"other keys act for the firm since {_day(began)}")
    for began in sorted(since for since in history.holds.values() if since > answered):
        yield Change(ChangeKind.SUBJECT_HELD, f"the firm was held on {_day(began)}, for 14 days")


def _day(time: int) -> str:
    return format_date(time // _DAY)
