"""The end of a registration as a service: who may, and what goes on after a kill."""

import pytest

from api.services.control.ended_registration import EndedRegistrations
from api.services.staff.role import StaffRole
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, Silence, refused
from tests.kit.staff import Office


class Desk:
    """The service, one person of each role, and the credit codes that it erased."""

    def __init__(self, instance):
        self.instance, self.office, self.erased = instance, Office(instance), []
        self.clerk = self.office.hire("Clerk", StaffRole.CLERK)
        self.approver = self.office.hire("Approver", StaffRole.APPROVER)
        self.ends = EndedRegistrations(instance.store, instance.subjects, self.office.prepared, self._erase)

    def _erase(self, code):
        self.erased.append(code)

    def prepare(self, subject, by=None):
        return self.ends.prepare((by or self.clerk).held, subject, now=1)

    def signed(self, subject, by):
        draft = self.office.prepared.draft_release(self.ends.find_waiting(REGISTRAR, subject))
        return self.office.signed(by, draft)

    def release(self, subject, by=None):
        by = by or self.approver
        return self.ends.release(by.held, subject, *self.signed(subject, by), now=2)


@pytest.fixture
def desk(instance):
    return Desk(instance)


def test_a_clerk_prepares_and_an_approver_releases_each_once(desk, instance):
    firm = instance.new_firm()
    assert refused(desk.prepare, firm.subject, desk.approver) is Reason.NOT_ALLOWED
    assert desk.prepare(firm.subject) == desk.prepare(firm.subject)
    assert refused(desk.release, firm.subject, desk.clerk) is Reason.NOT_ALLOWED
    signed = desk.signed(firm.subject, desk.approver)
    desk.ends.release(desk.approver.held, firm.subject, *signed, now=2)
    assert desk.erased == [firm.code]
    assert refused(desk.ends.release, desk.approver.held, firm.subject, *signed, now=3) is Reason.NOT_FOUND


def test_a_firm_that_is_not_here_is_not_ended(desk):
    assert refused(desk.prepare, b"\x07" * 32) is Reason.NOT_FOUND


def test_a_signature_for_one_firm_ends_no_other(desk, instance):
    one, other = instance.new_firm(), instance.new_firm()
    desk.prepare(one.subject)
    desk.prepare(other.subject)
    signed = desk.signed(one.subject, desk.approver)
    call = desk.ends.release
    assert refused(call, desk.approver.held, other.subject, *signed, now=2) is Reason.CHALLENGE_MISMATCH
    assert desk.erased == []


def test_what_was_released_goes_on_after_a_kill(desk, instance):
    firm = instance.new_firm()
    desk.prepare(firm.subject)
    with Silence(instance.subjects, "find"):
        assert refused(desk.release, firm.subject) is Reason.LEDGER_UNAVAILABLE
    assert (desk.erased, desk.ends.waiting()) == ([], [firm.subject])
    desk.ends.resume(firm.subject)
    assert desk.erased == [firm.code]
