"""People of a member: the first by its own key, later ones by two people, and one is enough to end anybody."""

from dataclasses import replace

import pytest

from api.services.staff.person import StaffState
from api.services.staff.role import StaffRole
from api.services.staff.roster import CODE_LIFETIME_S, MAX_NAME
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct, new_staff_document
from tests.kit.small_instance import BANK, REGISTRAR, STRANGER, key_of, refused
from tests.kit.staff import Office, new_device

ADMIN, CLERK, APPROVER = StaffRole.ADMIN, StaffRole.CLERK, StaffRole.APPROVER


@pytest.fixture
def office(instance):
    return Office(instance)


def invite(office, by, name="Li Qiang", *roles):
    return office.roster.invite(by.held, name, frozenset(roles or [CLERK]), now=office.instance.now())


def test_the_first_admin_comes_on_the_word_of_the_members_own_key(office):
    assert not office.roster.has_staff(REGISTRAR)
    invited = office.invite_by_member("Wang Fang", ADMIN)
    assert invited.person.state is StaffState.INVITED
    assert office.roster.look(invited.code).name == "Wang Fang"
    person = office.enrol(invited.code)
    assert person.held == office.roster.of_credential(person.device.credential) == office.roster.find(person.id)
    assert (person.held.state, person.held.roles, person.held.invited_by) == (StaffState.ACTIVE, {ADMIN}, None)
    assert office.roster.has_staff(REGISTRAR)
    assert not office.roster.has_staff(BANK)
    assert invited.code not in repr(invited)


def test_a_key_that_is_not_the_members_invites_nobody(office):
    roles, call = frozenset({ADMIN}), office.roster.invite_by_member
    document = new_staff_document("Eve", roles)
    for key in (key_of(STRANGER), key_of(BANK)):
        signed = office.signed_by_member(StaffAct.ADD_STAFF, document, key)
        assert refused(call, REGISTRAR, "Eve", roles, **signed, now=0) is Reason.KEY_NOT_VALID
    signed = office.signed_by_member(StaffAct.ADD_STAFF, document)
    assert refused(call, REGISTRAR, "Eve", frozenset({APPROVER}), **signed, now=0) is Reason.KEY_NOT_VALID
    assert refused(call, REGISTRAR, "Mallory", roles, **signed, now=0) is Reason.KEY_NOT_VALID
    assert refused(call, BANK, "Eve", roles, **signed, now=0) is Reason.KEY_NOT_VALID
    assert office.roster.of(REGISTRAR) == []


def test_an_invitation_that_the_member_signed_counts_once(office):
    roles, call = frozenset({ADMIN}), office.roster.invite_by_member
    signed = office.signed_by_member(StaffAct.ADD_STAFF, new_staff_document("Wang Fang", roles))
    person = office.enrol(call(REGISTRAR, "Wang Fang", roles, **signed, now=1).code)
    office.end(office.hire("Admin", ADMIN), person)
    assert refused(call, REGISTRAR, "Wang Fang", roles, **signed, now=2) is Reason.RELEASE_NUMBER_TAKEN


def test_later_people_take_two(office):
    first, second = office.hire("Wang Fang", ADMIN, APPROVER), office.hire("Zhao Jun", APPROVER)
    came = office.enrol(invite(office, first).code)
    assert came.held.state is StaffState.ARRIVED
    assert office.roster.of_credential(came.device.credential) is None
    assert refused(office.release, first, came) is Reason.RELEASE_BY_PREPARER
    active = office.release(second, came)
    assert active == office.roster.of_credential(came.device.credential)
    assert (active.state, active.invited_by) == (StaffState.ACTIVE, first.id)
    assert refused(office.release, second, came) is Reason.RELEASE_NOT_WAITING


def test_who_may_neither_invite_nor_release_is_refused(office):
    admin, clerk = office.hire("Wang Fang", ADMIN), office.hire("Zhao Jun", CLERK, StaffRole.OFFICER)
    assert refused(invite, office, clerk, "Friend") is Reason.NOT_ALLOWED
    came = office.enrol(invite(office, admin).code)
    assert refused(office.release, clerk, came) is Reason.NOT_ALLOWED
    assert refused(office.release, came, came) is Reason.NOT_ALLOWED
    assert refused(office.end, clerk, admin) is Reason.NOT_ALLOWED


def test_people_of_another_member_are_not_there(office, instance):
    bank = Office(instance, BANK)
    stranger, admin = bank.hire("Bank Admin", ADMIN, APPROVER), office.hire("Wang Fang", ADMIN)
    came = office.enrol(invite(office, admin).code)
    assert refused(office.release, stranger, came) is Reason.NOT_FOUND
    assert refused(office.end, stranger, came) is Reason.NOT_FOUND
    assert refused(office.roster.new_code, stranger.held, came.id) is Reason.NOT_FOUND
    assert [person.name for person in bank.roster.of(BANK)] == ["Bank Admin"]


def test_what_is_released_is_this_person_with_this_key_and_these_roles(office):
    first, second = office.hire("Wang Fang", ADMIN), office.hire("Zhao Jun", ADMIN)
    came, other = (office.enrol(invite(office, first, name).code) for name in ("Li Qiang", "Li Wei"))
    held = office.roster.find(came.id)
    for wrong in (
        other.held,
        replace(held, roles=frozenset({ADMIN})),
        replace(held, passkey=new_device().passkey),
        replace(held, name="Li Quiang"),
    ):
        signed = office.signed(second, office.roster.draft_release(wrong, StaffAct.ADD_STAFF))
        assert refused(office.roster.release, second.held, came.id, *signed, now=1) is Reason.CHALLENGE_MISMATCH
    draft = office.roster.draft_release(held, StaffAct.ADD_STAFF)
    by_other_key = (draft.number, first.device.assertion(office.releases.digest(draft)))
    refusal = refused(office.roster.release, second.held, came.id, *by_other_key, now=1)
    assert refusal is Reason.SIGNER_NOT_CONTROLLER


def test_one_admin_ends_a_leaver_at_once(office):
    admin, clerk = office.hire("Wang Fang", ADMIN), office.hire("Zhao Jun", CLERK)
    ended = office.end(admin, clerk)
    assert (ended.state, ended.ended_at) == (StaffState.ENDED, office.instance.now())
    assert office.roster.of_credential(clerk.device.credential) is None
    assert not office.roster.find(clerk.id).may(*StaffRole)
    assert refused(office.end, admin, clerk) is Reason.RELEASE_NOT_WAITING
    assert [person.name for person in office.roster.active(REGISTRAR)] == ["Wang Fang"]


def test_the_code_of_who_was_ended_is_over(office):
    admin = office.hire("Wang Fang", ADMIN)
    invited = invite(office, admin)
    office.end(admin, invited.person)
    assert refused(office.enrol, invited.code) is Reason.CODE_EXPIRED


def test_the_members_own_key_ends_people_too(office):
    only, call = office.hire("Wang Fang", ADMIN), office.roster.end_by_member
    document = office.roster.find(only.id).document(StaffAct.END_STAFF)
    signed = office.signed_by_member(StaffAct.END_STAFF, document)
    wrong = office.signed_by_member(StaffAct.END_STAFF, document, key_of(BANK))
    assert refused(call, REGISTRAR, only.id, **wrong, now=1) is Reason.KEY_NOT_VALID
    assert refused(call, BANK, only.id, **signed, now=1) is Reason.NOT_FOUND
    assert call(REGISTRAR, only.id, **signed, now=1).state is StaffState.ENDED
    assert refused(call, REGISTRAR, only.id, **signed, now=1) is Reason.RELEASE_NOT_WAITING


def test_a_code_is_tried_five_times_and_a_new_one_ends_it(office):
    admin = office.hire("Wang Fang", ADMIN)
    invited = invite(office, admin)
    wrong = invited.code[:-1] + ("2" if invited.code[-1] != "2" else "3")
    for _ in range(5):
        assert refused(office.enrol, wrong) is Reason.CODE_UNKNOWN
    assert refused(office.enrol, invited.code) is Reason.CODE_LOCKED
    fresh = office.roster.new_code(admin.held, invited.person.id)
    assert office.enrol(fresh.code).held.state is StaffState.ARRIVED
    assert refused(office.enrol, fresh.code) is Reason.CODE_USED
    assert refused(office.roster.new_code, admin.held, invited.person.id) is Reason.RELEASE_NOT_WAITING


def test_a_code_is_good_for_seven_days(office, instance):
    invited = office.invite_by_member("Wang Fang", ADMIN)
    instance.chain.pass_time(CODE_LIFETIME_S)
    assert refused(office.enrol, invited.code) is Reason.CODE_EXPIRED


def test_a_key_that_can_be_copied_or_is_known_is_refused_and_spends_no_code(office):
    admin = office.hire("Wang Fang", ADMIN)
    invited = invite(office, admin)
    with pytest.raises(VerificationError) as refusal:
        office.enrol(invited.code, is_synced=True)
    assert refusal.value.reason is Reason.KEY_SYNCHRONISED
    assert refused(office.enrol, invited.code, admin.device) is Reason.KEY_KNOWN
    assert office.enrol(invited.code).held.state is StaffState.ARRIVED


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_NAME + 1)])
def test_a_name_has_a_length(office, name):
    assert refused(invite, office, office.hire("Wang Fang", ADMIN), name) is Reason.VALUE_MALFORMED


def test_names_are_told_apart_and_roles_are_needed(office):
    admin = office.hire("Wang Fang", ADMIN)
    assert refused(invite, office, admin, " Wang Fang ") is Reason.STAFF_EXISTS
    assert refused(office.roster.invite, admin.held, "Li Qiang", frozenset(), now=1) is Reason.VALUE_MISSING
