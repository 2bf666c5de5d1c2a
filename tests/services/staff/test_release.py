"""Releases are kept whole, count once, and check without the instance."""

import json
from dataclasses import replace

import pytest

from api.services.staff.prepared_act import PreparedState
from api.services.staff.program import EXCEPTION
from api.services.staff.release import require_number
from api.services.staff.role import RELEASERS, StaffRole
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import MAX_NUMBER, StaffAct, StaffRelease, content_digest
from tests.kit.small_instance import BANK, REGISTRAR, refused
from tests.kit.staff import Office, new_device

ADMIN, CLERK, APPROVER = StaffRole.ADMIN, StaffRole.CLERK, StaffRole.APPROVER


@pytest.fixture
def office(instance):
    return Office(instance)


@pytest.fixture
def people(office):
    return office.hire("Wang Fang", CLERK, APPROVER), office.hire("Zhao Jun", APPROVER)


def release(office, by, prepared, draft=None):
    signed = office.signed(by, draft or office.prepared.draft_release(prepared))
    with office.instance.store.begin() as connection:
        return office.prepared.release(connection, by.held, prepared.id, *signed, now=office.instance.now())


def prepare(office, by, act=StaffAct.END_SUBJECT, **document):
    return office.prepared.prepare(by.held, act, {"subject": "0x01", **document}, now=office.instance.now())


def test_another_person_releases_what_one_prepared(office, people):
    clerk, approver = people
    prepared = prepare(office, clerk)
    assert office.prepared.waiting(REGISTRAR) == office.prepared.waiting(REGISTRAR, StaffAct.END_SUBJECT) == [prepared]
    assert office.prepared.waiting(REGISTRAR, StaffAct.REQUEST_RECOVERY) == office.prepared.waiting(BANK) == []
    assert refused(release, office, clerk, prepared) is Reason.RELEASE_BY_PREPARER
    assert release(office, approver, prepared) == prepared
    assert office.prepared.waiting(REGISTRAR) == []
    assert office.prepared.find(REGISTRAR, prepared.id).state is PreparedState.RELEASED
    assert refused(release, office, approver, prepared) is Reason.RELEASE_NOT_WAITING


def test_a_kept_release_checks_without_the_instance(office, people):
    clerk, approver = people
    prepared = prepare(office, clerk)
    release(office, approver, prepared)
    domain = office.instance.ledger.member_domain
    newest = office.releases.find(REGISTRAR, StaffAct.END_SUBJECT, content_digest(prepared.document))
    assert newest in office.releases.of(REGISTRAR)
    for kept in office.releases.of(REGISTRAR):
        kept.require_signed(domain)
        json.dumps(kept.to_json())
    assert (newest.staff, newest.prepared_by, newest.key) == (approver.id, clerk.id, approver.device.passkey)
    other = StaffRelease(BANK, newest.release.act, newest.release.content, newest.release.number)
    assert refused(replace(newest, release=other).require_signed, domain) is Reason.CHALLENGE_MISMATCH
    assert refused(newest.require_signed, SigningDomain(1, bytes(20))) is Reason.CHALLENGE_MISMATCH
    by_key = replace(newest, key=new_device().passkey)
    assert refused(by_key.require_signed, domain) is Reason.SIGNER_NOT_CONTROLLER
    by_member = next(kept for kept in office.releases.of(REGISTRAR) if kept.staff is None)
    assert refused(replace(by_member, key=bytes(20)).require_signed, domain) is Reason.KEY_NOT_VALID
    assert refused(replace(newest, key=bytes(20)).require_signed, domain) is Reason.KEY_NOT_VALID


def test_a_number_counts_once(office, people):
    clerk, approver = people
    first, second = prepare(office, clerk), prepare(office, clerk, note="other")
    draft = office.prepared.draft_release(first)
    release(office, approver, first, draft)
    again = replace(office.prepared.draft_release(second), number=draft.number)
    assert refused(release, office, approver, second, again) is Reason.RELEASE_NUMBER_TAKEN
    assert office.prepared.waiting(REGISTRAR) == [second]


@pytest.mark.parametrize("role", [ADMIN, CLERK, StaffRole.OFFICER, StaffRole.AUDITOR])
def test_only_the_roles_of_an_act_release_it(office, people, role):
    prepared = prepare(office, people[0])
    assert refused(release, office, office.hire("Somebody", role), prepared) is Reason.NOT_ALLOWED


def test_of_another_member_nothing_is_there(office, people, instance):
    prepared = prepare(office, people[0])
    stranger = Office(instance, BANK).hire("Bank Approver", APPROVER)
    assert refused(release, office, stranger, prepared) is Reason.NOT_FOUND
    assert office.prepared.find(BANK, prepared.id) is None
    with instance.store.begin() as connection:
        draft = office.prepared.draft_release(prepared)
        _, assertion = office.signed(stranger, draft)
        call, options = office.releases.take, {"by": stranger.held, "prepared_by": None, "now": 1}
        assert refused(call, connection, draft, assertion, **options) is Reason.NOT_ALLOWED


def test_the_same_is_prepared_once_and_can_be_dropped(office, people):
    clerk, approver = people
    prepared = prepare(office, clerk)
    assert prepare(office, approver) == prepared
    office.prepared.drop(clerk.held, prepared.id)
    assert office.prepared.waiting(REGISTRAR) == []
    assert refused(office.prepared.drop, clerk.held, prepared.id) is Reason.RELEASE_NOT_WAITING
    assert refused(release, office, approver, prepared) is Reason.RELEASE_NOT_WAITING
    assert prepare(office, clerk).id != prepared.id


def test_programs_act_alone_where_nobody_is_or_two_people_released_it(office):
    assert office.programs.may_act_alone(REGISTRAR)
    admin, other = office.hire("Wang Fang", ADMIN), office.hire("Zhao Jun", ADMIN)
    assert not office.programs.may_act_alone(REGISTRAR)
    assert office.programs.may_act_alone(BANK)
    prepared = office.prepared.prepare(admin.held, StaffAct.ALLOW_PROGRAMS, dict(EXCEPTION), now=1)
    assert refused(release, office, admin, prepared) is Reason.RELEASE_BY_PREPARER
    assert not office.programs.may_act_alone(REGISTRAR)
    release(office, other, prepared)
    assert office.programs.may_act_alone(REGISTRAR)


def test_an_officer_is_found_by_the_signature(office):
    officer, clerk = office.hire("Officer", StaffRole.OFFICER), office.hire("Clerk", CLERK)
    digest = bytes(31) + b"\x01"
    call, role = office.programs.require_signer, StaffRole.OFFICER
    assert call(REGISTRAR, digest, officer.device.assertion(digest), role) == officer.held
    by_clerk = clerk.device.assertion(digest)
    assert refused(call, REGISTRAR, digest, by_clerk, role) is Reason.SIGNER_NOT_CONTROLLER
    assert refused(call, BANK, digest, by_clerk, role) is Reason.NOT_ALLOWED


def test_every_act_has_somebody_who_releases_it():
    assert set(RELEASERS) == set(StaffAct)


@pytest.mark.parametrize("number", [0, -1, MAX_NUMBER + 1])
def test_a_number_has_bounds(number):
    assert require_number(MAX_NUMBER) == MAX_NUMBER
    assert refused(require_number, number) is Reason.VALUE_OUT_OF_RANGE
