"""Verifications: a bank's questions become verdicts with proofs, and a use is recorded before any of it leaves.

Steps: (1) what the store alone can refuse is refused; (2) the use is recorded on the ledger; (3) facts are
read at one block, with their state proofs; (4) proofs are made from the vault; (5) the answer must pass the same
plan that the bank runs, or it does not leave; (6) every claim of it, refused or not, is a durable row of the access
log, and the evidence of the answer is stored with them.

Verifications that come together take each step together: one transaction on the ledger, one reading of it, one
transaction in the store.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from api.catalogue.datatype import schemas
from api.services.access_log import AccessLog
from api.services.answer import Answer, Keep, keep_nothing
from api.services.asking import Asking, Begun, Prepared, Recorded, begin, entry_of, erased, query_of
from api.services.claim_answer import present, refused, shown_subject
from api.services.consent import ConsentService
from api.services.consent_receipt import ConsentReceipts
from api.services.evidence_capture import EvidenceCapture
from api.services.group_work import GroupWork
from api.services.idempotency import Attempt
from api.services.subject import Subject, SubjectService
from api.services.use_recorder import Use, UseRecorder
from api.services.vault_search import Found, Source, VaultSearch
from api.watch.metric import Metrics, Stage
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.bundle import presentation_to_json
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy, verify

Result = TypeVar("Result")
_THREADS: Final = 2
"""While one waits for the ledger or the disk, the other makes proofs."""
_GROUP: Final = 16
_SMALL_GROUP: Final = 4
_REFUSALS: Final = (
    Reason.CONSENT_UNKNOWN,
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_NOT_YET_VALID,
    Reason.CONSENT_EXPIRED,
    Reason.CONSENT_EXHAUSTED,
    Reason.CONSENT_PAUSED,
)


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
        self._groups: GroupWork[Asking, Answer] = GroupWork(
            self._answer_all, name="verifications", threads=_THREADS, most=_GROUP
        )
        self._small_groups: GroupWork[Asking, Answer] = GroupWork(
            self._answer_all, name="few verifications", threads=1, most=_SMALL_GROUP
        )

    def start(self) -> None:
        """Start answering."""
        self._groups.start()
        self._small_groups.start()

    def stop(self) -> None:
        """Answer what waits, then stop."""
        self._groups.stop()
        self._small_groups.stop()

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
        keep: Keep = keep_nothing,
        asks_little: bool = False,
    ) -> Answer:
        """Answer ``claims`` for ``bank``, and log them before the answer leaves.

        The use is the seed of ``attempt``, so that trying again costs no second one. ``keep`` stores the answer.
        ``asks_little``: the bank has few others under way, and does not wait behind the groups of those that have many.

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
        groups = self._small_groups if asks_little else self._groups
        return groups.do(Asking(bank, operator, consent_id, held, attempt, claims, purpose, policy, keep))

    def _answer_all(self, group: Sequence[Asking]) -> list[Answer | Exception]:
        begun = [_tried(begin, asking) for asking in group]
        prepared = _each(self._prepare, Begun, begun)
        for one in prepared:
            if isinstance(one, Prepared):
                one.asking.use = one.asking.attempt.seed
        recorded = _each(self._record, Prepared, prepared)
        outcomes = [_tried(self._complete, one) if isinstance(one, Recorded) else one for one in recorded]
        entries = [entry_of(asking, outcome) for asking, outcome in zip(group, outcomes, strict=True)]
        with self._metrics.stage(Stage.LOG):
            faults = self._log.write_all(entries)
        return [fault or outcome for fault, outcome in zip(faults, outcomes, strict=True)]

    def _prepare(self, begun: Sequence[Begun]) -> list[Prepared | Answer]:
        known = self._subjects.find_all({one.held.shown.terms.subject for one in begun})
        subjects = [known.get(one.held.shown.terms.subject) for one in begun]
        asked = [(subject, one.wanted) for one, subject in zip(begun, subjects, strict=True) if subject is not None]
        with self._metrics.stage(Stage.LOOK_UP):
            searched = iter(self._vaults.find(asked) if asked else ())
        return [
            erased(one) if subject is None else self._prepared(one, subject, next(searched))
            for one, subject in zip(begun, subjects, strict=True)
        ]

    def _prepared(self, one: Begun, subject: Subject, found: Found) -> Prepared | Answer:
        if found.registration is None:
            return erased(one)
        opened = [found.registration, *(source for source in found.sources.values() if isinstance(source, Source))]
        shown = shown_subject(subject.credit_code, found.registration)
        facts = self._capture.wanted(query_of(opened, one.held))
        return Prepared(one.asking, one.held, one.unconsented, shown, found.sources, opened, facts)

    def _record(self, ready: Sequence[Prepared]) -> list[Recorded | Exception]:
        uses = [
            Use(one.asking.consent, one.asking.attempt.seed, one.wanted.slots, again=one.asking.attempt.again)
            for one in ready
        ]
        with self._metrics.stage(Stage.RECORD_USE):
            recorded = self._recorder.record(uses)
        return [
            use if isinstance(use, Exception) else Recorded(one, use) for one, use in zip(ready, recorded, strict=True)
        ]

    def _complete(self, recorded: Recorded) -> Answer:
        ready, result = recorded.ready, recorded.use.result
        asking, held = ready.asking, ready.held
        if not result.recorded:
            return Answer(refused(asking.claims, _REFUSALS[result.refusal or 0]))
        with self._metrics.stage(Stage.READ_FACTS):
            proof = recorded.use.state_proof()
            facts = self._capture.facts(ready.wanted, proof, result.mined.block)
        with self._metrics.stage(Stage.PROVE):
            presentation = present(
                held.shown, ready.subject, asking.claims, ready.found, ready.unconsented, facts, asking.policy
            )
        evidence = shown = None
        if presentation.consent is not None:
            verify(presentation, schemas(), facts, grantee=asking.bank, policy=asking.policy, uses_already_counted=1)
            shown = presentation_to_json(presentation, schemas())
            with self._metrics.stage(Stage.SEAL):
                evidence = self._capture.seal(
                    presentation,
                    shown,
                    held.entry,
                    ready.wanted,
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


def _tried(step: Callable[..., Result], *arguments: object) -> Result | Exception:
    """Return what a step returns or raises: one verification of a group must not fail the others."""
    try:
        return step(*arguments)
    except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
        return error


def _each(step: Callable[[list[Any]], Sequence[Any]], kind: type, items: Sequence[Any]) -> list[Any]:
    """Return ``items`` with what ``step`` makes of all those of a kind together in their places."""
    ready = [item for item in items if isinstance(item, kind)]
    if not ready:
        return list(items)
    try:
        made = iter(step(ready))
    except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
        return [error if isinstance(item, kind) else item for item in items]
    return [next(made) if isinstance(item, kind) else item for item in items]
