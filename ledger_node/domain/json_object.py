"""Reading members out of parsed JSON with errors that name the member. Used by every ``from_json``."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Final, Self, TypeVar

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, shown_name
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason

MAX_TEXT: Final = 1024
"""Characters of a text where nothing else is said."""
_Member = TypeVar("_Member", bound=StrEnum)


class JsonObject:
    """A JSON object whose members are read once each, by name and type.

    ``done()``, or the end of a ``with`` over it, refuses members that nobody read, so that a misspelt or extra member
    never passes unseen.
    """

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidInputError(Reason.TYPE_WRONG, f"{what} must be a JSON object", field=what)
        self._members: dict[str, JSON] = dict(value)
        self._what = what

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.done()

    def take(self, name: str) -> JSON:
        """Return the member ``name``."""
        if name not in self._members:
            raise InvalidInputError(Reason.FIELD_MISSING, f"{self._what} lacks '{name}'", field=name)
        return self._members.pop(name)

    @property
    def unread(self) -> dict[str, JSON]:
        """The members that nobody read yet."""
        return dict(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def has(self, name: str) -> bool:
        """Return whether the member ``name`` is there and not null; a null one is read by this."""
        if self._members.get(name) is None:
            self._members.pop(name, None)
            return False
        return True

    def is_null(self, name: str) -> bool:
        """Return whether the member ``name``, which must be there, is null; a null one is read by this.

        Raises:
            InvalidInputError: ``field_missing``.
        """
        if name in self._members and self._members[name] is not None:
            return False
        return self.take(name) is None

    def optional(self, name: str) -> JSON:
        """Return the member ``name`` or None where it is missing."""
        return self._members.pop(name, None)

    def text(self, name: str, *, max_length: int = MAX_TEXT) -> str:
        """Return a text of at most ``max_length`` characters."""
        value = self.take(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        if len(value) > max_length:
            raise InvalidInputError(Reason.TOO_LARGE, f"'{name}' is longer than {max_length} characters", field=name)
        return value

    def integer(self, name: str, *, low: int = 0, high: int = 2**53 - 1) -> int:
        """Return an integer between ``low`` and ``high``, both included; true and false are not integers."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "an integer")
        if not low <= value <= high:
            raise InvalidInputError(
                Reason.VALUE_OUT_OF_RANGE, f"'{name}' must lie between {low} and {high}", field=name
            )
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        if name not in self:
            return default
        value = self.take(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def blob(self, name: str, *, length: int | None = HASH_BYTES) -> bytes:
        """Return bytes written as 0x and lower-case hexadecimal digits."""
        return from_hex(self.take(name), name, length=length)

    def items(self, name: str, *, max_items: int = 4096) -> Sequence[JSON]:
        """Return a list of at most ``max_items``."""
        value = self.take(name)
        if not isinstance(value, list | tuple):
            raise self._wrong(name, "a list")
        if len(value) > max_items:
            raise InvalidInputError(Reason.TOO_LARGE, f"'{name}' has more than {max_items} items", field=name)
        return value

    def texts(self, name: str, *, max_items: int = 256) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self.items(name, max_items=max_items)
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            raise self._wrong(name, "a list of texts")
        if any(len(text) > MAX_TEXT for text in texts):
            raise InvalidInputError(Reason.TOO_LARGE, f"'{name}' has texts of over {MAX_TEXT} characters", field=name)
        return texts

    def record(self, name: str) -> "JsonObject":
        """Return a nested object."""
        return JsonObject(self.take(name), name)

    def done(self) -> None:
        """Refuse members that were not read."""
        if self._members:
            extra = shown_name(min(self._members))
            raise InvalidInputError(Reason.FIELD_UNKNOWN, f"{self._what} has an unknown member '{extra}'", field=extra)

    def _wrong(self, name: str, expected: str) -> InvalidInputError:
        return InvalidInputError(Reason.TYPE_WRONG, f"'{name}' must be {expected}", field=name)


class Versioned:
    """What is written in versions: ``version_member`` names the one that a JSON form is of."""

    __slots__ = ()
    version_member: ClassVar[str]
    readers: ClassVar[dict[Any, Callable[[JSON], Any]]]
    """By version, the newest last."""

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form of whichever version it is.

        What names no known version goes to the newest reader, which says what is wrong with it.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        said = value.get(cls.version_member) if isinstance(value, Mapping) else None
        reader = cls.readers.get(said) if isinstance(said, str | int) else None
        read: Self = (reader or list(cls.readers.values())[-1])(value)
        return read


def member_of(kind: type[_Member], raw: object, refusal: InvalidInputError) -> _Member:
    """Return the member of an enum that ``raw`` is the value of.

    Raises:
        InvalidInputError: ``refusal``, where there is none.
    """
    try:
        return kind(str(raw))
    except ValueError as error:
        raise refusal from error


def from_hex(value: object, name: str, *, length: int | None = HASH_BYTES) -> bytes:
    """Return bytes written as 0x and lower-case hexadecimal digits; ``length`` None takes any.

    Raises:
        InvalidInputError: ``type_wrong`` or ``value_malformed``, naming ``name``.
    """
    if not isinstance(value, str):
        raise InvalidInputError(Reason.TYPE_WRONG, f"'{name}' must be 0x and hexadecimal digits", field=name)
    digits = value[2:]
    wrong_length = length is not None and len(digits) != 2 * length
    if not value.startswith("0x") or wrong_length or digits.strip("0123456789abcdef") or len(digits) % 2:
        size = "an even number of" if length is None else str(2 * length)
        raise InvalidInputError(
            Reason.VALUE_MALFORMED,
            f"'{name}' must be 0x and {size} lower-case hexadecimal digits",
            field=name,
        )
    return bytes.fromhex(digits)


def to_hex(data: bytes) -> str:
    """Return 0x and lower-case hexadecimal digits."""
    return "0x" + data.hex()
