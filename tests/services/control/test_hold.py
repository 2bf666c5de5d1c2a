"""Holds: one controller, or the registrar, stops everything but withdrawals and recoveries for fourteen days."""

from dataclasses import replace

import pytest

from api.services.control.hold import HoldService
from ledger_node.chain.port import HOLD_INTERVAL_S
from ledger_node.domain.controller_entry import HOLD_TIME_S
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_control import hold
from tests.kit.small_instance import Silence, refused


@pytest.fixture
def holds(instance):
    return HoldService(instance.ledger, instance.history)


def test_k24_any_one_controller_holds_a_firm(instance, holds):
    firm = instance.new_firm(controllers=3, threshold=3)
    made, signatures = hold(instance, firm)
    assert holds.shown(firm.subject) == {"held_until": None, "next_hold": 1}
    held = holds.hold(made, signatures[2:], now=instance.now())
    assert (held.number, held.until) == (1, instance.ledger.head().time + HOLD_TIME_S)
    assert holds.hold(made, signatures[2:], now=instance.now()) == held
    assert holds.shown(firm.subject) == {"held_until": held.until, "next_hold": 2}
    assert instance.ledger.hold_count(firm.subject) == 1


def test_signatures_of_others_hold_nothing(instance, firm, holds):
    made, signatures = hold(instance, replace(firm, keys=(b"x" * 32,)))
    assert refused(holds.hold, made, signatures, now=instance.now()) is Reason.SIGNER_NOT_CONTROLLER
    assert refused(holds.hold, made, (), now=instance.now()) is Reason.THRESHOLD_NOT_MET
    nobody = replace(made, subject=random_bytes(32))
    assert refused(holds.hold, nobody, signatures, now=instance.now()) is Reason.NOT_FOUND
    assert refused(holds.hold_by_registrar, random_bytes(32), now=instance.now()) is Reason.NOT_FOUND


def test_a_hold_is_called_in_time_and_under_its_number(instance, firm, holds):
    late = hold(instance, firm, deadline=instance.now())
    assert refused(holds.hold, *late, now=instance.now()) is Reason.SIGNATURES_LATE
    assert refused(holds.hold, *hold(instance, firm, number=2), now=instance.now()) is Reason.CONTROLLERS_CHANGED


def test_k24_each_of_the_two_holds_once_in_sixty_days(instance, firm, holds):
    first = holds.hold(*hold(instance, firm), now=instance.now())
    assert refused(holds.hold, *hold(instance, firm, number=2), now=instance.now()) is Reason.HOLD_TOO_SOON
    by_registrar = holds.hold_by_registrar(firm.subject, now=instance.now())
    assert (first.number, by_registrar.number) == (1, 2)
    assert holds.hold_by_registrar(firm.subject, now=instance.now()) == by_registrar
    instance.chain.pass_time(HOLD_TIME_S)
    assert refused(holds.hold_by_registrar, firm.subject, now=instance.now()) is Reason.HOLD_TOO_SOON
    instance.chain.pass_time(HOLD_INTERVAL_S - HOLD_TIME_S)
    assert holds.hold_by_registrar(firm.subject, now=instance.now()).number == 3


@pytest.mark.parametrize("lands", [True, False])
def test_a_hold_whose_answer_is_lost_is_finished_by_asking_again(instance, firm, holds, lands):
    made = hold(instance, firm)
    with Silence(instance.ledger, "hold", lands=lands):
        assert refused(holds.hold, *made, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    assert holds.hold(*made, now=instance.now()).number == 1
    assert instance.ledger.hold_count(firm.subject) == 1
