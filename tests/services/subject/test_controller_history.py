"""The entries of a subject's controllers, in step with the ledger whatever is lost on the way to it."""

import pytest

from api.services.control.recovery import RecoveryService
from api.services.control.rotation import RotationService
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from ledger_node.chain.port import RECOVERY_DELAY_S
from ledger_node.domain.controller_entry import HOLD_TIME_S
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import DECOY
from ledger_node.randomness import random_bytes
from tests.kit.small_control import rotate_elsewhere, rotation
from tests.kit.small_instance import REGISTRAR, Silence, controllers_of, key_of, refused


@pytest.fixture
def history(instance):
    assert type(instance.history) is ControllerHistory
    return instance.history


@pytest.fixture
def heirs():
    return controllers_of(b"h" * 32)


def append(instance, firm, controllers, *, deadline=None):
    """Bring a rotation to the ledger without the checks of its service."""
    made, signatures = rotation(instance, firm, controllers, deadline=deadline)
    change = ControllerState(firm.subject, 1, controllers, signatures=signatures, deadline=made.deadline)
    with instance.history.settled(firm.subject):
        return instance.history.append(change)


def test_the_first_entry_counts_since_its_block(instance, firm, history):
    (only,) = history.of(firm.subject)
    assert only.since == instance.ledger.controller_entry(firm.subject, 0).since
    assert (history.current(firm.subject), history.find_current(firm.subject)) == (only, only.controllers)
    assert history.shown(firm.subject) == (only.to_json(), only.controllers)
    assert only.to_json()["by"] == "registration"
    assert refused(history.current, random_bytes(32)) is Reason.NOT_FOUND
    assert refused(history.shown, random_bytes(32)) is Reason.NOT_FOUND
    assert history.find_current(random_bytes(32)) is None


def test_a_change_counts_from_a_later_second_than_what_was_granted_before(instance, firm, history, heirs):
    consent = instance.grant(firm)
    appended = append(instance, firm, heirs)
    assert (appended.entry, appended.controllers) == (1, heirs)
    assert appended.since > instance.record_of(consent).granted_at
    assert history.current(firm.subject) == appended
    assert [one.entry for one in history.of(firm.subject)] == [0, 1]
    assert appended.to_json()["by"] == "rotation"


@pytest.mark.parametrize("lands", [True, False])
def test_a_change_whose_answer_is_lost_is_finished_before_anything_else(instance, firm, history, heirs, lands):
    with Silence(instance.ledger, "rotate", lands=lands):
        assert refused(append, instance, firm, heirs) is Reason.LEDGER_UNAVAILABLE
    assert history.waiting() == [firm.subject]
    # whether it landed only the ledger says
    assert history.current(firm.subject).entry == int(lands)
    with history.locked(firm.subject) as present:
        assert (present.entry, present.controllers) == (1, heirs)
    assert history.waiting() == []
    history.resume(firm.subject)
    assert instance.ledger.controller_entry(firm.subject, 2) is None


def test_a_change_that_the_ledger_refuses_is_taken_back(instance, firm, history):
    same = history.current(firm.subject).controllers
    assert refused(append, instance, firm, same) is Reason.CONTROLLERS_UNCHANGED
    assert [one.entry for one in history.of(firm.subject)] == [0]
    assert history.refused(firm.subject) == []


def test_a_change_of_others_in_its_place_refuses_it_and_is_told(instance, firm, history, heirs):
    rotate_elsewhere(instance, firm, controllers_of(b"x" * 32))
    assert refused(append, instance, firm, heirs) is Reason.CONTROLLERS_FOREIGN
    (refusal,) = history.refused(firm.subject)
    assert (refusal["change"], refusal["number"], refusal["reason"]) == ("rotation", 1, "controllers_foreign")
    assert [kind for kind, _ in instance.told(firm.subject)] == ["subject.change_refused"]
    assert history.waiting() == []


def test_k7_a_change_becomes_the_entry_that_it_was_signed_for_or_none(instance, firm, history, heirs):
    """Another one was faster; the signatures do not carry over to the next entry."""
    with Silence(instance.ledger, "rotate"):
        assert refused(append, instance, firm, heirs) is Reason.LEDGER_UNAVAILABLE
    rotate_elsewhere(instance, firm, controllers_of(b"x" * 32))
    history.resume(firm.subject)
    assert history.waiting() == []
    assert [one["reason"] for one in history.refused(firm.subject)] == ["controllers_foreign"]


def test_a_change_whose_signatures_ran_out_while_it_waited_is_refused_and_told(instance, firm, history, heirs):
    with Silence(instance.ledger, "rotate"):
        call = (append, instance, firm, heirs)
        assert refused(*call, deadline=instance.now() + 60) is Reason.LEDGER_UNAVAILABLE
    instance.chain.pass_time(61)
    history.resume(firm.subject)
    assert history.waiting() == []
    assert [one["reason"] for one in history.refused(firm.subject)] == ["signatures_late"]
    assert history.current(firm.subject).entry == 0


def test_controllers_who_came_into_force_elsewhere_act_here_once_they_are_shown(instance, firm, history, heirs):
    rotate_elsewhere(instance, firm, heirs)
    held = instance.ledger.controller_entry(firm.subject, 1)
    entry, controllers = history.shown(firm.subject)
    assert (entry["entry"], entry["since"], entry["commitment"]) == (1, held.since, to_hex(heirs.commitment))
    assert (entry["by"], entry["controllers"], controllers) == ("rotation", None, None)
    with pytest.raises(Exception, match="does not know") as foreign, history.locked(firm.subject):
        pass
    assert foreign.value.reason is Reason.CONTROLLERS_FOREIGN
    assert history.find_current(firm.subject) is None
    with history.locked_or_decoy(firm.subject) as controllers:
        assert controllers is DECOY
    rotations = RotationService(instance.ledger, history, instance.consents)
    other = rotation(instance, firm, controllers_of(b"x" * 32))
    assert refused(rotations.rotate, *other, now=instance.now()) is Reason.CONTROLLERS_FOREIGN
    shown = rotations.rotate(*rotation(instance, firm, heirs), now=instance.now())
    assert (shown.entry, shown.controllers) == (1, heirs)
    with history.locked(firm.subject) as present:
        assert present == shown


def test_a_recovery_that_another_registrar_completed_is_known(instance, firm, history, heirs):
    RecoveryService(instance.store, instance.ledger, history, instance.consents).request(firm.subject, heirs)
    instance.chain.pass_time(RECOVERY_DELAY_S)
    instance.ledger.complete_recovery(firm.subject, 1)
    with history.locked(firm.subject) as present:
        assert (present.entry, present.controllers, present.recovery) == (1, heirs, 1)
    assert history.of(firm.subject)[-1] == present


def test_k6_a_set_that_rests_on_a_stolen_key_controls_nothing_here(instance, firm, history, heirs):
    """What was recovered by it, and what was rotated on top, is gone; the set before is in force again."""
    thief = b"t" * 32
    instance.council.add_key(REGISTRAR, address_of(thief))
    stolen = type(instance.ledger)(instance.chain, relayer=address_of(thief), registrar=address_of(thief))
    recoveries = RecoveryService(instance.store, stolen, history, instance.consents)
    recoveries.request(firm.subject, heirs)
    instance.chain.pass_time(RECOVERY_DELAY_S)
    instance.ledger.complete_recovery(firm.subject, 1)
    assert history.current(firm.subject).controllers == heirs
    instance.council.mark_compromised(address_of(thief), instance.now())
    assert history.current(firm.subject).entry == 0
    with history.locked(firm.subject) as present:
        present.controllers.require_signatures(bytes(32), firm.sign(bytes(32)))
    instance.council.mark_compromised(address_of(key_of(REGISTRAR)), 1)
    assert refused(history.current, firm.subject) is Reason.CONTROLLERS_NONE_COUNT
    entry, controllers = history.shown(firm.subject)
    assert (entry["entry"], entry["controllers"], controllers) == (None, None, None)
    assert history.find_current(firm.subject) is None


def test_k24_a_held_firm_is_held_until_the_time_is_over(instance, firm, history):
    history.require_no_hold(firm.subject, instance.now())
    instance.ledger.hold_by_registrar(firm.subject, 1)
    assert refused(history.require_no_hold, firm.subject, instance.now()) is Reason.SUBJECT_ON_HOLD
    # no block came since, and the clock says that it is over
    history.require_no_hold(firm.subject, instance.now() + HOLD_TIME_S)


def test_an_id_of_nobody_takes_the_work_of_one_that_is_there(firm, history):
    with history.locked_or_decoy(random_bytes(32)) as controllers:
        assert controllers is DECOY
    with pytest.raises(VerificationError):
        DECOY.require_signatures(bytes(32), firm.sign(bytes(32)))
    with history.locked_or_decoy(firm.subject) as controllers:
        controllers.require_signatures(bytes(32), firm.sign(bytes(32)))
