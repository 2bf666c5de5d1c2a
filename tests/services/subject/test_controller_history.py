"""The entries of a subject's controllers, in step with the ledger whatever is lost on the way to it."""

import pytest

from api.services.subject.registered_subject import ControllerHistory
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import DECOY
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import Silence, controllers_of, refused


@pytest.fixture
def history(instance):
    assert type(instance.history) is ControllerHistory
    return instance.history


@pytest.fixture
def heirs():
    return controllers_of(b"h" * 32)


def append(history, subject, controllers):
    with history.locked(subject) as present:
        return history.append(present, controllers)


def test_the_first_entry_counts_since_its_block(instance, firm, history):
    (only,) = history.of(firm.subject)
    assert only.since == instance.ledger.controller_entry(firm.subject, 0).since
    assert (history.current(firm.subject), history.find_current(firm.subject)) == (only, only.controllers)
    assert only.to_json()["by"] == "registration"
    assert refused(history.current, random_bytes(32)) is Reason.NOT_FOUND
    assert history.find_current(random_bytes(32)) is None


def test_a_change_counts_from_a_later_second_than_what_was_granted_before(instance, firm, history, heirs):
    consent = instance.grant(firm)
    appended = append(history, firm.subject, heirs)
    assert (appended.entry, appended.controllers) == (1, heirs)
    assert appended.since > instance.record_of(consent).granted_at
    assert history.current(firm.subject) == appended
    assert [one.entry for one in history.of(firm.subject)] == [0, 1]
    assert appended.to_json()["by"] == "rotation"


@pytest.mark.parametrize("lands", [True, False])
def test_a_change_whose_answer_is_lost_is_finished_before_anything_else(instance, firm, history, heirs, lands):
    with Silence(instance.ledger, "rotate", lands=lands):
        assert refused(append, history, firm.subject, heirs) is Reason.LEDGER_UNAVAILABLE
    assert history.waiting() == [firm.subject]
    assert history.current(firm.subject).entry == 0
    with history.locked(firm.subject) as present:
        assert (present.entry, present.controllers) == (1, heirs)
    assert history.waiting() == []
    history.resume(firm.subject)
    assert instance.ledger.controller_entry(firm.subject, 2) is None


def test_a_change_that_the_ledger_refuses_is_taken_back(firm, history):
    same = history.current(firm.subject).controllers
    assert refused(append, history, firm.subject, same) is Reason.CONTROLLERS_UNCHANGED
    assert [one.entry for one in history.of(firm.subject)] == [0]
    assert history.refused(firm.subject) == []


def test_a_change_of_others_in_its_place_refuses_it_and_is_told(instance, firm, history, heirs):
    instance.other.rotate(firm.subject, random_bytes(32))
    assert refused(append, history, firm.subject, heirs) is Reason.CONTROLLERS_FOREIGN
    (refusal,) = history.refused(firm.subject)
    assert (refusal["change"], refusal["number"], refusal["reason"]) == ("rotation", 1, "controllers_foreign")
    assert [kind for kind, _ in instance.told(firm.subject)] == ["subject.change_refused"]
    assert (history.waiting(), history.current(firm.subject).entry) == ([], 0)


def test_a_change_behind_those_of_others_has_the_number_that_it_got(instance, firm, history, heirs):
    with Silence(instance.ledger, "rotate"):
        assert refused(append, history, firm.subject, heirs) is Reason.LEDGER_UNAVAILABLE
    for commitment in (random_bytes(32), heirs.commitment):
        instance.other.rotate(firm.subject, commitment)
    history.resume(firm.subject)
    assert history.current(firm.subject).entry == 2


def test_while_a_change_may_still_be_mined_it_waits(instance, firm, history, heirs):
    with Silence(instance.ledger, "rotate"):
        assert refused(append, history, firm.subject, heirs) is Reason.LEDGER_UNAVAILABLE
    instance.other.rotate(firm.subject, random_bytes(32))
    instance.chain.on_way.add(firm.subject)
    assert refused(history.resume, firm.subject) is Reason.LEDGER_UNAVAILABLE
    assert history.waiting() == [firm.subject]
    instance.chain.on_way.clear()
    history.resume(firm.subject)
    assert history.waiting() == []
    assert [one["reason"] for one in history.refused(firm.subject)] == ["controllers_foreign"]


def test_an_id_of_nobody_takes_the_work_of_one_that_is_there(firm, history):
    with history.locked_or_decoy(random_bytes(32)) as controllers:
        assert controllers is DECOY
    with pytest.raises(VerificationError):
        DECOY.require_signatures(bytes(32), firm.sign(bytes(32)))
    with history.locked_or_decoy(firm.subject) as controllers:
        controllers.require_signatures(bytes(32), firm.sign(bytes(32)))
