"""Leases of uses: which process will write the row of a use, from its count to its row."""

from api.services.access_log.use_lease import UseLeases
from ledger_node.randomness import random_bytes

ONE, TWO = b"1" * 32, b"2" * 32
CONSENT = b"c" * 32


def test_a_process_that_is_alone_remembers_what_is_its_own_while_it_must(instance):
    leases = UseLeases(instance.store, own=set())
    leases.acquire([(CONSENT, ONE)])
    assert (leases.is_leased(ONE), leases.is_leased(TWO)) == (True, False)
    leases.own = None
    assert not leases.is_leased(ONE)
    assert leases.abandoned() == []


def test_processes_that_share_a_store_see_whose_a_use_is(leases, shared):
    leases.acquire([(CONSENT, ONE), (CONSENT, ONE), (CONSENT, TWO)])
    assert leases.is_leased(ONE)
    assert leases.abandoned() == []
    shared.alive.clear()
    assert not leases.is_leased(ONE)
    assert sorted(leases.abandoned()) == [(CONSENT, ONE), (CONSENT, TWO)]


def test_a_use_that_is_leased_again_belongs_to_the_one_that_leased_it_last(leases, shared):
    leases.acquire([(CONSENT, ONE)])
    first, shared.process_id = shared.process_id, random_bytes(16)
    leases.acquire([(CONSENT, ONE)])
    shared.alive = {shared.process_id}
    assert leases.abandoned() == []
    shared.alive = {first}
    assert leases.abandoned() == [(CONSENT, ONE)]


def test_what_was_not_recorded_is_forgotten(leases, shared):
    leases.acquire([(CONSENT, ONE), (CONSENT, TWO)])
    leases.cancel([ONE])
    shared.alive.clear()
    assert leases.abandoned() == [(CONSENT, TWO)]


def test_the_row_of_a_use_ends_its_lease(leases, shared, firm, write):
    leases.acquire([(CONSENT, ONE)])
    write(firm.subject, CONSENT, ONE)
    shared.alive.clear()
    assert leases.abandoned() == []
