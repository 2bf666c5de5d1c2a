"""What a bank's claims come to: each with its proof, or with the reason why it cannot be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import schemas
from api.services.attestation.unsealed import Source, Wanted
from ledger_node.domain.claim import Claim
from ledger_node.domain.disclosure import may_disclose
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.opening import FieldProof
from ledger_node.domain.presentation import (
    SUBJECT_FIELD,
    Presentation,
    ShownClaim,
    ShownConsent,
    ShownPart,
    ShownSubject,
)
from ledger_node.domain.proof import Outcome, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.selection import prove_kind, read_in, require_selected
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
    Reason.CONSENT_OTHER_DEPARTMENT: "the consent does not cover attestations of this department",
    Reason.KIND_NOT_NAMED: "several kinds are attested for the subject and period, and the question names none",
    Reason.DEPARTMENT_NOT_NAMED: "several departments may attest to this, and neither question nor consent names one",
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
        return cannot_tell(claim, error.reason, error.message)
    return None


def shown_subject(credit_code: str, registration: Source) -> ShownSubject:
    """Return the line from a credit code to a subject: the registrar's attestation, its one field revealed."""
    field = registration.prover.committer.schema.field(SUBJECT_FIELD)
    proof = registration.prover.prove(field, Reveal(), may_disclose=True)
    assert isinstance(proof, FieldProof)  # noqa: S101 - revealing a plain field always works
    return ShownSubject(credit_code, registration.shown, proof)


def present(
    consent: ShownConsent,
    subject: ShownSubject,
    claims: Sequence[Claim],
    meant: Mapping[Question, Wanted | Reason],
    found: Mapping[Wanted, Source | Reason],
    unconsented: Sequence[ShownClaim | None],
    facts: LedgerFacts,
    policy: Policy,
) -> Presentation:
    """Return the answer to ``claims``: what ``found`` and the chain's facts prove.

    ``meant``: what each question is answered from, or why it cannot be said. ``unconsented``: for each claim, what it
    comes to if the consent does not allow it.
    """
    try:
        require_consent(consent, facts, grantee=consent.terms.grantee, uses_already_counted=1)
    except VerificationError as error:
        return refused(claims, error.reason, error.message)
    sources = {question: one if isinstance(one, Reason) else found[one] for question, one in meant.items()}
    answers = tuple(
        unasked or _answer(consent, claim, sources, facts, policy)
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
    return Presentation(tuple(cannot_tell(claim, reason, words) for claim in claims))


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
    sources: Mapping[Question, Source | Reason],
    facts: LedgerFacts,
    policy: Policy,
) -> ShownClaim:
    parts = [_tell(consent, number, part, sources[part], facts, policy) for number, part in enumerate(claim.parts)]
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
    asked, header = schemas()[question.schema], source.header
    try:
        schema = source.prover.committer.schema
        there = read_in(question, asked, schema)
        field = schema.field(there.field)
        statement = lower(there, field, as_of=header.as_of)
        require_attestation(source.shown, schema, facts)
        require_department(consent, header.issuer)
        require_data_period(consent, header.period)
        require_current(source.shown, question, facts, policy)
        proof = source.prover.prove(field, statement, may_disclose=may_disclose(consent.terms, question, field))
        if isinstance(proof, Reason):
            message = "answering no would show the value, and the consent does not allow that"
            return _Told(Outcome.CANNOT_TELL, proof, message)
        per = prove_kind(source.prover, there)
        require_selected(schema, header, there, per)
        outcome = check_proof(schema, header.fields_root, field, statement, proof)
    except CredenceError as error:
        return _Told(Outcome.CANNOT_TELL, error.reason, error.message)
    shown = ShownPart(number, header.digest, proof, per)
    rank = source.prover.rank(question.text(asked.field(question.field)))
    if outcome is Outcome.CANNOT_TELL:
        return _Told(outcome, Reason.VALUE_ABSENT, "the department has no value for this field", shown, rank)
    return _Told(outcome, None, None, shown, rank)


def cannot_tell(claim: Claim, reason: Reason, message: str) -> ShownClaim:
    """Return what a claim comes to that cannot be told."""
    return ShownClaim(claim, Outcome.CANNOT_TELL, reason, message)
