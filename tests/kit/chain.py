"""Accounts of the chain tests: numbers of the node's allowlist, and copies of chains."""

import sqlite3

GOVERNOR, RELAYER, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3))
RELAYER_ID = b"\x0e" * 32


def copy_chain(chain, path):
    """Copy the chain file of a running node as it is now."""
    source = sqlite3.connect(f"file:{chain}?mode=ro", uri=True)
    target = sqlite3.connect(path)
    source.backup(target)
    source.close()
    target.close()
    return path
