"""The ledgers that the port's own suite holds to it: the real client on the embedded node, the same
behind the limits of Besu, and the fake."""

import pytest

from ledger_node.chain.port import Role
from tests.kit.ledger_world import (
    FakeWorld,
    LimitedWorld,
    NodeWorld,
)


@pytest.fixture(scope="session", params=[NodeWorld, LimitedWorld, FakeWorld], ids=["node", "limited", "fake"])
def world(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp("ledger"))
    yield made
    made.close()


@pytest.fixture
def ledger(world):
    return world.ledger


@pytest.fixture
def department(world):
    """A department of the test's own, and its key."""
    return world.new_member(Role.DEPARTMENT)
