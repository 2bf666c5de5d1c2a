"""Enrolment: codes, keys, digits, and an approver who prepared nothing."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from api.services.enrolment.enrolment import Enrolments
from api.services.enrolment.invitation import InvitationState
from api.services.enrolment.invitations import KEPT_S, MAX_SIGNERS
from api.services.staff.role import StaffRole
from api.services.subject.first_wait import FirstWait
from api.storage import table
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct, content_digest
from tests.kit.enrolment import FIRM, WEEK_S, Counter, new_key
from tests.kit.small_instance import REGISTRAR, Silence, refused
from tests.kit.staff import new_device

OPEN, READY, RELEASED, REGISTERED = (
    InvitationState.OPEN,
    InvitationState.READY,
    InvitationState.RELEASED,
    InvitationState.REGISTERED,
)


@pytest.fixture
def counter(instance):
    made = Counter(instance)
    assert isinstance(made.enrolments, Enrolments)
    return made


def ready(counter, *signers, **changes):
    """Return an invitation all whose signers brought a key."""
    invitation = counter.open(*signers, **changes)
    for person in invitation.missing:
        counter.arrive(counter.code(invitation, person))
    return counter.again(invitation)


def test_a_firm_is_registered_when_an_approver_has_released_its_keys(counter, instance):
    phone, computer = new_device(), new_device()
    invitation = counter.open("王小红", "李强", threshold=2)
    assert (invitation.state, invitation.missing) == (OPEN, (1, 2))
    code = counter.code(invitation, 1)
    welcome = counter.enrolments.look(code, now=counter.now)
    assert (welcome.firm, welcome.signer, welcome.device) == (FIRM, "王小红", 1)
    first = counter.arrive(code, phone)
    counter.arrive(first.second_code, computer)
    assert counter.again(invitation).missing == (2,)
    counter.arrive(counter.code(invitation, 2))
    held = counter.again(invitation)
    assert (held.state, [key.person for key in held.keys]) == (READY, [1, 1, 2])
    assert instance.subjects.id_of(held.firm.credit_code) is None
    done = counter.release(held)
    assert (done.state, done.registered_at) == (REGISTERED, counter.now)
    controllers = instance.history.current(done.subject).controllers
    assert [(key.person, key.key) for key in controllers.keys] == [(key.person, key.passkey) for key in held.keys]
    assert controllers.threshold == 2
    assert [one.subject for one in counter.registered] == [done.subject]
    kept = counter.releases.find(REGISTRAR, StaffAct.REGISTER_SUBJECT, content_digest(held.document()))
    assert (kept.staff, kept.prepared_by) == (counter.approver.id, counter.clerk.id)


def test_digits_are_drawn_after_a_key_came_and_for_that_key_alone(counter):
    invitation = counter.open("A", "B", "C")
    assert counter.again(invitation).keys == ()
    arrivals = [counter.arrive(counter.code(invitation, person)) for person in (1, 2, 3)]
    digits = [arrival.digits for arrival in arrivals]
    assert digits == [key.digits for key in counter.again(invitation).keys]
    assert len(set(digits)) == 3
    assert all(len(four) == 4 and four.isdigit() for four in digits)


def test_the_same_key_again_is_answered_the_same(counter):
    invitation, device = counter.open(), new_device()
    code = counter.code(invitation)
    first, again = counter.arrive(code, device), counter.arrive(code, device)
    assert (again.digits, again.welcome) == (first.digits, first.welcome)
    assert refused(counter.arrive, first.second_code) is Reason.CODE_EXPIRED
    counter.arrive(again.second_code)
    assert counter.arrive(code, device).second_code is None


@pytest.mark.parametrize("is_second_device", [False, True])
def test_a_second_key_by_one_code_voids_both(counter, is_second_device):
    invitation = counter.open()
    code = counter.code(invitation)
    arrival = counter.arrive(code)
    if is_second_device:
        counter.arrive(arrival.second_code)
    assert refused(counter.arrive, arrival.second_code if is_second_device else code) is Reason.ENROLMENT_VOID
    held = counter.again(invitation)
    assert (held.state, held.keys, held.voided) == (OPEN, (), {1})
    assert refused(counter.release, invitation) is Reason.RELEASE_NOT_WAITING
    assert refused(counter.arrive, code) is Reason.CODE_EXPIRED
    counter.arrive(counter.code(invitation))
    assert counter.again(invitation).state is READY


def test_of_two_keys_at_the_same_moment_neither_counts_and_one_key_twice_does(counter):
    for devices in ([new_device(), new_device()], [new_device()] * 2):
        invitation = counter.open()
        code, answers = counter.code(invitation), []

        def come(device, code=code, answers=answers):
            try:
                answers.append(counter.arrive(code, device).digits)
            except Exception as error:  # noqa: BLE001 - looked at below
                answers.append(error.reason)

        threads = [threading.Thread(target=come, args=(device,)) for device in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if devices[0] is devices[1]:
            assert answers[0] == answers[1] == counter.again(invitation).keys[0].digits
        else:
            assert Reason.ENROLMENT_VOID in answers
            assert counter.again(invitation).keys == ()


def test_a_key_counts_for_one_person(counter):
    invitation, device = counter.open("A", "B"), new_device()
    counter.arrive(counter.code(invitation, 1), device)
    code = counter.code(invitation, 2)
    assert refused(counter.arrive, code, device) is Reason.KEY_KNOWN
    counter.arrive(code)
    assert counter.again(invitation).state is READY


def test_five_wrong_tries_end_a_code(counter):
    invitation = counter.open()
    code = counter.code(invitation)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    for _ in range(5):
        assert refused(counter.arrive, wrong) is Reason.CODE_UNKNOWN
    assert refused(counter.arrive, code) is Reason.CODE_LOCKED
    counter.arrive(counter.code(invitation))


def test_a_fresh_code_ends_the_one_before(counter):
    invitation = counter.open()
    first, second = counter.code(invitation), counter.code(invitation)
    assert refused(counter.arrive, first) is Reason.CODE_EXPIRED
    assert not counter.invitations.code_state(invitation.id, 1).spent_at
    counter.arrive(second)
    assert counter.invitations.code_state(invitation.id, 1).spent_at == counter.now
    assert refused(counter.code, invitation) is Reason.RELEASE_NOT_WAITING


def test_an_invitation_is_open_for_seven_days(counter, instance):
    invitation, late = ready(counter), counter.open()
    code = counter.code(late)
    instance.chain.pass_time(WEEK_S)
    assert counter.again(invitation).state is counter.again(late).state is InvitationState.EXPIRED
    assert refused(counter.release, invitation) is Reason.RELEASE_NOT_WAITING
    assert refused(counter.code, late) is Reason.RELEASE_NOT_WAITING
    assert refused(counter.arrive, code) is Reason.CODE_EXPIRED
    again = counter.open(credit_code=late.firm.credit_code)
    assert again.state is OPEN


def test_who_prepared_anything_releases_nothing(counter):
    both = counter.hire("Both", StaffRole.CLERK, StaffRole.APPROVER)
    opened = ready(counter, by=both)
    assert refused(counter.release, opened, both) is Reason.RELEASE_BY_PREPARER
    # whoever takes a code out could keep it for himself
    touched = counter.open()
    counter.arrive(counter.code(touched, by=both))
    assert refused(counter.release, touched, both) is Reason.RELEASE_BY_PREPARER
    assert refused(counter.release, touched, counter.clerk) is Reason.NOT_ALLOWED
    assert counter.release(touched).state is REGISTERED


def test_roles_are_kept_apart(counter):
    assert refused(counter.open, by=counter.approver) is Reason.NOT_ALLOWED
    invitation = counter.open()
    assert refused(counter.code, invitation, by=counter.approver) is Reason.NOT_ALLOWED
    officer = counter.hire("Officer", StaffRole.OFFICER, StaffRole.AUDITOR, StaffRole.ADMIN)
    assert refused(counter.invitations.end, officer.held, invitation.id, now=counter.now) is Reason.NOT_ALLOWED


def test_what_is_released_is_these_keys_and_no_others(counter):
    shown = ready(counter)
    second = counter.open()
    first_key = counter.arrive(counter.code(second))
    before = counter.again(second)
    counter.arrive(first_key.second_code)
    assert refused(counter.release, second, shown=before) is Reason.CHALLENGE_MISMATCH
    assert refused(counter.release, second, shown=shown) is Reason.CHALLENGE_MISMATCH
    assert refused(counter.release, second, shown=replace(before, threshold=2)) is Reason.CHALLENGE_MISMATCH
    assert counter.release(second).state is REGISTERED
    assert refused(counter.release, second, shown=shown) is Reason.RELEASE_NOT_WAITING


def test_without_an_answer_of_the_ledger_a_released_firm_is_registered_later(counter, instance):
    invitation = ready(counter)
    with Silence(instance.ledger, "register_subject"):
        assert refused(counter.release, invitation) is Reason.LEDGER_UNAVAILABLE
    assert counter.again(invitation).state is RELEASED
    assert counter.enrolments.waiting() == [invitation.id]
    assert refused(counter.invitations.end, counter.clerk.held, invitation.id, now=1) is Reason.RELEASE_NOT_WAITING
    counter.enrolments.resume(invitation.id, counter.now)
    counter.enrolments.resume(invitation.id, counter.now)
    assert counter.again(invitation).state is REGISTERED
    assert len(counter.registered) == 1
    assert counter.enrolments.waiting() == []


def test_one_invitation_a_firm_and_none_for_a_registered_one(counter, instance):
    invitation = ready(counter)
    code = invitation.firm.credit_code
    assert refused(counter.open, credit_code=code) is Reason.INVITATION_EXISTS
    counter.release(invitation)
    assert refused(counter.open, credit_code=code) is Reason.SUBJECT_EXISTS
    assert refused(counter.open, credit_code=instance.new_firm().code) is Reason.SUBJECT_EXISTS


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "  "}, Reason.VALUE_MALFORMED),
        ({"name": "x" * 201}, Reason.VALUE_MALFORMED),
        ({"signers": ("A", "")}, Reason.VALUE_MALFORMED),
        ({"signers": ("A", "A")}, Reason.VALUE_OUT_OF_RANGE),
        ({"signers": ()}, Reason.VALUE_OUT_OF_RANGE),
        ({"signers": tuple(map(str, range(MAX_SIGNERS + 1)))}, Reason.VALUE_OUT_OF_RANGE),
        ({"threshold": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"threshold": 2}, Reason.VALUE_OUT_OF_RANGE),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(counter, changes, reason):
    assert refused(counter.open, **({"signers": ("A",)} | changes)) is reason


def test_what_was_ended_says_nothing_any_more(counter):
    invitation = counter.open()
    code = counter.code(invitation)
    counter.invitations.end(counter.clerk.held, invitation.id, now=counter.now)
    held = counter.again(invitation)
    assert (held.state, held.firm) == (InvitationState.VOID, None)
    assert refused(held.document) is Reason.ERASED
    assert refused(counter.arrive, code) is Reason.CODE_EXPIRED
    assert refused(counter.invitations.end, counter.clerk.held, invitation.id, now=1) is Reason.RELEASE_NOT_WAITING


def test_a_month_after_its_end_what_nobody_released_is_erased(counter, instance):
    invitation = counter.open()
    instance.chain.pass_time(WEEK_S + KEPT_S + 1)
    assert counter.again(invitation).firm is not None
    counter.open()
    assert (counter.again(invitation).state, counter.again(invitation).firm) == (InvitationState.VOID, None)


def test_the_store_holds_neither_code_nor_name_nor_credit_code(counter, tmp_path):
    invitation = counter.open("张三李四", name="秘密公司", register_phone="0931-1234567")
    counter.code(invitation)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in ("张三李四", "秘密公司", "0931-1234567", invitation.firm.credit_code):
        assert secret.encode() not in files
        assert secret not in repr(invitation)


def test_another_registrars_invitation_is_not_there(counter):
    invitation = counter.open()
    stranger = replace(counter.clerk.held, member=bytes(32))
    assert refused(counter.invitations.issue_code, stranger, invitation.id, 1, now=1) is Reason.NOT_FOUND
    assert counter.invitations.of(bytes(32), now=1) == []
    assert [one.id for one in counter.invitations.of(REGISTRAR, now=counter.now)] == [invitation.id]


def test_for_a_day_after_its_enrolment_a_firm_grants_nothing(counter, instance):
    wait = FirstWait(instance.store, 86_400)
    done = counter.release(ready(counter))
    assert wait.ends_at(done.subject) == counter.now + 86_400
    assert refused(wait.require_over, done.subject, counter.now) is Reason.SUBJECT_NEW
    assert refused(wait.require_over, done.subject, counter.now + 86_399) is Reason.SUBJECT_NEW
    wait.require_over(done.subject, counter.now + 86_400)
    by_program = instance.new_firm()
    assert wait.ends_at(by_program.subject) is None
    wait.require_over(by_program.subject, counter.now)


def test_a_key_that_can_be_copied_is_said_to_be(counter):
    invitation = counter.open()
    counter.arrive(counter.code(invitation), synced=True)
    assert [key.synced for key in counter.again(invitation).keys] == [True]


def test_a_voided_key_stays_on_the_record(counter, instance):
    invitation = counter.open()
    code = counter.code(invitation)
    counter.arrive(code)
    assert refused(counter.enrolments.arrive, code, new_key(new_device()), now=counter.now) is Reason.ENROLMENT_VOID
    (row,) = instance.store.rows(select(table.invitation_key))
    assert row.voided_at == counter.now


def test_new_signers_of_a_registered_firm_come_the_same_way_and_wait_for_their_time(counter, instance):
    firm = instance.new_firm()
    assert refused(counter.open, credit_code=instance.new_code(), recovers=True) is Reason.SUBJECT_UNKNOWN
    invitation = counter.open(credit_code=firm.code, recovers=True)
    counter.arrive(counter.code(invitation))
    held = counter.again(invitation)
    assert (held.recovers, held.act) == (firm.subject, StaffAct.REQUEST_RECOVERY)
    assert refused(counter.release, held, counter.clerk) is Reason.NOT_ALLOWED
    done = counter.release(held)
    assert (done.state, done.subject, done.registered_at) == (REGISTERED, firm.subject, None)
    waiting = instance.ledger.recovery(firm.subject)
    assert waiting.completable_at == counter.now + 72 * 3_600
    assert instance.history.current(firm.subject).controllers.keys[0].key != held.keys[0].passkey
    kept = counter.releases.find(REGISTRAR, StaffAct.REQUEST_RECOVERY, content_digest(held.document()))
    assert (kept.staff, kept.prepared_by) == (counter.approver.id, counter.clerk.id)


def test_a_recovery_that_the_ledger_did_not_hear_of_is_requested_later(counter, instance):
    firm = instance.new_firm()
    invitation = counter.open(credit_code=firm.code, recovers=True)
    counter.arrive(counter.code(invitation))
    with Silence(instance.ledger, "request_recovery"):
        assert refused(counter.release, invitation) is Reason.LEDGER_UNAVAILABLE
    assert counter.enrolments.waiting() == [invitation.id]
    counter.enrolments.resume(invitation.id, counter.now)
    assert counter.again(invitation).state is REGISTERED
    assert instance.ledger.recovery(firm.subject).commitment is not None
