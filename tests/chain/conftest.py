import pytest

from ledger_node.chain.deployment import Founder, FounderKey, deploy
from ledger_node.chain.port import Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.signature import address_of
from ledger_node.node.embedded import Engine
from tests.kit.chain import GOVERNOR, RELAYER, RELAYER_ID, STRANGER
from tests.kit.node import CHAIN_ID, SEALER_KEY, NodeProcess, genesis


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """A node with all contracts and one relaying member."""
    path = tmp_path_factory.mktemp("chain") / "chain.sqlite"
    Engine.create(path, genesis(), SEALER_KEY).close()
    running = NodeProcess(path)
    yield running
    running.end()


@pytest.fixture(scope="session")
def rpc(node):
    return Rpc(node.url)


@pytest.fixture(scope="session")
def book(rpc):
    roles = Role.RELAYER | Role.REGISTRAR
    founder = Founder(RELAYER_ID, "Relayer", roles, (FounderKey(address_of(RELAYER), EVERY_PURPOSE),))
    return deploy(rpc, Sender(rpc, CHAIN_ID, GOVERNOR), [founder], {}, {})


@pytest.fixture
def relayer(rpc):
    return Sender(rpc, CHAIN_ID, RELAYER)


@pytest.fixture
def stranger(rpc):
    """An account that may send, and is no member's."""
    return Sender(rpc, CHAIN_ID, STRANGER)
