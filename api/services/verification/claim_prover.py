"""What a bank's claims come to: each with its proof, or with the reason why it cannot be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.catalogue.datatype import schemas
from api.services.attestation.unsealed import UnsealedAttestation
from api.services.verification.answer import MESSAGES, cannot_tell, refusal
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import FieldProof
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.fact import LedgerFacts
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
from ledger_node.domain.selection import (
    may_disclose,
    prove_kind,
    read_in,
    require_data_period,
    require_department,
    require_question,
    require_selected,
)
from ledger_node.domain.statement import Reveal, lower
from ledger_node.domain.verification import Policy, require_attestation, require_consent, require_current


def unless_consented(consent: ShownConsent, claim: Claim) -> ShownClaim | None:
    """Return what a claim comes to that the consent does not list, or None for one that it lists."""
    try:
        require_question(consent.terms, claim.text(schemas()))
    except VerificationError as error:
        return cannot_tell(claim, error.reason, error.message)
    return None


def shown_subject(credit_code: str, registration: UnsealedAttestation) -> ShownSubject:
    """Return the line from a credit code to a subject: the registrar's attestation, its one field revealed."""
    field = registration.prover.committer.schema.field(SUBJECT_FIELD)
    proof = registration.prover.prove(field, Reveal(), may_disclose=True)
    assert isinstance(proof, FieldProof)  # noqa: S101 - revealing a plain field always works
    return ShownSubject(credit_code, registration.shown, proof)


def build_presentation(
    consent: ShownConsent,
    subject: ShownSubject,
    claims: Sequence[Claim],
    unconsented: Sequence[ShownClaim | None],
    attestations: Mapping[Question, UnsealedAttestation | Reason],
    facts: LedgerFacts,
    policy: Policy,
) -> Presentation:
    """Return the answer to ``claims``: what ``attestations`` and the chain's facts prove.

    ``attestations``: what each question is answered from, or why there is nothing. ``unconsented``: for each claim,
    what it comes to if the consent does not allow it.
    """
    try:
        require_consent(consent, facts, grantee=consent.terms.grantee, uses_already_counted=1)
    except VerificationError as error:
        return refusal(claims, error.reason, error.message)
    answers = tuple(
        refused or prove_claim(consent, claim, attestations, facts, policy)
        for claim, refused in zip(claims, unconsented, strict=True)
    )
    used = {part.attestation for answer in answers for part in answer.parts}
    shown = {
        one.header.digest: one.shown
        for one in attestations.values()
        if isinstance(one, UnsealedAttestation) and one.header.digest in used
    }
    return Presentation(answers, consent, subject, shown)


@dataclass(frozen=True, slots=True)
class PartResult:
    """What one part of a claim comes to; ``shown`` and ``rank`` where there is a proof."""

    outcome: Outcome
    reason: Reason | None = None
    message: str | None = None
    shown: ShownPart | None = None
    rank: bytes = b""


def prove_claim(
    consent: ShownConsent,
    claim: Claim,
    attestations: Mapping[Question, UnsealedAttestation | Reason],
    facts: LedgerFacts,
    policy: Policy,
) -> ShownClaim:
    """Return what a claim that the consent lists comes to, with the proofs of the parts that decide it."""
    parts = [
        prove_part(consent, number, part, attestations[part], facts, policy) for number, part in enumerate(claim.parts)
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
    unproven = next(part for part in parts if part.outcome is Outcome.CANNOT_TELL)
    message = f"too few of its parts can be told: {unproven.message}" if claim.is_combined else unproven.message
    return ShownClaim(claim, outcome, unproven.reason, message, shown)


def prove_part(
    consent: ShownConsent,
    number: int,
    question: Question,
    attestation: UnsealedAttestation | Reason,
    facts: LedgerFacts,
    policy: Policy,
) -> PartResult:
    """Return what part ``number`` of a claim comes to, with its proof from ``attestation``."""
    if isinstance(attestation, Reason):
        return PartResult(Outcome.CANNOT_TELL, attestation, MESSAGES[attestation])
    asked, header, prover = schemas()[question.schema], attestation.header, attestation.prover
    try:
        schema = prover.committer.schema
        there = read_in(question, asked, schema)
        field = schema.field(there.field)
        statement = lower(there, field, as_of=header.as_of)
        require_attestation(attestation.shown, schema, facts)
        require_department(consent.terms, header.issuer)
        require_data_period(consent.terms, header.period)
        require_current(attestation.shown, question, facts, policy)
        proof = prover.prove(field, statement, may_disclose=may_disclose(consent.terms, question, field))
        if isinstance(proof, Reason):
            message = "answering no would show the value, and the consent does not allow that"
            return PartResult(Outcome.CANNOT_TELL, proof, message)
        per = prove_kind(prover, there)
        require_selected(schema, header, there, per)
        outcome = check_proof(schema, header.fields_root, field, statement, proof)
    except CredenceError as error:
        return PartResult(Outcome.CANNOT_TELL, error.reason, error.message)
    shown = ShownPart(number, header.digest, proof, per)
    rank = prover.rank(question.text(asked.field(question.field)))
    if outcome is Outcome.CANNOT_TELL:
        return PartResult(outcome, Reason.VALUE_ABSENT, "the department has no value for this field", shown, rank)
    return PartResult(outcome, None, None, shown, rank)
