"""Recovery: the registrar puts others in control after three days, unless one present controller says no."""

import pytest

from api.services.control.recovery import RecoveryService
from ledger_node.chain.port import RECOVERY_DELAY_S
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import cancellation_digest
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import Silence, controllers_of, refused


@pytest.fixture
def recoveries(instance):
    return RecoveryService(instance.store, instance.ledger, instance.history, instance.consents)


@pytest.fixture
def heirs():
    return controllers_of(b"h" * 32)


def signed_cancellation(instance, firm, number, commitment):
    return firm.sign(cancellation_digest(firm.subject, number, commitment, instance.ledger.subject_domain))


def test_a_recovery_takes_effect_after_three_days(instance, firm, recoveries, heirs):
    held = recoveries.request(firm.subject, heirs)
    assert (held.number, held.requested_at) == (1, instance.ledger.recovery(firm.subject).requested_at)
    assert recoveries.request(firm.subject, controllers_of(b"h" * 32)) == held
    shown = recoveries.pending(firm.subject)
    assert (shown["number"], shown["controllers"]) == (1, heirs.to_json())
    assert refused(recoveries.complete, firm.subject, 1) is Reason.RECOVERY_EARLY
    instance.chain.pass_time(RECOVERY_DELAY_S)
    state = recoveries.complete(firm.subject, 1)
    assert (state.entry, state.controllers, state.recovery) == (1, heirs, 1)
    assert recoveries.complete(firm.subject, 1) == state
    assert recoveries.pending(firm.subject) is None
    assert refused(recoveries.cancel, firm.subject, 1, None) is Reason.RECOVERY_NOT_PENDING


def test_one_recovery_is_pending_at_a_time(firm, recoveries, heirs):
    recoveries.request(firm.subject, heirs)
    assert refused(recoveries.request, firm.subject, controllers_of(b"x" * 32)) is Reason.RECOVERY_PENDING
    assert refused(recoveries.complete, firm.subject, 2) is Reason.RECOVERY_NOT_PENDING
    assert refused(recoveries.request, random_bytes(32), heirs) is Reason.NOT_FOUND


def test_the_controllers_in_force_are_no_change(firm, recoveries):
    assert refused(recoveries.request, firm.subject, controllers_of(*firm.keys)) is Reason.CONTROLLERS_UNCHANGED


def test_any_one_present_controller_cancels(instance, recoveries, heirs):
    firm = instance.new_firm(controllers=3, threshold=3)
    recoveries.request(firm.subject, heirs)
    signatures = signed_cancellation(instance, firm, 1, heirs.commitment)
    stranger = instance.new_firm()
    bad = stranger.sign(cancellation_digest(firm.subject, 1, heirs.commitment, instance.ledger.subject_domain))
    assert refused(recoveries.cancel, firm.subject, 1, bad) is Reason.SIGNER_NOT_CONTROLLER
    recoveries.cancel(firm.subject, 1, signatures[2:])
    assert recoveries.pending(firm.subject) is None
    instance.chain.pass_time(RECOVERY_DELAY_S)
    assert refused(recoveries.complete, firm.subject, 1) is Reason.RECOVERY_NOT_PENDING
    recoveries.cancel(firm.subject, 1, signatures[:1])
    assert recoveries.request(firm.subject, heirs).number == 2


def test_the_registrar_calls_it_off(instance, firm, recoveries, heirs):
    recoveries.request(firm.subject, heirs)
    recoveries.cancel(firm.subject, 1, None)
    assert instance.ledger.recovery(firm.subject).commitment is None


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("by_itself", [True, False])
def test_a_request_whose_answer_is_lost_is_finished(instance, firm, recoveries, heirs, lands, by_itself):
    with Silence(instance.ledger, "request_recovery", lands=lands):
        assert refused(recoveries.request, firm.subject, heirs) is Reason.LEDGER_UNAVAILABLE
    assert recoveries.waiting() == [firm.subject]
    if by_itself:
        recoveries.resume(firm.subject)
        assert recoveries.waiting() == []
    assert recoveries.request(firm.subject, heirs).number == 1
    assert instance.ledger.recovery(firm.subject).number == 1


@pytest.mark.parametrize("lands", [True, False])
def test_a_completion_whose_answer_is_lost_is_finished(instance, firm, recoveries, heirs, lands):
    recoveries.request(firm.subject, heirs)
    instance.chain.pass_time(RECOVERY_DELAY_S)
    with Silence(instance.ledger, "complete_recovery", lands=lands):
        assert refused(recoveries.complete, firm.subject, 1) is Reason.LEDGER_UNAVAILABLE
    assert recoveries.complete(firm.subject, 1).controllers == heirs
    assert instance.ledger.controller_entry(firm.subject, 2) is None


def test_a_recovery_of_others_in_its_place_refuses_it_and_is_told(instance, firm, recoveries, heirs):
    with Silence(instance.ledger, "request_recovery"):
        assert refused(recoveries.request, firm.subject, heirs) is Reason.LEDGER_UNAVAILABLE
    foreign = random_bytes(32)
    instance.other.request_recovery(firm.subject, foreign)
    recoveries.resume(firm.subject)
    ((kind, data),) = instance.told(firm.subject)
    assert (kind, data["reason"]) == ("subject.change_refused", "controllers_foreign")
    shown = recoveries.pending(firm.subject)
    assert (shown["number"], shown["controllers"]) == (1, None)
    assert refused(recoveries.request, firm.subject, heirs) is Reason.RECOVERY_PENDING
    recoveries.cancel(firm.subject, 1, signed_cancellation(instance, firm, 1, foreign))
    assert recoveries.request(firm.subject, heirs).number == 2
