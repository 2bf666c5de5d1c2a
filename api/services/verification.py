"""Verifications: a bank's questions become verdicts with proofs, and a use is recorded before any of it leaves.

Steps: (1) what the store alone can refuse is refused; (2) the use is recorded on the ledger; (3) facts are
read at one block, with their state proofs; (4) proofs are made from the vault; (5) the answer must pass the same
plan that the bank runs, or it does not leave; (6) every claim of it, refused or not, is a durable row of the access
log, and the evidence of the answer is stored with them.

Verifications that come together take each step together: one transaction on the ledger, one reading of it, one
transaction in the store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from sqlalchemy import Connection

from api.catalogue.datatype import schemas
from api.services.access_log import AccessLog, Asked, Entry
from api.services.claim_answer import NO_SOURCE, present, refused, shown_subject, unless_consented
from api.services.consent import ConsentService, HeldConsent
from api.services.consent_receipt import ConsentReceipts
from api.services.evidence import SealedEvidence
from api.services.evidence_capture import EvidenceCapture, WantedFacts
from api.services.group_work import GroupWork
from api.services.idempotency import Attempt
from api.services.reliance import Relied
from api.services.subject import Subject, SubjectService
from api.services.use_recorder import RecordedUse, Use, UseRecorder
from api.services.vault_search import Source, VaultSearch, Wanted
from api.vault.joint_key import VaultKey
from ledger_node.domain.access import AccessRow
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import require_granted_to
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.evidence.bundle import presentation_to_json
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.presentation import MAX_CLAIMS, Presentation, ShownClaim
from ledger_node.domain.query import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Receipt
from ledger_node.domain.record import to_hex
from ledger_node.domain.verification import Policy, verify

Result = TypeVar("Result")
_THREADS: Final = 2
"""While one waits for the ledger or the disk, the other makes proofs."""
_GROUP: Final = 16
_REFUSALS: Final = (
    Reason.CONSENT_UNKNOWN,
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_NOT_YET_VALID,
    Reason.CONSENT_EXPIRED,
    Reason.CONSENT_EXHAUSTED,
    Reason.CONSENT_PAUSED,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A presentation with the block it holds at and the use that it cost, if it cost one."""

    presentation: Presentation
    facts: LedgerFacts | None = None
    use: bytes | None = None
    transaction: bytes | None = None
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


Keep: TypeAlias = Callable[[Answer], Callable[[Connection], None]]
"""Takes an answer before it is logged, and returns what is written in the transaction that logs it."""


def _keep_nothing(_: Answer) -> Callable[[Connection], None]:
    return lambda _: None


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
    ) -> None:
        self._vaults = vaults
        self._subjects = subjects
        self._consents = consents
        self._recorder = recorder
        self._log = log
        self._receipts = receipts
        self._capture = capture
        self._groups: GroupWork[_Asking, Answer] = GroupWork(
            self._answer_all, name="verifications", threads=_THREADS, most=_GROUP
        )

    def start(self) -> None:
        """Start answering."""
        self._groups.start()

    def stop(self) -> None:
        """Answer what waits, then stop."""
        self._groups.stop()

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
        keep: Keep = _keep_nothing,
    ) -> Answer:
        """Answer ``claims`` for ``bank``, and log them before the answer leaves.

        The use is the seed of ``attempt``, so that trying again costs no second one. ``keep`` stores the answer.

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
        return self._groups.do(_Asking(bank, operator, consent_id, held, attempt, claims, purpose, policy, keep))

    def _answer_all(self, group: "Sequence[_Asking]") -> "list[Answer | Exception]":
        prepared = [_tried(self._prepare, asking) for asking in group]
        ready = [one for one in prepared if isinstance(one, _Prepared)]
        for one in ready:
            one.asking.use = one.asking.attempt.seed
        uses = [
            Use(one.asking.consent, one.asking.attempt.seed, one.wanted.slots, again=one.asking.attempt.again)
            for one in ready
        ]
        recorded = iter(self._recorder.record(uses))
        outcomes = [
            _tried(self._complete, one, next(recorded)) if isinstance(one, _Prepared) else one for one in prepared
        ]
        entries = [_entry(asking, outcome) for asking, outcome in zip(group, outcomes, strict=True)]
        faults = self._log.write_all(entries)
        return [fault or outcome for fault, outcome in zip(faults, outcomes, strict=True)]

    def _prepare(self, asking: "_Asking") -> "_Prepared | Answer":
        held, bank, claims = asking.held, asking.bank, asking.claims
        # a consent of another bank takes the same way as one that does not exist
        if held is None or held.shown.terms.grantee != bank:
            return Answer(refused(claims, Reason.CONSENT_UNKNOWN))
        try:
            require_granted_to(held.shown.terms, grantee=bank, purpose=asking.purpose)
        except VerificationError as error:
            return Answer(refused(claims, error.reason, error.message))
        unconsented = [unless_consented(held.shown, claim) for claim in claims]
        if all(unconsented):
            return Answer(Presentation(tuple(unasked for unasked in unconsented if unasked)))
        subject = self._subjects.find(held.shown.terms.subject)
        if subject is None:
            return Answer(refused(claims, Reason.ERASED, NO_SOURCE[Reason.ERASED]))
        wanted = {
            (part.schema, part.period)
            for claim, unasked in zip(claims, unconsented, strict=True)
            if unasked is None
            for part in claim.parts
        }
        registration, found = self._vaults.find(subject, wanted)
        if registration is None:
            return Answer(refused(claims, Reason.ERASED, NO_SOURCE[Reason.ERASED]))
        opened = [registration, *(source for source in found.values() if isinstance(source, Source))]
        facts = self._capture.wanted(_query(opened, held))
        return _Prepared(asking, held, subject, unconsented, registration, found, opened, facts)

    def _complete(self, ready: "_Prepared", recorded: RecordedUse | Exception) -> Answer:
        if isinstance(recorded, Exception):
            raise recorded
        asking, held, result = ready.asking, ready.held, recorded.result
        if not result.recorded:
            asking.use = None
            return Answer(refused(asking.claims, _REFUSALS[result.refusal or 0]))
        proof = recorded.state_proof()
        facts = self._capture.facts(ready.wanted, proof, result.mined.block)
        subject = shown_subject(ready.subject.credit_code, ready.registration)
        presentation = present(held.shown, subject, asking.claims, ready.found, ready.unconsented, facts, asking.policy)
        evidence = shown = None
        if presentation.consent is not None:
            verify(presentation, schemas(), facts, grantee=asking.bank, policy=asking.policy, uses_already_counted=1)
            shown = presentation_to_json(presentation, schemas())
            evidence = self._capture.seal(
                presentation,
                shown,
                held.entry,
                proof,
                max_age_days=asking.policy.max_age_days,
                use=asking.attempt.seed,
                bank=asking.bank,
                sources=[source for source in ready.opened if source.is_shown_in(presentation)],
            )
        return Answer(
            presentation,
            facts,
            asking.attempt.seed,
            result.mined.transaction,
            held.entry,
            self._receipts.of_use(held, asking.attempt.seed, result),
            evidence,
            tuple(source.vault_key for source in ready.opened),
            shown,
        )


@dataclass(slots=True)
class _Asking:
    """Who asks what under which consent; ``use`` from the moment on that one may be counted."""

    bank: bytes
    operator: str | None
    consent: bytes
    held: HeldConsent | None
    attempt: Attempt
    claims: Sequence[Claim]
    purpose: str | None
    policy: Policy
    keep: Keep
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


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A verification whose use is to be recorded: what the vaults have for it, and which facts it takes."""

    asking: _Asking
    held: HeldConsent
    subject: Subject
    unconsented: Sequence[ShownClaim | None]
    registration: Source
    found: Mapping[Wanted, Source | Reason]
    opened: Sequence[Source]
    wanted: WantedFacts


def _tried(step: Callable[..., Result], *arguments: object) -> Result | Exception:
    """Return what a step returns or raises: one verification of a group must not fail the others."""
    try:
        return step(*arguments)
    except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
        return error


def _entry(asking: _Asking, outcome: Answer | Exception) -> Entry:
    if isinstance(outcome, Answer):
        rows = asking.rows(outcome.presentation, outcome.use)
        return Entry(rows, outcome.relied, outcome.evidence, asking.keep(outcome))
    # nothing leaves, but the bank asked, and a use may be counted: the subject sees that too
    reason = outcome.reason if isinstance(outcome, CredenceError) else Reason.INTERNAL
    return Entry(asking.rows(refused(asking.claims, reason, "not answered"), asking.use))


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
