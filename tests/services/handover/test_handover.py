"""A firm lets one bank find it: the attack first."""

import pytest

from api.services.handover.handover import Handovers
from api.services.one_time_code.code import OneTimeCodes
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import BANK, REGISTRAR, STRANGER, refused

LIFETIME = 86_400


@pytest.fixture
def handovers(instance):
    codes = OneTimeCodes(instance.store, instance.departments[REGISTRAR].kek.keyed_digest, instance.now)
    return Handovers(instance.store, instance.ledger, codes, lifetime_s=LIFETIME)


def test_another_bank_learns_nothing_and_the_code_still_counts(instance, firm, handovers):
    code = handovers.make(firm.subject, BANK)
    assert refused(handovers.redeem, STRANGER, code, now=instance.now()) is Reason.CODE_UNKNOWN
    assert not handovers.is_known(STRANGER, firm.subject)
    assert handovers.redeem(BANK, code, now=instance.now()) == firm.subject
    assert handovers.is_known(BANK, firm.subject)
    assert handovers.firms_of(BANK) == [firm.subject]


def test_a_code_counts_once_and_for_a_day(instance, firm, handovers):
    code = handovers.make(firm.subject, BANK)
    handovers.redeem(BANK, code, now=instance.now())
    assert refused(handovers.redeem, BANK, code, now=instance.now()) is Reason.CODE_USED
    late = handovers.make(firm.subject, BANK)
    instance.chain.pass_time(LIFETIME)
    assert refused(handovers.redeem, BANK, late, now=instance.now()) is Reason.CODE_EXPIRED


def test_a_new_code_for_the_same_bank_ends_the_one_before(instance, firm, handovers):
    first = handovers.make(firm.subject, BANK)
    second = handovers.make(firm.subject, BANK)
    assert refused(handovers.redeem, BANK, first, now=instance.now()) is Reason.CODE_EXPIRED
    assert handovers.redeem(BANK, second.lower(), now=instance.now()) == firm.subject


def test_a_firm_that_was_found_before_is_found_anew(instance, firm, handovers):
    for _ in range(2):
        handovers.redeem(BANK, handovers.make(firm.subject, BANK), now=instance.now())
    assert handovers.firms_of(BANK) == [firm.subject]


def test_a_code_has_forty_bits_and_names_no_firm(firm, handovers):
    code = handovers.make(firm.subject, BANK)
    assert len(code.replace("-", "")) == 8
    assert firm.subject.hex()[:8] not in code


def test_a_code_is_made_for_a_bank_alone(firm, handovers):
    assert refused(handovers.make, firm.subject, STRANGER) is Reason.MEMBER_UNKNOWN
    assert refused(handovers.make, firm.subject, b"n" * 32) is Reason.MEMBER_UNKNOWN
