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


def read_private_text(path: Path) -> str:
    """Return the text of a file that nobody but its owner may read, without the space around it.

    Raises:
        InvalidInputError: ``configuration``; it cannot be read, others can read it, or it is no text.
    """
    try:
        return read_private(path).decode("utf-8").strip()
    except UnicodeDecodeError:
        # what a decoder says shows bytes of the secret
        raise InvalidInputError(Reason.CONFIGURATION, f"{path} holds no text in UTF-8") from None
