"""The services of one instance on the fake ledger and a store in a folder, wired without a node, HTTP or threads."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import event, select

from api.catalogue.datatype import data_types, schemas
from api.catalogue.purpose import default_purposes
from api.catalogue.synthetic import credit_code
from api.catalogue.wording import default_wording
from api.client.spending import Spending
from api.services.attestation.commitment_pool import CommitPool
from api.services.consent.lifecycle import ConsentService
from api.services.consent.request import ConsentRequestService
from api.services.consent.spend_seed import SpendSeeds
from api.services.consent.steward import ConsentKeys
from api.services.consent.terms_rule import TermsRules
from api.services.draft.joint_act import JointActs
from api.services.draft.service import Drafts
from api.services.draft.writer import DraftWriter
from api.services.issuing.issuer import Issuer
from api.services.notification.notice import NoticeReader
from api.services.subject.controller_history import ControllerHistory
from api.services.subject.registration import SubjectService
from api.storage import table
from api.storage.database import open_store
from api.vault.cipher import KeyEncryptionKey
from api.vault.department import Department, Operator
from api.vault.key_ledger import open_key_ledger
from api.vault.key_removal import KeyRemovals
from api.work.worker_pool import WorkerPool
from ledger_node.chain.deployment import purposes_of
from ledger_node.chain.port import Role
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest
from ledger_node.domain.consent_act import change_digest, refusal_digest, withdrawal_digest, withdrawal_hash
from ledger_node.domain.consent_order import ChangeOrder, GrantOrder, SecretOrder, ShownConsentId
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import accept
from ledger_node.domain.signature import SigningKey, address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.domain.ticket import SignedUse, use_digest
from ledger_node.randomness import random_bytes
from tests.kit.fake_ledger import Council, FakeChain, FakeLedger
from tests.kit.upload import csv_text, read
from tests.kit.world import NOW

DAY = 86_400
RELAYER, TAX, REGISTRAR, BANK, STRANGER = (bytes([number]) * 32 for number in range(1, 6))
NAMES = {
    RELAYER: "Relayer",
    TAX: "Tax bureau",
    REGISTRAR: "Market regulator",
    BANK: "Demo bank",
    STRANGER: "Other registrar",
}
ROLES = {
    RELAYER: Role.RELAYER,
    TAX: Role.DEPARTMENT,
    REGISTRAR: Role.DEPARTMENT | Role.REGISTRAR,
    BANK: Role.BANK,
    STRANGER: Role.REGISTRAR | Role.RELAYER | Role.DEPARTMENT,
}
SECRET = b"s" * 32
SPEND_KEY, ANSWER_KEY = (bytes([7, number]) * 16 for number in (1, 2))
STORE, KEYS = "store.sqlite3", "keys.sqlite3"


def key_of(member):
    """Return the key that a member signs and sends with."""
    return member[:31] + b"k"


def one_form(text):
    """Return a question in the form that consents list."""
    return Claim.parse(text, schemas()).text(schemas())


GOOD = one_form("tax_payment.paid_amount >= 1000 CNY during 2025")


@cache
def empty_stores():
    """Return a folder with an empty store and its key ledger: copying them is faster than making them."""
    folder = TemporaryDirectory(prefix="credence-empty-")
    store = open_store(Path(folder.name) / STORE)
    open_key_ledger(Path(folder.name) / KEYS, store).dispose()
    store.dispose()
    return folder


def open_stores(folder):
    """Return a store and its key ledger, which write without waiting for the disk."""
    for name in (STORE, KEYS):
        shutil.copy(Path(empty_stores().name) / name, folder / name)
    store = open_store(folder / STORE)
    keys = open_key_ledger(folder / KEYS, store)
    for database in (store, keys._database):
        database.engine.dispose()
        event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return store, keys


@dataclass(frozen=True)
class Firm:
    """A registered firm and the keys of its controllers."""

    code: str
    subject: bytes
    keys: tuple[bytes, ...]

    def sign(self, digest):
        return tuple(sign(digest, key) for key in self.keys)


class SmallInstance:
    """An instance with a registrar, a tax bureau and a relayer of its own; ``now`` is the time of the fake chain.

    ``other``: the ledger of a stranger, who registers and relays what this instance did not send.
    """

    def __init__(self, folder):
        self.chain = FakeChain(NOW)
        self.council = Council(self.chain)
        for member, name in NAMES.items():
            self.council.add_member(member, ROLES[member], name)
            self.council.add_key(member, address_of(key_of(member)), purposes=purposes_of(ROLES[member]))
        for name, schema in schemas().items():
            self.council.register_schema(schema.id, name)
            self.council.allow_issuer(schema.id, TAX if name.startswith("tax") else REGISTRAR)
        self.ledger = self._ledger_of(RELAYER, REGISTRAR)
        self.other = self._ledger_of(STRANGER, STRANGER)
        self.store, self.keys = open_stores(folder)
        self.removals = KeyRemovals(self.store, self.keys)
        self.departments = {member: self._department(member) for member in (TAX, REGISTRAR)}
        self.workers = WorkerPool(0)
        self.issuers = {
            member: Issuer(department, self.store, self.keys, self.ledger, CommitPool(self.workers), self.now)
            for member, department in self.departments.items()
        }
        self.history = ControllerHistory(self.store, self.ledger)
        self.subjects = SubjectService(self.store, self.keys, self.issuers[REGISTRAR], self.ledger, self.history)
        kek = self.departments[REGISTRAR].kek
        self.consent_keys = ConsentKeys(self.store, self.keys, kek)
        words = default_wording()
        rules = TermsRules(self.ledger, default_purposes(), {words.digest: words})
        self.consents = ConsentService(self.store, self.ledger, self.subjects, self.history, rules, self.consent_keys)
        self.requests = ConsentRequestService(self.store, self.ledger, self.subjects, self.history, self.consents)
        writer = DraftWriter(self.ledger, default_purposes(), self.consents)
        parts = self.store, self.ledger, self.history, self.consents, self.requests
        self.drafts = Drafts(*parts, writer)
        self.joint_acts = JointActs(*parts, self.drafts.find_secret)
        self.spend_seeds = SpendSeeds(self.store, self.keys, self.removals, kek)
        self.notices = NoticeReader(self.store)
        self.operator = Operator(RELAYER, SigningKey(key_of(RELAYER)))
        self._firms = 0

    def now(self):
        return self.chain.now

    def close(self):
        self.store.dispose()
        self.keys.dispose()

    def _ledger_of(self, relayer, registrar):
        addresses = {"relayer": address_of(key_of(relayer)), "registrar": address_of(key_of(registrar))}
        return FakeLedger(self.chain, **addresses)

    def _department(self, member):
        kek = KeyEncryptionKey(random_bytes(32))
        return Department(member, NAMES[member], SigningKey(key_of(member)), kek, member == REGISTRAR)

    # firms

    def new_code(self):
        """Return the credit code of a firm that nobody knows yet."""
        self._firms += 1
        return credit_code(self._firms, 3)

    def new_firm(self, controllers=1, threshold=1):
        """Register a firm with fresh keys."""
        code, keys = self.new_code(), tuple(random_bytes(32) for _ in range(controllers))
        found = self.subjects.register(code, each_person(map(address_of, keys)), threshold, now=self.now())
        return Firm(code, found.id, keys)

    def rows(self, *codes, **cells):
        """Return rows of the tax bureau about firms."""
        return read(csv_text(*({"统一社会信用代码": code} | cells for code in codes)))

    def attest(self, *codes, **cells):
        """Attest to a tax payment of firms, and return the digests."""
        return self.issuers[TAX].issue(data_types()["tax_payment"], self.rows(*codes, **cells), now=self.now())

    # consents

    def asked(self, firm, *questions, **changes):
        """Return what the bank may ask of a firm."""
        fields = {
            "subject": firm.subject,
            "grantee": BANK,
            "grantee_name": NAMES[BANK],
            "purpose": "loan_application",
            "purpose_text": default_purposes().named("loan_application").text(Language.ENGLISH),
            "questions": questions or (GOOD,),
            "departments": (),
            "not_before": whole_minute(self.now()),
            "expires_at": whole_minute(self.now()) + 30 * DAY,
            "max_uses": 3,
            "retention_days": 30,
            "spend_key": address_of(SPEND_KEY),
            "salt": random_bytes(32),
        }
        return ConsentRequest(**(fields | changes))

    def consent(self, firm, *questions, **changes):
        """Return a consent that a firm may sign, over the text that follows from it."""
        limits = {name: changes.pop(name) for name in ("secret", "grant_before", "steward_key") if name in changes}
        return self.accept(self.asked(firm, *questions, **changes), **limits)

    def accept(self, request, secret=SECRET, grant_before=None, steward_key=None):
        """Return the consent that grants a request exactly."""
        grant_before = grant_before or whole_minute(self.now()) + 7 * DAY
        terms, _ = accept(request, grant_before, default_wording().in_language(Language.ENGLISH, NAMES))
        bounds = Bounds.accepting(
            request,
            grant_before=grant_before,
            steward_key=steward_key or address_of(self.consent_keys.steward(terms)),
            withdrawal_hash=withdrawal_hash(secret),
        )
        return Consent(terms, bounds)

    def id_of(self, consent):
        return consent.digest(self.ledger.consent_domain)

    def ask(self, firm, *questions, answer_key=ANSWER_KEY, **changes):
        """Let the bank ask, and return what is stored."""
        asked = self.asked(firm, *questions, **changes)
        return self.requests.ask(asked, answer_key, bank=BANK, now=self.now())

    def grant(self, firm, *questions, **options):
        """Grant questions, and return the id of the consent."""
        consent = self.consent(firm, *questions, **options)
        consent_id = self.id_of(consent)
        self.consents.grant(consent, firm.sign(consent_id), now=self.now())
        return consent_id

    def grant_order(self, consent, firm, signatures=None):
        """Return the grant as the steward key signs it, for whoever relays."""
        signatures = firm.sign(self.id_of(consent)) if signatures is None else signatures
        steward = self.consent_keys.steward(consent.terms)
        return GrantOrder.sign(consent, signatures, steward, self.ledger.consent_domain)

    def change_order(self, consent, kind, number, act=None):
        """Return a change as the steward key signs it, for whoever relays."""
        steward = self.consent_keys.steward(consent.terms)
        return ChangeOrder.sign(consent, kind, number, act, steward, self.ledger.consent_domain)

    def secret_order(self, consent, secret=SECRET):
        return SecretOrder(ShownConsentId.of(consent, self.ledger.consent_domain), secret)

    def signed_change(self, firm, consent, change, number):
        return firm.sign(change_digest(consent, change, number, self.ledger.consent_domain))

    def signed_withdrawal(self, firm, consent):
        return firm.sign(withdrawal_digest(consent, self.ledger.consent_domain))

    def signed_refusal(self, firm, request):
        return firm.sign(refusal_digest(request, self.ledger.consent_domain))

    def order(self, consent, *questions, number=1, answered_by=RELAYER, key=SPEND_KEY, now=None):
        """Return the use that the bank signs for questions under a consent, which may be nobody's."""
        held = self.consents.find(consent)
        terms = self.consent(Firm("", bytes(32), ()), steward_key=b"x" * 20).terms if held is None else held.shown.terms
        spending = Spending(consent, terms, key, answered_by, self.ledger.consent_domain)
        claims = [Claim.parse(text, schemas()) for text in questions]
        return spending.sign(claims, number, now=self.now() if now is None else now)

    def signed_use(self, consent, number=1, *, ticket=None, not_after=None, key=None):
        """Return a use that the bank's spend key signed."""
        ticket = random_bytes(32) if ticket is None else ticket
        not_after = self.now() + 600 if not_after is None else not_after
        digest = use_digest(consent, number, ticket, not_after, self.ledger.consent_domain)
        return SignedUse(consent, number, ticket, not_after, sign(digest, key or SPEND_KEY))

    def use(self, consent, count=1):
        """Count uses of a consent on the ledger, and return their tickets."""
        free = self.record_of(consent).free_numbers[:count]
        uses = [self.signed_use(consent, number) for number in free]
        self.ledger.record_uses(uses)
        return [use.ticket for use in uses]

    def record_of(self, consent):
        return self.ledger.consents([consent])[0][0]

    def key_ids_of(self, subject):
        """Return the ids of the data keys of a subject."""
        query = select(table.subject.c.data_key).where(table.subject.c.id == subject)
        with self.store.connect() as connection:
            return list(connection.execute(query).scalars())

    def attested_keys(self):
        """Return the ids of the data keys of the tax bureau's attestations that are not erased."""
        query = select(table.attestation.c.data_key).where(table.attestation.c.member == TAX)
        with self.store.connect() as connection:
            return sorted(self.keys.held(connection.execute(query).scalars().all()))

    def webhook_keys(self):
        """Return the ids of the data keys of all webhooks."""
        with self.store.connect() as connection:
            return list(connection.execute(select(table.webhook.c.data_key)).scalars())

    def told(self, recipient):
        """Return (kind, data) of what somebody was told."""
        return [(one["kind"], one["data"]) for one in self.notices.of(recipient, after=None, limit=100)]


def controllers_of(*keys, threshold=1):
    """Return controllers with these keys."""
    return Controllers(each_person(address_of(key) for key in keys), threshold, random_bytes(32))


def refused(call, *arguments, **options):
    """Return the reason why a call is refused; it must be."""
    try:
        call(*arguments, **options)
    except CredenceError as error:
        return error.reason
    raise AssertionError("it was not refused")


class Silence:
    """While it lasts a ledger does not answer to ``methods``: what is sent is lost, or lands unseen (``lands``).

    ``sees``: is given the arguments.
    """

    def __init__(self, ledger, *methods, lands=False, sees=lambda _: None):
        self._ledger, self._methods, self._lands, self._sees = ledger, methods, lands, sees

    def __enter__(self):
        for name in self._methods:
            setattr(self._ledger, name, self._silent(getattr(self._ledger, name)))

    def __exit__(self, *_):
        for name in self._methods:
            with suppress(AttributeError):
                delattr(self._ledger, name)

    def _silent(self, real):
        def silent(*arguments, **options):
            self._sees(arguments)
            if self._lands:
                real(*arguments, **options)
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

        return silent
