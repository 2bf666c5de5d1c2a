"""Events of the registries, as they are read; and answers that are none."""

from types import SimpleNamespace

import pytest

from ledger_node import clock
from ledger_node.chain.port import UseRefusal
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import ControlEvent, ControlStep, Step
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse
from ledger_node.randomness import random_bytes
from tests.kit.chain import RELAYER_ID
from tests.kit.ledger_consent import Asked, Granted
from tests.kit.ledger_firm import new_firm, people


@pytest.fixture
def ledger(book, rpc, relayer):
    return Web3Ledger(book, rpc, relayer=relayer, registrar=relayer)


@pytest.fixture
def world(ledger):
    """What kits of consents take of a world: its ledger, and the time of its next block."""
    return SimpleNamespace(ledger=ledger, now=clock.now)


def test_everything_that_happens_to_a_consent_is_read_in_order(ledger, world):
    asked, one = Asked.of(world), Granted.of(world, not_before=clock.now() - 100)
    since = ledger.head().number + 1
    requested = ledger.request_consent(asked.id)
    granted = ledger.grant(one.order(answer=asked.answer(consent=one.id)))
    ledger.change_consent(one.pause())
    ledger.change_consent(one.resume())
    uses = [one.use(number) for number in (2, 1, 3)]
    used = [result.mined for result in ledger.record_uses(uses)]
    withdrawn = ledger.withdraw(one.by_secret())
    events = ledger.consent_events(one.id)
    assert [(event.step, event.number, event.use, event.by_secret) for event in events] == [
        (Step.GRANTED, 0, None, False),
        (Step.PAUSED, 1, None, False),
        (Step.RESUMED, 2, None, False),
        *((Step.USED, use.number, use.ticket, False) for use in uses),
        (Step.WITHDRAWN, 0, None, True),
    ]
    for event, mined in ((events[0], granted), (events[3], used[0]), (events[-1], withdrawn)):
        at = event.recorded
        assert (at.transaction, at.block_number) == (mined.transaction, mined.block.number)
        assert (at.block_hash, at.block_time) == (mined.block.hash, mined.block.time)
    opened, answered = ledger.consent_events(asked.id)
    assert (opened.step, opened.recorded.transaction) == (Step.REQUESTED, requested.transaction)
    assert (answered.step, answered.answer) == (Step.ANSWERED, one.id)
    between = ledger.events_between(since, ledger.head().number)
    assert [event for event in between if event.id == one.id] == list(events)
    assert ledger.events_between(since, since) == [opened]
    counted = [CountedUse(use.number, use.ticket, used[0].block.time) for use in uses]
    assert ledger.counted_uses([one.id]) == {one.id: counted}
    assert ledger.uses_since(since) == [(one.id, use) for use in counted]


def test_everything_that_happens_to_the_controllers_of_a_subject_is_read_in_order(ledger):
    firm = new_firm(ledger, RELAYER_ID)
    second, third, heirs = random_bytes(32), random_bytes(32), people()
    since = ledger.head().number + 1
    firm.request(second)
    asked = ledger.recovery(firm.id)
    firm.cancel(second)
    firm.request(third, number=2)
    ledger.abandon_recovery(firm.id, 2)
    firm.rotate(heirs)
    firm.hold()
    events = [event for event in ledger.events_between(since, ledger.head().number) if isinstance(event, ControlEvent)]
    assert [(event.step, event.number, event.entry, event.commitment) for event in events] == [
        (ControlStep.RECOVERY_REQUESTED, 1, None, second),
        (ControlStep.RECOVERY_CANCELLED, 1, None, None),
        (ControlStep.RECOVERY_REQUESTED, 2, None, third),
        (ControlStep.RECOVERY_ABANDONED, 2, None, None),
        (ControlStep.ROTATED, 0, 1, heirs.commitment),
        (ControlStep.HELD, 1, None, None),
    ]
    assert {(event.subject, event.member) for event in events} == {(firm.id, RELAYER_ID)}
    assert events[0].completable_at == asked.completable_at


@pytest.mark.parametrize("ahead", [1, 2, 1_000])
def test_l3_what_is_asked_behind_the_newest_block_is_nothing_and_no_error(ledger, rpc, ahead):
    """A node refuses such a range (-32602); a cursor stands at the newest block + 1 on every quiet ledger."""
    head = ledger.head().number
    with pytest.raises(ChainError, match="-32602"):
        rpc.request("eth_getLogs", {"fromBlock": hex(head + 1), "toBlock": "latest"})
    assert ledger.subjects_since(head + ahead) == []
    assert ledger.uses_since(head + ahead) == []
    assert ledger.events_between(head + ahead, head + ahead + 256) == []
    assert ledger.events_between(head + 1, head) == []


def test_l3_a_range_that_ends_behind_the_newest_block_ends_with_it(ledger):
    since = ledger.head().number + 1
    request = random_bytes(32)
    ledger.request_consent(request)
    assert [event.id for event in ledger.events_between(since, since + 1_000)] == [request]
    firm = new_firm(ledger, RELAYER_ID)
    assert ledger.subjects_since(since) == [firm.id]
    assert ledger.subjects_since(ledger.head().number) == [firm.id]


def test_k2_a_use_that_was_sent_twice_is_counted_once_and_its_uses_are_judged_one_by_one(ledger, world):
    good, spent = Granted.of(world).granted(), Granted.of(world)
    use, other = good.use(1), good.use(2)
    results = ledger.record_uses([use, spent.use(1), use, other])
    refusals = [None, UseRefusal.UNKNOWN, UseRefusal.NUMBER_USED, None]
    assert [one.refusal for one in results] == refusals
    counted, at = ledger.counted_use(good.id, use.ticket)
    assert (counted.number, at.transaction) == (1, results[0].mined.transaction)


def test_a_refusal_and_a_withdrawal_by_the_steward_key_are_read(ledger, world):
    asked, one = Asked.of(world), Granted.of(world).granted()
    ledger.request_consent(asked.id)
    ledger.refuse_consent(asked.answer())
    assert [event.step for event in ledger.consent_events(asked.id)] == [Step.REQUESTED, Step.REFUSED]
    withdrawn = ledger.change_consent(one.withdrawal())
    assert [(event.by_secret, event.number) for event in ledger.consent_events(one.id)] == [(False, 0), (False, 1)]
    assert ledger.withdrawal_secret(withdrawn.transaction) is None
    assert ledger.consent_events(random_bytes(32)) == []


def test_only_the_call_that_withdraws_shows_a_secret(ledger, world, book, rpc, stranger):
    one = Granted.of(world)
    granted = ledger.grant(one.order())
    by_anybody = Web3Ledger(book, rpc, relayer=stranger).withdraw(one.by_secret())
    assert ledger.withdrawal_secret(by_anybody.transaction) == one.secret
    assert ledger.withdrawal_secret(granted.transaction) is None
    assert ledger.withdrawal_secret(random_bytes(32)) is None
    elsewhere = stranger.send(bytes(range(20)), b"", gas=100_000)
    assert ledger.withdrawal_secret(elsewhere.mined.transaction) is None


class Lying:
    """An endpoint that answers requests for logs with what it is told to."""

    def __init__(self, rpc, change):
        self._rpc = rpc
        self._change = change

    def request(self, method, *params):
        return self._rpc.request(method, *params)

    def batch(self, calls):
        answers = zip(calls, self._rpc.batch(calls), strict=True)
        return [
            [self._change(dict(log)) for log in answer] if method == "eth_getLogs" else answer
            for (method, _), answer in answers
        ]


@pytest.mark.parametrize(
    "change",
    [
        lambda log: log | {"data": "0x00"},
        lambda log: log | {"data": None},
        lambda log: log | {"topics": ["0x" + "11" * 32, *log["topics"][1:]]},
        lambda log: log | {"topics": log["topics"][:1]},
        lambda log: log | {"blockHash": "0x" + "11" * 32},
        lambda log: log | {"blockNumber": "x"},
        lambda log: log | {"transactionHash": "0x11"},
        lambda log: {name: value for name, value in log.items() if name != "transactionHash"},
    ],
)
def test_what_is_no_event_of_ours_is_no_answer(world, book, rpc, change):
    consent = Granted.of(world).granted().id
    with pytest.raises(ChainError) as refusal:
        Web3Ledger(book, Lying(rpc, change)).consent_events(consent)
    assert refusal.value.reason is Reason.LEDGER_UNAVAILABLE
