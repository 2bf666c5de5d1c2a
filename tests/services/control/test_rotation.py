"""Rotation: the present controllers hand a firm over, and what they granted stays granted."""

from dataclasses import replace

import pytest

from api.services.control.rotation import RotationService, require_change
from ledger_node.domain.consent_act import Change
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import rotation_digest
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import Firm, Silence, controllers_of, refused

HEIR = b"h" * 32


@pytest.fixture
def rotations(instance):
    return RotationService(instance.ledger, instance.history, instance.consents)


@pytest.fixture
def heirs():
    return controllers_of(HEIR)


def signed(instance, firm, entry, controllers):
    domain = instance.ledger.subject_domain
    return firm.sign(rotation_digest(firm.subject, entry, controllers.commitment, domain))


def test_the_present_controllers_hand_over(instance, firm, rotations, heirs):
    signatures = signed(instance, firm, 1, heirs)
    state = rotations.rotate(firm.subject, 1, heirs, signatures)
    assert (state.entry, state.controllers) == (1, heirs)
    assert instance.ledger.controller_entry(firm.subject, 1).commitment == heirs.commitment
    assert rotations.rotate(firm.subject, 1, heirs, signatures) == state


def test_signatures_of_others_rotate_nothing(instance, firm, rotations, heirs):
    stranger = replace(firm, keys=(HEIR,))
    call = (rotations.rotate, firm.subject, 1, heirs, signed(instance, stranger, 1, heirs))
    assert refused(*call) is Reason.SIGNER_NOT_CONTROLLER
    other = controllers_of(b"x" * 32)
    call = (rotations.rotate, firm.subject, 1, other, signed(instance, firm, 1, heirs))
    assert refused(*call) is Reason.SIGNER_NOT_CONTROLLER
    assert refused(rotations.rotate, random_bytes(32), 1, heirs, ()) is Reason.NOT_FOUND
    assert instance.history.current(firm.subject).entry == 0


def test_another_entry_than_the_next_one_is_refused(instance, firm, rotations, heirs):
    call = (rotations.rotate, firm.subject, 2, heirs, signed(instance, firm, 2, heirs))
    assert refused(*call) is Reason.CONTROLLERS_CHANGED


def test_the_same_controllers_are_no_change(instance, firm, rotations):
    present = instance.history.current(firm.subject)
    same = controllers_of(*firm.keys)
    assert refused(require_change, present, same) is Reason.CONTROLLERS_UNCHANGED
    call = (rotations.rotate, firm.subject, 1, same, signed(instance, firm, 1, same))
    assert refused(*call) is Reason.CONTROLLERS_UNCHANGED


@pytest.mark.parametrize("lands", [True, False])
def test_a_rotation_whose_answer_is_lost_is_finished_by_asking_again(instance, firm, rotations, heirs, lands):
    signatures = signed(instance, firm, 1, heirs)
    with Silence(instance.ledger, "rotate", lands=lands):
        assert refused(rotations.rotate, firm.subject, 1, heirs, signatures) is Reason.LEDGER_UNAVAILABLE
    assert rotations.rotate(firm.subject, 1, heirs, signatures).entry == 1
    assert instance.ledger.controller_entry(firm.subject, 2) is None


def test_a_grant_that_waits_is_recorded_before_the_firm_is_handed_over(instance, firm, rotations, heirs):
    terms = instance.terms(firm)
    consent = instance.id_of(terms)
    with Silence(instance.ledger, "grant"):
        call = (instance.consents.grant, terms, firm.sign(consent))
        assert refused(*call, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    state = rotations.rotate(firm.subject, 1, heirs, signed(instance, firm, 1, heirs))
    assert instance.record_of(consent).granted_at < state.since


def test_the_new_controllers_and_they_alone_change_what_was_granted(instance, firm, rotations, heirs):
    consent = instance.grant(firm)
    rotations.rotate(firm.subject, 1, heirs, signed(instance, firm, 1, heirs))
    heir = Firm(firm.code, firm.subject, (HEIR,))
    pause = (instance.consents.change, consent, Change.PAUSE, 1)
    theirs = instance.signed_change(firm, consent, Change.PAUSE, 1)
    assert refused(*pause, theirs, asker=firm.subject) is Reason.SIGNER_NOT_CONTROLLER
    instance.consents.change(consent, Change.PAUSE, 1, instance.signed_change(heir, consent, Change.PAUSE, 1))
    assert instance.record_of(consent).changes == 1
