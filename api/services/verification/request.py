"""A verification on its way: what a bank asks, and what each step of the pipeline adds to it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from api.services.access_log.writer import AccessEntry, AskedRow, KeptUse
from api.services.attestation.stored_attestation import AttestationQuery
from api.services.consent.stored_consent import StoredConsent
from api.services.idempotency.attempt import Attempt
from api.services.subject.registered_subject import Subject
from api.services.verification.answer import (
    Answer,
    ClaimResult,
    StoreResponse,
    cannot_tell,
    refusal,
    results_of,
    unless_consented,
)
from api.services.verification.answer_builder import AnswerInputs
from api.services.verification.attestation_finder import FoundAttestations
from api.services.verification.fact_selector import FactSelector
from api.services.verification.use_error import UseError
from api.services.verification.use_recorder import RecordedUse, Use
from api.work.batching import started_future
from ledger_node.chain.port import StateProof
from ledger_node.domain.access import AccessRow
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.presentation import Presentation, ShownClaim
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.selection import departments_meant, require_granted_to
from ledger_node.domain.ticket import SignedUse, UseOrder
from ledger_node.domain.verification import Policy

Value = TypeVar("Value")


@dataclass(slots=True, kw_only=True, eq=False)
class VerificationRequest:
    """Who asks what under which consent. Each step returns it with what the step adds, and none changes it.

    Asked: all up to ``answer``, which gets what the bank receives. ``order``: of the use, from which and the claims the
    ticket follows; None until this instance signs it for the bank. ``officer``: what one of the bank's signed for it.
    Prepared: ``consent``, if there is one; ``unconsented``: for each claim, what it comes to if the consent does not
    list it; ``is_signed_here``: not by the bank; ``subject``; ``inputs``: what the answer is made of. From then on a
    use may be counted.
    Counted: ``use``. Read: ``proof``, of what the ledger holds at the block of the use; ``new_uses``: those of the
    consent that this instance had not seen.
    Answered: ``outcome``, the answer or the error that there is instead of one. Whichever step sets it is the last one
    before the access log.
    """

    bank: bytes
    operator: str | None
    consent_id: bytes
    claims: Sequence[Claim]
    order: UseOrder | None
    purpose: str | None
    policy: Policy
    now: int
    attempt: Attempt
    store_response: StoreResponse
    officer: OfficerSignature | None = None
    answer: Future[Answer] = field(default_factory=started_future, repr=False)
    consent: StoredConsent | None = None
    unconsented: Sequence[ShownClaim | None] = ()
    subject: Subject | None = None
    inputs: AnswerInputs | None = None
    is_signed_here: bool = False
    signed_use: SignedUse | None = None
    use: RecordedUse | None = None
    new_uses: Sequence[KeptUse] = ()
    proof: StateProof | None = None
    outcome: Answer | Exception | None = None

    @property
    def terms(self) -> Terms:
        """The terms of the consent, once it is found."""
        return known(self.consent).shown.terms

    def with_outcome(self, outcome: Answer | Exception) -> Self:
        """Return the request with the answer to it, or with the error that there is instead of one."""
        return replace(self, outcome=outcome)

    def refused(self, reason: Reason, message: str | None = None) -> Self:
        """Return the request with the answer that tells none of the claims, all for the same reason."""
        return self.with_outcome(Answer.showing(refusal(self.claims, reason, message)))

    def to_use(self) -> Use:
        """Return the use to record."""
        slots = known(self.inputs).facts.slots
        return Use(known(self.signed_use), slots, again=self.attempt.again)

    def access_entry(self) -> AccessEntry:
        """Return what the access log holds of the request, whatever came of it."""
        outcome = known(self.outcome)
        if isinstance(outcome, Answer):
            rows = self._rows(outcome.results, outcome.use)
            return AccessEntry(
                rows, outcome.relied, outcome.evidence, lambda: self.store_response(outcome), self.new_uses
            )
        # nothing leaves, but the bank asked, and a use may be counted: the subject sees that too
        reason = outcome.reason if isinstance(outcome, CredenceError) else Reason.INTERNAL
        results = results_of(refusal(self.claims, reason, "not answered"))
        return AccessEntry(self._rows(results, self._perhaps_counted), uses=self.new_uses)

    @property
    def _perhaps_counted(self) -> bytes | None:
        """The ticket of the use that was or may be counted, where no answer says so."""
        if self.signed_use is None or self.inputs is None or isinstance(self.outcome, UseError):
            return None
        return self.signed_use.ticket

    def _rows(self, results: Sequence[ClaimResult], use: bytes | None) -> list[AskedRow]:
        """Return one row a claim. The subject sees who else tried its consent; a stranger's row says no purpose."""
        terms = None if self.consent is None else self.consent.shown.terms
        subject = None if terms is None else terms.subject
        purpose = None if terms is None or terms.grantee != self.bank else terms.purpose
        return [
            AskedRow(
                subject,
                AccessRow(
                    time=0,
                    bank=self.bank,
                    operator=self.operator,
                    consent=self.consent_id,
                    purpose=purpose,
                    question=one.claim,
                    verdict=one.verdict,
                    reason=one.reason,
                    use=use,
                    officer=self.officer,
                ),
            )
            for one in results
        ]


def known(value: Value | None) -> Value:
    """Return what an earlier step has set."""
    assert value is not None  # noqa: S101 - the steps follow each other
    return value


def check_consent(request: VerificationRequest) -> VerificationRequest:
    """Return a request with the claims that its consent does not list; refused, where it allows nothing."""
    consent, bank = request.consent, request.bank
    # a consent of another bank takes the same way as one that does not exist
    if consent is None or consent.shown.terms.grantee != bank:
        return request.refused(Reason.CONSENT_UNKNOWN)
    try:
        require_granted_to(consent.shown.terms, grantee=bank, purpose=request.purpose)
    except VerificationError as error:
        return request.refused(error.reason, error.message)
    if consent.refusal is not None:
        # whatever the ledger holds under its id, it is not what was signed
        return request.refused(consent.refusal, "this consent was not granted")
    unconsented = [unless_consented(consent.shown, claim) for claim in request.claims]
    if all(unconsented):
        return request.with_outcome(Answer.showing(Presentation(tuple(one for one in unconsented if one))))
    return replace(request, unconsented=unconsented)


def attestation_queries(
    request: VerificationRequest, attesters: Mapping[str, frozenset[bytes]]
) -> dict[Question, AttestationQuery | Reason]:
    """Return what has to be found in the vaults for each question, or why it cannot be said which it is.

    ``attesters``: who may attest, by the name of a type.
    """
    return {
        part: attestation_query(part, request.terms, attesters[part.schema])
        for claim, refused in zip(request.claims, request.unconsented, strict=True)
        if refused is None
        for part in claim.parts
    }


def attestation_query(question: Question, terms: Terms, may_attest: frozenset[bytes]) -> AttestationQuery | Reason:
    """Return what has to be found for one question under terms, or why it cannot be said which it is."""
    selector = question.selector
    try:
        among = departments_meant(question, terms, may_attest)
    except VerificationError as error:
        return error.reason
    is_covered = selector.issuer is not None or not may_attest or not may_attest.isdisjoint(among)
    absent = Reason.NO_ATTESTATION if is_covered else Reason.CONSENT_OTHER_DEPARTMENT
    return AttestationQuery(question.schema, question.period, selector.per, among, absent)


def with_inputs(
    request: VerificationRequest,
    queries: Mapping[Question, AttestationQuery | Reason],
    found: FoundAttestations,
    selector: FactSelector,
) -> VerificationRequest:
    """Return a request with what its answer is made of; answered, where no use should be counted for it.

    Raises:
        ChainError: the ledger does not answer.
    """
    if isinstance(found.registration, Reason):
        return request.refused(found.registration)
    reasons = {one if isinstance(one, Reason) else None for one in queries.values()}
    if len(reasons) == 1 and (reason := reasons.pop()) is not None:
        # no question says which attestation it means
        claims = zip(request.claims, request.unconsented, strict=True)
        shown = tuple(refused or cannot_tell(claim, reason) for claim, refused in claims)
        return request.with_outcome(Answer.showing(Presentation(shown)))
    consent = known(request.consent)
    inputs = AnswerInputs(
        bank=request.bank,
        claims=request.claims,
        policy=request.policy,
        consent=consent.shown,
        unconsented=request.unconsented,
        credit_code=known(request.subject).credit_code,
        registration=found.registration,
        attestations={
            part: one if isinstance(one, Reason) else found.attestations[one] for part, one in queries.items()
        },
        facts=selector.select(found.readable, consent),
        order=known(request.order),
        ticket=known(request.signed_use).ticket,
        officer=request.officer,
    )
    return replace(request, inputs=inputs)
