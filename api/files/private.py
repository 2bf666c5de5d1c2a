"""Files that hold a secret: their owner alone may read them."""

import stat
from pathlib import Path

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


def read_private(path: Path) -> bytes:
    """Return what a file holds that nobody but its owner may read.

    Raises:
        InvalidInputError: ``configuration``; it cannot be read, or others can read it.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InvalidInputError(Reason.CONFIGURATION, f"others can read the secret in {path}: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot read {path}: {error.strerror}") from error
