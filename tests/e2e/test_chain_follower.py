"""The follower on a store of its own, with a ledger that tells what the test says: nothing is lost or told twice."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from api.services.access_log.writer import Reliance, store_reliance
from api.services.notification.follower import ChainFollower
from api.services.notification.notice import NoticeKind, NoticeReader
from api.storage.database import open_store
from api.storage.table import chain_cursor, consent_deadline, notification, reliance
from ledger_node.chain.port import Block
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import Inclusion, StatusEvent, StatusStep
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from ledger_node.randomness import random_bytes
from tests.kit.served import DAY

BANK, MEMBER, ATTESTATION, CONSENT = (random_bytes(32) for _ in range(4))


class ToldLedger:
    """Events, a head and status words, as a test sets them."""

    def __init__(self):
        self.events = []
        self.block = Block(0, bytes(32), 1_000)
        self.status = {}
        self.fails = False
        self.asked = []

    def head(self):
        if self.fails:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not answer")
        return self.block

    def events_between(self, first, last):
        self.asked.append((first, last))
        return [event for event in self.events if first <= event.recorded.block_number <= last]

    def facts(self, query):
        words = {(member, position // 256) for member, position in query.positions}
        status = {(member, plane, word): self.status.get((plane, word), 0) for member, word in words for plane in Plane}
        return SimpleNamespace(block_time=self.block.time, status=status)


@pytest.fixture
def followed(tmp_path):
    """Return (store, ledger, follower, reader of the bank's feed)."""
    store, ledger = open_store(tmp_path / "store.sqlite3"), ToldLedger()
    reader = NoticeReader(store)
    follower = ChainFollower(store, ledger)

    def told():
        return [(one["kind"], one["data"]) for one in reader.of(BANK, after=None, limit=200)]

    yield SimpleNamespace(store=store, ledger=ledger, follower=follower, told=told)
    store.dispose()


def relied(block, *, use=None, position=300, attestation=ATTESTATION):
    return Reliance(use or random_bytes(32), CONSENT, BANK, attestation, MEMBER, position, block)


def changed(block, *, plane=Plane.REVOKED, position=300):
    recorded = Inclusion(random_bytes(32), block, random_bytes(32), 1_000 + block)
    lists = (position // 256,), (1 << position % 256,)
    return StatusEvent(StatusStep.CHANGED, MEMBER, plane, *lists, recorded, bytes(32))


def write(followed, *rows):
    with followed.store.begin() as connection:
        store_reliance(connection, rows)


TOLD = {"attestation": to_hex(ATTESTATION), "consent": to_hex(CONSENT)}


def test_each_change_of_status_is_told_once_however_many_answers_relied_on_it(followed):
    write(followed, relied(5), relied(6), relied(6, position=301, attestation=random_bytes(32)))
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.ledger.events = [changed(7), changed(8, plane=Plane.SUPERSEDED), changed(8, position=299)]
    followed.follower.catch_up()
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD), (NoticeKind.SUPERSEDED, TOLD)]


def test_a_change_between_an_answers_block_and_its_rows_is_told(followed):
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.ledger.events = [changed(7)]
    followed.follower.catch_up()
    write(followed, relied(6))
    followed.follower.catch_up()
    assert followed.told() == []
    followed.ledger.status = {(Plane.REVOKED, 300 // 256): 1 << 300 % 256}
    write(followed, relied(6))
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]
    with followed.store.connect() as connection:
        assert set(connection.execute(select(reliance.c.late)).scalars()) == {0}


def test_an_answer_that_is_newer_than_the_cursor_is_not_looked_up(followed):
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.follower.catch_up()
    write(followed, relied(9))
    with followed.store.connect() as connection:
        assert connection.execute(select(reliance.c.late)).scalar_one() == 0
    followed.ledger.block = Block(10, bytes(32), 1_010)
    followed.ledger.events = [changed(10)]
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_what_was_looked_up_late_and_is_followed_later_is_told_once(followed):
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.follower.catch_up()
    write(followed, relied(6))
    followed.ledger.status = {(Plane.REVOKED, 1): 1 << 44}
    followed.follower.catch_up()
    followed.ledger.block = Block(11, bytes(32), 1_011)
    followed.ledger.events = [changed(10)]
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_the_end_of_a_consent_follows_block_time_and_is_told_once(followed):
    with followed.store.begin() as connection:
        values = {"consent": CONSENT, "grantee": BANK, "expires_at": 1_000 + DAY}
        connection.execute(consent_deadline.insert().values(values))
    followed.ledger.block = Block(1, bytes(32), 999 + DAY)
    followed.follower.catch_up()
    assert followed.told() == []
    followed.ledger.block = Block(2, bytes(32), 1_000 + DAY)
    followed.follower.catch_up()
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.EXPIRED, {"consent": to_hex(CONSENT)})]


def test_a_ledger_that_does_not_answer_delays_and_loses_nothing(followed):
    write(followed, relied(5))
    followed.ledger.block = Block(7, bytes(32), 1_007)
    followed.ledger.events = [changed(7)]
    followed.ledger.fails = True
    with pytest.raises(ChainError):
        followed.follower.catch_up()
    followed.ledger.fails = False
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_notifications_and_cursor_are_one_transaction(followed, monkeypatch):
    write(followed, relied(5))
    followed.ledger.block = Block(7, bytes(32), 1_007)
    followed.ledger.events = [changed(7)]

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("api.services.notification.follower._move", die)
        with pytest.raises(KeyboardInterrupt):
            followed.follower.catch_up()
    assert followed.told() == []
    ChainFollower(followed.store, followed.ledger).catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_a_long_chain_is_followed_in_pieces_without_a_gap(followed):
    followed.ledger.block = Block(1_000, bytes(32), 2_000)
    followed.follower.catch_up()
    first, last = zip(*followed.ledger.asked, strict=True)
    assert (first[0], last[-1]) == (0, 1_000)
    assert list(first[1:]) == [number + 1 for number in last[:-1]]
    with followed.store.connect() as connection:
        assert connection.execute(select(chain_cursor.c.next_block)).scalar_one() == 1_001
        assert not connection.execute(select(notification)).all()
