"""The services of an instance. Each is made from resources and from services that stand above it."""

from api.instance.resources import Resources
from api.services.access_log.interval import AccessIntervals
from api.services.access_log.reader import AccessReader
from api.services.access_log.unanswered_use import UnansweredUses
from api.services.access_log.writer import AccessLog, UseLeases
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
from api.services.issuing.issuer import Issuer
from api.services.issuing.worker import JobWorker
from api.services.notification.follower import ChainFollower
from api.services.notification.notice import NoticeReader
from api.services.reconciliation.ledger_reconciliation import LedgerReconciliation
from api.services.subject.registered_subject import ControllerHistory
from api.services.subject.registration import SubjectService
from api.services.verification.answer_builder import AnsweringMember, AnswerPool
from api.services.verification.attestation_finder import AttestationFinder, FactSelector
from api.services.verification.pipeline import VerificationService
from api.services.verification.use_recorder import UseRecorder
from api.services.webhook.address import AddressRules, system_addresses
from api.services.webhook.endpoint import Webhooks
from api.sign_in.server.replay import LocalProofMemory, ProofMemory
from api.sign_in.server.service import SignIn
from api.sign_in.server.shared_replay import SharedProofMemory
from api.storage.database import Store
from api.storage.postgres import PostgresStore
from api.telemetry.metric import Metrics
from ledger_node import clock


class Services:
    """All services. ``rules``: where webhooks may be; ``processes``: how many make answers, this one included."""

    def __init__(self, base: Resources, metrics: Metrics, *, rules: AddressRules, processes: int) -> None:
        store, keys, ledger, removals = base.store, base.keys, base.ledger, base.removals
        registrar, operator = base.registrar, base.operator
        names = {member: department.name for member, department in base.departments.items()}
        pool = CommitPool(base.workers)
        self.issuers = {
            member: Issuer(department, store, keys, ledger, pool) for member, department in base.departments.items()
        }
        self.jobs = JobWorker(store, keys, removals, self.issuers, clock.now)
        self.controllers = ControllerHistory(store, ledger)
        self.sign_in = SignIn(store, ledger, self.controllers.find_current, _proof_memory(store))
        self.subjects = SubjectService(store, keys, self.issuers[registrar.member], ledger, self.controllers)
        self.consents = ConsentService(store, ledger, self.subjects, self.controllers, base.purposes)
        self.consent_requests = ConsentRequestService(store, ledger, self.subjects, self.controllers, self.consents)
        self.receipts = ConsentReceipts(store, ledger, self.consents, operator)
        self.rotations = RotationService(ledger, self.controllers, self.consents)
        self.recoveries = RecoveryService(store, ledger, self.controllers, self.consents)
        self.changes = ForeignChanges(store, keys, ledger, names)
        self.gaps = LedgerReconciliation(store, keys, self.changes, ledger, names, operator.member)
        self.follower = ChainFollower(store, ledger, first=self.gaps.close, watch=self.changes.apply)
        self.notices = NoticeReader(store)
        self.webhooks = Webhooks(store, keys, removals, registrar.kek, rules, system_addresses, clock.now)
        self.erasures = ErasureService(store, keys, removals, self.issuers, ledger)
        self.calls = IdempotentCalls(store, registrar.kek, base.ring, removals.finish, clock.now)
        self.evidence = EvidenceReader(store, base.ring)
        self.evidence_pages = EvidencePages(self.evidence, ledger)
        leases, log = UseLeases(store), AccessLog(store, keys, registrar, clock.now)
        self.intervals = AccessIntervals(store, ledger, operator, clock.now, base.workers)
        self.access = AccessReader(store, keys, registrar, operator.member)
        self.unanswered_uses = UnansweredUses(
            store,
            ledger,
            self.consents,
            log,
            leases,
            carries_earlier=base.relaying.carries_earlier,
            is_older=lambda: self.gaps.close().is_older,
        )
        self.verifications = VerificationService(
            AttestationFinder(store, keys, base.departments, ledger.anchor_domain),
            self.subjects,
            self.consents,
            UseRecorder(ledger, leases),
            log,
            FactSelector(ledger, (operator.member, operator.signing_key.address)),
            AnswerPool(_answering(base), processes),
            metrics,
        )


def _answering(base: Resources) -> AnsweringMember:
    return AnsweringMember(
        base.operator.member,
        base.operator_key,
        base.book.chain_id,
        base.book.genesis,
        base.ledger.anchor_domain,
        base.ledger.consent_domain,
    )


def _proof_memory(store: Store) -> ProofMemory:
    if isinstance(store, PostgresStore):
        return SharedProofMemory(store, clock.now)
    return LocalProofMemory(clock.now())
