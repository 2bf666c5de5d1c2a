"""The composition root of the API: one instance's services, wired from its home folder."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from api.home.home import Home
from api.home.settings import ACCESS_INTERVAL_S, NOTIFY_INTERVAL_S, RESUME_INTERVAL_S
from api.instance.store_place import Addresses, open_home_keys, open_home_store
from api.services.access_log.interval import AccessIntervals
from api.services.access_log.reader import AccessReader
from api.services.access_log.unanswered_use import LostAnswers
from api.services.access_log.use_lease import UseLeases
from api.services.access_log.writer import AccessLog
from api.services.attestation.commitment_pool import CommitPool
from api.services.consent.lifecycle import ConsentService
from api.services.consent.receipt import ConsentReceipts
from api.services.consent.request import ConsentRequestService
from api.services.control.recovery import RecoveryService
from api.services.control.rotation import RotationService
from api.services.erasure.erasure import ErasureService
from api.services.erasure.foreign_change import ForeignChanges
from api.services.evidence.page import EvidencePages
from api.services.evidence.store import EvidenceReader
from api.services.idempotency.call import IdempotentCalls
from api.services.issuing.issuer import Issuer, unanchored
from api.services.issuing.worker import JobWorker
from api.services.notification.follower import ChainFollower
from api.services.notification.reader import NoticeReader
from api.services.reconciliation.ledger_reconciliation import LedgerReconciliation
from api.services.reconciliation.network_binding import require_network
from api.services.subject.controller_history import ControllerHistory
from api.services.subject.registration import SubjectService
from api.services.verification.answer_builder import AnsweringMember, AnswerPool
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selection import FactSelector
from api.services.verification.pipeline import VerificationService
from api.services.verification.use_recorder import UseRecorder
from api.services.webhook.address import InsecureLoopbackAddresses, PublicAddresses, system_addresses
from api.services.webhook.delivery import WebhookDeliveries
from api.services.webhook.endpoint import Webhooks
from api.services.webhook.post import WebhookPost
from api.sign_in.server.replay import LocalProofMemory, ProofMemory
from api.sign_in.server.service import SignIn
from api.sign_in.server.shared_replay import SharedProofMemory
from api.storage.database import Store
from api.storage.migration.schema import STORE
from api.storage.migration.version import require_version_alone
from api.storage.outbox import StoredOutbox
from api.storage.postgres import PostgresStore
from api.telemetry.collector import InstanceGauges
from api.telemetry.head import HeadAge
from api.telemetry.metric import Metrics
from api.telemetry.readiness import Readiness, head_age_limit
from api.telemetry.sampler import Sampler
from api.vault.cipher import KeyEncryptionKey
from api.vault.department import Department
from api.vault.joint_key import KeyRing
from api.vault.key_copy import MAC_LABEL, KeyCopy
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.vault.operator import Operator
from api.work.periodic import Periodic
from api.work.resumable import Once, PendingWork, Resumable
from api.work.worker_pool import WorkerPool
from ledger_node import clock
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.maintenance import Maintenance
from ledger_node.chain.port import Ledger, Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey

_STAND_BACK: Final = 10
"""How nice workers are whose work can wait: batches, and intervals of the access log."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Instance:
    """Everything that a running API uses. Call ``start`` before requests and ``stop`` after them."""

    book: AddressBook
    ledger: Ledger
    store: Store
    keys: KeyLedger
    sign_in: SignIn
    departments: dict[bytes, Department]
    issuers: dict[bytes, Issuer]
    jobs: JobWorker
    purposes: Purposes
    subjects: SubjectService
    controllers: ControllerHistory
    rotations: RotationService
    recoveries: RecoveryService
    consents: ConsentService
    consent_requests: ConsentRequestService
    verifications: VerificationService
    erasures: ErasureService
    access: AccessReader
    calls: IdempotentCalls
    cursor_mac: Callable[[bytes], bytes]
    rpc: Rpc
    senders: Sequence[Sender]
    metrics: Metrics
    head: HeadAge
    readiness: Readiness
    sampler: Sampler
    _upkeep: Maintenance
    receipts: ConsentReceipts
    notices: NoticeReader
    webhooks: Webhooks
    evidence: EvidenceReader
    evidence_pages: EvidencePages
    pending: PendingWork
    _intervals: AccessIntervals
    _resumption: Periodic
    _follower: ChainFollower
    _deliveries: WebhookDeliveries
    _workers: WorkerPool
    _removals: KeyRemovals
    gaps: LedgerReconciliation

    @property
    def notifications(self) -> ChainFollower:
        """What turns events into notifications."""
        return self._follower

    def start(self) -> None:
        """Finish what an earlier run left half done, then take work; what cannot be finished yet is tried on."""
        self.ledger.require_same_chain()
        self._finish_removals()
        self.webhooks.forget_lost()
        for sender in self.senders:
            try:
                sender.finish()
            except ChainError as error:
                # its beat goes on with them
                _log.warning("transactions wait for the ledger: %s", error.reason)
        self.pending.resume_all()
        self.calls.start()
        self._upkeep.start()
        self.sampler.start()
        self.verifications.start()
        self._intervals.start()
        self._resumption.start()
        self._follower.start()
        self._deliveries.start()
        self.jobs.start()

    def _finish_removals(self) -> None:
        try:
            # a kill may have come between an erasure and its copy, whoever closed the note
            self._removals.finish(refresh=True)
        except CredenceError as error:
            _log.warning("keys are not yet erased everywhere: %s", error.message)

    def stop(self) -> None:
        """Stop taking work, finish what is in hand, close the store."""
        self.jobs.stop()
        self.calls.stop()
        self.verifications.stop()
        self._intervals.stop()
        self._resumption.stop()
        self._follower.stop()
        self._deliveries.stop()
        self._upkeep.stop()
        self.sampler.stop()
        self._workers.close()
        self.store.dispose()
        self.keys.dispose()


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
    insecure_local_webhooks: bool = False,
) -> Instance:
    """Wire an instance from its home folder and the addresses of its nodes, the preferred one first.

    ``database_url``, ``keys_url``: where the store and the key ledger are, if they are not in the folder.
    ``keys_copy``: where the one copy of the key ledger is. ``access_interval_s``: seconds between two anchors of the
    access log. ``ready_age_s``: seconds after which a head is old and a transaction stuck (default: what follows from
    that). ``insecure_local_webhooks``: for tests, webhooks may go to this machine.

    Raises:
        InvalidInputError: ``configuration``; a file or key is missing, or purposes.json is not the agreed one.
            ``store_in_use``; another process serves from this folder. ``store_mismatch`` or ``key_ledger_mismatch``;
            what is named is not the store or the key ledger of this home.
        StoreError: the store cannot be reached.
        ChainError: the node does not answer.
    """
    book = home.address_book()
    rpc = Rpc(*node_urls, book=book)
    departments = {
        member.id: Department(
            member.id,
            member.name,
            home.signer(member.slug),
            KeyEncryptionKey(home.read_key(f"{member.slug}.vault")),
            Role.REGISTRAR in member.roles,
        )
        for member in home.members()
        if Role.DEPARTMENT in member.roles
    }
    registrar = next((member for member in home.members() if Role.REGISTRAR in member.roles), None)
    relayer = next((member for member in home.members() if Role.RELAYER in member.roles), None)
    if registrar is None or relayer is None:
        raise InvalidInputError(Reason.CONFIGURATION, "members.json names no registrar or no relayer")
    relayer_key = home.read_key(relayer.slug)
    store, keys = _open_databases(home, book, database_url, keys_url)
    try:
        purposes = _agreed_purposes(home, Web3Ledger(book, rpc))
    except BaseException:
        store.dispose()
        keys.dispose()
        raise
    copy = None if keys_copy is None else KeyCopy(keys_copy, keys, home.derived_key(MAC_LABEL))
    removals = KeyRemovals(store, keys) if copy is None else KeyRemovals(store, keys, copy.refresh)
    ring = KeyRing(keys, {member: department.kek for member, department in departments.items()})
    relaying, registering = (
        Sender(rpc, book.chain_id, *home.sender_keys(member.slug), store=StoredOutbox(store))
        for member in (relayer, registrar)
    )
    ledger = Web3Ledger(book, rpc, relayer=relaying, registrar=registering)
    workers = WorkerPool(processes if processes > 1 else 0, nice=_STAND_BACK)
    pool = CommitPool(workers)
    issuers = {member: Issuer(department, store, keys, ledger, pool) for member, department in departments.items()}
    history = ControllerHistory(store, ledger)
    subjects = SubjectService(store, keys, issuers[registrar.id], ledger, history)
    consents = ConsentService(store, ledger, subjects, history, purposes)
    claims = UseLeases(store)
    finder = AttestationFinder(store, keys, departments, ledger.anchor_domain)
    log = AccessLog(store, keys, departments[registrar.id], clock.now)
    keeper = Operator(relayer.id, SigningKey(relayer_key))
    names = {member: department.name for member, department in departments.items()}
    changes = ForeignChanges(store, keys, ledger, names)
    gaps = LedgerReconciliation(store, keys, changes, ledger, names, keeper.member)
    lost = LostAnswers(store, ledger, consents, log, claims, is_older=lambda: gaps.close().is_older)
    requests = ConsentRequestService(store, ledger, subjects, history, consents)
    recoveries = RecoveryService(store, ledger, history, consents)
    intervals = AccessIntervals(store, ledger, keeper, clock.now, workers, interval_s=access_interval_s)
    closing = Once(gaps.close)
    stopping = Event()
    pending = PendingWork(
        (
            Resumable("batches", lambda: unanchored(store), lambda member: issuers[member].anchor_pending()),
            Resumable("access_intervals", intervals.waiting, lambda _: intervals.anchor_pending()),
            Resumable("ledger_gap", closing.waiting, closing.resume),
            Resumable("registrations", subjects.waiting, lambda subject: subjects.resume(subject, clock.now())),
            Resumable("consent_requests", requests.waiting, requests.resume),
            Resumable("grants", consents.pending_grants.waiting, consents.pending_grants.resume),
            Resumable("lost_answers", lost.waiting, lost.resume),
            Resumable("controller_changes", history.waiting, history.resume),
            Resumable("recoveries", recoveries.waiting, recoveries.resume),
            Resumable("key_removals", removals.waiting, lambda _: removals.finish()),
        ),
        look=ledger.head,
        monotonic=clock.monotonic,
        stops=stopping.is_set,
    )
    follower = ChainFollower(store, ledger, interval_s=NOTIFY_INTERVAL_S, first=gaps.close, watch=changes.apply)
    answering = AnsweringMember(
        relayer.id, relayer_key, book.chain_id, book.genesis, ledger.anchor_domain, ledger.consent_domain
    )
    rules = InsecureLoopbackAddresses() if insecure_local_webhooks else PublicAddresses()
    metrics, head = Metrics(), HeadAge(clock.monotonic)
    senders = {"relayer": relaying, "registrar": registering}
    sampler = Sampler(
        store,
        rpc,
        head,
        members=list(departments),
        accounts={role: [health.account for health in sender.health()] for role, sender in senders.items()},
        quarantines=keys.quarantines.count_open,
        monotonic=clock.monotonic,
    )
    metrics.registry.register(
        InstanceGauges(rpc, senders, head, sampler, pending, now=clock.now, monotonic=clock.monotonic)
    )
    webhooks = Webhooks(store, keys, removals, departments[registrar.id].kek, rules, system_addresses, clock.now)
    evidence = EvidenceReader(store, ring)
    return Instance(
        book=book,
        ledger=ledger,
        store=store,
        keys=keys,
        sign_in=SignIn(store, ledger, history.find_current, _proof_memory(store)),
        departments=departments,
        issuers=issuers,
        jobs=JobWorker(store, keys, removals, issuers, clock.now),
        purposes=purposes,
        subjects=subjects,
        controllers=history,
        rotations=RotationService(ledger, history, consents),
        recoveries=recoveries,
        consents=consents,
        consent_requests=requests,
        verifications=VerificationService(
            finder,
            subjects,
            consents,
            UseRecorder(ledger, claims),
            log,
            FactSelector(ledger, (keeper.member, keeper.signing_key.address)),
            AnswerPool(answering, processes),
            metrics,
        ),
        evidence=evidence,
        evidence_pages=EvidencePages(evidence, ledger),
        erasures=ErasureService(store, keys, removals, issuers, ledger),
        access=AccessReader(store, keys, departments[registrar.id], keeper.member),
        calls=IdempotentCalls(store, departments[registrar.id].kek, ring, removals.finish, clock.now),
        cursor_mac=departments[registrar.id].kek.keyed_digest,
        rpc=rpc,
        senders=tuple(senders.values()),
        metrics=metrics,
        head=head,
        readiness=Readiness(
            store,
            ledger,
            relaying,
            head,
            sampler,
            follower,
            limit_s=ready_age_s or head_age_limit(access_interval_s),
        ),
        sampler=sampler,
        _upkeep=Maintenance(rpc, (relaying, registering)),
        receipts=ConsentReceipts(store, ledger, consents, keeper),
        notices=NoticeReader(store),
        webhooks=webhooks,
        pending=pending,
        _intervals=intervals,
        _resumption=Periodic(pending.resume_due, interval_s=RESUME_INTERVAL_S, name="pending work", stopping=stopping),
        _follower=follower,
        _deliveries=WebhookDeliveries(
            store, webhooks, WebhookPost(rules, system_addresses), clock.now, interval_s=NOTIFY_INTERVAL_S
        ),
        _workers=workers,
        _removals=removals,
        gaps=gaps,
    )


def _open_databases(
    home: Home, book: AddressBook, database_url: str | None, keys_url: str | None
) -> tuple[Store, KeyLedger]:
    addresses = Addresses(database_url, keys_url)
    store = open_home_store(home, addresses)
    try:
        store.turns.join()
        require_version_alone(store, STORE)
        require_network(store, book)
        return store, open_home_keys(home, store, addresses)
    except BaseException:
        store.dispose()
        raise


def _proof_memory(store: Store) -> ProofMemory:
    if isinstance(store, PostgresStore):
        return SharedProofMemory(store, clock.now)
    return LocalProofMemory(clock.now())


def _agreed_purposes(home: Home, ledger: Ledger) -> Purposes:
    purposes = home.purposes()
    agreed = ledger.document("purposes")
    if agreed != purposes.digest:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"purposes.json is not what the consortium agreed on: its digest is {to_hex(purposes.digest)}, "
            f"the chain holds {to_hex(agreed)}; put the agreed file in its place",
        )
    return purposes
