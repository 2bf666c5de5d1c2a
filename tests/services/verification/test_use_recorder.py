"""Uses that are recorded together: each has its own outcome, whatever becomes of the others."""

import pytest

from api.services.verification.use_recorder import RecordedUse, Use, UseRecorder
from ledger_node.chain.port import UseRefusal
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import LIFETIME


@pytest.fixture
def consent(instance, firm):
    return instance.grant(firm)


@pytest.fixture
def recorder(instance):
    return UseRecorder(instance.ledger)


@pytest.fixture
def use(instance, consent):
    def signed(number, *, ticket=None, again=False, **options):
        made = instance.signed_use(consent, number, ticket=ticket and bytes([ticket]) * 32, **options)
        return Use(made, {}, again=again)

    return signed


def seen(outcome):
    return outcome.refusal if isinstance(outcome, RecordedUse) else outcome.reason


def test_each_use_has_the_outcome_that_the_ledger_gives_it(instance, consent, recorder, use):
    found = recorder.record([use(2), use(9), use(1)])
    assert [seen(outcome) for outcome in found] == [None, UseRefusal.NUMBER_INVALID, None]
    assert [outcome.use.number for outcome in found] == [2, 9, 1]
    assert {outcome.recorded.block_number for outcome in found} == {instance.ledger.head().number}
    assert instance.record_of(consent).uses == 2


def test_a_ticket_that_repeats_in_a_group_waits_for_the_first(recorder, use, instance, consent):
    found = recorder.record([use(1, ticket=1), use(2), use(1, ticket=1)])
    assert [seen(outcome) for outcome in found] == [None, None, Reason.LEDGER_UNAVAILABLE]
    assert instance.record_of(consent).uses == 2


@pytest.mark.parametrize("again", [True, False])
def test_k2_the_same_ticket_sent_again_is_the_use_that_was_counted(instance, consent, recorder, use, again):
    (first,) = recorder.record([use(1, ticket=1)])
    instance.chain.pass_time(LIFETIME)
    (second,) = recorder.record([use(1, ticket=1, again=again)])
    assert (second.refusal, second.use, second.recorded) == (None, first.use, first.recorded)
    assert instance.record_of(consent).uses == 1


def test_k2_a_number_that_another_ticket_took_is_refused(recorder, use):
    recorder.record([use(1, ticket=1)])
    (other,) = recorder.record([use(1, ticket=2)])
    assert other.refusal is UseRefusal.NUMBER_USED


def test_k2_a_use_that_was_counted_long_ago_gets_no_answer_any_more(instance, recorder, use):
    recorder.record([use(1, ticket=1)])
    instance.chain.pass_time(LIFETIME + 1)
    instance.chain.mine_empty()
    (late,) = recorder.record([use(1, ticket=1, again=True)])
    assert late.reason is Reason.ANSWERED_LATE


def test_what_is_on_its_way_is_not_sent_twice(instance, consent, recorder, use):
    instance.chain.on_way.add(bytes([1]) * 32)
    (pending,) = recorder.record([use(1, ticket=1, again=True)])
    assert pending.reason is Reason.LEDGER_UNAVAILABLE
    assert instance.record_of(consent).uses == 0


def test_l8_an_earlier_try_that_cannot_be_read_fails_alone(instance, recorder, use, monkeypatch):
    real = instance.ledger.counted_use

    def broken(consent, ticket):
        if ticket == bytes([2]) * 32:
            raise ValueError("too many values to unpack")
        return real(consent, ticket)

    monkeypatch.setattr(instance.ledger, "counted_use", broken)
    first, second, third = recorder.record([use(1), use(2, ticket=2, again=True), use(3, again=True)])
    assert (seen(first), seen(third)) == (None, None)
    assert isinstance(second, ValueError)


def test_l8_where_the_ledger_does_not_answer_nothing_counts_as_recorded(instance, recorder, use, monkeypatch):
    def silent(_):
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    monkeypatch.setattr(instance.ledger, "record_uses", silent)
    found = recorder.record([use(1), use(2)])
    assert [seen(outcome) for outcome in found] == [Reason.LEDGER_UNAVAILABLE] * 2
