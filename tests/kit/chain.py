"""Accounts of the chain tests: numbers of the node's allowlist; copies of chains; and a call that counts once."""

import sqlite3

from ledger_node.chain.artifact import artifact

GOVERNOR, RELAYER, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3))
RELAYER_ID = b"\x0e" * 32
COMMITMENT = b"\x01" * 32


def registration(salt):
    """The call that registers a subject; the same salt once more is refused."""
    return artifact("SubjectRegistry").encode("register", COMMITMENT, salt)


def count_of(ledger, salt):
    """How many entries of controllers the subject of this salt has."""
    (subject,) = ledger._read("SubjectRegistry", "subjectIdOf", RELAYER_ID, COMMITMENT, salt)
    return ledger._read("SubjectRegistry", "count", subject)[0]


def copy_chain(chain, path):
    """Copy the chain file of a running node as it is now."""
    source = sqlite3.connect(f"file:{chain}?mode=ro", uri=True)
    target = sqlite3.connect(path)
    source.backup(target)
    source.close()
    target.close()
    return path
