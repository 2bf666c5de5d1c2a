"""The services about people: codes, staff, releases, and how firms are enrolled."""

from api.home.settings import PortalSettings
from api.instance.resources import Resources
from api.services.enrolment.enrolment import Enrolments
from api.services.enrolment.invitations import Invitations
from api.services.one_time_code.code import OneTimeCodes
from api.services.staff.prepared_act import PreparedActs
from api.services.staff.program import Programs
from api.services.staff.release import Releases
from api.services.staff.roster import Roster
from api.services.subject.first_wait import FirstWait
from api.services.subject.registration import SubjectService
from ledger_node import clock


class PeopleServices:
    """Those that pages of registrars and of staff use, and others rest on."""

    def __init__(self, base: Resources, subjects: SubjectService, portal: PortalSettings) -> None:
        store, kek = base.store, base.registrar.kek
        self.subjects = subjects
        self.codes = OneTimeCodes(store, kek.keyed_digest, clock.now)
        self.releases = Releases(store, base.ledger)
        self.roster = Roster(store, self.codes, self.releases)
        self.prepared_acts = PreparedActs(store, self.releases)
        self.programs = Programs(self.roster, self.releases)
        self.first_wait = FirstWait(store, portal.first_wait_s)
        self.invitations = Invitations(
            store,
            base.keys,
            base.removals,
            kek,
            self.codes,
            lambda code: subjects.id_of(code) is not None,
            portal.invitation_s,
        )
        self.enrolments = Enrolments(store, self.codes, self.invitations, self.releases, subjects)
