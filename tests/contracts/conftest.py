import pytest

from tests.kit.contract_set import Chain, ContractSet
from tests.kit.embedded_chain import EmbeddedChain


@pytest.fixture(scope="session")
def deployed():
    """One chain for all tests, with a set whose council never waits; each starts from the same snapshot."""
    consortium = ContractSet(Chain()).with_members()
    return consortium, consortium.chain.snapshot()


@pytest.fixture(scope="module", params=["eth-tester", "embedded"])
def engine(request):
    """A consortium and its snapshot on each engine."""
    if request.param == "eth-tester":
        yield request.getfixturevalue("deployed")
        return
    with EmbeddedChain(request.getfixturevalue("tmp_path_factory").mktemp("engine")) as chain:
        yield ContractSet(chain).with_members(), chain.snapshot()


@pytest.fixture
def consortium(deployed):
    made, snapshot = deployed
    made.chain.revert(snapshot)
    return made


@pytest.fixture
def chain(consortium):
    return consortium.chain
