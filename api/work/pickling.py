"""Pickling for pipes between our own processes: dataclasses travel as their fields, taken and put in one go.

The pickling that Python gives to frozen dataclasses with slots looks their fields up anew for every one.
"""

import io
import pickle  # nosec B403 # for pipes between our own processes
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from typing_extensions import override


def dumps(value: object) -> bytes:
    """Return ``value`` as bytes. Of dataclasses, what is not a field stays behind."""
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(value)
    return written.getvalue()


def loads(data: bytes) -> Any:  # noqa: ANN401 - whatever was written
    """Return what ``dumps`` wrote in a process of ours; of anybody else's bytes it would do whatever they say."""
    return pickle.loads(data)  # nosec B301 # noqa: S301 - our own


class _Pickler(pickle.Pickler):
    @override
    def reducer_override(self, obj: object) -> Any:
        kind = type(obj)
        take = _taker(kind)  # type: ignore[arg-type] # a class can be hashed; mypy looks at its instances
        return NotImplemented if take is None else (_made, (kind, take(obj)))


@cache
def _taker(kind: type) -> Callable[[object], tuple[Any, ...]] | None:
    names = _names(kind)
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda one: (getattr(one, names[0]),)) if names else None


@cache
def _names(kind: type) -> tuple[str, ...]:
    # what has its own way of travelling keeps it
    is_plain = is_dataclass(kind) and kind.__reduce__ is object.__reduce__ and not issubclass(kind, BaseException)
    return tuple(field.name for field in fields(kind)) if is_plain else ()


def _made(kind: type, values: tuple[Any, ...]) -> object:
    """Return a dataclass of values that were in one before, and so are not checked again."""
    one: object = object.__new__(kind)
    put = object.__setattr__
    for name, value in zip(_names(kind), values, strict=True):
        put(one, name, value)
    return one
