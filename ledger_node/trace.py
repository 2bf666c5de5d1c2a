"""Which request some work belongs to: its trace, after W3C Trace Context (https://www.w3.org/TR/trace-context/).

A trace is passed on within a process by the context of threads and tasks, and to a node by the ``traceparent`` header.
Its ids are random: nothing about anybody can be read from one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from ledger_node.randomness import random_bytes

HEADER: Final = "traceparent"
_FORM: Final = re.compile("(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_VERSION: Final = "00"
_ID_BYTES: Final = 16
_SPAN_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Trace:
    """``id``: of the whole, 32 hexadecimal digits; ``span``: of our part of it, 16 of them."""

    id: str
    span: str

    @classmethod
    def of_header(cls, header: str | None) -> "Trace":
        """Return our part of the caller's trace, or of a new one where the caller names none in the right form."""
        found = None if header is None else _FORM.fullmatch(header)
        if found is None or (header is not None and header.startswith(_VERSION) and found[2]):
            drawn = random_bytes(_ID_BYTES + _SPAN_BYTES).hex()
            return cls(drawn[: 2 * _ID_BYTES], drawn[2 * _ID_BYTES :])
        return cls(found[1], random_bytes(_SPAN_BYTES).hex())

    @property
    def header(self) -> str:
        """What tells the next one."""
        return f"{_VERSION}-{self.id}-{self.span}-01"


_CURRENT: Final[ContextVar[Trace | None]] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """Return the trace that this thread or task works for, or None for work that nobody asked for."""
    return _CURRENT.get()


def header_for_next() -> dict[str, str]:
    """Return the header that tells the next one which trace this is for, if it is for any."""
    known = current()
    return {} if known is None else {HEADER: known.header}


def set_current(trace: Trace | None) -> None:
    """Work for a trace, or for none, until told otherwise: for a thread that does one thing after another."""
    _CURRENT.set(trace)


@contextmanager
def traced(trace: Trace | None) -> Iterator[None]:
    """Work for a trace, or for none."""
    token = _CURRENT.set(trace)
    try:
        yield
    finally:
        _CURRENT.reset(token)
