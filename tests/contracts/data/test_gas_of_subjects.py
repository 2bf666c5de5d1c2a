"""What acts on subjects cost; docs/gas.md has these figures beside those of contract set 1."""

import pytest

from tests.kit.subject_set import RECOVERY_DELAY, Subject, people

FIRM, NEXT = people("firm", 3, 2), people("next", 3, 2)


@pytest.fixture
def subject(world):
    return Subject(world, "firm", FIRM).register()


def gas(world, function):
    return world.chain.send(function, world.registrar.key)["gasUsed"]


def test_a_registration_costs_less_than_131_000_gas(world):
    call = world.subjects.functions.register(FIRM.commitment, FIRM.salt)
    assert gas(world, call) < 131_000


def test_a_rotation_of_two_of_three_costs_less_than_133_000_gas(world, subject):
    assert gas(world, subject.rotate(NEXT)) < 133_000


def test_a_rotation_costs_the_same_however_many_there_were(world, subject):
    spent = []
    gas(world, subject.rotate(NEXT))
    subject.controllers = NEXT
    for entry in range(2, 12):
        to = NEXT if entry % 2 else FIRM
        spent.append(gas(world, subject.rotate(to, entry)))
        subject.controllers = to
    assert max(spent) - min(spent) < 300


def test_a_recovery_costs_less_than_270_000_gas_from_request_to_completion(world, subject):
    asked = gas(world, subject.request(NEXT))
    world.chain.wait(RECOVERY_DELAY)
    completed = gas(world, subject.complete())
    assert asked < 132_000
    assert completed < 137_000


def test_a_cancellation_and_a_hold_cost_what_their_signatures_cost(world, subject):
    gas(world, subject.request(NEXT))
    assert gas(world, subject.cancel(NEXT, by=(0,))) < 100_000
    assert gas(world, subject.hold()) < 130_000
    assert gas(world, subject.hold_by_registrar(2)) < 87_000
