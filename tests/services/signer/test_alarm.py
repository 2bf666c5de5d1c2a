"""A recovery is called off by one tap of a signer, or of several; one signer holds the firm."""

import pytest

from api.services.control.hold import HoldService
from api.services.control.recovery import RecoveryService
from api.services.signer.alarm import Alarms
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from tests.kit.small_instance import controllers_of, refused

STRANGER = b"x" * 32


@pytest.fixture
def recoveries(instance):
    return RecoveryService(instance.store, instance.ledger, instance.history, instance.consents)


@pytest.fixture
def alarms(instance, recoveries):
    holds = HoldService(instance.ledger, instance.history)
    return Alarms(instance.store, instance.ledger, instance.history, recoveries, holds)


def cancel(instance, alarms, firm, key):
    alarm = alarms.recovery(firm.subject, now=instance.now())
    return alarms.cancel(firm.subject, sign(alarm.digest, key), now=instance.now())


def test_a_stranger_calls_nothing_off_and_any_signer_does(instance, alarms, recoveries):
    firm = instance.new_firm(3, 2)
    recoveries.request(firm.subject, controllers_of(STRANGER))
    assert refused(cancel, instance, alarms, firm, STRANGER) is Reason.SIGNER_NOT_CONTROLLER
    assert cancel(instance, alarms, firm, firm.keys[2]) is True
    assert alarms.recovery(firm.subject, now=instance.now()) is None
    call = refused(alarms.cancel, firm.subject, b"", now=instance.now())
    assert call is Reason.RECOVERY_NOT_PENDING


def test_the_second_one_in_a_year_takes_as_many_persons_as_must_sign(instance, alarms, recoveries):
    firm = instance.new_firm(3, 2)
    for _ in range(2):
        recoveries.request(firm.subject, controllers_of(STRANGER))
        first = cancel(instance, alarms, firm, firm.keys[0])
    alarm = alarms.recovery(firm.subject, now=instance.now())
    assert (first, alarm.signed, alarm.needed) == (False, (1,), 2)
    assert refused(cancel, instance, alarms, firm, firm.keys[0]) is Reason.SIGNER_REPEATED
    assert cancel(instance, alarms, firm, firm.keys[1]) is True
    assert alarms.recovery(firm.subject, now=instance.now()) is None


def test_a_hold_is_one_signers_and_once_in_60_days(instance, alarms):
    firm = instance.new_firm(2, 2)
    hold, digest = alarms.next_hold(firm.subject, instance.now() + 900)
    call = refused(alarms.hold, hold, sign(digest, STRANGER), now=instance.now())
    assert call is Reason.SIGNER_NOT_CONTROLLER
    assert alarms.hold(hold, sign(digest, firm.keys[1]), now=instance.now()).until > instance.now()
    again, digest = alarms.next_hold(firm.subject, instance.now() + 900)
    assert refused(alarms.hold, again, sign(digest, firm.keys[0]), now=instance.now()) is Reason.HOLD_TOO_SOON
