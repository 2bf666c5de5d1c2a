"""The composition root of the API: an instance, wired from its home folder, and what starts when."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from api.home.home import Home
from api.home.message_settings import MessageSettings
from api.home.settings import ACCESS_INTERVAL_S, NOTIFY_INTERVAL_S, RESUME_INTERVAL_S, PortalSettings
from api.instance.resources import Resources, open_resources
from api.instance.services import Services, pending_work
from api.instance.store_place import Addresses
from api.services.message.delivery import MessageDeliveries
from api.services.webhook.address import AddressRules, InsecureLoopbackAddresses, system_addresses
from api.services.webhook.delivery import WebhookDeliveries
from api.services.webhook.post import WebhookPost
from api.storage.locks import SingletonRole
from api.telemetry.collector import InstanceGauges
from api.telemetry.metric import Metrics
from api.telemetry.readiness import Readiness, head_age_limit
from api.telemetry.sampler import SAMPLE_INTERVAL_S, HeadAge, Sampler
from api.work.periodic import Periodic
from ledger_node import clock
from ledger_node.domain.error import ChainError, CredenceError

MAINTENANCE_INTERVAL_S: Final = 1.0
_log = logging.getLogger(__name__)


def open_instance(
    home: Home,
    node_urls: Sequence[str],
    *,
    processes: int,
    database_url: str | None = None,
    keys_url: str | None = None,
    keys_copy: Path | None = None,
    access_interval_s: float = ACCESS_INTERVAL_S,
    ready_age_s: float | None = None,
    portal: PortalSettings | None = None,
    messages: MessageSettings | None = None,
    insecure_local_webhooks: bool = False,
) -> "Instance":
    """Wire an instance from its home folder and the addresses of its nodes, the preferred one first.

    ``database_url``, ``keys_url``: where the store and the key ledger are, if they are not in the folder.
    ``keys_copy``: where the one copy of the key ledger is. ``access_interval_s``: seconds between two anchors of the
    access log. ``ready_age_s``: seconds after which a head is old and a transaction stuck (default: what follows from
    that). ``portal``: the waits of the portal (default: the usual ones). ``messages``: where messages to firms are
    handed in (default: nowhere). ``insecure_local_webhooks``: for tests, webhooks may go to this machine.

    Raises:
        InvalidInputError: ``configuration``; a file or key is missing, or one of purposes and words is not agreed.
            ``store_in_use``; another process serves from this folder. ``store_mismatch`` or ``key_ledger_mismatch``;
            what is named is not the store or the key ledger of this home.
        StoreError: the store cannot be reached.
        ChainError: the node does not answer.
    """
    addresses = Addresses(database_url, keys_url)
    return Instance(
        open_resources(home, node_urls, addresses, keys_copy=keys_copy, processes=processes),
        rules=InsecureLoopbackAddresses() if insecure_local_webhooks else AddressRules(),
        processes=processes,
        access_interval_s=access_interval_s,
        ready_age_s=ready_age_s or head_age_limit(access_interval_s),
        portal=portal or PortalSettings(),
        messages=messages or MessageSettings(),
    )


class Part(Protocol):
    """What starts and stops with an instance."""

    def start(self) -> object:
        """Start."""

    def stop(self) -> object:
        """Stop."""


@dataclass(frozen=True, slots=True)
class Hook(Part):
    """What is done at the start of an instance, or at its end."""

    start: Callable[[], object] = lambda: None
    stop: Callable[[], object] = lambda: None


class Instance(Services):
    """Everything that a running API uses. Call ``start`` before requests and ``stop`` after them.

    ``ready_age_s``: seconds after which a head is old and a transaction stuck. Others: as ``open_instance``.
    """

    def __init__(
        self,
        base: Resources,
        *,
        rules: AddressRules,
        processes: int,
        access_interval_s: float,
        ready_age_s: float,
        portal: PortalSettings,
        messages: MessageSettings,
    ) -> None:
        self.metrics, self.head = Metrics(), HeadAge(clock.monotonic)
        super().__init__(base, self.metrics, rules=rules, processes=processes, portal=portal, messages=messages)
        self.book, self.rpc, self.ledger, self.purposes = base.book, base.rpc, base.ledger, base.purposes
        self.wordings = base.wordings
        self.wording = list(base.wordings.values())[-1]
        self.store, self.keys, self.removals = base.store, base.keys, base.removals
        self.departments, self.workers, self.senders = base.departments, base.workers, tuple(base.senders.values())
        self.cursor_mac = base.registrar.kek.keyed_digest
        self.pending = pending_work(base, self, stops=lambda: self._resuming.is_stopping)
        self.sampler = Sampler(
            base.store,
            base.rpc,
            self.head,
            members=list(base.departments),
            accounts={role: [health.account for health in sender.health()] for role, sender in base.senders.items()},
            quarantines=base.keys.quarantines.count_open,
            monotonic=clock.monotonic,
        )
        self.metrics.registry.register(
            InstanceGauges(
                self.rpc, base.senders, self.head, self.sampler, self.pending, now=clock.now, monotonic=clock.monotonic
            )
        )
        post = WebhookPost(rules, system_addresses)
        deliveries = WebhookDeliveries(
            self.store, self.webhooks, post, clock.now, stops=lambda: self._delivering.is_stopping
        )
        pushes = (sender.push for sender in self.senders)
        self._sampling = Periodic(
            self.sampler.sample, name="samples", interval_s=SAMPLE_INTERVAL_S, starts_at_once=True
        )
        self._maintaining = Periodic(self.rpc.probe, *pushes, name="maintenance", interval_s=MAINTENANCE_INTERVAL_S)
        self._resuming = Periodic(self.pending.resume_due, name="pending work", interval_s=RESUME_INTERVAL_S)
        self._delivering = self._alone(SingletonRole.WEBHOOKS, deliveries.deliver_due, NOTIFY_INTERVAL_S)
        outgoing = MessageDeliveries(
            self.store, self.seals, self.channels, clock.now, stops=lambda: self._sending.is_stopping
        )
        self._sending = self._alone(SingletonRole.MESSAGES, outgoing.deliver_due, NOTIFY_INTERVAL_S)
        self._logging = self._alone(SingletonRole.INTERVALS, self.intervals.beat, access_interval_s, is_steady=True)
        self.notifications = self._alone(SingletonRole.NOTIFICATIONS, self.follower.catch_up, NOTIFY_INTERVAL_S)
        self.readiness = Readiness(
            self.store, self.ledger, base.relaying, self.head, self.sampler, self.notifications, limit_s=ready_age_s
        )

    def _alone(
        self, role: SingletonRole, work: Callable[[], object], interval_s: float, *, is_steady: bool = False
    ) -> Periodic:
        """Return work that one process does, of those that share the store."""
        return Periodic(
            work,
            name=role.value,
            interval_s=interval_s,
            is_steady=is_steady,
            may_work=lambda: self.store.locks.acquire(role),
        )

    def start(self) -> None:
        """Finish what an earlier run left half done, then take work; what cannot be finished yet is tried on."""
        for part in self._parts():
            part.start()

    def stop(self) -> None:
        """Stop taking work, finish what is in hand, close the store."""
        for part in reversed(self._parts()):
            part.stop()

    def _parts(self) -> tuple[Part, ...]:
        """Return what starts, in this order, and stops in the opposite one."""
        return (
            # all others work with these three
            Hook(stop=self.keys.dispose),
            Hook(stop=self.store.dispose),
            Hook(stop=self.workers.close),
            # first of all, as the folder may hold the chain of another network: then nothing is sent or stored
            Hook(start=self.ledger.require_same_chain),
            # before anything opens what a key sealed that is to be removed
            Hook(start=self._finish_removals),
            # before the first delivery: the secrets of these endpoints are lost
            Hook(start=self.webhooks.forget_lost),
            # before what waits is sent: what was sent already may be the same, and stands on the ledger then
            Hook(start=self._finish_transactions),
            # before the rounds and all requests, so that these find an earlier run's work done where it can be done
            Hook(start=self.pending.resume_all),
            # rounds: none needs another one to have begun; those that tell how it stands stop last
            self._sampling,
            self._maintaining,
            self._delivering,
            self._sending,
            self.notifications,
            self._resuming,
            self._logging,
            # requests are taken last; when these stop, everything that answers them still works
            self.verifications,
            self.calls,
            self.jobs,
        )

    def _finish_removals(self) -> None:
        try:
            # a kill may have come between an erasure and its copy, whoever closed the note
            self.removals.finish(refresh=True)
        except CredenceError as error:
            _log.warning("keys are not yet erased everywhere: %s", error.message)

    def _finish_transactions(self) -> None:
        for sender in self.senders:
            try:
                sender.finish()
            except ChainError as error:
                # the rounds of maintenance go on with them
                _log.warning("transactions wait for the ledger: %s", error.reason)
