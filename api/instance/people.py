"""The services about people: codes, staff, releases, and how firms are enrolled."""

import logging

from sqlalchemy import Connection

from api.home.settings import PortalSettings
from api.instance.resources import Resources
from api.services.control.recovery import RecoveryService
from api.services.enrolment.confirmation import Confirmations
from api.services.enrolment.enrolment import Enrolments
from api.services.enrolment.invitation import Invitation
from api.services.enrolment.invitations import Invitations
from api.services.message.contact import Contacts
from api.services.one_time_code.code import OneTimeCodes
from api.services.passkey.credential import Credential, Credentials
from api.services.staff.officer import Officers
from api.services.staff.prepared_act import PreparedActs
from api.services.staff.program import Programs
from api.services.staff.release import Releases
from api.services.staff.roster import Roster
from api.services.subject.first_wait import FirstWait
from api.services.subject.registration import SubjectService
from api.sign_in.server.principal import Kind
from ledger_node import clock
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.subject import Controllers

_log = logging.getLogger(__name__)


class PeopleServices:
    """Those that pages of registrars and of staff use, and others rest on."""

    recoveries: RecoveryService
    contacts: Contacts

    def __init__(self, base: Resources, subjects: SubjectService, portal: PortalSettings) -> None:
        store, kek = base.store, base.registrar.kek
        self.subjects = subjects
        self.codes = OneTimeCodes(store, kek.keyed_digest, clock.now)
        self.releases = Releases(store, base.ledger)
        self.roster = Roster(store, self.codes, self.releases)
        self.prepared_acts = PreparedActs(store, self.releases)
        self.programs = Programs(self.roster, self.releases)
        self.officers = Officers(store, self.programs)
        self.first_wait = FirstWait(store, portal.first_wait_s)
        self.invitations = Invitations(
            store,
            base.keys,
            base.removals,
            kek,
            self.codes,
            subjects.id_of,
            portal.invitation_s,
        )
        self.enrolments = Enrolments(
            *(store, self.codes, self.invitations, self.releases, subjects, self._request_recovery, keep_credentials),
            self._tell_register,
        )
        self.confirmations = Confirmations(self.invitations, self.enrolments, self.releases, self.programs)

    def _request_recovery(self, subject: bytes, controllers: Controllers) -> None:
        self.recoveries.request(subject, controllers)

    def _tell_register(self, subject: bytes, address: str, now: int) -> None:
        tell_register(self.contacts, subject, address, now)


def tell_register(contacts: Contacts, subject: bytes, address: str, now: int) -> None:
    """Tell the business register's address of a firm that it is registered; a fault there holds nothing up."""
    try:
        contacts.add_of_register(subject, address, Language.CHINESE, now=now)
    except InvalidInputError as error:
        _log.warning("a register's address was not told of a registration: %s", error.reason)


def keep_credentials(connection: Connection, registered: Invitation) -> None:
    """Keep the passkeys of a firm's signers, so that they sign in; they count once the ledger has them in force."""
    assert registered.subject is not None  # noqa: S101 - it is registered
    for key in registered.keys:
        known = Credential(
            key.credential,
            Kind.SUBJECT,
            registered.subject,
            key.person,
            key.passkey,
            str(key.device),
            is_synced=key.synced,
            added_at=key.arrived_at,
        )
        Credentials.add(connection, known)
