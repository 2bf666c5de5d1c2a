import pytest

from ledger_node.node.embedded import Engine
from tests.kit.node import SEALER_KEY, NodeProcess, genesis


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.sqlite"


@pytest.fixture
def engine(path):
    with Engine.create(path, genesis(), SEALER_KEY) as made:
        yield made


@pytest.fixture
def node(path):
    Engine.create(path, genesis(), SEALER_KEY).close()
    running = NodeProcess(path)
    yield running
    if running.process.poll() is None:
        running.end()
