"""The embedded engine: a permissioned Ethereum node on py-evm and one SQLite file."""

from .chain import Engine
from .error import NodeError
from .file_copy import ChainMoment, chain_moment
from .genesis import Genesis
from .server import run_node

__all__ = ["ChainMoment", "Engine", "Genesis", "NodeError", "chain_moment", "run_node"]
