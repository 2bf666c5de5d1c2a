"""Confirmations by programs: two people of the registrar sign, and neither alone nor a stranger registers a firm."""

from dataclasses import replace

import pytest

from api.services.enrolment.confirmation import Confirmations
from api.services.enrolment.invitation import InvitationState
from api.services.staff.role import StaffRole
from ledger_node.domain.reason import Reason
from tests.kit.enrolment import Counter
from tests.kit.small_instance import REGISTRAR, refused
from tests.kit.staff import new_device


class Programs:
    """What people of a registrar sign, handed in by its programs, for one firm whose signer brought a key."""

    def __init__(self, instance):
        self.counter = counter = Counter(instance)
        self.confirmations = Confirmations(counter.invitations, counter.enrolments, counter.releases, counter.programs)
        opened = counter.open()
        counter.arrive(counter.code(opened))
        self.ready = counter.again(opened)
        self.draft = counter.enrolments.draft_release(self.ready)

    def confirm(self, approver, clerk, *, draft=None):
        """Confirm with the signatures of two devices; ``clerk`` may be None."""
        digest = self.counter.releases.digest(draft or self.draft)
        prepared = clerk and clerk.assertion(digest)
        words = (REGISTRAR, self.ready.id, self.draft.number, approver.assertion(digest))
        return self.confirmations.confirm(*words, prepared=prepared, now=self.counter.now)

    def refusal(self, approver, clerk, **options):
        return refused(self.confirm, approver, clerk, **options)


@pytest.fixture
def programs(instance):
    return Programs(instance)


def test_an_approver_and_a_clerk_who_signed_register_a_firm(programs):
    counter = programs.counter
    second = counter.hire("Qian Li", StaffRole.CLERK)
    done = programs.confirm(counter.approver.device, second.device)
    assert done.state is InvitationState.REGISTERED
    assert [one.id for one in counter.registered] == [done.id]
    # who signed beside the approver has had it in hand from then on, as at the pages
    assert done.handled_by >= {second.id}


def test_the_clerk_who_opened_it_need_not_sign_again(programs):
    counter = programs.counter
    assert programs.confirm(counter.approver.device, None).state is InvitationState.REGISTERED


def test_nobody_registers_a_firm_alone(programs):
    counter = programs.counter
    both = counter.hire("Sun Yi", StaffRole.CLERK, StaffRole.APPROVER)
    assert programs.refusal(both.device, both.device) is Reason.RELEASE_BY_PREPARER
    assert programs.refusal(counter.clerk.device, counter.clerk.device) is Reason.SIGNER_NOT_CONTROLLER
    assert programs.refusal(counter.approver.device, counter.approver.device) is Reason.SIGNER_NOT_CONTROLLER
    assert counter.again(programs.ready).state is InvitationState.READY


def test_no_strangers_key_and_no_other_content_counts(programs):
    counter = programs.counter
    clerk, approver = counter.clerk.device, counter.approver.device
    assert programs.refusal(new_device(), clerk) is Reason.SIGNER_NOT_CONTROLLER
    assert programs.refusal(approver, new_device()) is Reason.SIGNER_NOT_CONTROLLER
    other = replace(programs.draft, content=bytes(32))
    assert programs.refusal(approver, clerk, draft=other) is Reason.CHALLENGE_MISMATCH
    assert counter.registered == []


def test_signatures_of_programs_own_keys_count_for_no_person(programs):
    words = (REGISTRAR, programs.ready.id, programs.draft.number, bytes(65))
    call = programs.confirmations.confirm
    assert refused(call, *words, prepared=None, now=programs.counter.now) is Reason.KEY_NOT_VALID


def test_what_ended_is_confirmed_no_more(programs):
    counter = programs.counter
    counter.invitations.end(counter.clerk.held, programs.ready.id, now=counter.now)
    assert programs.refusal(counter.approver.device, None) is Reason.RELEASE_NOT_WAITING
