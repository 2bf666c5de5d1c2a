"""The ledger: pure rules (``domain``), the client of a chain (``chain``) and the engines (``node``)."""

import os

# eth-hash takes the slow pycryptodome unless it is told before its first import; this package is imported first
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # noqa: TID251 - a setting of a library, not one of ours
