"""The answer to a verification: what claims come to, with proofs or reasons, and what of it leaves and is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

import orjson

from api.catalogue.datatype import schemas
from api.services.access_log.writer import Reliance
from api.services.attestation.stored_attestation import UnsealedAttestation
from api.services.evidence.store import SealedEvidence
from api.services.idempotency.attempt import SealedResponse
from api.vault.cipher import VaultKey
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import FieldProof
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.consent_rule import require_consent
from ledger_node.domain.controller_entry import ControllerQuery
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.json_object import to_hex
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
from ledger_node.domain.receipt import Receipt
from ledger_node.domain.selection import (
    may_disclose,
    prove_kind,
    read_in,
    require_data_period,
    require_department,
    require_question,
    require_selected,
)
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.statement import Reveal, lower
from ledger_node.domain.verification import Policy, require_attestation, require_current

MESSAGES: Final = {
    Reason.CONSENT_UNKNOWN: "there is no such consent for this bank",
    Reason.CONSENT_WITHDRAWN: "the subject has withdrawn this consent",
    Reason.CONSENT_NOT_YET_VALID: "this consent is not valid yet",
    Reason.CONSENT_EXPIRED: "this consent has expired",
    Reason.CONSENT_PAUSED: "the subject has paused this consent",
    Reason.CONSENT_EXHAUSTED: "all uses of this consent are spent",
    Reason.NO_ATTESTATION: "no department has attested to this for the subject and period",
    Reason.ERASED: "the department has erased what it attested to",
    Reason.CONSENT_OTHER_DEPARTMENT: "the consent does not cover attestations of this department",
    Reason.KIND_NOT_NAMED: "several kinds are attested for the subject and period, and the question names none",
    Reason.DEPARTMENT_NOT_NAMED: "several departments may attest to this, and neither question nor consent names one",
    Reason.QUARANTINED: "the ledger calls it erased, and the operator has not said yet whether it is",
}
"""Why a claim cannot be told, where no rule of verification says it."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What a bank is told about one claim, which is given in its text form."""

    claim: str
    verdict: Outcome
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class UseReceipt:
    """The use that an answer cost: its ticket, the transaction that recorded it, and the receipt of it."""

    use: bytes
    transaction: bytes
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bank is told. ``body``: the JSON that it receives. ``use``: the id of the one that it cost, if it did.

    ``relied``: the attestations that it relies on. ``keys``: those of all attestations that it was made from.
    ``subject``: whom it shows something about.
    """

    results: Sequence[ClaimResult]
    body: bytes = field(repr=False)
    use: bytes | None = None
    relied: Sequence[Reliance] = ()
    evidence: SealedEvidence | None = None
    keys: tuple[VaultKey, ...] = ()
    subject: bytes | None = None

    @classmethod
    def showing(
        cls,
        presentation: Presentation,
        facts: LedgerFacts | None = None,
        use: UseReceipt | None = None,
        evidence: SealedEvidence | None = None,
        *,
        shown: JSON = None,
        controllers: ControllerQuery | None = None,
        keys: tuple[VaultKey, ...] = (),
    ) -> Self:
        """Return the answer that a presentation makes.

        ``facts``: what it was made from. ``shown``: its JSON form, where that was made before. ``controllers``: the
        facts about who controls the subject that a check of it takes.
        """
        consent = None if facts is None else facts.consent
        block: JSON = None
        if facts is not None:
            block = {"number": facts.block_number, "hash": to_hex(facts.block_hash), "time": facts.block_time}
        body: dict[str, JSON] = {
            "block": block,
            "use": None if use is None else {"id": to_hex(use.use), "transaction": to_hex(use.transaction)},
            "uses": None if consent is None else consent.uses,
            "max_uses": None if consent is None else consent.max_uses,
            "controllers": None if controllers is None else controllers.to_json(),
            "evidence": None if evidence is None else evidence.to_json(),
            "presentation": presentation.to_json(schemas()) if shown is None else shown,
            "receipt": None if use is None else use.receipt.to_json(),
        }
        use_id = None if use is None else use.use
        return cls(
            results=tuple(results_of(presentation)),
            body=orjson.dumps(body),
            use=use_id,
            relied=() if facts is None else tuple(Reliance.by(presentation, use_id, facts.block_number)),
            evidence=evidence,
            keys=keys,
            subject=None if presentation.consent is None else presentation.consent.terms.subject,
        )


StoreResponse: TypeAlias = Callable[[Answer], SealedResponse | None]
"""Returns what is stored of an answer for whoever asks again under the same key, sealed; None where nothing is."""


def store_nothing(_: Answer) -> None:
    """Store nothing for whoever asks again."""


def results_of(presentation: Presentation) -> list[ClaimResult]:
    """Return what a presentation says of each claim."""
    return [ClaimResult(shown.claim.text(schemas()), shown.verdict, shown.reason) for shown in presentation.claims]


def cannot_tell(claim: Claim, reason: Reason, message: str | None = None) -> ShownClaim:
    """Return what a claim comes to that cannot be told."""
    return ShownClaim(claim, Outcome.CANNOT_TELL, reason, message or MESSAGES[reason])


def refusal(claims: Sequence[Claim], reason: Reason, message: str | None = None) -> Presentation:
    """Return the presentation that tells none of ``claims``, all for the same reason."""
    return Presentation(tuple(cannot_tell(claim, reason, message) for claim in claims))


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
    *,
    use: ShownUse,
    resumption: SignedAct | None,
) -> Presentation:
    """Return the answer to ``claims``: what ``attestations`` and the chain's facts prove.

    ``attestations``: what each question is answered from, or why there is nothing. ``unconsented``: for each claim,
    what it comes to if the consent does not allow it. ``resumption``: by which word of controllers the consent goes on.
    """
    try:
        require_consent(consent, facts, grantee=consent.terms.grantee, resumption=resumption)
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
    return Presentation(answers, consent, resumption, use, subject, shown)


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
