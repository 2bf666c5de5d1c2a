"""Officers of a bank: what they sign is checked, kept once, and found again by what it is over."""

from dataclasses import replace

import pytest

from api.services.staff.officer import Officers, find_officers
from api.services.staff.role import StaffRole
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import BANK, refused
from tests.kit.staff import Office, new_device

SIGNED, OTHER = (bytes([number]) * 32 for number in (7, 8))


@pytest.fixture
def office(instance):
    return Office(instance, BANK)


@pytest.fixture
def officers(instance, office):
    return Officers(instance.store, office.programs)


def test_a_bank_without_people_asks_by_its_programs(officers):
    officers.require_if_needed(BANK, None)


def test_a_bank_with_people_needs_one_of_its_officers(officers, office):
    person = office.hire("Officer", StaffRole.OFFICER)
    assert refused(officers.require_if_needed, BANK, None) is Reason.OFFICER_MISSING
    officers.require_if_needed(BANK, person.device.assertion(SIGNED))


def test_nobody_else_and_nothing_else_counts(officers, office, instance):
    officer = office.hire("Officer", StaffRole.OFFICER)
    clerk = office.hire("Clerk", StaffRole.CLERK)
    second = office.hire("Second", StaffRole.OFFICER)
    for assertion, by in (
        (new_device().assertion(SIGNED), None),
        (clerk.device.assertion(SIGNED), None),
        (second.device.assertion(SIGNED), officer.held),
    ):
        assert refused(officers.keep, BANK, SIGNED, assertion, by=by, now=1) is Reason.SIGNER_NOT_CONTROLLER
    assert refused(officers.keep, BANK, SIGNED, officer.device.assertion(OTHER), now=1) is Reason.CHALLENGE_MISMATCH
    assert find_officers(instance.store, [SIGNED]) == {}


def test_the_first_signature_is_kept_and_found(officers, office, instance):
    person = office.hire("Officer", StaffRole.OFFICER)
    first = officers.keep(BANK, SIGNED, person.device.assertion(SIGNED), now=1)
    again = replace(person.device.assertion(SIGNED))
    assert isinstance(again, Assertion)
    assert officers.keep(BANK, SIGNED, again, by=person.held, now=2) == first
    found = find_officers(instance.store, [SIGNED, OTHER])
    assert found == {SIGNED: first}
    found[SIGNED].require_over(SIGNED)
