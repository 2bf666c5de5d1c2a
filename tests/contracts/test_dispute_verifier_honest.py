"""Random attestations: of every honest proof the contract says what check_proof says."""

import random

import pytest

from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, HasNone, NoneOf, OneOf, Reveal
from ledger_node.domain.value import Special
from tests.kit.dispute import (
    CANNOT_TELL,
    DOES_NOT_HOLD,
    HOLDS,
    MEMBERS,
    PLEDGES,
    SCHEMA,
    checked,
    issue,
    pure_verifier,
    settle,
)
from tests.kit.world import yuan


def random_raw(rng):
    return {
        "paid": yuan(rng.choice([0, 100_000, 10**11, rng.randrange(200_000_000)])),
        "sales": rng.choice([None, rng.randrange(200_000_000)]),
        "count": rng.randint(-4, 11),
        "last_month": rng.choice(["none", f"{rng.randint(2024, 2027)}-{rng.randint(1, 12):02}"]),
        "grade": rng.choice(MEMBERS),
        "state": rng.choice([None, "valid", "ended"]),
        "year": rng.randint(-(2**53) + 1, 2**53 - 1),
        "rated_on": f"{rng.randint(1900, 2100)}-02-{rng.randint(1, 28):02}",
        "listed": rng.random() < 0.5,
        "note": rng.choice([None, "信" * rng.randint(1, 341)]),
        "kind": rng.choice(["10101", "x" * 1024]),
        "pledged": rng.choice([None, rng.sample(PLEDGES, rng.randint(0, 3))]),
    }


def random_statements(rng, field, value):
    """Statements of every kind that can be asked of the field, true and false ones."""
    if field.ladder is not None:
        count = len(field.ladder)
        low, high = sorted(rng.sample(range(1, count + 1), 2))
        around = min(max(field.ladder.idx(value), 1), count - 1) if value is not Special.ABSENT else 1
        edges = [AtLeast(around), AtLeast(around + 1), Below(around), Below(around + 1), Between(around, around + 1)]
        return [AtLeast(rng.randint(1, count)), Below(rng.randint(1, count)), Between(low, high), *edges]
    if field.type == "codes":
        some = frozenset(rng.sample(range(len(field.members)), rng.randint(1, len(field.members))))
        return [HasAny(some), HasNone(some), HasAll(some), Reveal()]
    if field.members:
        some = frozenset(rng.sample(range(len(field.members)), rng.randint(0, len(field.members))))
        return [OneOf(some), NoneOf(some), Reveal()]
    return [Reveal(), Equals(value), Equals("another")]


@pytest.fixture(scope="module")
def contract():
    return pure_verifier()[1]


@pytest.mark.parametrize("number", range(6))
def test_the_contract_says_what_check_proof_says_of_honest_proofs(contract, number):
    rng = random.Random(number)
    prover, root = issue(random_raw(rng), rng.randbytes(32))
    seen = set()
    for field, value in zip(SCHEMA.fields, prover.values, strict=True):
        for statement in random_statements(rng, field, value):
            proof = prover.prove(field, statement, may_disclose=True)
            outcome = checked(SCHEMA, root, field, statement, proof)
            assert settle(contract, SCHEMA, root, field, statement, proof) is outcome, (field.name, statement)
            seen.add(outcome)
    assert {HOLDS, DOES_NOT_HOLD} <= seen <= {HOLDS, DOES_NOT_HOLD, CANNOT_TELL}
