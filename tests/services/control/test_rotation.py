"""Rotation: the present controllers hand a firm over, and what they granted stays granted."""

from dataclasses import replace

import pytest

from api.services.control.rotation import RotationService, require_change
from ledger_node.domain.consent_act import Change
from ledger_node.domain.controller_entry import HOLD_TIME_S
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controller, Controllers
from ledger_node.randomness import random_bytes
from tests.kit.small_control import rotate_elsewhere, rotation
from tests.kit.small_instance import Firm, Silence, controllers_of, refused

HEIR = b"h" * 32


@pytest.fixture
def rotations(instance):
    return RotationService(instance.ledger, instance.history, instance.consents)


@pytest.fixture
def heirs():
    return controllers_of(HEIR)


@pytest.fixture
def rotate(instance, rotations):
    def call(made, signatures):
        return rotations.rotate(made, signatures, now=instance.now())

    return call


def test_the_present_controllers_hand_over(instance, firm, rotate, heirs):
    made = rotation(instance, firm, heirs)
    state = rotate(*made)
    assert (state.entry, state.controllers) == (1, heirs)
    assert instance.ledger.controller_entry(firm.subject, 1).commitment == heirs.commitment
    assert rotate(*made) == state
    heir = Firm(firm.code, firm.subject, (HEIR,))
    assert refused(rotate, made[0], rotation(instance, heir, heirs)[1]) is Reason.SIGNER_NOT_CONTROLLER


def test_signatures_of_others_rotate_nothing(instance, firm, rotate, heirs):
    stranger = replace(firm, keys=(HEIR,))
    assert refused(rotate, *rotation(instance, stranger, heirs)) is Reason.SIGNER_NOT_CONTROLLER
    other, _ = rotation(instance, firm, controllers_of(b"x" * 32))
    _, signatures = rotation(instance, firm, heirs)
    assert refused(rotate, other, signatures) is Reason.SIGNER_NOT_CONTROLLER
    nobody, _ = rotation(instance, replace(firm, subject=random_bytes(32)), heirs)
    assert refused(rotate, nobody, ()) is Reason.NOT_FOUND
    assert instance.history.current(firm.subject).entry == 0


def test_another_entry_than_the_next_one_is_refused(instance, firm, rotate, heirs):
    assert refused(rotate, *rotation(instance, firm, heirs, entry=2)) is Reason.CONTROLLERS_CHANGED


def test_signatures_that_are_good_no_more_are_refused(instance, firm, rotate, heirs):
    late = rotation(instance, firm, heirs, deadline=instance.now())
    assert refused(rotate, *late) is Reason.SIGNATURES_LATE


def test_k23_as_many_persons_as_must_sign_hand_over_and_no_fewer(instance, rotate, heirs):
    """Two of two persons: the two devices of one of them are one signature too few."""
    firm = instance.new_firm(controllers=3, threshold=2)
    keys = [each.key for each in instance.history.current(firm.subject).controllers.keys]
    of_two = Controllers((Controller(1, keys[0]), Controller(2, keys[1]), Controller(2, keys[2])), 2, random_bytes(32))
    rotate(*rotation(instance, firm, of_two)[:1], rotation(instance, firm, of_two)[1][:2])
    made, signatures = rotation(instance, firm, heirs, entry=2)
    assert refused(rotate, made, signatures[1:]) is Reason.SIGNER_REPEATED
    assert refused(rotate, made, signatures[1:2]) is Reason.THRESHOLD_NOT_MET
    assert rotate(made, signatures[::2]).controllers == heirs


def test_k24_a_held_firm_is_not_handed_over(instance, firm, rotate, heirs):
    instance.ledger.hold_by_registrar(firm.subject, 1)
    assert refused(rotate, *rotation(instance, firm, heirs)) is Reason.SUBJECT_ON_HOLD
    instance.chain.pass_time(HOLD_TIME_S)
    assert rotate(*rotation(instance, firm, heirs)).entry == 1


def test_the_same_controllers_are_no_change(instance, firm, rotate):
    present = instance.history.current(firm.subject)
    same = controllers_of(*firm.keys)
    assert refused(require_change, present, same) is Reason.CONTROLLERS_UNCHANGED
    assert refused(rotate, *rotation(instance, firm, same)) is Reason.CONTROLLERS_UNCHANGED


@pytest.mark.parametrize("lands", [True, False])
def test_a_rotation_whose_answer_is_lost_is_finished_by_asking_again(instance, firm, rotate, heirs, lands):
    made = rotation(instance, firm, heirs)
    with Silence(instance.ledger, "rotate", lands=lands):
        assert refused(rotate, *made) is Reason.LEDGER_UNAVAILABLE
    assert rotate(*made).entry == 1
    assert instance.ledger.controller_entry(firm.subject, 2) is None


def test_a_rotation_that_another_node_relayed_is_taken_over(instance, firm, rotate, heirs):
    rotate_elsewhere(instance, firm, heirs)
    state = rotate(*rotation(instance, firm, heirs))
    assert (state.entry, state.controllers) == (1, heirs)
    heir = Firm(firm.code, firm.subject, (HEIR,))
    assert rotate(*rotation(instance, heir, controllers_of(b"x" * 32), entry=2)).entry == 2


def test_a_set_that_the_ledger_does_not_hold_is_not_taken_over(instance, firm, rotate, heirs):
    rotate_elsewhere(instance, firm, heirs)
    assert refused(rotate, *rotation(instance, firm, controllers_of(HEIR))) is Reason.CONTROLLERS_FOREIGN


def test_a_grant_that_waits_is_recorded_before_the_firm_is_handed_over(instance, firm, rotate, heirs):
    granted = instance.consent(firm)
    consent = instance.id_of(granted)
    with Silence(instance.ledger, "grant"):
        call = (instance.consents.grant, granted, firm.sign(consent))
        assert refused(*call, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    state = rotate(*rotation(instance, firm, heirs))
    assert instance.record_of(consent).granted_at < state.since


def test_the_new_controllers_and_they_alone_change_what_was_granted(instance, firm, rotate, heirs):
    consent = instance.grant(firm)
    rotate(*rotation(instance, firm, heirs))
    heir = Firm(firm.code, firm.subject, (HEIR,))
    pause = (instance.consents.change, consent, Change.PAUSE, 1)
    theirs = instance.signed_change(firm, consent, Change.PAUSE, 1)
    assert refused(*pause, theirs, asker=firm.subject) is Reason.SIGNER_NOT_CONTROLLER
    instance.consents.change(consent, Change.PAUSE, 1, instance.signed_change(heir, consent, Change.PAUSE, 1))
    assert instance.record_of(consent).changes == 1
