"""The services of an instance. Each is made from resources and from services that stand above it.

What of theirs waits for the ledger is listed last, in the order in which it is tried.
"""

from collections.abc import Callable

from api.home.message_settings import MessageSettings
from api.home.settings import PortalSettings
from api.instance.message_channel import channels_of
from api.instance.people import PeopleServices
from api.instance.resources import Resources
from api.services.access_log.interval import AccessIntervals
from api.services.access_log.reader import AccessReader
from api.services.access_log.unanswered_use import UnansweredUses
from api.services.access_log.use_lease import UseLeases
from api.services.access_log.writer import AccessLog
from api.services.asking.draft import RequestDrafts
from api.services.asking.sending import RequestSending
from api.services.attestation.commitment_pool import CommitPool
from api.services.consent.lifecycle import ConsentService
from api.services.consent.receipt import ConsentReceipts
from api.services.consent.request import ConsentRequestService
from api.services.consent.spend_seed import SpendSeeds
from api.services.consent.steward import ConsentKeys
from api.services.consent.terms_rule import TermsRules
from api.services.control.ended_registration import EndedRegistrations
from api.services.control.hold import HoldService
from api.services.control.recovery import RecoveryService
from api.services.control.rotation import RotationService
from api.services.draft.joint_act import JointActs
from api.services.draft.service import Drafts
from api.services.draft.writer import DraftWriter
from api.services.enrolment.firm_name import FirmNames
from api.services.erasure.erasure import ErasureService
from api.services.erasure.foreign_change import ForeignChanges
from api.services.erasure.restored_mark import RestoredMarks
from api.services.evidence.page import EvidencePages
from api.services.evidence.store import EvidenceReader
from api.services.handover.handover import Handovers
from api.services.idempotency.call import IdempotentCalls
from api.services.issuing.issuer import Issuer, unanchored, unmarked
from api.services.issuing.worker import JobWorker
from api.services.message.contact import Contacts
from api.services.message.seal import SubjectSeal
from api.services.notification.feed import NoticeFeed
from api.services.notification.follower import ChainFollower
from api.services.notification.notice import NoticeReader
from api.services.passkey.challenge import Challenges
from api.services.passkey.credential import Credentials
from api.services.passkey.firm_credential import FirmCredentials
from api.services.portfolio.change import BankChanges
from api.services.portfolio.consents import BankConsents
from api.services.portfolio.deletion import AnswerDeletions
from api.services.reconciliation.ledger_reconciliation import LedgerReconciliation
from api.services.record.look import OwnLooks
from api.services.record.record import OwnRecords
from api.services.self_answer.self_answer import SelfAnswers
from api.services.session.session import Sessions
from api.services.session.sign_in import PortalSignIn
from api.services.signer.alarm import Alarms
from api.services.signer.device_offer import DeviceOffers
from api.services.signer.page_link import PageLinks
from api.services.signer.rotation_draft import RotationDrafts
from api.services.signer.signer_change import Signers
from api.services.subject.controller_history import ControllerHistory
from api.services.subject.registration import SubjectService
from api.services.verification.answer_builder import AnsweringMember, AnswerPool
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selector import FactSelector
from api.services.verification.pipeline import VerificationService
from api.services.verification.prepared_use import PreparedUses
from api.services.verification.use_history import UseHistory
from api.services.verification.use_recorder import UseRecorder
from api.services.verification.use_signer import UseSigner
from api.services.verification.use_step import FactSources
from api.services.webhook.address import AddressRules, system_addresses
from api.services.webhook.endpoint import Webhooks
from api.sign_in.server.replay import LocalProofMemory, ProofMemory, SharedProofMemory
from api.sign_in.server.service import SignIn
from api.storage.database import Store
from api.storage.postgres import PostgresStore
from api.telemetry.metric import Metrics
from api.work.resumable import Once, PendingWork, Resumable
from ledger_node import clock
from ledger_node.domain.presentation import SUBJECT_REGISTRATION


class Services(PeopleServices):
    """All services. ``rules``: where webhooks may be; ``processes``: how many make answers, this one included.

    ``portal``: how long people wait, and how long codes and drafts hold good. ``messages``: where these are handed in.
    """

    def __init__(
        self,
        base: Resources,
        metrics: Metrics,
        *,
        rules: AddressRules,
        processes: int,
        portal: PortalSettings,
        messages: MessageSettings,
    ) -> None:
        self.portal_host, self.portal_settings = base.portal_host, portal
        store, keys, ledger, removals = base.store, base.keys, base.ledger, base.removals
        registrar, operator = base.registrar, base.operator
        names = {member: department.name for member, department in base.departments.items()}
        pool = CommitPool(base.workers)
        self.issuers = {
            member: Issuer(department, store, keys, ledger, pool, clock.now)
            for member, department in base.departments.items()
        }
        self.jobs = JobWorker(store, keys, removals, self.issuers, clock.now)
        self.controllers = ControllerHistory(store, ledger)
        self.sign_in = SignIn(store, ledger, self.controllers.find_current, _proof_memory(store))
        subjects = SubjectService(store, keys, self.issuers[registrar.member], ledger, self.controllers)
        super().__init__(base, subjects, portal)
        self.credentials, self.challenges = Credentials(store), Challenges(registrar.kek.keyed_digest)
        self.sessions = Sessions(store)
        self.portal_sign_in = PortalSignIn(
            store, ledger, self.controllers, self.roster, self.credentials, self.challenges, self.sessions
        )
        consent_keys = ConsentKeys(store, keys, registrar.kek)
        self.consents = ConsentService(
            store,
            ledger,
            self.subjects,
            self.controllers,
            TermsRules(ledger, base.purposes, base.wordings),
            consent_keys,
            self.first_wait,
        )
        self.consent_requests = ConsentRequestService(store, ledger, self.subjects, self.controllers, self.consents)
        writer = DraftWriter(ledger, base.purposes, self.consents)
        parts = store, ledger, self.controllers, self.consents, self.consent_requests
        self.drafts = Drafts(*parts, writer)
        self.joint_acts = JointActs(*parts, self.drafts.find_secret)
        self.spend_seeds = SpendSeeds(store, keys, removals, registrar.kek)
        self._help_banks_ask(base)
        self.receipts = ConsentReceipts(store, ledger, self.consents, operator)
        self.rotations = RotationService(ledger, self.controllers, self.consents)
        self.recoveries = RecoveryService(store, ledger, self.controllers, self.consents)
        self.holds = HoldService(ledger, self.controllers)
        self.changes = ForeignChanges(store, keys, ledger, names)
        self.gaps = LedgerReconciliation(store, keys, self.changes, ledger, names, operator.member)
        self.follower = ChainFollower(store, ledger, first=self.gaps.close, watch=self.changes.apply)
        self.notices = NoticeReader(store)
        self._write_to_firms(base, portal, messages)
        self.webhooks = Webhooks(store, keys, removals, registrar.kek, rules, system_addresses, clock.now)
        self.restored_marks = RestoredMarks(store, ledger, self.issuers)
        self.erasures = ErasureService(store, keys, removals, self.issuers)
        self.ended_registrations = EndedRegistrations(
            store,
            subjects,
            self.prepared_acts,
            lambda code: self.erasures.erase(registrar.member, credit_code=code, schema=SUBJECT_REGISTRATION),
        )
        self.calls = IdempotentCalls(store, registrar.kek, base.ring, removals.finish, clock.now)
        self.evidence = EvidenceReader(store, base.ring)
        self.evidence_pages = EvidencePages(self.evidence, ledger, base.wordings.values())
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
        answering = AnsweringMember(
            operator.member,
            base.operator_key,
            base.book.chain_id,
            base.book.genesis,
            ledger.anchor_domain,
            ledger.consent_domain,
        )
        self.prepared_uses = PreparedUses(
            self.spend_seeds, self.consents.record_of, answering=operator.member, domain=ledger.consent_domain
        )
        self.use_history = UseHistory(store, ledger)
        finder = AttestationFinder(store, keys, base.departments, ledger.anchor_domain)
        facts = FactSelector(ledger, (operator.member, operator.signing_key.address))
        self._let_firms_look(base, portal, finder, facts)
        self.verifications = VerificationService(
            finder,
            self.subjects,
            self.consents,
            UseRecorder(ledger, leases),
            log,
            facts,
            FactSources(self.use_history, self.consents.find_resumption),
            UseSigner(
                self.spend_seeds,
                self.consents.record_of,
                ledger,
                answering=operator.member,
                domain=ledger.consent_domain,
            ),
            AnswerPool(answering, processes),
            metrics,
            answering=operator.member,
            domain=ledger.consent_domain,
        )

    def _write_to_firms(self, base: Resources, portal: PortalSettings, messages: MessageSettings) -> None:
        self.channels = channels_of(messages, clock.now)
        self.seals = SubjectSeal(base.store, base.keys, base.registrar.kek)
        self.contacts = Contacts(base.store, self.seals, self.codes, self.channels, code_s=portal.contact_code_s)
        self.notice_feed = NoticeFeed(base.store, self.seals)

    def _help_banks_ask(self, base: Resources) -> None:
        store, ledger = base.store, base.ledger
        self.request_drafts = RequestDrafts(store, base.purposes)
        self.request_sending = RequestSending(
            self.request_drafts, self.consent_requests, self.spend_seeds, base.purposes, ledger
        )
        self.bank_consents = BankConsents(store, ledger, self.consents)
        self.bank_changes = BankChanges(store, ledger)
        self.answer_deletions = AnswerDeletions(store, self.bank_consents)
        self.firm_names = FirmNames(store, base.keys, base.registrar.kek)

    def _let_firms_look(
        self, base: Resources, portal: PortalSettings, finder: AttestationFinder, facts: FactSelector
    ) -> None:
        store, ledger = base.store, base.ledger
        self.firm_credentials = FirmCredentials(self.credentials, self.subjects.id_of, base.registrar.kek.keyed_digest)
        self.handovers = Handovers(store, ledger, self.codes, lifetime_s=portal.handover_s)
        self.looks = OwnLooks(store, self.controllers, base.registrar.kek.keyed_digest, self.first_wait.require_over)
        self.device_offers = DeviceOffers(store, self.codes, self.seals, lifetime_s=portal.device_link_s)
        self.rotation_drafts = RotationDrafts(store, ledger, self.controllers, self.rotations, self.seals)
        offers, drafts = self.device_offers, self.rotation_drafts
        self.signers = Signers(store, self.controllers, self.credentials, self.firm_names, offers, drafts)
        self.page_links = PageLinks(store, self.codes, lifetime_s=portal.device_link_s)
        self.alarms = Alarms(store, ledger, self.controllers, self.recoveries, self.holds)
        self.records = OwnRecords(
            store, base.keys, base.departments, self.subjects, self.looks, file_wait_s=portal.file_wait_s
        )
        self.self_answers = SelfAnswers(ledger, self.consent_requests, self.subjects, finder, facts, self.looks)


def _proof_memory(store: Store) -> ProofMemory:
    if isinstance(store, PostgresStore):
        return SharedProofMemory(store, clock.now)
    return LocalProofMemory(clock.now())


def pending_work(base: Resources, services: Services, *, stops: Callable[[], bool]) -> PendingWork:
    """Return all work that is stored before it is sent. ``stops``: whether to stop trying."""
    closing = Once(services.gaps.close)
    return PendingWork(
        (
            Resumable(
                "batches", lambda: unanchored(base.store), lambda member: services.issuers[member].anchor_pending()
            ),
            Resumable(
                "superseded", lambda: unmarked(base.store), lambda member: services.issuers[member].mark_pending()
            ),
            Resumable("access_intervals", services.intervals.waiting, lambda _: services.intervals.anchor_pending()),
            Resumable("ledger_gap", closing.waiting, closing.resume),
            Resumable("restored_marks", services.restored_marks.waiting, services.restored_marks.resume),
            Resumable(
                "registrations",
                services.subjects.waiting,
                lambda subject: services.subjects.resume(subject, clock.now()),
            ),
            Resumable(
                "enrolments",
                services.enrolments.waiting,
                lambda invitation: services.enrolments.resume(invitation, clock.now()),
            ),
            Resumable(
                "ended_registrations",
                services.ended_registrations.waiting,
                services.ended_registrations.resume,
            ),
            Resumable("consent_requests", services.consent_requests.waiting, services.consent_requests.resume),
            Resumable("grants", services.consents.waiting, services.consents.resume),
            Resumable("lost_answers", services.unanswered_uses.waiting, services.unanswered_uses.resume),
            Resumable("controller_changes", services.controllers.waiting, services.controllers.resume),
            Resumable("recoveries", services.recoveries.waiting, services.recoveries.resume),
            Resumable("key_removals", base.removals.waiting, lambda _: base.removals.finish()),
        ),
        look=base.ledger.head,
        monotonic=clock.monotonic,
        stops=stops,
    )
