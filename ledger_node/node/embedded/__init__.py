"""The embedded engine: a permissioned Ethereum node on py-evm and one SQLite file."""

from ledger_node.node.embedded.engine import Engine
from ledger_node.node.embedded.error import NodeError
from ledger_node.node.embedded.file_copy import ChainMoment, chain_moment
from ledger_node.node.embedded.genesis import Genesis
from ledger_node.node.embedded.server import run_node

__all__ = ["ChainMoment", "Engine", "Genesis", "NodeError", "chain_moment", "run_node"]
