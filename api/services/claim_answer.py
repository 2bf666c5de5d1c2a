"""What a bank's claims come to: each with its proof, or with the reason why it cannot be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import schemas
from api.services.source import Source, Wanted
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.opening import FieldProof
from ledger_node.domain.presentation import (
    SUBJECT_FIELD,
    SUBJECT_REGISTRATION,
    Presentation,
    ShownClaim,
    ShownConsent,
    ShownPart,
    ShownSubject,
)
from ledger_node.domain.proof import Outcome, check_proof
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.statement import Reveal, lower
from ledger_node.domain.verification import (
    Policy,
    require_attestation,
    require_consent,
    require_current,
    require_data_period,
    require_department,
    require_question,
)

NO_SOURCE: Final = {
    Reason.NO_ATTESTATION: "no department has attested to this for the subject and period",
    Reason.ERASED: "the department has erased what it attested to",
    Reason.QUARANTINED: "the ledger calls it erased, and the operator has not said yet whether it is",
}
_REFUSAL_WORDS: Final = {
    Reason.CONSENT_UNKNOWN: "there is no such consent for this bank",
    Reason.CONSENT_WITHDRAWN: "the subject has withdrawn this consent",
    Reason.CONSENT_NOT_YET_VALID: "this consent is not valid yet",
    Reason.CONSENT_EXPIRED: "this consent has expired",
    Reason.CONSENT_PAUSED: "the subject has paused this consent",
    Reason.CONSENT_EXHAUSTED: "all uses of this consent are spent",
}


def unless_consented(consent: ShownConsent, claim: Claim) -> ShownClaim | None:
    """Return what a claim comes to that the consent does not list, or None for one that it lists."""
    try:
        require_question(consent, claim.text(schemas()))
    except VerificationError as error:
        return _cannot_tell(claim, error.reason, error.message)
    return None


def shown_subject(credit_code: str, registration: Source) -> ShownSubject:
    """Return the line from a credit code to a subject: the registrar's attestation, its one field revealed."""
    field = schemas()[SUBJECT_REGISTRATION].field(SUBJECT_FIELD)
    proof = registration.prover.prove(field, Reveal(), may_disclose=True)
    assert isinstance(proof, FieldProof)  # noqa: S101 - revealing a plain field always works
    return ShownSubject(credit_code, registration.shown, proof)


def present(
    consent: ShownConsent,
    subject: ShownSubject,
    claims: Sequence[Claim],
    found: Mapping[Wanted, Source | Reason],
    unconsented: Sequence[ShownClaim | None],
    facts: LedgerFacts,
    policy: Policy,
) -> Presentation:
    """Return the answer to ``claims``: what ``found`` and the chain's facts prove.

    ``unconsented``: for each claim, what it comes to if the consent does not allow it.
    """
    try:
        require_consent(consent, facts, grantee=consent.terms.grantee, uses_already_counted=1)
    except VerificationError as error:
        return refused(claims, error.reason, error.message)
    answers = tuple(
        unasked or _answer(consent, claim, found, facts, policy)
        for claim, unasked in zip(claims, unconsented, strict=True)
    )
    used = {part.attestation for answer in answers for part in answer.parts}
    shown = {
        source.shown.header.digest: source.shown
        for source in found.values()
        if isinstance(source, Source) and source.shown.header.digest in used
    }
    return Presentation(answers, consent, subject, shown)


def refused(claims: Sequence[Claim], reason: Reason, message: str | None = None) -> Presentation:
    """Return the answer that tells none of ``claims``, all for the same reason."""
    words = message or _REFUSAL_WORDS[reason]
    return Presentation(tuple(_cannot_tell(claim, reason, words) for claim in claims))


@dataclass(frozen=True, slots=True)
class _Told:
    """What one part of a claim comes to; ``shown`` and ``rank`` where there is a proof."""

    outcome: Outcome
    reason: Reason | None = None
    message: str | None = None
    shown: ShownPart | None = None
    rank: bytes = b""


def _answer(
    consent: ShownConsent,
    claim: Claim,
    found: Mapping[Wanted, Source | Reason],
    facts: LedgerFacts,
    policy: Policy,
) -> ShownClaim:
    parts = [
        _tell(consent, number, part, found[part.schema, part.period], facts, policy)
        for number, part in enumerate(claim.parts)
    ]
    outcomes = [part.outcome for part in parts]
    shown = tuple(
        proven
        for number in claim.deciding(outcomes, [part.rank for part in parts])
        if (proven := parts[number].shown) is not None
    )
    outcome = claim.outcome(outcomes)
    if outcome is not Outcome.CANNOT_TELL:
        return ShownClaim(claim, outcome, parts=shown)
    untold = next(part for part in parts if part.outcome is Outcome.CANNOT_TELL)
    message = f"too few of its parts can be told: {untold.message}" if claim.is_combined else untold.message
    return ShownClaim(claim, outcome, untold.reason, message, shown)


def _tell(
    consent: ShownConsent,
    number: int,
    question: Question,
    source: Source | Reason,
    facts: LedgerFacts,
    policy: Policy,
) -> _Told:
    if isinstance(source, Reason):
        return _Told(Outcome.CANNOT_TELL, source, NO_SOURCE[source])
    schema = schemas()[question.schema]
    field = schema.field(question.field)
    header = source.shown.header
    try:
        statement = lower(question, field, as_of=header.as_of)
        require_attestation(source.shown, schema, facts)
        require_department(consent, header.issuer)
        require_data_period(consent, header.period)
        require_current(source.shown, question, facts, policy)
        reveal = Question(question.schema, question.field, Op.REVEAL, None, question.period).text(field)
        proof = source.prover.prove(field, statement, may_disclose=reveal in consent.terms.questions)
        if isinstance(proof, Reason):
            message = "answering no would show the value, and the consent does not allow that"
            return _Told(Outcome.CANNOT_TELL, proof, message)
        outcome = check_proof(schema, header.fields_root, field, statement, proof)
    except CredenceError as error:
        return _Told(Outcome.CANNOT_TELL, error.reason, error.message)
    shown, rank = ShownPart(number, header.digest, proof), source.prover.rank(question.text(field))
    if outcome is Outcome.CANNOT_TELL:
        return _Told(outcome, Reason.VALUE_ABSENT, "the department has no value for this field", shown, rank)
    return _Told(outcome, None, None, shown, rank)


def _cannot_tell(claim: Claim, reason: Reason, message: str) -> ShownClaim:
    return ShownClaim(claim, Outcome.CANNOT_TELL, reason, message)
