"""Verifications: a bank's questions become verdicts with proofs, and a use is recorded before any of it leaves.

Steps: (1) what the store alone can refuse is refused; (2) the use is recorded on the ledger; (3) facts are
read at one block; (4) proofs are made from the vault; (5) the answer must pass the same plan that the
bank runs, or it does not leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import schemas
from api.services.consent import ConsentService, HeldConsent
from api.services.subject import SubjectService
from api.services.use_recorder import UseRecorder
from api.services.vault_search import Source, VaultSearch
from api.storage.database import Store
from ledger_node.chain.port import FactQuery, Ledger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import require_granted_to
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.opening import AbsentOpening, FieldProof
from ledger_node.domain.presentation import (
    MAX_CLAIMS,
    SUBJECT_FIELD,
    SUBJECT_REGISTRATION,
    Presentation,
    ShownClaim,
    ShownConsent,
    ShownSubject,
)
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex
from ledger_node.domain.statement import Reveal, lower, require_askable
from ledger_node.domain.verification import (
    Policy,
    require_attestation,
    require_consent,
    require_current,
    require_department,
    require_question,
    verify,
)
from ledger_node.randomness import random_bytes

_HASH: Final = 32
_REFUSALS: Final = (
    Reason.CONSENT_UNKNOWN,
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_NOT_YET_VALID,
    Reason.CONSENT_EXPIRED,
    Reason.CONSENT_EXHAUSTED,
)
_REFUSAL_WORDS: Final = {
    Reason.CONSENT_UNKNOWN: "there is no such consent for this bank",
    Reason.CONSENT_WITHDRAWN: "the subject has withdrawn this consent",
    Reason.CONSENT_NOT_YET_VALID: "this consent is not valid yet",
    Reason.CONSENT_EXPIRED: "this consent has expired",
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
            "presentation": self.presentation.to_json(schemas()),
        }


class VerificationService:
    """Answers banks from the vaults of this instance's departments."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        vaults: VaultSearch,
        subjects: SubjectService,
        consents: ConsentService,
        recorder: UseRecorder,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._vaults = vaults
        self._subjects = subjects
        self._consents = consents
        self._recorder = recorder

    def verify(
        self,
        bank: bytes,
        consent_id: bytes,
        questions: Sequence[Question],
        *,
        purpose: str | None,
        policy: Policy,
    ) -> Answer:
        """Answer ``questions`` for ``bank``.

        Raises:
            InvalidInputError: a question cannot be asked at all, whatever the consent.
            ChainError: the ledger does not answer; nothing is revealed.
        """
        if not 1 <= len(questions) <= MAX_CLAIMS:
            raise InvalidInputError(Reason.REQUEST_INVALID, f"ask 1 to {MAX_CLAIMS} questions at once", field="claims")
        for question in questions:
            require_askable(question, schemas()[question.schema].field(question.field))
        held = self._consents.find(consent_id)
        # a consent of another bank takes the same way as one that does not exist
        if held is None or held.shown.terms.grantee != bank:
            return _refused(questions, Reason.CONSENT_UNKNOWN)
        try:
            require_granted_to(held.shown.terms, grantee=bank, purpose=purpose)
        except VerificationError as error:
            return _refused(questions, error.reason, error.message)
        unconsented = [_claim_refused(held.shown, question) for question in questions]
        if all(unconsented):
            return Answer(Presentation(tuple(claim for claim in unconsented if claim)), None, None, None)
        subject = self._subjects.find(held.shown.terms.subject)
        if subject is None:
            return _refused(questions, Reason.ERASED, _NO_SOURCE[Reason.ERASED])
        wanted = {
            (question.schema, question.period)
            for question, refused in zip(questions, unconsented, strict=True)
            if refused is None
        }
        with self._store.connect() as connection:
            registration = self._vaults.registration(connection, subject)
            found = {key: self._vaults.newest(connection, subject.credit_code, *key) for key in wanted}
        if registration is None:
            return _refused(questions, Reason.ERASED, _NO_SOURCE[Reason.ERASED])
        use = random_bytes(_HASH)
        recorded = self._recorder.record(consent_id, use)
        if not recorded.recorded:
            return _refused(questions, _REFUSALS[recorded.refusal or 0])
        opened = [registration, *(source for source in found.values() if isinstance(source, Source))]
        facts = self._ledger.facts(_query(opened, held), recorded.mined.block)
        shown_subject = ShownSubject(subject.credit_code, registration.shown, _prove_subject(registration.prover))
        sources = [found.get((question.schema, question.period)) for question in questions]
        presentation = _present(held.shown, shown_subject, questions, sources, unconsented, facts, policy)
        if presentation.consent is not None:
            verify(presentation, schemas(), facts, grantee=bank, policy=policy, uses_already_counted=1)
        return Answer(presentation, facts, use, recorded.mined.transaction, held.entry)


def _present(
    consent: ShownConsent,
    subject: ShownSubject,
    questions: Sequence[Question],
    sources: Sequence[Source | Reason | None],
    unconsented: Sequence[ShownClaim | None],
    facts: LedgerFacts,
    policy: Policy,
) -> Presentation:
    try:
        require_consent(consent, facts, grantee=consent.terms.grantee, uses_already_counted=1)
    except VerificationError as error:
        return _refused(questions, error.reason, error.message).presentation
    claims = tuple(
        refused or _claim(consent, question, source, facts, policy)
        for question, source, refused in zip(questions, sources, unconsented, strict=True)
    )
    used = {claim.attestation for claim in claims}
    shown = {
        source.shown.header.digest: source.shown
        for source in sources
        if isinstance(source, Source) and source.shown.header.digest in used
    }
    return Presentation(claims, consent, subject, shown)


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


def _claim_refused(consent: ShownConsent, question: Question) -> ShownClaim | None:
    try:
        require_question(consent, question.text(schemas()[question.schema].field(question.field)))
    except VerificationError as error:
        return _cannot_tell(question, error.reason, error.message)
    return None


def _claim(
    consent: ShownConsent,
    question: Question,
    source: Source | Reason | None,
    facts: LedgerFacts,
    policy: Policy,
) -> ShownClaim:
    if source is None or isinstance(source, Reason):
        reason = source or Reason.NO_ATTESTATION
        return _cannot_tell(question, reason, _NO_SOURCE[reason])
    schema = schemas()[question.schema]
    field = schema.field(question.field)
    try:
        statement = lower(question, field, as_of=source.shown.header.as_of)
        require_attestation(source.shown, schema, facts)
        require_department(consent, source.shown.header.issuer)
        require_current(source.shown, question, facts, policy)
        reveal = Question(question.schema, question.field, Op.REVEAL, None, question.period).text(field)
        proof = source.prover.prove(field, statement, may_disclose=reveal in consent.terms.questions)
        if isinstance(proof, Reason):
            message = "answering no would show the value, and the consent does not allow that"
            return _cannot_tell(question, proof, message)
        digest = source.shown.header.digest
        outcome = check_proof(schema, source.shown.header.fields_root, field, statement, proof)
    except CredenceError as error:
        return _cannot_tell(question, error.reason, error.message)
    if isinstance(proof.opening, AbsentOpening):
        message = "the department has no value for this field"
        return ShownClaim(question, outcome, Reason.VALUE_ABSENT, message, digest, proof)
    return ShownClaim(question, outcome, None, None, digest, proof)


_NO_SOURCE: Final = {
    Reason.NO_ATTESTATION: "no department has attested to this for the subject and period",
    Reason.ERASED: "the department has erased what it attested to",
}


def _cannot_tell(question: Question, reason: Reason, message: str) -> ShownClaim:
    return ShownClaim(question, Outcome.CANNOT_TELL, reason, message, None, None)


def _refused(questions: Sequence[Question], reason: Reason, message: str | None = None) -> Answer:
    words = message or _REFUSAL_WORDS[reason]
    claims = tuple(_cannot_tell(question, reason, words) for question in questions)
    return Answer(Presentation(claims), None, None, None)
