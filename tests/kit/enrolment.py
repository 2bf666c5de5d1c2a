"""A registrar's office with a clerk and an approver, and firms that they invite."""

from api.services.control.recovery import RecoveryService
from api.services.enrolment.enrolment import Enrolments, NewKey
from api.services.enrolment.invitations import Invitations
from api.services.staff.role import StaffRole
from tests.kit.small_instance import REGISTRAR
from tests.kit.staff import Office, new_device

WEEK_S = 7 * 86_400
FIRM = "王记面包房"


def new_key(device, *, synced=False):
    return NewKey(device.credential, device.passkey, synced)


class Counter(Office):
    """The enrolment services of a small instance, a clerk who prepares and an approver who releases."""

    def __init__(self, instance):
        super().__init__(instance)
        kek, registered = instance.departments[REGISTRAR].kek, []
        self.registered = registered
        self.recoveries = RecoveryService(instance.store, instance.ledger, instance.history, instance.consents)
        self.invitations = Invitations(
            instance.store,
            instance.keys,
            instance.removals,
            kek,
            self.codes,
            instance.subjects.id_of,
            WEEK_S,
        )
        self.enrolments = Enrolments(
            instance.store,
            self.codes,
            self.invitations,
            self.releases,
            instance.subjects,
            self.recoveries.request,
            lambda _, invitation: registered.append(invitation),
        )
        self.clerk = self.hire("Wang Fang", StaffRole.CLERK)
        self.approver = self.hire("Zhao Jun", StaffRole.APPROVER)

    @property
    def now(self):
        return self.instance.now()

    def open(self, *signers, by=None, **changes):
        fields = {
            "credit_code": self.instance.new_code(),
            "name": FIRM,
            "signers": signers or ("王小红",),
            "threshold": 1,
            "by_post": False,
        }
        return self.invitations.open((by or self.clerk).held, **(fields | changes), now=self.now)

    def code(self, invitation, person=1, by=None):
        return self.invitations.issue_code((by or self.clerk).held, invitation.id, person, now=self.now)

    def arrive(self, code, device=None, **options):
        return self.enrolments.arrive(code, new_key(device or new_device(), **options), now=self.now)

    def again(self, invitation):
        """Return an invitation as it is now."""
        return self.invitations.require(REGISTRAR, invitation.id, now=self.now)

    def release(self, invitation, by=None, shown=None):
        by = by or self.approver
        signed = self.signed(by, self.enrolments.draft_release(shown or self.again(invitation)))
        return self.enrolments.release(by.held, invitation.id, *signed, now=self.now)
