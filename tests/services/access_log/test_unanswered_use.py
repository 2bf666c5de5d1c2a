"""A use that was counted and never answered gets its row, and one that is being answered does not get two."""

import pytest

from api.services.access_log.unanswered_use import UnansweredUses
from api.services.access_log.use_lease import UseLeases
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, Silence, refused


@pytest.fixture
def consent(instance, firm):
    return instance.grant(firm)


@pytest.fixture
def lost(instance, log, leases):
    return UnansweredUses(instance.store, instance.ledger, instance.consents, log, leases)


def rows(reader, subject):
    return [one["row"] for one in reader.of_subject(subject, after=None, limit=10)]


def finish(lost):
    for use in lost.waiting():
        lost.resume(use)


def test_a_use_without_a_row_gets_one(instance, firm, consent, lost, reader):
    (use,) = instance.use(consent)
    assert lost.waiting() == [b""]
    finish(lost)
    (row,) = rows(reader, firm.subject)
    assert (row["use"], row["consent"], row["bank"]) == (to_hex(use), to_hex(consent), to_hex(BANK))
    assert (row["verdict"], row["reason"]) == ("cannot_tell", "answer_lost")
    assert lost.waiting() == []
    finish(lost)
    assert len(rows(reader, firm.subject)) == 1


def test_l3_a_use_that_an_earlier_run_sent_and_that_lands_later_gets_its_row(
    instance, firm, consent, log, leases, reader
):
    on_way = [True]
    parts = (instance.store, instance.ledger, instance.consents, log, leases)
    lost = UnansweredUses(*parts, carries_earlier=lambda: bool(on_way))
    finish(lost)
    assert lost.waiting() == [b""]
    (use,) = instance.use(consent)
    on_way.clear()
    finish(lost)
    assert lost.waiting() == []
    assert [row["use"] for row in rows(reader, firm.subject)] == [to_hex(use)]


def test_a_use_that_has_its_row_is_left_alone(instance, firm, consent, lost, reader, write):
    (use,) = instance.use(consent)
    write(firm.subject, consent, use)
    finish(lost)
    assert [row["reason"] for row in rows(reader, firm.subject)] == [None]


def test_a_use_of_this_run_is_no_lost_one(instance, firm, consent, lost, reader, leases):
    use = random_bytes(32)
    leases.acquire([(consent, use)])
    instance.ledger.record_uses([instance.signed_use(consent, ticket=use)])
    finish(lost)
    assert rows(reader, firm.subject) == []


def test_a_use_of_a_consent_that_is_not_here_has_no_row_here(instance, firm, lost, reader):
    foreign = instance.consent(firm)
    instance.other.grant(instance.grant_order(foreign, firm))
    instance.use(instance.id_of(foreign))
    finish(lost)
    assert rows(reader, firm.subject) == []


def test_it_waits_while_the_ledger_does_not_answer(instance, firm, consent, lost, reader):
    instance.use(consent)
    with Silence(instance.ledger, "uses_since"):
        assert refused(finish, lost) is Reason.LEDGER_UNAVAILABLE
    assert lost.waiting() == [b""]
    finish(lost)
    assert len(rows(reader, firm.subject)) == 1


@pytest.mark.parametrize("is_recorded", [True, False])
def test_what_a_dead_process_left_is_finished_by_another(
    instance, firm, consent, shared, leases, lost, reader, is_recorded
):
    finish(lost)
    use = random_bytes(32)
    leases.acquire([(consent, use)])
    if is_recorded:
        instance.ledger.record_uses([instance.signed_use(consent, ticket=use)])
    assert lost.waiting() == []
    shared.alive.clear()
    assert lost.waiting() == [use]
    instance.chain.on_way.add(use)
    finish(lost)
    assert lost.waiting() == [use]
    instance.chain.on_way.clear()
    finish(lost)
    assert lost.waiting() == []
    assert [row["use"] for row in rows(reader, firm.subject)] == [to_hex(use)] * is_recorded


@pytest.mark.usefixtures("shared")
def test_a_store_that_is_shared_reads_the_ledger_only_if_it_is_older(instance, firm, consent, log, reader):
    instance.use(consent)
    parts = (instance.store, instance.ledger, instance.consents, log)
    finish(UnansweredUses(*parts, UseLeases(instance.store)))
    assert rows(reader, firm.subject) == []
    finish(UnansweredUses(*parts, UseLeases(instance.store), is_older=lambda: True))
    assert len(rows(reader, firm.subject)) == 1
