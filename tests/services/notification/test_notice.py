"""What an event of the ledger means for whom, and that each of it is told once."""

from dataclasses import replace

import pytest

from api.services.access_log.writer import Reliance, store_reliance
from api.services.notification.notice import (
    Notice,
    NoticeKind,
    NoticeReader,
    expired_notices,
    notices_of,
    of_status,
    relying_on,
    write_notices,
)
from ledger_node.domain.consent_act import Change, ChangeKind, SignedAct
from ledger_node.domain.event import Inclusion, StatusEvent, StatusStep
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from ledger_node.randomness import random_bytes
from tests.kit.ledger_firm import new_firm, people
from tests.kit.small_control import rotate_elsewhere
from tests.kit.small_instance import BANK, REGISTRAR, SECRET, STRANGER, controllers_of, refused

AT = Inclusion(bytes(32), 7, bytes(32), 70)
ATTESTATION, CONSENT, USE, MEMBER = (bytes([number]) * 32 for number in range(21, 25))
NOTICE = Notice(BANK, NoticeKind.PAUSED, 70, {"consent": to_hex(CONSENT), "number": 1})


def write(instance, *notices):
    with instance.store.begin() as connection:
        write_notices(connection, notices)


def meant(instance, since=0):
    """Return the notices of everything that happened on the ledger."""
    events = instance.ledger.events_between(since, instance.ledger.head().number)
    with instance.store.begin() as connection:
        return [(one.recipient, one.kind, one.data) for one in notices_of(connection, events)]


def test_a_notice_is_written_once(instance):
    write(instance, NOTICE, NOTICE)
    write(instance, NOTICE)
    assert instance.told(BANK) == [("consent.paused", NOTICE.data)]


def test_each_recipient_reads_its_own_in_order(instance):
    others = [Notice(BANK, NoticeKind.PAUSED, 70, {"number": number}) for number in range(3)]
    write(instance, Notice(MEMBER, NoticeKind.PAUSED, 70, {}), *others)
    reader = NoticeReader(instance.store)
    listed = reader.of(BANK, after=None, limit=10)
    assert [one["data"] for one in listed] == [one.data for one in others]
    assert reader.of(BANK, after=listed[0]["id"], limit=1) == listed[1:2]
    (foreign,) = reader.of(MEMBER, after=None, limit=10)
    assert refused(reader.of, BANK, after=foreign["id"], limit=1) is Reason.NOT_FOUND


def test_k1_the_life_of_a_consent_is_told_to_both_whoever_sent_it(instance, firm):
    held = instance.ask(firm)
    request, signed = held.id, instance.accept(held.asked)
    consent = instance.id_of(signed)
    instance.consents.grant(signed, firm.sign(consent), now=instance.now(), request=request)
    (use,) = instance.use(consent)
    instance.other.change_consent(instance.change_order(signed, ChangeKind.PAUSE, 1))
    instance.other.withdraw(instance.secret_order(signed))
    named = {"consent": to_hex(consent)}
    both = (firm.subject, BANK)
    assert meant(instance) == [
        (firm.subject, NoticeKind.REQUESTED, {"request": to_hex(request)}),
        *((one, NoticeKind.GRANTED, named | {"request": to_hex(request)}) for one in both),
        (firm.subject, NoticeKind.USED, named | {"number": 1, "use": to_hex(use)}),
        *((one, NoticeKind.PAUSED, named | {"number": 1}) for one in both),
        *((one, NoticeKind.WITHDRAWN, named) for one in both),
    ]


def test_k1_a_resumption_whose_word_is_not_kept_is_told_as_one_that_does_not_count(instance, firm):
    consent = instance.grant(firm)
    signed = instance.consents.find(consent).shown.consent
    instance.consents.change(consent, Change.PAUSE, 1, instance.signed_change(firm, consent, Change.PAUSE, 1))
    act = SignedAct(controllers_of(b"x" * 32), firm.sign(b"x" * 32))
    instance.other.change_consent(instance.change_order(signed, ChangeKind.RESUME, 2, act))
    resumed = [data for _, kind, data in meant(instance) if kind is NoticeKind.RESUMED]
    assert resumed == [{"consent": to_hex(consent), "number": 2, "counts": False}] * 2


def test_what_is_of_nobody_here_is_told_to_nobody(instance, firm):
    stranger = new_firm(instance.other, STRANGER)
    since = instance.ledger.head().number + 1
    instance.other.request_consent(random_bytes(32))
    instance.other.grant(instance.grant_order(instance.consent(firm), firm))
    stranger.rotate(people())
    stranger.hold()
    assert meant(instance, since) == []


def test_changes_of_controllers_are_told_to_the_firm(instance, firm):
    commitment, heirs, subject = random_bytes(32), controllers_of(b"h" * 32), firm.subject
    instance.ledger.request_recovery(subject, 1, 1, commitment)
    recovery = instance.ledger.recovery(subject)
    rotate_elsewhere(instance, firm, heirs)
    instance.ledger.request_recovery(subject, 2, 2, commitment)
    instance.ledger.abandon_recovery(subject, 2)
    instance.ledger.hold_by_registrar(subject, 1)
    instance.council.name_registrar(subject, STRANGER)
    named, ours, theirs = to_hex(subject), {"member": to_hex(REGISTRAR)}, {"member": to_hex(STRANGER)}
    asked = {"subject": named, "commitment": to_hex(commitment), **ours}
    *told, (_, kind, data) = meant(instance)
    assert told == [
        (subject, NoticeKind.RECOVERY_REQUESTED, asked | {"number": 1, "completable_at": recovery.completable_at}),
        (subject, NoticeKind.RECOVERY_CANCELLED, {"subject": named, "number": 1, **theirs}),
        (subject, NoticeKind.ROTATED, {"subject": named, "entry": 1, "commitment": to_hex(heirs.commitment), **theirs}),
        (
            subject,
            NoticeKind.RECOVERY_REQUESTED,
            asked | {"number": 2, "completable_at": recovery.completable_at + 259_200},
        ),
        (subject, NoticeKind.RECOVERY_ABANDONED, {"subject": named, "number": 2, **ours}),
        (subject, NoticeKind.HELD, {"subject": named, "number": 1, "by_registrar": True, **ours}),
    ]
    assert (kind, data["member"]) == (NoticeKind.REGISTRAR_NAMED, to_hex(STRANGER))


def test_a_consent_that_ended_is_told_once(instance, firm):
    first, second = instance.grant(firm), instance.grant(firm)
    instance.consents.withdraw(second, secret=SECRET, signatures=())
    meant(instance)
    end = instance.record_of(first).expires_at
    for now, number in ((end - 1, 0), (end, 1), (end, 0)):
        with instance.store.begin() as connection:
            found = expired_notices(connection, now)
        assert [(one.recipient, one.data) for one in found] == [(BANK, {"consent": to_hex(first)})] * number


@pytest.mark.parametrize(("word", "bit", "hit"), [(1, 3, True), (1, 4, False), (0, 3, False)])
def test_a_status_is_told_to_whoever_relied_on_the_attestation(instance, word, bit, hit):
    relied = Reliance(USE, CONSENT, BANK, ATTESTATION, MEMBER, 256 + 3, 6)
    event = StatusEvent(StatusStep.CHANGED, MEMBER, Plane.REVOKED, (word, 7), (1 << bit, 1), AT, bytes(32))
    with instance.store.begin() as connection:
        store_reliance(connection, [relied])
        found = list(relying_on(connection, [event]))
        notices = notices_of(connection, [event])
    assert [(changed, row.use) for changed, row in found] == [(event, USE)] * hit
    expected = [of_status(row, Plane.REVOKED, 70) for _, row in found]
    assert notices == expected
    assert [(one.recipient, one.kind) for one in notices] == [(BANK, NoticeKind.REVOKED)] * hit


def test_k10_what_the_council_has_cleared_is_told_and_what_is_set_again_as_well(instance):
    relied = Reliance(USE, CONSENT, BANK, ATTESTATION, MEMBER, 3, 6)
    with instance.store.begin() as connection:
        store_reliance(connection, [relied])
    for block, step in enumerate((StatusStep.CHANGED, StatusStep.RESTORED, StatusStep.CONFIRMED), start=7):
        at = replace(AT, block_number=block)
        event = StatusEvent(step, MEMBER, Plane.REVOKED, (0,), (8,), at, bytes(32))
        for _ in range(2):
            with instance.store.begin() as connection:
                write_notices(connection, notices_of(connection, [event]))
    kinds = [(kind, data.get("block")) for kind, data in instance.told(BANK)]
    assert kinds == [("attestation.revoked", None), ("attestation.restored", 8), ("attestation.revoked", 9)]
