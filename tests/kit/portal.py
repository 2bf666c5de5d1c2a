"""The portal on a small instance, asked by a client in this process: no node, no threads of its own."""

import asyncio
import html
import itertools
import json
import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from types import SimpleNamespace

import cbor2
import httpx

from api.catalogue.purpose import default_purposes
from api.home.settings import HttpSettings, PortalSettings, Rate
from api.http.app import create_app
from api.instance.people import keep_credentials, tell_register
from api.portal.app import ROOMS, create_portal
from api.services.access_log.reader import AccessReader
from api.services.consent.receipt import ConsentReceipts
from api.services.control.ended_registration import EndedRegistrations
from api.services.control.hold import HoldService
from api.services.control.recovery import RecoveryService
from api.services.control.rotation import RotationService
from api.services.enrolment.enrolment import Enrolments
from api.services.enrolment.firm_name import FirmNames
from api.services.enrolment.invitations import Invitations
from api.services.erasure.erasure import ErasureService
from api.services.handover.handover import Handovers
from api.services.message.address import ContactChannel
from api.services.message.contact import Contacts
from api.services.message.delivery import MessageDeliveries
from api.services.message.seal import SubjectSeal
from api.services.notification.feed import NoticeFeed
from api.services.passkey.challenge import Challenges
from api.services.passkey.credential import Credential, Credentials
from api.services.passkey.firm_credential import FirmCredentials
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
from api.services.staff.role import StaffRole
from api.services.subject.first_wait import FirstWait
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selector import FactSelector
from api.sign_in.server.principal import Kind
from api.telemetry.metric import Metrics
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.presentation import SUBJECT_REGISTRATION
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import each_person
from tests.kit.authenticator import AT, UP, UV, Authenticator
from tests.kit.small_instance import REGISTRAR, RELAYER, SmallInstance, key_of
from tests.kit.staff import Office

ORIGIN = "http://localhost:8700"
_SCALARS = itertools.count(5_001)
_MANY = Rate(1e6, 1_000_000)


class TakingChannel:
    """A channel that keeps what it takes; ``faults`` are raised in turn, and nothing when there are none left."""

    def __init__(self):
        self.faults, self.taken = [], []

    def send(self, letter):
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append(letter)


class PortalInstance(SmallInstance):
    """A small instance with what the portal and the application need besides services."""

    portal_host = "localhost"

    def __init__(self, folder, *, settings=None):
        super().__init__(folder)
        self.portal_settings = settings or PortalSettings()
        self.metrics = Metrics()
        self.cursor_mac = self.departments[REGISTRAR].kek.keyed_digest
        self.calls = SimpleNamespace()
        self.consent_requests, self.controllers = self.requests, self.history
        self.purposes = default_purposes()
        self.access = AccessReader(self.store, self.keys, self.departments[REGISTRAR], RELAYER)
        self.controllers = self.history
        office = Office(self)
        self.codes, self.releases, self.roster = office.codes, office.releases, office.roster
        self.prepared_acts, self.programs = office.prepared, office.programs
        self.credentials, self.challenges = Credentials(self.store), Challenges(self.cursor_mac)
        self.firm_credentials = FirmCredentials(self.credentials, self.subjects.id_of, self.cursor_mac)
        self.sessions = Sessions(self.store)
        self.first_wait = FirstWait(self.store, self.portal_settings.first_wait_s)
        self.looks = OwnLooks(self.store, self.history, self.cursor_mac, self.first_wait.require_over)
        wait = {"file_wait_s": self.portal_settings.file_wait_s}
        self.records = OwnRecords(self.store, self.keys, self.departments, self.subjects, self.looks, **wait)
        finder = AttestationFinder(self.store, self.keys, self.departments, self.ledger.anchor_domain)
        facts = FactSelector(self.ledger, (RELAYER, address_of(key_of(RELAYER))))
        parts = self.ledger, self.consent_requests, self.subjects, finder, facts
        self.self_answers = SelfAnswers(*parts, self.looks)
        self.recoveries = RecoveryService(self.store, self.ledger, self.history, self.consents)
        self.holds = HoldService(self.ledger, self.history)
        self.erasures = ErasureService(self.store, self.keys, self.removals, self.issuers)
        self.ended_registrations = EndedRegistrations(
            self.store,
            self.subjects,
            self.prepared_acts,
            lambda code: self.erasures.erase(REGISTRAR, credit_code=code, schema=SUBJECT_REGISTRATION),
        )
        kek = self.departments[REGISTRAR].kek
        self.invitations = Invitations(
            self.store,
            self.keys,
            self.removals,
            kek,
            self.codes,
            self.subjects.id_of,
            self.portal_settings.invitation_s,
        )
        parts = self.store, self.codes, self.invitations, self.releases, self.subjects
        self.enrolments = Enrolments(
            *(*parts, self.recoveries.request, keep_credentials), lambda *told: tell_register(self.contacts, *told)
        )
        self.receipts = ConsentReceipts(self.store, self.ledger, self.consents, self.operator)
        self.seals = SubjectSeal(self.store, self.keys, kek)
        self.channels = {kind: TakingChannel() for kind in ContactChannel}
        self.contacts = Contacts(self.store, self.seals, self.codes, self.channels, code_s=3_600)
        self.deliveries = MessageDeliveries(self.store, self.seals, self.channels, self.now)
        self.notice_feed = NoticeFeed(self.store, self.seals)
        self.handovers = Handovers(self.store, self.ledger, self.codes, lifetime_s=self.portal_settings.handover_s)
        self._let_signers_change()
        self.portal_sign_in = PortalSignIn(
            self.store, self.ledger, self.history, self.roster, self.credentials, self.challenges, self.sessions
        )

    def _let_signers_change(self):
        self.firm_names = FirmNames(self.store, self.keys, self.departments[REGISTRAR].kek)
        self.rotations = RotationService(self.ledger, self.history, self.consents)
        lifetime_s = self.portal_settings.device_link_s
        self.device_offers = DeviceOffers(self.store, self.codes, self.seals, lifetime_s=lifetime_s)
        self.rotation_drafts = RotationDrafts(self.store, self.ledger, self.history, self.rotations, self.seals)
        parts = self.credentials, self.firm_names, self.device_offers, self.rotation_drafts
        self.signers = Signers(self.store, self.history, *parts)
        self.page_links = PageLinks(self.store, self.codes, lifetime_s=lifetime_s)
        self.alarms = Alarms(self.store, self.ledger, self.history, self.recoveries, self.holds)

    def start(self):
        """Start nothing."""

    def stop(self):
        """Stop nothing."""

    def new_shop(self, persons=1, threshold=1):
        """Register a firm whose signers have a phone each, and return it."""
        phones = tuple(Phone(next(_SCALARS)) for _ in range(persons))
        controllers = each_person(phone.passkey for phone in phones)
        code = self.new_code()
        subject = self.subjects.register(code, controllers, threshold, now=self.now()).id
        with self.store.begin() as connection:
            for person, phone in enumerate(phones, start=1):
                known = Credential(
                    phone.id, Kind.SUBJECT, subject, person, phone.passkey, "phone", is_synced=True, added_at=self.now()
                )
                self.credentials.add(connection, known)
        return Shop(code, subject, phones)

    def new_staff(self, member, *roles, name=None):
        """Hire a person of a member, and return the person's key."""
        key = Phone(next(_SCALARS))
        office = Office(self, member)
        invited = office.invite_by_member(name or f"Person {key.scalar}", *roles or (StaffRole.ADMIN,))
        self.roster.enrol(invited.code, key.id, key.passkey, is_synced=False)
        return key


@dataclass(frozen=True)
class Phone:
    """A device with one passkey of the portal, and what its browser does."""

    scalar: int

    @property
    def id(self):
        return b"phone" + self.scalar.to_bytes(11, "big")

    @property
    def device(self):
        return Authenticator(self.scalar, rp_id="localhost")

    @property
    def passkey(self):
        return Passkey(sha256_digest(b"localhost"), self.device.public_key)

    def sign(self, digest, origin=ORIGIN, flags=UP | UV):
        """Return an assertion over a digest."""
        client = self.device.client_data(digest, origin=origin)
        return Assertion(*self.device.assertion(digest, client=client, data=self.device.authenticator_data(flags)))

    def fields(self, digest, **options):
        """Return an assertion as the fields of a form."""
        signed = self.sign(digest, **options)
        return {
            "credential_id": self.id.hex(),
            "authenticator_data": signed.authenticator_data.hex(),
            "client_data_json": signed.client_data_json.hex(),
            "signature": signed.signature.hex(),
        }

    def registration(self, challenge, *, flags=UP | UV | AT, origin=ORIGIN):
        """Return a new passkey of this device as the fields of a form."""
        key = self.device.public_key
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: key[:32], -3: key[32:]})
        data = self.device.authenticator_data(
            flags, extensions=bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        )
        said = self.device.client_data(challenge, type="webauthn.create", origin=origin)
        return {
            "credential_id": self.id.hex(),
            "attestation_object": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}).hex(),
            "client_data_json": json.dumps(said).encode().hex(),
        }


def new_phone():
    """Return a device that nobody knows yet."""
    return Phone(next(_SCALARS))


@dataclass(frozen=True)
class Shop:
    """A registered firm and the phones of its signers."""

    code: str
    subject: bytes
    phones: tuple[Phone, ...]

    def sign(self, digest):
        return tuple(phone.sign(digest) for phone in self.phones)


def page_data(text, id_):
    """Return what stands in a page as JSON."""
    return json.loads(re.search(rf'<script type="application/json" id="{id_}">(.*?)</script>', text, re.DOTALL)[1])


def field_of(text, name):
    """Return the value of a hidden field of a page's own forms, which follow those of its head."""
    return html.unescape(re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', text)[-1])


class _AppTransport(httpx.BaseTransport):
    """Asks an application in this process."""

    def __init__(self, app):
        self._app = app

    def handle_request(self, request):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": request.url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 50_000),
            "server": (request.url.host, request.url.port),
        }
        body, told = request.read(), []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            told.append(message)

        asyncio.run(self._app(scope, receive, send))
        content = b"".join(message.get("body", b"") for message in told[1:])
        return httpx.Response(told[0]["status"], headers=told[0]["headers"], content=content, request=request)


class Browser(httpx.Client):
    """A client that sends what a browser sends, and keeps cookies. ``language``: that it asks for."""

    def __init__(self, app, language="en"):
        headers = {"Accept": "text/html", "Accept-Language": language}
        super().__init__(trust_env=False, transport=_AppTransport(app), base_url=ORIGIN, headers=headers)
        # the client's own jar keeps no secure cookies of http://localhost, as browsers do
        self.kept = {}
        self.event_hooks = {"request": [self._show_cookies], "response": [self._keep_cookies]}

    def _show_cookies(self, request):
        if self.kept:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.kept.items())

    def _keep_cookies(self, response):
        for line in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                assert morsel["secure"]
                assert morsel["httponly"]
                self.kept[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.kept[name]

    def sign_in(self, phone, back="/", **options):
        """Sign in with a phone, as sign_in.html does."""
        page = self.get("/sign-in", params={"back": back}).text
        digest = bytes.fromhex(page_data(page, "sign-in-data")["challenge"])
        fields = {"token": field_of(page, "token"), "back": field_of(page, "back"), **phone.fields(digest, **options)}
        return self.send_form("/session", fields)

    def send_form(self, path, fields=(), **options):
        """Send a form as a page of the portal does."""
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN} | options.pop("headers", {})
        return self.post(path, data=dict(fields), headers=headers, **options)


def portal_app(instance, rooms=ROOMS, origin=ORIGIN):
    """Return the application with the portal on an instance. ``origin``: where browsers see it."""
    settings = HttpSettings(reads=_MANY, effects=_MANY, anonymous=_MANY)
    app = create_app(instance, settings, public_url=origin)
    return create_portal(app, instance, rooms, now=instance.now)
