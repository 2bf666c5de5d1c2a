"""Entries of a subject's controllers and its holds, as the SubjectRegistry holds them at one block."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Self, TypeVar

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address

HOLD_TIME_S: Final = 14 * 86_400
"""How long a hold holds, unless a recovery completes before."""
MAX_ENTRY: Final = 2**32 - 1
MAX_LISTED: Final = 1024
_Item = TypeVar("_Item", int, tuple[bytes, bytes])


class EntryKind(IntEnum):
    """How an entry came about."""

    REGISTERED = 0
    ROTATED = 1
    RECOVERED = 2


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    """Who controlled a subject from ``since`` on.

    ``link``: of a rotation the index of its root; of a recovery that of the entry that was in force before it.
    ``registrar`` and ``key`` asked for it; of a rotation they are zeros.
    """

    commitment: bytes
    key: bytes
    since: int
    kind: EntryKind
    link: int
    registrar: bytes


@dataclass(frozen=True, slots=True)
class ControllerHistory:
    """What is known of one subject's entries and holds; facts hold as much of it as their query asks for.

    ``entries``: whole entries by index. ``begins``: since when other entries are, by index; 0 for one that there is
    not. ``holds``: since when a hold is, by number from 1; 0 for one that there is not.
    """

    entries: Mapping[int, ControllerEntry] = field(default_factory=dict)
    begins: Mapping[int, int] = field(default_factory=dict)
    holds: Mapping[int, int] = field(default_factory=dict)

    def since(self, index: int) -> int | None:
        """Return since when an entry is, 0 for one that there is not, or None where that is not known."""
        entry = self.entries.get(index)
        return self.begins.get(index) if entry is None else entry.since

    @property
    def keys(self) -> frozenset[tuple[bytes, bytes]]:
        """(registrar, key) of all that asked for an entry known here."""
        return frozenset(
            (entry.registrar, entry.key) for entry in self.entries.values() if entry.kind is not EntryKind.ROTATED
        )


@dataclass(frozen=True, slots=True)
class ControllerQuery:
    """Which entries and holds of a subject to read.

    ``entries``: indices of whole entries. ``begins``: indices of entries of which only the beginning is read, the
    next one after a time. ``holds``: numbers of holds. ``keys``: (registrar, key) that asked for those entries that
    rest on none; their records are facts of keys like others.
    """

    subject: bytes
    entries: frozenset[int] = frozenset()
    begins: frozenset[int] = frozenset()
    holds: frozenset[int] = frozenset()
    keys: frozenset[tuple[bytes, bytes]] = frozenset()

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, which bundles and answers carry; the subject is that of the terms."""
        return {
            "entries": list[JSON](sorted(self.entries)),
            "begins": list[JSON](sorted(self.begins)),
            "holds": list[JSON](sorted(self.holds)),
            "keys": [{"member": to_hex(member), "key": to_hex(key)} for member, key in sorted(self.keys)],
        }

    @classmethod
    def from_json(cls, value: JSON, subject: bytes) -> Self:
        """Read the JSON form; whether nothing in it is superfluous shows once it is used (``controller_rule``).

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or (``not_canonical``) in no order.
        """
        with JsonObject(value, "controllers_query") as record:
            return cls(
                subject,
                _numbers(record, "entries", low=0),
                _numbers(record, "begins", low=0),
                _numbers(record, "holds", low=1),
                _in_order([_key(item) for item in record.items("keys", max_items=MAX_LISTED)], "keys"),
            )


def _numbers(record: JsonObject, name: str, *, low: int) -> frozenset[int]:
    numbers = []
    for item in record.items(name, max_items=MAX_LISTED):
        if not isinstance(item, int) or isinstance(item, bool):
            raise InvalidInputError(Reason.TYPE_WRONG, f"'{name}' lists numbers", field=name)
        if not low <= item <= MAX_ENTRY:
            raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, f"'{name}' lists numbers from {low} on", field=name)
        numbers.append(item)
    return _in_order(numbers, name)


def _key(item: JSON) -> tuple[bytes, bytes]:
    with JsonObject(item, "key") as record:
        return record.blob("member"), parse_address(record.take("key"), "key")


def _in_order(items: Iterable[_Item], name: str) -> frozenset[_Item]:
    listed = list(items)
    if listed != sorted(set(listed)):
        raise InvalidInputError(Reason.NOT_CANONICAL, f"'{name}' rises, and holds nothing twice", field=name)
    return frozenset(listed)
