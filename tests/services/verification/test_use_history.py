"""The uses of a consent: kept in memory and store, believed where the ledger holds their digest, else read there."""

import pytest

from api.services.access_log.writer import keep_uses
from api.services.verification import use_history
from api.services.verification.use_history import UseHistory
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import refused


@pytest.fixture
def consent(instance, firm):
    return instance.grant(firm)


@pytest.fixture
def spend(instance, consent):
    """Have the ledger count uses together, and return them."""

    def spent(*numbers):
        results = instance.ledger.record_uses([instance.signed_use(consent, number) for number in numbers])
        assert all(result.recorded for result in results)
        return instance.ledger.counted_uses([consent])[consent][-len(numbers) :]

    return spent


@pytest.fixture
def history(instance):
    return UseHistory(instance.store, instance.ledger)


@pytest.fixture
def until(instance, consent, history):
    """Return numbers: of the uses that the ledger counts now, and of those that are to be kept."""

    def found(*latest, record=None):
        record = record or instance.record_of(consent)
        uses, new = history.until(consent, record, latest)
        with instance.store.begin() as connection:
            keep_uses(connection, new)
        history.note_kept(new)
        assert [one.use for one in new] == [uses[one.place] for one in new]
        assert list(uses) == instance.ledger.counted_uses([consent])[consent][: len(uses)]
        return [use.number for use in uses], [one.use.number for one in new]

    return found


def test_a_use_that_follows_is_added_without_reading_ledger_or_store(
    instance, consent, history, spend, until, monkeypatch
):
    assert until(*spend(2)) == ([2], [2])
    latest, record = spend(1), instance.record_of(consent)
    monkeypatch.setattr(instance.ledger, "counted_uses", None)
    monkeypatch.setattr(history, "kept", None)
    uses, new = history.until(consent, record, latest)
    assert ([use.number for use in uses], [one.use for one in new]) == ([2, 1], latest)
    # a store that took nothing is asked again
    assert history.until(consent, record, latest) == (uses, new)
    history.note_kept(new)
    assert history.until(consent, record, latest) == (uses, [])


def test_uses_of_one_block_are_known_from_each_other(instance, consent, history, spend, monkeypatch):
    latest, record = spend(3, 1), instance.record_of(consent)
    monkeypatch.setattr(instance.ledger, "counted_uses", None)
    uses, new = history.until(consent, record, latest)
    assert (list(uses), [one.use for one in new]) == (latest, latest)


def test_an_earlier_block_shows_the_uses_until_then(instance, consent, spend, until):
    first, record = spend(2), instance.record_of(consent)
    instance.chain.pass_time(1)
    second = spend(1)
    assert until(*second) == ([2, 1], [2, 1])
    assert until(*first, record=record) == ([2], [])
    # what came later is not taken for granted before the ledger shows it
    assert until(*first, *second, record=record) == ([2], [])


def test_another_process_finds_them_in_the_store(instance, consent, spend, until, monkeypatch):
    assert until(*spend(2)) == ([2], [2])
    latest, record = spend(1), instance.record_of(consent)
    other = UseHistory(instance.store, instance.ledger)
    monkeypatch.setattr(instance.ledger, "counted_uses", None)
    uses, new = other.until(consent, record, latest)
    assert ([use.number for use in uses], [one.use.number for one in new]) == ([2, 1], [1])


@pytest.mark.parametrize("remembered", [1, 2048])
def test_uses_that_nobody_here_sent_are_read_from_the_ledger(instance, consent, spend, until, monkeypatch, remembered):
    monkeypatch.setattr(use_history, "_REMEMBERED", remembered)
    assert until(*spend(2)) == ([2], [2])
    spend(3)
    assert until(*spend(1)) == ([2, 3, 1], [2, 3, 1])
    assert [use.number for use in UseHistory(instance.store, instance.ledger).kept(consent)] == [2, 3, 1]


def test_what_the_ledger_does_not_count_is_told_to_nobody(spend, until):
    (latest,) = spend(2)
    wrong = latest._replace(ticket=b"x" * 32)
    assert until(wrong) == ([2], [2])
    spend(1)
    assert until(wrong, latest) == ([2, 1], [2, 1])


def test_until_the_ledger_shows_all_of_them_nothing_is_told(instance, consent, history, spend, monkeypatch):
    spend(2)
    record = instance.record_of(consent)
    monkeypatch.setattr(instance.ledger, "counted_uses", lambda consents, **_: {consents[0]: []})
    assert refused(history.until, consent, record, ()) is Reason.LEDGER_UNAVAILABLE
