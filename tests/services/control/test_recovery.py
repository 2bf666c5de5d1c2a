"""Recovery: the registrar puts others in control after three days, unless present controllers say no."""

import pytest

from api.services.control.recovery import RecoveryService
from ledger_node.chain.port import RECOVERY_DELAY_S, RECOVERY_LAPSE_S
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes
from tests.kit.small_control import cancellation, rotate_elsewhere
from tests.kit.small_instance import REGISTRAR, STRANGER, Silence, controllers_of, key_of, refused

DAY = 86_400


@pytest.fixture
def recoveries(instance):
    return RecoveryService(instance.store, instance.ledger, instance.history, instance.consents)


@pytest.fixture
def heirs():
    return controllers_of(b"h" * 32)


@pytest.fixture
def cancel(instance, recoveries):
    def call(firm, number, commitment, by=slice(None), **options):
        signatures, deadline = cancellation(instance, firm, number, commitment, **options)
        recoveries.cancel(firm.subject, number, signatures[by], deadline, now=instance.now())

    return call


def test_a_recovery_takes_effect_after_three_days(instance, firm, recoveries, heirs):
    held = recoveries.request(firm.subject, heirs)
    assert (held.number, held.entry) == (1, 1)
    assert held.completable_at == instance.ledger.head().time + RECOVERY_DELAY_S
    assert recoveries.request(firm.subject, controllers_of(b"h" * 32)) == held
    shown = recoveries.pending(firm.subject, 1, now=0)
    assert recoveries.pending(firm.subject, None, now=0) == shown | {"needed_to_cancel": None}
    assert (shown["number"], shown["controllers"]) == (1, heirs.to_json())
    assert shown["lapses_at"] == shown["completable_at"] + RECOVERY_LAPSE_S
    assert refused(recoveries.complete, firm.subject, 1) is Reason.RECOVERY_EARLY
    instance.chain.pass_time(RECOVERY_DELAY_S)
    state = recoveries.complete(firm.subject, 1)
    assert (state.entry, state.controllers, state.recovery) == (1, heirs, 1)
    assert recoveries.complete(firm.subject, 1) == state
    assert recoveries.pending(firm.subject, 1, now=0) is None
    assert refused(recoveries.abandon, firm.subject, 1) is Reason.RECOVERY_NOT_PENDING


def test_one_recovery_is_pending_at_a_time(firm, recoveries, heirs):
    recoveries.request(firm.subject, heirs)
    assert refused(recoveries.request, firm.subject, controllers_of(b"x" * 32)) is Reason.RECOVERY_PENDING
    assert refused(recoveries.complete, firm.subject, 2) is Reason.RECOVERY_NOT_PENDING
    assert refused(recoveries.request, random_bytes(32), heirs) is Reason.NOT_FOUND


def test_the_controllers_in_force_are_no_change(firm, recoveries):
    assert refused(recoveries.request, firm.subject, controllers_of(*firm.keys)) is Reason.CONTROLLERS_UNCHANGED


def test_any_one_present_controller_cancels_the_first_recovery(instance, recoveries, heirs, cancel):
    firm, stranger = instance.new_firm(controllers=3, threshold=3), instance.new_firm()
    recoveries.request(firm.subject, heirs)
    bad, deadline = cancellation(instance, stranger, 1, heirs.commitment)
    call = (recoveries.cancel, firm.subject, 1, bad, deadline)
    assert refused(*call, now=instance.now()) is Reason.SIGNER_NOT_CONTROLLER
    late = {"deadline": instance.now() - 1}
    assert refused(cancel, firm, 1, heirs.commitment, **late) is Reason.SIGNATURES_LATE
    cancel(firm, 1, heirs.commitment, slice(2, 3))
    assert recoveries.pending(firm.subject, 1, now=0) is None
    instance.chain.pass_time(RECOVERY_DELAY_S)
    assert refused(recoveries.complete, firm.subject, 1) is Reason.RECOVERY_NOT_PENDING
    cancel(firm, 1, heirs.commitment, slice(1))
    assert recoveries.request(firm.subject, heirs).number == 2


def test_k8_further_cancellations_take_the_threshold_and_make_the_wait_longer(instance, recoveries, heirs, cancel):
    """A thief with one key of three cancels once, and the owners' recovery goes through."""
    firm = instance.new_firm(controllers=3, threshold=2)
    recoveries.request(firm.subject, heirs)
    cancel(firm, 1, heirs.commitment, slice(1))
    held = recoveries.request(firm.subject, heirs)
    assert held.completable_at == instance.ledger.head().time + 6 * DAY
    assert refused(cancel, firm, 2, held.controllers.commitment, slice(1)) is Reason.THRESHOLD_NOT_MET
    instance.chain.pass_time(6 * DAY)
    assert recoveries.complete(firm.subject, 2).controllers == heirs


def test_k24_during_a_controllers_hold_no_single_person_cancels(instance, firm, recoveries, heirs, cancel):
    recoveries.request(firm.subject, heirs)
    state = instance.chain.state()
    held = instance.ledger.standing_of(firm.subject)
    state.standings[firm.subject] = type(held)(0, 0, instance.now(), 0)
    assert refused(cancel, firm, 1, heirs.commitment) is Reason.THRESHOLD_NOT_MET


def test_k8_a_recovery_lapses_after_thirty_days(instance, firm, recoveries, heirs):
    recoveries.request(firm.subject, heirs)
    instance.chain.pass_time(RECOVERY_DELAY_S + RECOVERY_LAPSE_S)
    assert recoveries.pending(firm.subject, 1, now=0) is None
    assert refused(recoveries.complete, firm.subject, 1) is Reason.RECOVERY_NOT_PENDING
    assert recoveries.request(firm.subject, heirs).number == 2


def test_the_registrar_calls_it_off_and_the_next_one_waits_no_longer(instance, firm, recoveries, heirs):
    recoveries.request(firm.subject, heirs)
    for _ in range(2):
        recoveries.abandon(firm.subject, 1)
    assert instance.ledger.recovery(firm.subject).commitment is None
    assert refused(recoveries.abandon, firm.subject, 2) is Reason.RECOVERY_NOT_PENDING
    held = recoveries.request(firm.subject, heirs)
    assert held.completable_at == instance.ledger.head().time + RECOVERY_DELAY_S


def test_k6_another_registrar_asks_for_nothing(instance, firm, heirs):
    foreign = RecoveryService(instance.store, instance.other, instance.history, instance.consents)
    assert refused(foreign.request, firm.subject, heirs) is Reason.REGISTRAR_FOREIGN
    instance.council.name_registrar(firm.subject, STRANGER)
    assert foreign.request(firm.subject, heirs).number == 1


@pytest.mark.parametrize("who", ["controllers that are not known here", "nobody"])
def test_a_recovery_needs_nobody_who_is_in_force(instance, firm, recoveries, heirs, who):
    if who == "nobody":
        new_key = b"n" * 32
        instance.council.add_key(REGISTRAR, address_of(new_key))
        instance.council.mark_compromised(address_of(key_of(REGISTRAR)), 1)
        instance.ledger._registrar = address_of(new_key)
    else:
        rotate_elsewhere(instance, firm, controllers_of(b"x" * 32))
    recoveries.request(firm.subject, heirs)
    instance.chain.pass_time(RECOVERY_DELAY_S)
    assert recoveries.complete(firm.subject, 1).controllers == heirs
    assert instance.history.current(firm.subject).controllers == heirs


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


def test_a_recovery_of_others_in_its_place_refuses_it_and_is_told(instance, firm, recoveries, heirs, cancel):
    with Silence(instance.ledger, "request_recovery"):
        assert refused(recoveries.request, firm.subject, heirs) is Reason.LEDGER_UNAVAILABLE
    foreign = random_bytes(32)
    instance.ledger.request_recovery(firm.subject, 1, 1, foreign)
    recoveries.resume(firm.subject)
    ((kind, data),) = instance.told(firm.subject)
    assert (kind, data["reason"]) == ("subject.change_refused", "controllers_foreign")
    shown = recoveries.pending(firm.subject, 1, now=0)
    assert (shown["number"], shown["controllers"]) == (1, None)
    assert refused(recoveries.request, firm.subject, heirs) is Reason.RECOVERY_PENDING
    cancel(firm, 1, foreign)
    assert recoveries.request(firm.subject, heirs).number == 2
