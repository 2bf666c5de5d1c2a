"""Verifications: a bank's questions become verdicts with proofs, and a use is counted before any of it leaves.

A ``VerificationRequest`` passes through four stages, and each takes a list of those that wait:

1. prepare: what the store alone can refuse is refused; the attestations are found, and the facts that are to be read.
2. count uses: one transaction on the ledger records the uses.
3. answer: the facts are read with their state proofs at the block of the use, and the answers are built
   (``answer_builder``), in worker processes where there are any.
4. log accesses: every claim, refused or not, becomes a durable row of the access log; the evidence of the answer is
   stored with them.

A request that has its outcome goes on to the fourth stage. Each stage has threads of its own. So the more comes, the
less each one costs; and a group sets out when the one before is answered, or when it is full.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from api.catalogue.datatype import schemas
from api.services.access_log.writer import AccessLog
from api.services.attestation.stored_attestation import AttestationQuery
from api.services.consent.lifecycle import ConsentService
from api.services.idempotency.attempt import Attempt
from api.services.subject.registration import SubjectService
from api.services.verification.answer import Answer, StoreResponse, store_nothing
from api.services.verification.answer_builder import AnswerPool
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selector import FactSelector
from api.services.verification.request import (
    VerificationRequest,
    attestation_queries,
    check_consent,
    known,
    with_inputs,
)
from api.services.verification.use_recorder import UseRecorder
from api.services.verification.use_signer import UseSigner
from api.services.verification.use_step import (
    FactSources,
    is_number_taken,
    with_facts,
    with_other_use,
    with_signed_use,
    with_use,
)
from api.telemetry.metric import Metrics
from api.telemetry.stage import Stage
from api.work.batching import Batcher, each_or_error, set_result
from ledger_node.domain.claim import Claim
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import day_in_china
from ledger_node.domain.ticket import UseOrder
from ledger_node.domain.verification import Policy

_TRIES: Final = 10
"""How often a use that this instance signs gets another number, where one was taken meanwhile."""


class VerificationService:
    """Answers banks from the vaults of this instance's departments."""

    def __init__(
        self,
        finder: AttestationFinder,
        subjects: SubjectService,
        consents: ConsentService,
        recorder: UseRecorder,
        log: AccessLog,
        facts: FactSelector,
        sources: FactSources,
        signer: UseSigner,
        pool: AnswerPool,
        metrics: Metrics,
        *,
        answering: bytes,
        domain: SigningDomain,
    ) -> None:
        self._finder = finder
        self._subjects = subjects
        self._consents = consents
        self._recorder = recorder
        self._access_log = log
        self._facts = facts
        self._sources = sources
        self._signer = signer
        self._answering_member = answering
        self._domain = domain
        self._pool = pool
        self._metrics = metrics
        self._preparing: Batcher[VerificationRequest] = Batcher(
            self._prepare, name="prepare", threads=1, most=32, waits_for_full=True
        )
        self._counting: Batcher[VerificationRequest] = Batcher(self._count, name="count uses", threads=1, most=32)
        # one waits for a worker process while the next is made ready for it; small, as a group waits for its last one
        self._answering: Batcher[VerificationRequest] = Batcher(self._answer, name="answer", threads=2, most=12)
        self._logging: Batcher[VerificationRequest] = Batcher(
            self._log, name="log accesses", threads=1, most=64, busy=lambda: self._preparing.under_way
        )
        self._stages = (self._preparing, self._counting, self._answering, self._logging)

    def start(self) -> None:
        """Start answering."""
        self._pool.start()
        for stage in self._stages:
            stage.start()

    def stop(self) -> None:
        """Answer what waits, then stop."""
        for stage in self._stages:
            stage.stop()
        self._pool.close()

    def verify(
        self,
        bank: bytes,
        consent_id: bytes,
        claims: Sequence[Claim],
        order: UseOrder | None,
        *,
        purpose: str | None,
        policy: Policy,
        now: int,
        operator: str | None = None,
        attempt: Attempt,
        store_response: StoreResponse = store_nothing,
        officer: OfficerSignature | None = None,
    ) -> Future[Answer]:
        """Have ``claims`` answered for ``bank``, and logged before the answer leaves.

        ``order``: the use that the bank signed for just these claims. Its ticket is the use's id, so that trying again
        costs no second one. None: this instance signs one, with the seed that the bank handed over. ``officer``: what
        an officer signed over the ticket, checked and kept; None where a program asks.

        Raises:
            InvalidInputError: a claim cannot be asked at all, whatever the consent.
            UseError: in the future; the use spends nothing, and why.
            ChainError: in the future; the ledger does not answer, and nothing is revealed.
        """
        if not 1 <= sum(len(claim.parts) for claim in claims) <= MAX_CLAIMS:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, f"ask 1 to {MAX_CLAIMS} questions at once, parts counted", field="claims"
            )
        for claim in claims:
            claim.require_askable(schemas(), today=day_in_china(now))
        request = VerificationRequest(
            bank=bank,
            operator=operator,
            consent_id=consent_id,
            claims=claims,
            order=order,
            purpose=purpose,
            policy=policy,
            now=now,
            attempt=attempt,
            store_response=store_response,
            officer=officer,
        )
        self._preparing.put(request, bank)
        return request.answer

    def _prepare(self, requests: Sequence[VerificationRequest]) -> None:
        requests = _all(self._find_consents, requests)
        requests = _each(check_consent, requests)
        requests = _each(self._check_use, requests)
        requests = _all(self._find_subjects, requests)
        self._pass_on(_all(self._find_attestations, requests), self._counting)

    def _count(self, requests: Sequence[VerificationRequest]) -> None:
        self._pass_on(_all(self._count_uses, requests), self._answering)

    def _answer(self, requests: Sequence[VerificationRequest]) -> None:
        self._pass_on(_all(self._build_answers, _each(self._read_facts, requests)), self._logging)

    def _log(self, requests: Sequence[VerificationRequest]) -> None:
        try:
            with self._metrics.stage(Stage.LOG):
                faults = each_or_error(self._write_log, requests)
            for request, fault in zip(requests, faults, strict=True):
                if fault is None:
                    self._sources.history.note_kept(request.new_uses)
                outcome = fault or request.outcome
                assert outcome is not None  # noqa: S101 - the steps follow each other
                set_result(request.answer, outcome)
        finally:
            self._preparing.finished(len(requests))

    def _pass_on(self, requests: Sequence[VerificationRequest], following: Batcher[VerificationRequest]) -> None:
        following.put_all([(request, request.bank) for request in requests if request.outcome is None])
        self._logging.put_all([(request, request.bank) for request in requests if request.outcome is not None])

    def _find_consents(self, requests: Sequence[VerificationRequest]) -> list[VerificationRequest]:
        found = self._consents.find_all({request.consent_id for request in requests})
        return [replace(request, consent=found.get(request.consent_id)) for request in requests]

    def _find_subjects(self, requests: Sequence[VerificationRequest]) -> list[VerificationRequest]:
        found = self._subjects.find_all({request.terms.subject for request in requests})
        return [
            request.refused(self._subjects.why_unknown(request.terms.subject))
            if (subject := found.get(request.terms.subject)) is None
            else replace(request, subject=subject)
            for request in requests
        ]

    def _find_attestations(self, requests: Sequence[VerificationRequest]) -> list[VerificationRequest]:
        attesters = self._facts.attesters()
        queries = [attestation_queries(request, attesters) for request in requests]
        with self._metrics.stage(Stage.LOOK_UP):
            found = self._finder.find(
                [
                    (known(request.subject), {one for one in each.values() if isinstance(one, AttestationQuery)})
                    for request, each in zip(requests, queries, strict=True)
                ]
            )
        return [
            with_inputs(request, each, one, self._facts)
            for request, each, one in zip(requests, queries, found, strict=True)
        ]

    def _count_uses(self, requests: Sequence[VerificationRequest]) -> list[VerificationRequest]:
        found = self._count_once(requests)
        for _ in range(_TRIES):
            late = [place for place, one in enumerate(found) if is_number_taken(one) and requests[place].is_signed_here]
            if not late:
                break
            # others were faster; whoever signs himself is told instead
            again = _each(self._sign_again, [requests[place] for place in late])
            for place, one in zip(late, _all(self._count_once, again), strict=True):
                found[place] = one
        return found

    def _count_once(self, requests: Sequence[VerificationRequest]) -> list[VerificationRequest]:
        with self._metrics.stage(Stage.RECORD_USE):
            uses = self._recorder.record([request.to_use() for request in requests])
        return [with_use(request, use, self._free_number) for request, use in zip(requests, uses, strict=True)]

    def _check_use(self, request: VerificationRequest) -> VerificationRequest:
        if request.order is None:
            request = replace(request, order=self._signer.sign(request), is_signed_here=True)
        return with_signed_use(request, self._answering_member, self._domain)

    def _sign_again(self, request: VerificationRequest) -> VerificationRequest:
        order = self._signer.sign(request, number_was_taken=True)
        return with_other_use(request, order, self._answering_member, self._domain)

    def _free_number(self, consent_id: bytes) -> int | None:
        record = self._consents.record_of(consent_id)
        return None if record is None else next(iter(record.free_numbers), None)

    def _read_facts(self, request: VerificationRequest) -> VerificationRequest:
        with self._metrics.stage(Stage.READ_FACTS):
            inputs, use = known(request.inputs), known(request.use)
            proof = use.state_proof()
            if self._facts.is_behind(inputs.facts, proof.words):
                inputs = replace(inputs, facts=self._facts.select(inputs.sources, known(request.consent)))
                proof = use.state_proof(inputs.facts.slots)
            return with_facts(replace(request, inputs=inputs), proof, self._sources)

    def _build_answers(self, requests: Sequence[VerificationRequest]) -> list[VerificationRequest]:
        built = self._pool.build([(known(one.inputs), known(one.use).recorded, known(one.proof)) for one in requests])
        for one in built:
            self._metrics.observe_stages(one.timings)
        return [request.with_outcome(one.answer) for request, one in zip(requests, built, strict=True)]

    def _write_log(self, requests: Sequence[VerificationRequest]) -> Sequence[Exception | None]:
        return self._access_log.write_all([request.access_entry() for request in requests])


def _all(
    step: Callable[[Sequence[VerificationRequest]], Sequence[VerificationRequest]],
    requests: Sequence[VerificationRequest],
) -> list[VerificationRequest]:
    """Return what a step makes of the requests without outcome, in their order; its error is the outcome of each."""
    waiting = [request for request in requests if request.outcome is None]
    try:
        stepped = iter(step(waiting) if waiting else ())
    except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
        stepped = iter([request.with_outcome(error) for request in waiting])
    return [next(stepped) if request.outcome is None else request for request in requests]


def _each(
    step: Callable[[VerificationRequest], VerificationRequest], requests: Sequence[VerificationRequest]
) -> list[VerificationRequest]:
    """Return the same for a step that takes one request at a time, so that an error is the outcome of one alone."""
    return [one for request in requests for one in _all(lambda alone: [step(alone[0])], [request])]
