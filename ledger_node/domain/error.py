"""The three families of errors, by what the caller should do.

``InvalidInputError``: fix the input. ``VerificationError``: accept "no". ``ChainError``, ``StoreError``: retry later.
No message ever holds a value, a salt, a key or a credit code; a name that a caller made up stands in one only where
it has the form of a name.
"""

import re
from typing import Final

from typing_extensions import override

from ledger_node.domain.reason import Reason

UNSHOWN: Final = "?"
_LONGEST: Final = 64
_NAME: Final = re.compile("[A-Za-z_]+(?:[0-9]{1,3}[A-Za-z_]+)*[0-9]{0,3}")


class CredenceError(Exception):
    """A refusal with a stable ``reason``, words for people and, where one is to blame, a ``field``."""

    def __init__(self, reason: Reason, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field

    @override
    def __str__(self) -> str:
        return f"{self.message} [{self.reason}]"

    @override
    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders when rows are issued in a pool.
        return (_rebuild, (type(self), self.reason, self.message, self.field))


class InvalidInputError(CredenceError):
    """What was sent cannot be used as it is; the message says what to change."""


class VerificationError(CredenceError):
    """A proof, a signature or a fact does not check; asking again will not help."""


class ChainError(CredenceError):
    """The chain could not be asked or did not take a write; try again later."""


class StoreError(CredenceError):
    """The store could not be asked or did not take a write; try again later."""


def _rebuild(kind: type[CredenceError], reason: Reason, message: str, field: str | None) -> CredenceError:
    return kind(reason, message, field=field)


def schema_invalid(message: str, *, field: str | None = None) -> InvalidInputError:
    """Return the refusal of a schema that makes no sense."""
    return InvalidInputError(Reason.SCHEMA_INVALID, message, field=field)


def shown_name(name: str) -> str:
    """Return ``name`` if it has the form of one: letters and ``_`` with few digits, as no code or amount has."""
    return name if len(name) <= _LONGEST and _NAME.fullmatch(name) else UNSHOWN
