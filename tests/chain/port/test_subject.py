"""What the Ledger port promises of subjects and their controllers."""

from dataclasses import astuple

import pytest

from ledger_node.chain.port import RECOVERY_DELAY_S, ControllerEntry, Role
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.event import ControlEvent, ControlStep
from ledger_node.domain.reason import Reason
from tests.kit.ledger_port import BY_ANYBODY, NOTHING, id_, recorded, refusal, registered, writes
from tests.kit.ledger_world import (
    RELAYER,
)


def test_a_subject_is_registered_once(ledger):
    subject, commitment = id_(), id_()
    mined = ledger.register_subject(subject, commitment)
    entry = ControllerEntry(commitment, mined.block.time, RELAYER)
    assert (ledger.controller_entry(subject, 0), ledger.controller_entry(subject, 1)) == (entry, None)
    assert ledger.subjects_since(mined.block.number) == [subject]
    assert ledger.subjects_since(mined.block.number + 1) == []
    assert refusal(ledger.register_subject, subject, id_()) == ("SubjectExists", Reason.SUBJECT_EXISTS)
    assert refusal(ledger.register_subject, NOTHING, id_())[0] == "SubjectIdZero"
    assert refusal(ledger.register_subject, id_(), NOTHING)[0] == "SubjectCommitmentZero"
    assert ledger.controller_entry(id_(), 0) is None


def test_controllers_are_rotated_to_other_ones(ledger):
    subject, first = registered(ledger)
    second = id_()
    mined = ledger.rotate(subject, second)
    assert ledger.controller_entry(subject, 1) == ControllerEntry(second, mined.block.time, RELAYER)
    event = ControlEvent(ControlStep.ROTATED, subject, recorded(mined), commitment=second)
    assert ledger.events_between(mined.block.number, mined.block.number) == [event]
    unchanged = ("SubjectCommitmentCurrent", Reason.CONTROLLERS_UNCHANGED)
    assert refusal(ledger.rotate, subject, second) == unchanged
    assert refusal(ledger.rotate, subject, NOTHING)[0] == "SubjectCommitmentZero"
    assert refusal(ledger.rotate, id_(), first) == ("SubjectUnknown", Reason.SUBJECT_UNKNOWN)
    ledger.rotate(subject, first)
    assert ledger.controller_entry(subject, 2).commitment == first


def test_a_recovery_waits_three_days(world, ledger):
    subject, commitment = registered(ledger)
    heir = id_()
    assert astuple(ledger.recovery(subject)) == (None, 0, 0)
    mined = ledger.request_recovery(subject, heir)
    state = ledger.recovery(subject)
    assert astuple(state) == (heir, 1, mined.block.time)
    assert state.completable_at == mined.block.time + RECOVERY_DELAY_S
    assert refusal(ledger.request_recovery, subject, id_()) == ("SubjectRecoveryPending", Reason.RECOVERY_PENDING)
    world.pass_time(RECOVERY_DELAY_S - 1)
    assert refusal(ledger.complete_recovery, subject, 1) == ("SubjectRecoveryEarly", Reason.RECOVERY_EARLY)
    assert ledger.controller_entry(subject, 0).commitment == commitment
    world.pass_time(1)
    assert refusal(ledger.complete_recovery, subject, 2) == (
        "SubjectRecoveryNotPending",
        Reason.RECOVERY_NOT_PENDING,
    )
    done = ledger.complete_recovery(subject, 1)
    assert ledger.controller_entry(subject, 1) == ControllerEntry(heir, done.block.time, RELAYER)
    assert astuple(ledger.recovery(subject)) == (None, 1, mined.block.time)
    assert ledger.events_between(mined.block.number, done.block.number) == [
        ControlEvent(
            ControlStep.RECOVERY_REQUESTED,
            subject,
            recorded(mined),
            number=1,
            commitment=heir,
            completable_at=state.completable_at,
        ),
        ControlEvent(ControlStep.RECOVERED, subject, recorded(done), number=1, commitment=heir),
    ]


@pytest.mark.parametrize("by", [Role.RELAYER, Role.REGISTRAR])
def test_a_recovery_that_was_cancelled_is_over(ledger, by):
    subject, commitment = registered(ledger)
    ledger.request_recovery(subject, id_())
    assert refusal(ledger.cancel_recovery, subject, 2, by=by)[1] is Reason.RECOVERY_NOT_PENDING
    mined = ledger.cancel_recovery(subject, 1, by=by)
    assert ledger.recovery(subject).commitment is None
    event = ControlEvent(ControlStep.RECOVERY_CANCELLED, subject, recorded(mined), number=1)
    assert ledger.events_between(mined.block.number, mined.block.number) == [event]
    assert refusal(ledger.cancel_recovery, subject, 1, by=by)[1] is Reason.RECOVERY_NOT_PENDING
    assert refusal(ledger.complete_recovery, subject, 1)[1] is Reason.RECOVERY_NOT_PENDING
    assert refusal(ledger.request_recovery, subject, commitment)[1] is Reason.CONTROLLERS_UNCHANGED
    assert refusal(ledger.request_recovery, id_(), commitment)[1] is Reason.SUBJECT_UNKNOWN
    ledger.request_recovery(subject, id_())
    assert ledger.recovery(subject).number == 2


def test_a_rotation_cancels_what_is_pending(ledger):
    subject, _ = registered(ledger)
    ledger.request_recovery(subject, id_())
    mined = ledger.rotate(subject, id_())
    assert (ledger.recovery(subject).commitment, ledger.recovery(subject).number) == (None, 1)
    steps = [event.step for event in ledger.events_between(mined.block.number, mined.block.number)]
    assert steps == [ControlStep.RECOVERY_CANCELLED, ControlStep.ROTATED]


@pytest.mark.parametrize("role", [Role.RELAYER, Role.REGISTRAR])
def test_relayer_and_registrar_send_what_is_theirs(world, role):
    world.council.set_roles(RELAYER, role)
    try:
        for name, write in writes(world, world.ledger).items():
            if name in BY_ANYBODY or name == "cancel_recovery":
                continue
            is_registrars = name in {"register_subject", "rotate", "request_recovery", "complete_recovery"}
            try:
                write()
                error = None
            except ContractRevertError as refused:
                error = refused.error
            assert (error == "MemberLacksRole") == (is_registrars != (role is Role.REGISTRAR)), name
    finally:
        world.council.set_roles(RELAYER, Role.RELAYER | Role.REGISTRAR)
