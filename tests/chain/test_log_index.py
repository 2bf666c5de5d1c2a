"""The index of events: each block is read once, in pages, and a chain that was put back is read anew."""

import pytest

from api.storage.database import open_store
from api.storage.log_index import StoredLogs
from api.storage.migration.schema import STORE
from api.storage.migration.version import require_version
from ledger_node.chain.log_index import PAGE_BLOCKS, BlockMark, MemoryLogs, StoredLog, logs_of, pages_of
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from tests.kit.besu_limit import LOG_RANGE
from tests.kit.ledger_world import BANK, DEPARTMENT, RELAYER, LimitedWorld

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = LimitedWorld(tmp_path_factory.mktemp("long"))
    yield made
    made.close()


@pytest.fixture(params=["memory", "file", "postgresql"])
def logs(request, tmp_path):
    if request.param == "memory":
        yield MemoryLogs()
        return
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else None
    store = open_store(tmp_path / "store.sqlite3", url)
    require_version(store, STORE)
    yield StoredLogs(store)
    store.dispose()


def log(block, position, *topics):
    return StoredLog(block, position, topics, {"block": block, "position": position})


def asked(world):
    """Let nothing be noted that was asked before, and return what notes."""
    world._rpc.limits.widest = 0
    return world._rpc.limits


def test_k18_what_is_listed_is_read_in_pages_on_a_chain_longer_than_one_request(world, logs):
    limits = asked(world)
    ledger = Web3Ledger(world.book, world._rpc, logs=logs)
    assert [one.id for one in ledger.members()][:3] == [RELAYER, DEPARTMENT, BANK]
    assert (limits.widest, limits.refusals) == (PAGE_BLOCKS, [])
    assert logs.mark().number == ledger.head().number > LOG_RANGE


def test_k18_a_block_is_read_once_by_all_that_share_a_store(world, logs):
    Web3Ledger(world.book, world._rpc, logs=logs).members()
    limits = asked(world)
    again = Web3Ledger(world.book, world._rpc, logs=logs)
    assert len(again.members()) >= 3
    assert limits.widest == 0
    member, _ = world.new_member(1)
    assert again.members()[-1].id == member
    assert limits.widest == 2


def test_blocks_without_such_events_write_nothing(world, logs):
    ledger = Web3Ledger(world.book, world._rpc, logs=logs)
    known, mark = ledger.members(), logs.mark()
    world._rpc._engine._store(world._rpc._engine._start_block().finish())
    assert (ledger.members(), logs.mark()) == (known, mark)
    limits = asked(world)
    assert ledger.members() == known
    assert limits.widest == 0


def test_two_processes_that_read_at_once_find_the_same(world, logs):
    one, two = (Web3Ledger(world.book, world._rpc, logs=logs) for _ in range(2))
    assert one.members() == two.members()
    member, _ = world.new_member(1)
    assert [ledger.members()[-1].id for ledger in (one, two, one)] == [member] * 3


def test_an_index_of_a_chain_that_was_put_back_is_made_anew(world, logs):
    ledger = Web3Ledger(world.book, world._rpc, logs=logs)
    known = ledger.members()
    mark = logs.mark()
    logs.append(mark, [], BlockMark(mark.number + 7, A))
    assert Web3Ledger(world.book, world._rpc, logs=logs).members() == known
    logs.append(logs.mark(), [], BlockMark(3, A))
    assert Web3Ledger(world.book, world._rpc, logs=logs).members() == known
    assert logs.mark() == mark


def test_logs_are_found_by_their_first_topics_in_the_order_of_the_chain(logs):
    found = [log(7, 1, A, B), log(7, 0, A, C), log(3, 5, B), log(2, 9, A, B, C)]
    assert logs.append(None, found, BlockMark(9, A))
    places = {topics: [(one["block"], one["position"]) for one in logs.find(topics)] for topics in ((A,), (A, B), (C,))}
    assert places == {(A,): [(2, 9), (7, 0), (7, 1)], (A, B): [(2, 9), (7, 1)], (C,): []}


def test_what_another_process_has_read_meanwhile_is_not_kept_twice(logs):
    assert logs.append(None, [log(1, 0, A)], BlockMark(1, A))
    assert not logs.append(None, [log(1, 0, A)], BlockMark(1, A))
    assert not logs.append(BlockMark(1, B), [log(2, 0, A)], BlockMark(2, A))
    assert len(logs.find((A,))) == 1
    logs.clear()
    assert (logs.mark(), list(logs.find((A,)))) == (None, [])


class Dense:
    """A node that refuses what holds more than so many logs, one a block."""

    def __init__(self, most):
        self.most, self.asked = most, []

    def batch(self, calls):
        spans = [[int(call[1][0][name], 16) for name in ("fromBlock", "toBlock")] for call in calls]
        self.asked.append((spans[0][0], spans[-1][1]))
        if any(last - first + 1 > self.most for first, last in spans):
            raise ChainError(Reason.LEDGER_REFUSED, "query returned more than 50000 results")
        return [[{"block": block} for block in range(first, last + 1)] for first, last in spans]


def test_k18_blocks_that_hold_too_much_are_read_half_by_half():
    node = Dense(300)
    assert [log["block"] for log in logs_of(node, [], [], 0, 1_999)] == list(range(2_000))
    assert node.asked[0] == (0, 1_999)
    with pytest.raises(ChainError) as refused:
        logs_of(Dense(0), [], [], 0, 9)
    assert refused.value.reason is Reason.LEDGER_REFUSED


def test_pages_cover_every_block_once():
    assert list(pages_of(0, 0)) == [(0, 0)]
    assert list(pages_of(5, 4)) == []
    assert list(pages_of(0, 2_000)) == [(0, 999), (1_000, 1_999), (2_000, 2_000)]
    assert list(pages_of(7, 1_006)) == [(7, 1_006)]


def test_a_block_is_found_by_its_time(world):
    ledger = Web3Ledger(world.book, world._rpc)
    world.pass_time(1_000)
    member, _ = world.new_member(1)
    world.council.retire(member)
    head = ledger.head()
    # the member and its key are the first two blocks of this time
    assert (ledger._block_at(head.time), ledger._block_at(head.time + 1)) == (head.number - 2, head.number)
    assert ledger._block_at(0) == 0
