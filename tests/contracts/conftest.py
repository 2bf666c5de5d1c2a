import pytest

from tests.kit.anvil_chain import AnvilChain
from tests.kit.contract_set import Chain, ContractSet
from tests.kit.embedded_chain import EmbeddedChain

ENGINES = ("eth-tester", "embedded", "anvil")


def pytest_addoption(parser):
    """``pytest tests/contracts --engine anvil``: the same tests on another engine."""
    parser.addoption("--engine", default="eth-tester", choices=ENGINES, help="what runs the contracts")


def running(engine, folder):
    """A chain that this engine runs, until the context is left."""
    return {"embedded": lambda: EmbeddedChain(folder), "anvil": AnvilChain, "eth-tester": Chain}[engine]()


@pytest.fixture(scope="session")
def deployed(request, tmp_path_factory):
    """One chain for all tests, with a set whose council never waits; each starts from the same snapshot."""
    engine = request.config.getoption("--engine", default="eth-tester")
    with running(engine, tmp_path_factory.mktemp("engine")) as chain:
        yield ContractSet(chain).with_members(), chain.snapshot()


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
