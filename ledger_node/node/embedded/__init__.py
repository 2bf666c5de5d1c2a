"""The embedded engine: a permissioned Ethereum node on py-evm and one SQLite file."""

from .chain import Engine
from .error import NodeError
from .genesis import Genesis
from .server import run_node

__all__ = ["Engine", "Genesis", "NodeError", "run_node"]
