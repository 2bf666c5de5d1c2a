"""Sending: what a firm must learn leaves with the notice, until it is sent or given up, and floods nobody."""

import logging

import pytest
from sqlalchemy import select

from api.services.message.channel import ChannelError
from api.services.message.delivery import GIVE_UP_AFTER_S, LONGEST_PAUSE_S, pause_after
from api.services.message.outbox import A_DAY, TOLD
from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.storage import table
from ledger_node.domain.consent_text import Language
from tests.kit.small_instance import BANK

MAIL, PHONE = "wang@shop.example", "+8613800138000"


@pytest.fixture
def tell(instance, firm):
    """Write a notice of the firm."""

    def write(kind, number=1, recipient=firm.subject):
        with instance.store.begin() as connection:
            write_notices(connection, [Notice(recipient, kind, instance.now(), {"number": number})])

    return write


def test_a_notice_leaves_once_to_every_confirmed_address_and_to_no_other(post, firm, tell):
    post.confirmed(firm, MAIL)
    post.confirmed(firm, PHONE)
    post.contacts.add(firm.subject, "unconfirmed@shop.example", Language.ENGLISH, now=1)
    post.send()
    tell(NoticeKind.WITHDRAWN)
    tell(NoticeKind.WITHDRAWN)
    assert sorted(post.send()) == [("consent.withdrawn", PHONE), ("consent.withdrawn", MAIL)]
    assert post.send() == []


def test_a_bank_s_notice_and_a_firm_without_an_address_send_nothing(post, firm, tell):
    tell(NoticeKind.WITHDRAWN)
    post.confirmed(firm, MAIL)
    tell(NoticeKind.WITHDRAWN, recipient=BANK)
    assert post.send() == []


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind in TOLD])
@pytest.mark.parametrize("language", list(Language))
def test_a_message_tells_kind_and_time_and_nothing_else(post, firm, tell, kind, language):
    post.confirmed(firm, MAIL, Language.ENGLISH)
    post.contacts._store.write(table.contact.update().values(language=language.value))
    tell(kind)
    post.send()
    letter = post.email.taken[-1]
    assert letter.kind == kind
    time = "2026" if language is Language.CHINESE else "(Beijing time)"
    assert time in letter.text or "Beijing" in letter.text or "北京" in letter.text
    for never in ("http", "://", "0x", "Demo bank", firm.code, firm.subject.hex(), "loan", "2025", "tax"):
        assert never not in letter.text + letter.title


def test_which_notices_reach_a_firm_is_decided_for_each_kind():
    silent = set(NoticeKind) - TOLD
    assert silent == {
        "consent.refused",
        "consent.expired",
        "consent.not_granted",
        "attestation.revoked",
        "attestation.superseded",
        "attestation.restored",
        "subject.change_refused",
    }


@pytest.mark.parametrize("kind", [NoticeKind.REQUESTED, NoticeKind.USED])
def test_banks_flood_nobody(instance, post, firm, tell, kind):
    post.confirmed(firm, MAIL)
    for number in range(10):
        tell(kind, number)
    assert post.send() == [(kind, MAIL)] * A_DAY[kind]
    instance.chain.now += 86_400
    tell(kind, 11)
    assert post.send() == [(kind, MAIL)]


def test_what_may_come_of_a_thief_has_no_limit_and_goes_first(post, firm, tell):
    post.confirmed(firm, MAIL)
    tell(NoticeKind.USED)
    for number in range(10):
        tell(NoticeKind.RECOVERY_REQUESTED, number)
    sent = post.send()
    assert [kind for kind, _ in sent] == ["subject.recovery_requested"] * 10 + ["consent.used"]


def test_a_channel_that_is_down_is_asked_once_a_round_and_loses_nothing(instance, post, firm, tell):
    post.confirmed(firm, MAIL)
    post.confirmed(firm, PHONE)
    tell(NoticeKind.HELD)
    tell(NoticeKind.WITHDRAWN)
    post.email.faults = [ChannelError("no connection")]
    assert sorted(post.send()) == [("consent.withdrawn", PHONE), ("subject.held", PHONE)]
    assert post.send() == []
    instance.chain.now += pause_after(1)
    assert sorted(post.send()) == [("consent.withdrawn", MAIL), ("subject.held", MAIL)]


def test_pauses_grow_to_a_quarter_of_an_hour_so_that_a_recovery_is_heard_of_in_time():
    pauses = [pause_after(number) for number in range(1, 200)]
    assert pauses[0] == 5
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S == 900


def test_a_message_is_given_up_after_three_days_or_when_its_address_is_refused_for_good(
    instance, post, firm, tell, caplog
):
    caplog.set_level(logging.WARNING)
    post.confirmed(firm, MAIL)
    tell(NoticeKind.HELD)
    post.email.faults = [ChannelError("the address was refused (550)", final=True)]
    assert post.send() == []
    assert instance.store.scalars(select(table.message.c.state).where(table.message.c.kind == "subject.held")) == [
        "given_up"
    ]
    assert "subject.held is given up: the address was refused (550)" in caplog.text
    assert MAIL not in caplog.text
    tell(NoticeKind.WITHDRAWN)
    instance.chain.now += GIVE_UP_AFTER_S
    post.email.faults = [ChannelError("no connection")]
    assert post.send() == []
    states = instance.store.scalars(select(table.message.c.state).where(table.message.c.kind == "consent.withdrawn"))
    assert states == ["given_up"]


def test_what_was_sent_or_given_up_is_forgotten_after_thirty_days(instance, post, firm, tell):
    post.confirmed(firm, MAIL)
    tell(NoticeKind.HELD)
    post.email.faults = [ChannelError("no", final=True)]
    post.send()
    instance.chain.now += 3 * 86_400
    tell(NoticeKind.WITHDRAWN)
    post.send()
    kinds = {"contact.code", "contact.added", "subject.held", "consent.withdrawn"}
    assert set(instance.store.scalars(select(table.message.c.kind))) == kinds
    instance.chain.now += 31 * 86_400
    tell(NoticeKind.ROTATED)
    post.send()
    assert instance.store.scalars(select(table.message.c.kind)) == ["subject.rotated"]


def test_a_store_of_before_an_erasure_sends_nothing(instance, post, firm, tell):
    post.confirmed(firm, MAIL)
    tell(NoticeKind.HELD)
    key = instance.store.scalar(select(table.subject.c.data_key).where(table.subject.c.id == firm.subject))
    instance.keys.erase([key])
    assert post.send() == []
    assert instance.store.rows(select(table.contact)) == []
    assert instance.store.rows(select(table.message)) == []


def test_a_firm_whose_erasure_is_not_decided_waits(instance, post, firm, tell, monkeypatch):
    post.confirmed(firm, MAIL)
    tell(NoticeKind.HELD)
    monkeypatch.setattr(instance.keys, "get", lambda _: {})
    assert post.send() == []
    monkeypatch.undo()
    instance.chain.now += pause_after(1)
    assert post.send() == [("subject.held", MAIL)]


def test_an_instance_that_lost_its_channel_keeps_what_waits(instance, post, firm, tell):
    post.confirmed(firm, MAIL)
    tell(NoticeKind.HELD)
    channels = dict(post.channels)
    post.channels.clear()
    post.deliveries.deliver_due()
    post.channels.update(channels)
    instance.chain.now += pause_after(1)
    assert post.send() == [("subject.held", MAIL)]


def test_it_stops_when_told_to(post, firm, tell):
    post.confirmed(firm, MAIL)
    tell(NoticeKind.HELD)
    post.deliveries._stops = lambda: True
    assert post.send() == []


def test_a_notice_that_is_not_written_sends_nothing(instance, post, firm):
    post.confirmed(firm, MAIL)

    def write_and_fail():
        with instance.store.begin() as connection:
            write_notices(connection, [Notice(firm.subject, NoticeKind.HELD, instance.now(), {})])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert post.send() == []
