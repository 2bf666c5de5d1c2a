import pytest

from tests.kit.contract_set import NAMES, Chain, ContractSet

NEEDED = tuple(name for name in NAMES if name in ("Council", "MemberRegistry", "SubjectRegistry", "ConsentRegistry"))


@pytest.fixture(scope="session")
def founded():
    """The contracts that these tests need, on one chain; each test starts from the same snapshot."""
    world = ContractSet(Chain(), names=NEEDED).with_members()
    return world, world.chain.snapshot()


@pytest.fixture
def world(founded):
    made, snapshot = founded
    made.chain.revert(snapshot)
    return made


@pytest.fixture
def chain(world):
    return world.chain
