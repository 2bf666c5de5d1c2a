"""The embedded engine: a permissioned Ethereum node on py-evm and one SQLite file."""

import os

# py-evm hashes through eth_hash.auto, which reads its backend from the environment at its first use.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # noqa: TID251 - a library's setting, made before its import

from .chain import Engine
from .error import NodeError
from .genesis import Genesis
from .server import run_node

__all__ = ["Engine", "Genesis", "NodeError", "run_node"]
