"""Verifications: a bank's questions become verdicts with proofs, and a use is recorded before any of it leaves.

Steps: (1) what the store alone can refuse is refused; (2) the use is recorded on the ledger; (3) facts are
read at one block, with their state proofs; (4) proofs are made from the vault; (5) the answer must pass the same
plan that the bank runs, or it does not leave; (6) every claim of it, refused or not, is a durable row of the access
log, and the evidence of the answer is stored with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from api.catalogue.datatype import schemas
from api.services.access_log import AccessLog, Asked
from api.services.consent import ConsentService, HeldConsent
from api.services.consent_receipt import ConsentReceipts
from api.services.evidence import SealedEvidence
from api.services.evidence_capture import EvidenceCapture
from api.services.idempotency import Attempt
from api.services.reliance import Relied
from api.services.subject import SubjectService
from api.services.use_recorder import UseRecorder
from api.services.vault_search import Source, VaultSearch, Wanted
from api.vault.joint_key import VaultKey
from api.watch.metric import Metrics, Stage
from ledger_node.domain.access import AccessRow
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import require_granted_to
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.evidence.bundle import presentation_to_json
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.opening import FieldProof
from ledger_node.domain.presentation import (
    MAX_CLAIMS,
    SUBJECT_FIELD,
    SUBJECT_REGISTRATION,
    Presentation,
    ShownClaim,
    ShownConsent,
    ShownPart,
    ShownSubject,
)
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.query import FactQuery
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Receipt
from ledger_node.domain.record import to_hex
from ledger_node.domain.statement import Reveal, lower
from ledger_node.domain.verification import (
    Policy,
    require_attestation,
    require_consent,
    require_current,
    require_data_period,
    require_department,
    require_question,
    verify,
)

_REFUSALS: Final = (
    Reason.CONSENT_UNKNOWN,
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_NOT_YET_VALID,
    Reason.CONSENT_EXPIRED,
    Reason.CONSENT_EXHAUSTED,
    Reason.CONSENT_PAUSED,
)
_REFUSAL_WORDS: Final = {
    Reason.CONSENT_UNKNOWN: "there is no such consent for this bank",
    Reason.CONSENT_WITHDRAWN: "the subject has withdrawn this consent",
    Reason.CONSENT_NOT_YET_VALID: "this consent is not valid yet",
    Reason.CONSENT_EXPIRED: "this consent has expired",
    Reason.CONSENT_PAUSED: "the subject has paused this consent",
    Reason.CONSENT_EXHAUSTED: "all uses of this consent are spent",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A presentation with the block it holds at and the use that it cost, if it cost one."""

    presentation: Presentation
    facts: LedgerFacts | None
    use: bytes | None
    transaction: bytes | None
    controllers_entry: int = 0
    receipt: Receipt | None = None
    evidence: SealedEvidence | None = None
    keys: tuple[VaultKey, ...] = ()
    """Those of all attestations that it was made from."""
    shown: JSON = None
    """The JSON form of the presentation, where its evidence was made of it."""

    @property
    def relied(self) -> Sequence[Relied]:
        """The attestations that this answer relies on."""
        return [] if self.facts is None else Relied.by(self.presentation, self.use, self.facts.block_number)

    def to_json(self) -> dict[str, JSON]:
        """Return what the bank receives."""
        facts = self.facts
        return {
            "block": None
            if facts is None
            else {"number": facts.block_number, "hash": to_hex(facts.block_hash), "time": facts.block_time},
            "use": None
            if self.use is None or self.transaction is None
            else {"id": to_hex(self.use), "transaction": to_hex(self.transaction)},
            "uses": None if facts is None or facts.consent is None else facts.consent.uses,
            "max_uses": None if facts is None or facts.consent is None else facts.consent.max_uses,
            "controllers_entry": self.controllers_entry,
            "evidence": None if self.evidence is None else self.evidence.to_json(),
            "presentation": self.presentation.to_json(schemas()) if self.shown is None else self.shown,
            "receipt": None if self.receipt is None else self.receipt.to_json(),
        }


class VerificationService:
    """Answers banks from the vaults of this instance's departments."""

    def __init__(
        self,
        vaults: VaultSearch,
        subjects: SubjectService,
        consents: ConsentService,
        recorder: UseRecorder,
        log: AccessLog,
        receipts: ConsentReceipts,
        capture: EvidenceCapture,
        metrics: Metrics,
    ) -> None:
        self._vaults = vaults
        self._subjects = subjects
        self._consents = consents
        self._recorder = recorder
        self._log = log
        self._receipts = receipts
        self._capture = capture
        self._metrics = metrics

    def verify(
        self,
        bank: bytes,
        consent_id: bytes,
        claims: Sequence[Claim],
        *,
        purpose: str | None,
        policy: Policy,
        operator: str | None = None,
        attempt: Attempt,
        keep: Callable[[Connection, Answer], None] = lambda _, __: None,
    ) -> Answer:
        """Answer ``claims`` for ``bank``, and log them before the answer leaves.

        The use is the seed of ``attempt``, so that trying again costs no second one. ``keep`` stores the answer in
        the transaction that logs it.

        Raises:
            InvalidInputError: a claim cannot be asked at all, whatever the consent.
            ChainError: the ledger does not answer; nothing is revealed.
        """
        if not 1 <= sum(len(claim.parts) for claim in claims) <= MAX_CLAIMS:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, f"ask 1 to {MAX_CLAIMS} questions at once, parts counted", field="claims"
            )
        for claim in claims:
            claim.require_askable(schemas())
        held = self._consents.find(consent_id)
        asking = _Asking(bank, operator, consent_id, held, attempt)
        try:
            answer = self._answer(asking, claims, purpose, policy)
        except Exception as error:
            # nothing leaves, but the bank asked, and a use may be counted: the subject sees that too
            reason = error.reason if isinstance(error, CredenceError) else Reason.INTERNAL
            self._log.write(asking.rows(_refused(claims, reason, "not answered").presentation, asking.use))
            raise
        with self._metrics.stage(Stage.LOG):
            self._log.write(
                asking.rows(answer.presentation, answer.use),
                answer.relied,
                answer.evidence,
                lambda connection: keep(connection, answer),
            )
        return answer

    def _answer(self, asking: "_Asking", claims: Sequence[Claim], purpose: str | None, policy: Policy) -> Answer:
        held, bank = asking.held, asking.bank
        # a consent of another bank takes the same way as one that does not exist
        if held is None or held.shown.terms.grantee != bank:
            return _refused(claims, Reason.CONSENT_UNKNOWN)
        try:
            require_granted_to(held.shown.terms, grantee=bank, purpose=purpose)
        except VerificationError as error:
            return _refused(claims, error.reason, error.message)
        unconsented = [_claim_refused(held.shown, claim) for claim in claims]
        if all(unconsented):
            return Answer(Presentation(tuple(refused for refused in unconsented if refused)), None, None, None)
        subject = self._subjects.find(held.shown.terms.subject)
        if subject is None:
            return _refused(claims, Reason.ERASED, _NO_SOURCE[Reason.ERASED])
        wanted = {
            (part.schema, part.period)
            for claim, refused in zip(claims, unconsented, strict=True)
            if refused is None
            for part in claim.parts
        }
        with self._metrics.stage(Stage.LOOK_UP):
            registration, found = self._vaults.find(subject, wanted)
        if registration is None:
            return _refused(claims, Reason.ERASED, _NO_SOURCE[Reason.ERASED])
        opened = [registration, *(source for source in found.values() if isinstance(source, Source))]
        wanted_facts = self._capture.wanted(_query(opened, held))
        use = asking.use = asking.attempt.seed
        with self._metrics.stage(Stage.RECORD_USE):
            recorded = self._recorder.record(asking.consent, use, wanted_facts.slots, again=asking.attempt.again)
        result = recorded.result
        if not result.recorded:
            return _refused(claims, _REFUSALS[result.refusal or 0])
        with self._metrics.stage(Stage.READ_FACTS):
            proof = recorded.state_proof()
            facts = self._capture.facts(wanted_facts, proof, result.mined.block)
        with self._metrics.stage(Stage.PROVE):
            shown_subject = ShownSubject(subject.credit_code, registration.shown, _prove_subject(registration.prover))
            presentation = _present(held.shown, shown_subject, claims, found, unconsented, facts, policy)
        evidence = shown = None
        if presentation.consent is not None:
            verify(presentation, schemas(), facts, grantee=bank, policy=policy, uses_already_counted=1)
            shown = presentation_to_json(presentation, schemas())
            with self._metrics.stage(Stage.SEAL):
                evidence = self._capture.seal(
                    presentation,
                    shown,
                    held.entry,
                    proof,
                    max_age_days=policy.max_age_days,
                    use=use,
                    bank=bank,
                    sources=[source for source in opened if source.is_shown_in(presentation)],
                )
        receipt = self._receipts.of_use(held, use, result)
        transaction, keys = result.mined.transaction, tuple(source.vault_key for source in opened)
        return Answer(presentation, facts, use, transaction, held.entry, receipt, evidence, keys, shown)


@dataclass(slots=True)
class _Asking:
    """Who asks under which consent; ``use`` from the moment on that one may be counted."""

    bank: bytes
    operator: str | None
    consent: bytes
    held: HeldConsent | None
    attempt: Attempt
    use: bytes | None = None

    def rows(self, presentation: Presentation, use: bytes | None) -> list[Asked]:
        """Return one row a claim. The subject sees who else tried its consent; a stranger's row says no purpose."""
        terms = None if self.held is None else self.held.shown.terms
        subject = None if terms is None else terms.subject
        purpose = None if terms is None or terms.grantee != self.bank else terms.purpose
        return [
            Asked(
                subject,
                AccessRow(
                    time=0,
                    bank=self.bank,
                    operator=self.operator,
                    consent=self.consent,
                    purpose=purpose,
                    question=shown.claim.text(schemas()),
                    verdict=shown.verdict,
                    reason=shown.reason,
                    use=use,
                ),
            )
            for shown in presentation.claims
        ]


def _present(
    consent: ShownConsent,
    subject: ShownSubject,
    claims: Sequence[Claim],
    found: Mapping[Wanted, Source | Reason],
    unconsented: Sequence[ShownClaim | None],
    facts: LedgerFacts,
    policy: Policy,
) -> Presentation:
    try:
        require_consent(consent, facts, grantee=consent.terms.grantee, uses_already_counted=1)
    except VerificationError as error:
        return _refused(claims, error.reason, error.message).presentation
    answers = tuple(
        refused or _answer(consent, claim, found, facts, policy)
        for claim, refused in zip(claims, unconsented, strict=True)
    )
    used = {part.attestation for answer in answers for part in answer.parts}
    shown = {
        source.shown.header.digest: source.shown
        for source in found.values()
        if isinstance(source, Source) and source.shown.header.digest in used
    }
    return Presentation(answers, consent, subject, shown)


def _query(sources: Sequence[Source], held: HeldConsent) -> FactQuery:
    shown = [source.shown for source in sources]
    return FactQuery(
        anchors=frozenset((item.anchor.member, item.anchor.stream, item.anchor.number) for item in shown),
        keys=frozenset((item.anchor.member, item.anchor.key) for item in shown),
        issuers=frozenset((item.header.schema_id, item.header.issuer) for item in shown),
        positions=frozenset((item.anchor.member, item.position) for item in shown),
        consent=held.shown.id,
        subject=(held.shown.terms.subject, held.entry),
    )


def _prove_subject(prover: Prover) -> FieldProof:
    field = schemas()[SUBJECT_REGISTRATION].field(SUBJECT_FIELD)
    proof = prover.prove(field, Reveal(), may_disclose=True)
    assert isinstance(proof, FieldProof)  # noqa: S101 - revealing a plain field always works
    return proof


def _claim_refused(consent: ShownConsent, claim: Claim) -> ShownClaim | None:
    try:
        require_question(consent, claim.text(schemas()))
    except VerificationError as error:
        return _cannot_tell(claim, error.reason, error.message)
    return None


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
        return _Told(Outcome.CANNOT_TELL, source, _NO_SOURCE[source])
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


_NO_SOURCE: Final = {
    Reason.NO_ATTESTATION: "no department has attested to this for the subject and period",
    Reason.ERASED: "the department has erased what it attested to",
}


def _cannot_tell(claim: Claim, reason: Reason, message: str) -> ShownClaim:
    return ShownClaim(claim, Outcome.CANNOT_TELL, reason, message)


def _refused(claims: Sequence[Claim], reason: Reason, message: str | None = None) -> Answer:
    words = message or _REFUSAL_WORDS[reason]
    return Answer(Presentation(tuple(_cannot_tell(claim, reason, words) for claim in claims)), None, None, None)
