"""The feed as pages show it: newest first, read up to a mark that never goes back."""

import pytest

from api.services.message.seal import SubjectSeal
from api.services.notification.feed import NoticeFeed
from api.services.notification.notice import Notice, NoticeKind, write_notices
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, refused


@pytest.fixture
def feed(instance):
    kek = instance.departments[REGISTRAR].kek
    return NoticeFeed(instance.store, SubjectSeal(instance.store, instance.keys, kek))


def asked(instance, times):
    subject = instance.new_firm().subject
    with instance.store.begin() as connection:
        write_notices(connection, [Notice(subject, NoticeKind.REQUESTED, 70 + one, {"n": one}) for one in range(times)])
    return subject


def test_the_newest_stand_first_and_nothing_is_read_by_itself(feed, instance):
    subject = asked(instance, 3)
    shown = feed.newest(subject)
    told = [one["id"] for one in instance.notices.of(subject, after=None, limit=100)]
    assert [one.id for one in shown] == told[::-1]
    assert not any(one.is_read for one in shown)
    assert feed.unread(subject) == len(shown) == len(told)
    assert feed.newest(subject, limit=1) == shown[:1]


def test_a_mark_reaches_up_to_a_notice_and_never_goes_back(feed, instance):
    subject = asked(instance, 3)
    newest, middle, oldest = feed.newest(subject)
    feed.mark_read(subject, middle.id, now=1)
    assert [one.is_read for one in feed.newest(subject)] == [False, True, True]
    feed.mark_read(subject, oldest.id, now=2)
    assert feed.unread(subject) == 1
    feed.mark_read(subject, newest.id, now=3)
    assert feed.unread(subject) == 0


def test_nobody_marks_what_another_one_was_told(feed, instance):
    one, other = asked(instance, 1), asked(instance, 1)
    notice = feed.newest(other)[0].id
    assert refused(feed.mark_read, one, notice, now=1) is Reason.NOT_FOUND
    assert feed.sent(one) == {}
