"""Gauges that are read when metrics are: from memory alone, so that a broken ledger or store breaks no answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from api.telemetry.backlog import Backlog
from api.telemetry.sampler import HeadAge, Sampler
from api.work.resumable import PendingWork, Waiting
from ledger_node.chain.endpoint import Fault
from ledger_node.chain.endpoint_pool import EndpointHealth
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import OutboxHealth, Sender

_WELL: Final = "none"


class InstanceGauges(Collector):
    """``senders``: role -> what sends for it. ``now``: the clock; ``monotonic``: seconds that only go forward."""

    def __init__(
        self,
        rpc: Rpc,
        senders: Mapping[str, Sender],
        head: HeadAge,
        sampler: Sampler,
        pending: PendingWork,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._rpc = rpc
        self._senders = senders
        self._head = head
        self._sampler = sampler
        self._pending = pending
        self._now = now
        self._monotonic = monotonic

    @override
    def collect(self) -> Iterable[GaugeMetricFamily]:
        return [
            *self._of_ledger(),
            *_of_endpoints(self._rpc.health()),
            *_of_outbox({role: list(sender.health()) for role, sender in self._senders.items()}),
            *self._of_samples(),
            *_of_pending(self._pending.waiting),
        ]

    def _of_ledger(self) -> Sequence[GaugeMetricFamily]:
        block = self._head.block
        if block is None:
            return ()
        return (
            GaugeMetricFamily(
                "credence_ledger_head_block", "Number of the newest block that was seen.", value=block.number
            ),
            GaugeMetricFamily(
                "credence_ledger_head_time_seconds", "Its time, by the clock of who sealed it.", value=block.time
            ),
            GaugeMetricFamily(
                "credence_ledger_head_age_seconds", "How long no newer one was seen.", value=self._head.age_s
            ),
        )

    def _of_samples(self) -> Sequence[GaugeMetricFamily]:
        last = self._sampler.last
        sampled = {"ledger": last.ledger_at, "store": last.store_at}
        return (
            _labelled(
                "credence_nonce_gaps",
                "Nonces that were given out, are not mined, and that nothing in the outbox has.",
                "account",
                last.nonce_gaps,
            ),
            GaugeMetricFamily(
                "credence_store_up", "Whether the store answered when it was last asked.", value=last.store_is_up
            ),
            GaugeMetricFamily(
                "credence_quarantines",
                "Changes on the ledger that call attestations erased and wait for the operator's word.",
                value=last.quarantines,
            ),
            _labelled(
                "credence_sample_age_seconds",
                "How old what is told of ledger and store is.",
                "of",
                {of: self._monotonic() - at for of, at in sampled.items() if at is not None},
            ),
            *(() if last.backlog is None else self._of_backlog(last.backlog)),
        )

    def _of_backlog(self, backlog: Backlog) -> Iterator[GaugeMetricFamily]:
        block = self._head.block
        if block is not None:
            lag = max(0, block.number + 1 - backlog.next_block)
            yield GaugeMetricFamily(
                "credence_follower_lag_blocks", "Blocks whose events are not notifications yet.", value=lag
            )
        yield _labelled(
            "credence_waiting",
            "How much waits (counted up to 10000 each).",
            "what",
            {
                "access_rows": backlog.access_rows,
                "batches": backlog.batches,
                "access_intervals": backlog.intervals,
                "webhook_messages": backlog.notices,
                "messages": backlog.messages,
            },
        )
        oldest = {
            "access_rows": backlog.oldest_access_row,
            "webhook_messages": backlog.oldest_notice,
            "messages": backlog.oldest_message,
            "jobs": backlog.oldest_job,
        }
        yield _labelled(
            "credence_waiting_oldest_seconds",
            "How long the oldest of it has waited; 0 without any.",
            "what",
            {what: 0 if since is None else max(0, self._now() - since) for what, since in oldest.items()},
        )
        yield GaugeMetricFamily(
            "credence_messages_given_up",
            "Messages to firms of the last 30 days that no channel took (counted up to 10000).",
            value=backlog.given_up,
        )
        yield _labelled("credence_jobs", "Uploads that are not done, by state.", "state", backlog.jobs)
        yield _labelled("credence_webhooks", "Endpoints of members, by state.", "state", backlog.webhooks)


def _of_endpoints(healths: Iterable[EndpointHealth]) -> Iterator[GaugeMetricFamily]:
    # by their place in the configuration, as an address may hold a secret
    healths = list(healths)
    up = {str(place): health.fault is None for place, health in enumerate(healths)}
    yield _labelled("credence_endpoint_up", "Whether an endpoint's last answer counted.", "endpoint", up)
    faults: dict[str, int] = dict.fromkeys((_WELL, *(fault.value for fault in Fault)), 0)
    for health in healths:
        faults[_WELL if health.fault is None else health.fault.value] += 1
    yield _labelled("credence_endpoints", "Endpoints by fault.", "fault", faults)
    newest = max((health.block or 0 for health in healths), default=0)
    behind = {str(place): newest - (health.block or 0) for place, health in enumerate(healths)}
    yield _labelled("credence_endpoint_behind_blocks", "Blocks that it lacks of the furthest.", "endpoint", behind)


def _of_outbox(roles: Mapping[str, Sequence[OutboxHealth]]) -> Sequence[GaugeMetricFamily]:
    return (
        _labelled(
            "credence_outbox_on_way",
            "Transactions that are not known to be mined, by the role that they are sent for.",
            "account",
            {role: sum(health.on_way for health in of_role) for role, of_role in roles.items()},
        ),
        _labelled(
            "credence_outbox_oldest_seconds",
            "How long the oldest one has been on its way since this process began to carry it.",
            "account",
            {role: max(health.oldest_s for health in of_role) for role, of_role in roles.items()},
        ),
    )


def _of_pending(waiting: Sequence[Waiting]) -> Sequence[GaugeMetricFamily]:
    return (
        _labelled(
            "credence_pending_work",
            "Pieces of work that are stored and wait for the ledger, by kind.",
            "kind",
            {one.kind: one.count for one in waiting},
        ),
        _labelled(
            "credence_pending_work_oldest_seconds",
            "How long the oldest piece of each kind has waited in this process; 0 without any.",
            "kind",
            {one.kind: one.oldest_s for one in waiting},
        ),
    )


def _labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for one, value in values.items():
        family.add_metric([one], value)
    return family
