"""Intervals of the access log when clocks go back, ledgers do not answer, and processes stop half way."""

from itertools import pairwise

import pytest
from sqlalchemy import select

from api.services.access_log.interval import AccessIntervals
from api.services.access_log.reader import AccessReader
from api.services.access_log.writer import AccessEntry, AccessLog, AskedRow
from api.storage.database import open_store
from api.storage.table import access_interval
from api.vault.cipher import KeyEncryptionKey
from api.vault.department import Department, Operator
from api.vault.key_ledger import open_key_ledger
from api.work.worker_pool import WorkerPool
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.access import AccessRow, Place, Tally, next_head, require_logged
from ledger_node.domain.batch import ACCESS_LOG
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey
from ledger_node.randomness import random_bytes, random_places

BANK = random_bytes(32)


class FragileLedger(Web3Ledger):
    """The real client; a test makes its anchoring fail before or after the batch is sent."""

    fails = None

    def anchor(self, order):
        if self.fails == "before":
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not answer")
        anchored = super().anchor(order)
        if self.fails == "after":
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the answer is lost")
        return anchored


class Log:
    """An access log on a store of its own; ``number`` counts from where the chain's stream stands."""

    def __init__(self, place, folder):
        member = next(item for item in place.home.members() if item.slug == "tax-bureau")
        rpc = Rpc(place.served.node()["url"])
        book = place.home.address_book()
        self.ledger = FragileLedger(book, rpc, relayer=Sender(rpc, book.chain_id, place.home.read_key("governor")))
        key = SigningKey(place.home.read_key(member.slug))
        self.department = Department(member.id, member.name, key, KeyEncryptionKey(random_bytes(32)), True)
        self.path = folder / "log.sqlite3"
        self.now = 1_000
        self.open()

    def open(self):
        """Begin a life: nothing of the one before is left but the store and the chain."""
        self.store = open_store(self.path)
        self.keys = open_key_ledger(self.path.with_suffix(".keys"), self.store)
        keeper = Operator(self.department.member, self.department.signing_key)
        self.log = AccessLog(self.store, self.keys, self.department, lambda: self.now)
        self.intervals = AccessIntervals(self.store, self.ledger, keeper, lambda: self.now, WorkerPool(0))
        self.reader = AccessReader(self.store, self.keys, self.department, keeper.member)

    def ask(self, count=1):
        self.log.write(AccessEntry([AskedRow(None, _row(number)) for number in range(count)]))

    def head(self):
        return self.ledger.stream_head(self.department.member, ACCESS_LOG)

    def rows(self):
        return self.reader.of_bank(BANK, after=None, limit=1_000)

    def numbers(self):
        """Return the interval that each row is anchored in."""
        return [item["place"] and item["place"]["checkpoint"]["number"] for item in self.rows()]

    def closed(self):
        """Return the intervals as the store holds them."""
        with self.store.connect() as connection:
            return connection.execute(select(access_interval).order_by(access_interval.c.number)).all()


def _row(number):
    return AccessRow(
        time=0,
        bank=BANK,
        operator=None,
        consent=bytes(32),
        purpose=None,
        question=f"question {number}",
        verdict=Outcome.CANNOT_TELL,
        reason=Reason.CONSENT_UNKNOWN,
        use=None,
    )


@pytest.fixture(scope="module")
def log(place, tmp_path_factory):
    """One log for the whole module, as a member has one stream."""
    made = Log(place, tmp_path_factory.mktemp("log"))
    yield made
    made.store.dispose()
    made.keys.dispose()


@pytest.fixture(autouse=True)
def _whole(log):
    log.ledger.fails = None


def test_rows_wait_for_the_next_beat_and_check(log):
    log.ask(3)
    assert log.numbers()[-3:] == [None] * 3
    log.now += 60
    log.intervals.beat()
    assert log.numbers()[-3:] == [log.head().number] * 3
    facts = None
    for item in log.rows()[-3:]:
        place, row = Place.from_json(item["place"]), AccessRow.from_json(item["row"])
        facts = facts or log.ledger.facts(_query(place))
        require_logged(row, from_hex(item["salt"], "salt"), place, facts, keeper=log.department.member)


def _query(place):
    anchor = place.anchor
    return FactQuery(
        anchors=frozenset({(anchor.member, anchor.stream, anchor.number)}),
        keys=frozenset({(anchor.member, anchor.key)}),
    )


def test_a_beat_without_rows_is_anchored(log):
    before = log.head()
    log.intervals.beat()
    assert (log.head().number, log.head().total) == (before.number + 1, before.total + 1)


@pytest.mark.parametrize("fails", ["before", "after"])
def test_what_was_signed_and_not_seen_anchored_is_anchored_once_by_the_next_life(log, fails):
    before = log.head().number
    log.ask(2)
    log.ledger.fails = fails
    with pytest.raises(ChainError):
        log.intervals.beat()
    assert log.numbers()[-2:] == [None, None]
    log.ledger.fails = None
    log.store.dispose()
    log.open()
    log.intervals.anchor_pending()
    log.intervals.anchor_pending()
    assert log.head().number == before + 1
    assert log.numbers()[-2:] == [before + 1] * 2


class DyingStore:
    """A store whose process dies before its transaction ``number``."""

    def __init__(self, store, number):
        self._store = store
        self._left = number

    def __getattr__(self, name):
        return getattr(self._store, name)

    def begin(self):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return self._store.begin()

    def write(self, *statement):
        return type(self._store).write(self, *statement)


@pytest.mark.parametrize("number", range(1, 9))
def test_n1_a_beat_that_is_cut_off_anywhere_is_carried_on_by_the_next_life(log, monkeypatch, number):
    monkeypatch.setattr("api.services.access_log.interval._PLACED_AT_ONCE", 2)
    monkeypatch.setattr("api.services.access_log.interval._ASSIGNED_AT_ONCE", 2)
    before = log.head().number
    log.ask(5)
    log.now += 60
    log.intervals._store = DyingStore(log.store, number)
    # three portions of places, the checkpoint, three portions of rows, the anchor
    with pytest.raises(KeyboardInterrupt):
        log.intervals.beat()
    log.store.dispose()
    log.open()
    log.ask(1)
    log.intervals.anchor_pending()
    expected = [None] * 5 if number <= 4 else [before + 1] * 5
    assert log.numbers()[-6:] == [*expected, None]
    log.now += 60
    log.intervals.beat()
    last = log.head().number
    assert log.numbers()[-6:] == ([last] * 6 if number <= 4 else [before + 1] * 5 + [last])
    for item in log.rows()[-6:]:
        interval, row = Place.from_json(item["place"]), AccessRow.from_json(item["row"])
        facts = log.ledger.facts(_query(interval))
        require_logged(row, from_hex(item["salt"], "salt"), interval, facts, keeper=log.department.member)


def test_a_ledger_that_is_down_makes_a_longer_interval_and_no_gap(log):
    before = log.head().number
    log.ledger.fails = "before"
    for _ in range(3):
        log.ask()
        log.now += 60
        with pytest.raises(ChainError):
            log.intervals.beat()
    log.ledger.fails = None
    log.now += 60
    log.intervals.beat()
    assert log.head().number == before + 2
    assert log.numbers()[-3:] == [before + 1, before + 2, before + 2]
    closed = log.closed()
    assert closed[0].since == 0
    assert all(earlier.until == later.since for earlier, later in pairwise(closed))
    assert closed[-1].until == log.now


def test_a_clock_that_goes_back_leaves_rows_within_their_intervals(log):
    log.ask()
    log.now -= 500
    log.ask()
    log.intervals.beat()
    log.now += 100
    log.ask()
    log.intervals.beat()
    assert_within(log)
    log.now += 1_000


def assert_within(log):
    for item in log.rows():
        checkpoint = item["place"]["checkpoint"]
        assert checkpoint["since"] <= item["row"]["time"] <= checkpoint["until"]


def test_what_does_not_fit_waits_for_the_next_interval(log, monkeypatch):
    monkeypatch.setattr("api.services.access_log.interval.MAX_ROWS", 4)
    log.ask(4)
    log.now += 5
    log.ask(2)
    log.now += 5
    before = log.head().number
    log.intervals.beat()
    assert log.numbers()[-6:] == [before + 1] * 4 + [None] * 2
    log.intervals.beat()
    assert log.numbers()[-6:] == [before + 1] * 4 + [before + 2] * 2
    assert_within(log)


def test_a_row_that_comes_while_an_interval_is_closed_belongs_to_the_next_one(log, monkeypatch):
    def slow(count, among):
        monkeypatch.undo()
        log.ask()
        log.now += 30
        return random_places(count, among)

    monkeypatch.setattr("api.services.access_log.interval.random_places", slow)
    log.intervals.beat()
    assert log.numbers()[-1] is None
    log.intervals.beat()
    assert_within(log)


def test_an_auditor_follows_the_chain_of_rows_from_tally_to_tally(log):
    log.ask(2)
    log.intervals.beat()
    head = bytes(32)
    leaves = [(number, from_hex(item["leaf"], "leaf")) for number, item in zip(log.numbers(), log.rows(), strict=True)]
    for interval in log.closed():
        assert interval.before == head
        own = [leaf for number, leaf in leaves if number == interval.number]
        for leaf in own:
            head = next_head(head, leaf)
        assert (len(own), interval.after) == (interval.row_count, head)
        tally = Tally(len(own), interval.before, head, interval.tally_salt).digest
        places = [item["place"] for item in log.rows()]
        assert {tally} >= {
            from_hex(place["checkpoint"]["tally"], "tally")
            for place in places
            if place["checkpoint"]["number"] == interval.number
        }


def test_a_store_that_is_older_than_the_chain_goes_on_behind_it_and_rows_that_waited_lie_within(log, tmp_path, place):
    before = log.head()
    assert before.number > 0
    older = Log(place, tmp_path)
    older.ask(2)
    older.intervals.beat()
    assert older.head().number == before.number + 1
    assert older.numbers() == [before.number + 1] * 2
    assert_within(older)
    older.intervals.beat()
    assert older.head().number == before.number + 2
    older.store.dispose()
    older.keys.dispose()


def test_l2_what_a_store_signed_under_a_number_that_the_chain_gave_to_another_is_signed_anew(log, tmp_path, place):
    older = Log(place, tmp_path)
    older.ask(2)
    older.ledger.fails = "before"
    with pytest.raises(ChainError):
        older.intervals.beat()
    older.ledger.fails = None
    log.intervals._head = None
    log.intervals.beat()
    taken = log.head().number
    older.intervals.anchor_pending()
    assert older.head().number == taken + 1
    assert older.numbers() == [taken + 1] * 2
    assert_within(older)
    older.store.dispose()
    older.keys.dispose()


def test_a_row_that_cannot_be_stored_is_an_error_for_its_caller(log):
    class FullStore:
        connect, rows = log.store.connect, log.store.rows

        def begin(self):
            raise OSError("disk full")

    broken = AccessLog(FullStore(), log.keys, log.department, lambda: 5)
    with pytest.raises(OSError, match="disk full"):
        broken.write(AccessEntry([AskedRow(None, _row(1))]))
