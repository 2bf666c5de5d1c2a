"""What is counted and timed as it happens. Labels take words from small fixed sets: never an id or an address."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from api.telemetry.stage import Stage
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

_VERIFICATION_S: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 10, 30)
_STAGE_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 10)
_REQUEST_S: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"})
disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each one, which nobody reads
UNMATCHED: Final = "unmatched"
"""The route of a request that no route matches."""


class VerificationEnd(StrEnum):
    """How a verification ends: the worst verdict of its claims, or why there is none."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does_not_hold"
    CANNOT_TELL = "cannot_tell"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"


@dataclass(slots=True)
class Verified:
    """A verification under way; ``results`` once there is an answer: verdict and reason of each claim."""

    results: Sequence[tuple[Outcome, Reason | None]] | None = None


class Metrics:
    """The metrics of one instance, in a registry of their own. Any thread may count."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "credence_http_requests",
            "Requests that were answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._request_s = Histogram(
            "credence_http_request_duration_seconds",
            "Time from the request's first byte to the last one of its answer.",
            ("route", "method"),
            buckets=_REQUEST_S,
            registry=self.registry,
        )
        self._answered: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        """What ``labels`` would look up for every request."""
        self.in_flight = Gauge(
            "credence_http_requests_in_flight", "Requests that are under way.", registry=self.registry
        )
        self._refusals = Counter(
            "credence_refusals",
            "Requests that were answered with a problem document, by its reason.",
            ("reason",),
            registry=self.registry,
        )
        self.rate_limited = Counter(
            "credence_rate_limited",
            "Requests that were refused because their caller sends too many, by sort.",
            ("sort",),
            registry=self.registry,
        )
        self._verification_s = Histogram(
            "credence_verification_duration_seconds",
            "Time that a verification took, by how it ended.",
            ("outcome",),
            buckets=_VERIFICATION_S,
            registry=self.registry,
        )
        stages = Histogram(
            "credence_verification_stage_seconds",
            "Time that a stage of a verification took.",
            ("stage",),
            buckets=_STAGE_S,
            registry=self.registry,
        )
        self._stages = {stage: stages.labels(stage.value) for stage in Stage}
        self._claims = Counter(
            "credence_verification_claims",
            "Claims that were answered, by verdict and reason.",
            ("verdict", "reason"),
            registry=self.registry,
        )
        # what rates are taken of should be there before it happens for the first time
        self._ends = {end: self._verification_s.labels(end.value) for end in VerificationEnd}

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Time a stage of a verification, also where it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stages[stage].observe(time.perf_counter() - began)

    def observe_stages(self, timings: Mapping[Stage, float]) -> None:
        """Count the seconds of stages that were timed elsewhere."""
        for stage, seconds in timings.items():
            self._stages[stage].observe(seconds)

    @contextmanager
    def verification(self) -> Iterator[Verified]:
        """Time a verification and count its claims; whoever verifies puts in the results."""
        verified, end = Verified(), VerificationEnd.FAULT
        began = time.perf_counter()
        try:
            yield verified
            end = _end_of(verified.results)
        except ChainError:
            end = VerificationEnd.UNAVAILABLE
            raise
        except CredenceError as error:
            died = error.reason is Reason.WORKER_DIED
            end = VerificationEnd.UNAVAILABLE if died else VerificationEnd.REFUSED
            raise
        finally:
            self._ends[end].observe(time.perf_counter() - began)
        for verdict, reason in verified.results or ():
            self._claims.labels(verdict.value, "" if reason is None else reason.value).inc()

    def answered(self, route: str, method: str, status: int | None, seconds: float) -> None:
        """Count a request; ``status`` is None where the caller went away."""
        known = method if method in _METHODS else "other"
        key = route, known, "none" if status is None else f"{status // 100}xx"
        children = self._answered.get(key)
        if children is None:
            children = self._answered[key] = self._requests.labels(*key), self._request_s.labels(route, known)
        children[0].inc()
        children[1].observe(seconds)

    def refused(self, reason: Reason) -> None:
        """Count a problem document."""
        self._refusals.labels(reason.value).inc()


def _end_of(results: Sequence[tuple[Outcome, Reason | None]] | None) -> VerificationEnd:
    if results is None:
        return VerificationEnd.REFUSED
    verdicts = {verdict for verdict, _ in results}
    if Outcome.CANNOT_TELL in verdicts:
        return VerificationEnd.CANNOT_TELL
    return VerificationEnd.DOES_NOT_HOLD if Outcome.DOES_NOT_HOLD in verdicts else VerificationEnd.HOLDS
