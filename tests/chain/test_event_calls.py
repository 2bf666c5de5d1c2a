"""Events of the registries, as they are read; and answers that are none."""

import pytest

from ledger_node import clock
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.consent import Terms
from ledger_node.domain.consent_act import Change, withdrawal_hash
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import ControlEvent, ControlStep, Step
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.chain import RELAYER_ID
from tests.kit.ledger_firm import new_firm, people


@pytest.fixture
def ledger(book, rpc, relayer):
    return Web3Ledger(book, rpc, relayer=relayer, registrar=relayer)


def terms(secret):
    now = clock.now()
    return Terms(
        subject=random_bytes(32),
        grantee=RELAYER_ID,
        grantee_name="bank",
        purpose="loan_application",
        purpose_text="x",
        questions=("x",),
        departments=(),
        not_before=now - 100,
        expires_at=now + 10_000,
        max_uses=5,
        retention_days=1,
        language="en",
        text_digest=bytes(32),
        withdrawal_hash=withdrawal_hash(secret),
        salt=random_bytes(32),
    )


def test_everything_that_happens_to_a_consent_is_read_in_order(ledger):
    consent, request, secret = (random_bytes(32) for _ in range(3))
    uses = [random_bytes(32) for _ in range(3)]
    since = ledger.head().number + 1
    asked = ledger.request_consent(request)
    granted = ledger.grant(consent, terms(secret), request=request)
    ledger.change_consent(consent, Change.PAUSE, 1)
    ledger.change_consent(consent, Change.RESUME, 2)
    used = [result.mined for result in ledger.record_uses([(consent, use) for use in uses])]
    withdrawn = ledger.withdraw(consent, secret)
    events = ledger.consent_events(consent)
    assert [(event.step, event.number, event.use, event.by_secret) for event in events] == [
        (Step.GRANTED, 0, None, False),
        (Step.PAUSED, 1, None, False),
        (Step.RESUMED, 2, None, False),
        *((Step.USED, number, use, False) for number, use in enumerate(uses, start=1)),
        (Step.WITHDRAWN, 0, None, True),
    ]
    for event, mined in ((events[0], granted), (events[3], used[0]), (events[-1], withdrawn)):
        at = event.recorded
        assert (at.transaction, at.block_number) == (mined.transaction, mined.block.number)
        assert (at.block_hash, at.block_time) == (mined.block.hash, mined.block.time)
    opened, answered = ledger.consent_events(request)
    assert (opened.step, opened.recorded.transaction) == (Step.REQUESTED, asked.transaction)
    assert (answered.step, answered.answer) == (Step.ANSWERED, consent)
    between = ledger.events_between(since, ledger.head().number)
    assert [event for event in between if event.id == consent] == list(events)
    assert ledger.events_between(since, since) == [opened]
    assert ledger.recorded_uses([consent]) == {consent: uses}
    assert ledger.uses_since(since) == [(consent, use) for use in uses]


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


def test_l8_a_use_that_was_recorded_twice_is_the_first_one(ledger):
    """Any relayer may record the use of another one again: it costs the consent, and nobody else his answer."""
    consent, use = random_bytes(32), random_bytes(32)
    ledger.grant(consent, terms(random_bytes(32)))
    (first,) = ledger.record_uses([(consent, use)])
    ledger.record_uses([(consent, use)])
    found = ledger.recorded_use(consent, use)
    assert (found.recorded, found.uses, found.refusal) == (True, 1, None)
    assert found.mined.transaction == first.mined.transaction
    assert ledger.uses_since(first.mined.block.number) == [(consent, use)] * 2


def test_l8_each_use_of_a_transaction_is_judged_by_its_own_log_also_where_ids_repeat(ledger):
    good, spent, use, other = (random_bytes(32) for _ in range(4))
    ledger.grant(good, terms(random_bytes(32)))
    uses = [(good, use), (spent, use), (good, use), (good, other), (good, use)]
    results = ledger.record_uses(uses)
    assert [(one.recorded, one.uses, one.refusal) for one in results] == [
        (True, 1, None),
        (False, 0, 0),
        (True, 2, None),
        (True, 3, None),
        (True, 4, None),
    ]


def test_a_refusal_and_a_withdrawal_by_a_relayer_are_read(ledger):
    consent, request = random_bytes(32), random_bytes(32)
    ledger.request_consent(request)
    ledger.refuse_consent(request)
    assert [event.step for event in ledger.consent_events(request)] == [Step.REQUESTED, Step.REFUSED]
    ledger.grant(consent, terms(random_bytes(32)))
    withdrawn = ledger.withdraw_by_request(consent)
    assert [event.by_secret for event in ledger.consent_events(consent)] == [False, False]
    assert ledger.withdrawal_secret(withdrawn.transaction) is None
    assert ledger.consent_events(random_bytes(32)) == []


def test_only_the_call_that_withdraws_shows_a_secret(ledger, book, rpc, stranger):
    consent, secret = random_bytes(32), random_bytes(32)
    granted = ledger.grant(consent, terms(secret))
    by_anybody = Web3Ledger(book, rpc, relayer=stranger).withdraw(consent, secret)
    assert ledger.withdrawal_secret(by_anybody.transaction) == secret
    assert ledger.withdrawal_secret(granted.transaction) is None
    assert ledger.withdrawal_secret(random_bytes(32)) is None
    elsewhere = stranger.send(bytes(range(20)), b"", gas=100_000)
    assert ledger.withdrawal_secret(elsewhere.mined.transaction) is None


class Lying:
    """An endpoint that answers requests for logs with what it is told to."""

    def __init__(self, rpc, change):
        self._rpc = rpc
        self._change = change

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
def test_what_is_no_event_of_ours_is_no_answer(ledger, book, rpc, change):
    consent = random_bytes(32)
    ledger.grant(consent, terms(random_bytes(32)))
    with pytest.raises(ChainError) as refusal:
        Web3Ledger(book, Lying(rpc, change)).consent_events(consent)
    assert refusal.value.reason is Reason.LEDGER_UNAVAILABLE
