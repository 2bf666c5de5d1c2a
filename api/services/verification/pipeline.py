"""Verifications: a bank's questions become verdicts with proofs, and a use is recorded before any of it leaves.

Steps: (1) what the store alone can refuse is refused; (2) the use is recorded on the ledger; (3) facts are
read at one block, with their state proofs; (4) the answer is made (``answer_maker``), in a worker process where there
are any; (5) every claim of it, refused or not, is a durable row of the access log, and the evidence of the answer is
stored with them.

Each step has threads of its own, and takes what waits for it together: one transaction on the ledger, one reading of
it, one transaction in the store. So the more comes, the less each one costs; and a group sets out when the one before
is answered, or when it is full.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, TypeVar

from api.catalogue.datatype import schemas
from api.services.access_log.writer import AccessLog
from api.services.attestation.unsealed import Source, Wanted
from api.services.consent.lifecycle import ConsentService
from api.services.idempotency.call import Attempt
from api.services.subject.registration import Subject, SubjectService
from api.services.verification.answer import Answer, Keep, keep_nothing
from api.services.verification.answer_builder import AnswerPool
from api.services.verification.attestation_finder import Found, VaultSearch
from api.services.verification.fact_selection import FactPlan
from api.services.verification.request import (
    Asking,
    Begun,
    Prepared,
    Recorded,
    begin,
    entry_of,
    query_of,
    refusal,
    unregistered,
)
from api.services.verification.use_recorder import Use, UseRecorder
from api.telemetry.metric import Metrics
from api.telemetry.stage import Stage
from api.work.batching import Batcher, each_or_error, set_result, started_future
from ledger_node.chain.port import StateProof
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import day_in_china
from ledger_node.domain.verification import Policy

Result = TypeVar("Result")
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
        plan: FactPlan,
        pool: AnswerPool,
        metrics: Metrics,
    ) -> None:
        self._vaults = vaults
        self._subjects = subjects
        self._consents = consents
        self._recorder = recorder
        self._log = log
        self._plan = plan
        self._pool = pool
        self._metrics = metrics
        self._preparing: Batcher[_Case] = Batcher(
            self._prepare_all, name="prepare", threads=1, most=32, waits_for_full=True
        )
        self._recording: Batcher[tuple[_Case, Prepared]] = Batcher(
            self._record_all, name="record uses", threads=1, most=32
        )
        # one waits for a worker process while the next is made ready for it; small, as a group waits for its last one
        self._answering: Batcher[tuple[_Case, Recorded]] = Batcher(self._answer_all, name="answer", threads=2, most=12)
        self._logging: Batcher[tuple[_Case, Answer | Exception]] = Batcher(
            self._log_all, name="log accesses", threads=1, most=64
        )
        self._steps = (self._preparing, self._recording, self._answering, self._logging)

    def start(self) -> None:
        """Start answering."""
        self._pool.start()
        for step in self._steps:
            step.start()

    def stop(self) -> None:
        """Answer what waits, then stop."""
        for step in self._steps:
            step.stop()
        self._pool.close()

    def verify(
        self,
        bank: bytes,
        consent_id: bytes,
        claims: Sequence[Claim],
        *,
        purpose: str | None,
        policy: Policy,
        now: int,
        operator: str | None = None,
        attempt: Attempt,
        keep: Keep = keep_nothing,
    ) -> Future[Answer]:
        """Have ``claims`` answered for ``bank``, and logged before the answer leaves.

        The use is the seed of ``attempt``, so that trying again costs no second one. ``keep`` stores the answer.

        Raises:
            InvalidInputError: a claim cannot be asked at all, whatever the consent.
            ChainError: in the future; the ledger does not answer, and nothing is revealed.
        """
        if not 1 <= sum(len(claim.parts) for claim in claims) <= MAX_CLAIMS:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, f"ask 1 to {MAX_CLAIMS} questions at once, parts counted", field="claims"
            )
        for claim in claims:
            claim.require_askable(schemas(), today=day_in_china(now))
        case = _Case(Asking(bank, operator, consent_id, attempt, claims, purpose, policy, keep))
        self._preparing.put(case, bank)
        return case.answer

    def _prepare_all(self, cases: Sequence["_Case"]) -> None:
        begun: Sequence[Begun | Answer | Exception] = each_or_error(self._begin, [case.asking for case in cases])
        ready = [one for one in begun if isinstance(one, Begun)]
        prepared: Iterator[Prepared | Answer | Exception] = iter(each_or_error(self._prepare, ready) if ready else ())
        for case, one in zip(cases, begun, strict=True):
            outcome = next(prepared) if isinstance(one, Begun) else one
            if isinstance(outcome, Prepared):
                case.asking.use = case.asking.attempt.seed
                self._recording.put((case, outcome), case.asking.bank)
            else:
                self._logging.put((case, outcome), case.asking.bank)

    def _record_all(self, cases: Sequence[tuple["_Case", Prepared]]) -> None:
        recorded = each_or_error(self._record, [prepared for _, prepared in cases])
        for (case, _), outcome in zip(cases, recorded, strict=True):
            if isinstance(outcome, Recorded):
                self._answering.put((case, outcome), case.asking.bank)
            else:
                self._logging.put((case, outcome), case.asking.bank)

    def _answer_all(self, cases: Sequence[tuple["_Case", Recorded]]) -> None:
        answers = each_or_error(self._answer, [recorded for _, recorded in cases])
        for (case, _), answer in zip(cases, answers, strict=True):
            self._logging.put((case, answer), case.asking.bank)

    def _log_all(self, cases: Sequence[tuple["_Case", Answer | Exception]]) -> None:
        try:
            with self._metrics.stage(Stage.LOG):
                faults = each_or_error(self._log_each, cases)
            for (case, outcome), fault in zip(cases, faults, strict=True):
                set_result(case.answer, fault or outcome)
        finally:
            self._preparing.finished(len(cases))

    def _log_each(self, cases: Sequence[tuple["_Case", Answer | Exception]]) -> Sequence[Exception | None]:
        return self._log.write_all([entry_of(case.asking, outcome) for case, outcome in cases])

    def _begin(self, group: Sequence[Asking]) -> list[Begun | Answer | Exception]:
        known = self._consents.find_all({asking.consent for asking in group})
        for asking in group:
            asking.held = known.get(asking.consent)
        return [_tried(begin, asking) for asking in group]

    def _prepare(self, begun: Sequence[Begun]) -> list[Prepared | Answer]:
        known = self._subjects.find_all({one.held.shown.terms.subject for one in begun})
        subjects = [known.get(one.held.shown.terms.subject) for one in begun]
        attesters = self._plan.attesters()
        meant = [one.meant(attesters) for one in begun]
        asked = [
            (subject, {wanted for wanted in each.values() if isinstance(wanted, Wanted)})
            for subject, each in zip(subjects, meant, strict=True)
            if subject is not None
        ]
        with self._metrics.stage(Stage.LOOK_UP):
            searched = iter(self._vaults.find(asked) if asked else ())
        return [
            unregistered(one, self._subjects.why_unknown(one.held.shown.terms.subject))
            if subject is None
            else self._prepared(one, each, subject, next(searched))
            for one, each, subject in zip(begun, meant, subjects, strict=True)
        ]

    def _prepared(
        self, one: Begun, meant: Mapping[Question, Wanted | Reason], subject: Subject, found: Found
    ) -> Prepared | Answer:
        if isinstance(found.registration, Reason):
            return unregistered(one, found.registration)
        untold = one.untold(meant)
        if untold is not None:
            return untold
        sources = [found.registration, *(source for source in found.sources.values() if isinstance(source, Source))]
        wanted = self._plan.wanted(query_of(sources, one.held))
        return Prepared(one, subject.credit_code, found.registration, meant, found.sources, wanted)

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

    def _answer(self, recorded: Sequence[Recorded]) -> list[Answer | Exception]:
        proofs = [self._state_proof(one) for one in recorded]
        group = [
            (one.material, proof) for one, proof in zip(recorded, proofs, strict=True) if isinstance(proof, StateProof)
        ]
        made = iter(self._pool.make(group) if group else ())
        answers: list[Answer | Exception] = []
        for proof in proofs:
            if isinstance(proof, StateProof):
                answer, timings = next(made)
                self._metrics.observe_stages(timings)
                answers.append(answer)
            else:
                answers.append(proof)
        return answers

    def _state_proof(self, one: Recorded) -> StateProof | Answer | Exception:
        result = one.use.result
        if not result.recorded:
            return refusal(one.ready.asking, _REFUSALS[result.refusal or 0])
        try:
            with self._metrics.stage(Stage.READ_FACTS):
                return one.use.state_proof()
        except ChainError as error:
            return error


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """A verification on its way through the steps."""

    asking: Asking
    answer: Future[Answer] = field(default_factory=started_future)


def _tried(step: Callable[..., Result], *arguments: object) -> Result | Exception:
    """Return what a step returns or raises: one verification of a group must not fail the others."""
    try:
        return step(*arguments)
    except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
        return error
