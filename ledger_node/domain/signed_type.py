"""A struct that people sign: its EIP-712 type and digest, JSON form and JSON Schema follow from one list of fields."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, Final

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import list_word, text_word, uint_word
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.value import format_date, parse_date

ANY_DATE: Final = ""
"""In the place of a day: no bound."""
MAX_TEXT: Final = 1024
_HEX32: Final[dict[str, JSON]] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
_DAY_PATTERN: Final = "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
_HUMP: Final = re.compile("(?=[A-Z])")


@cache
def _snake_case(name: str) -> str:
    return _HUMP.sub("_", name).lower()


@dataclass(frozen=True, slots=True)
class SignedField(ABC):
    """A field as it is signed; ``name`` is in camel case."""

    name: str
    type: ClassVar[str]

    @property
    def member(self) -> str:
        """The name in JSON and in Python, in snake case."""
        return _snake_case(self.name)

    @property
    def solidity(self) -> str:
        """The type as EIP-712 writes it."""
        return self.type

    @abstractmethod
    def word(self, value: Any) -> bytes:  # noqa: ANN401 - each kind of field has its own Python type
        """Return the 32 bytes that stand for a value in the struct's hash."""

    @abstractmethod
    def show(self, value: Any) -> JSON:  # noqa: ANN401 - same reason
        """Return the JSON form of a value."""

    @abstractmethod
    def read(self, record: JsonObject) -> Any:  # noqa: ANN401 - same reason
        """Read the value from the JSON form.

        Raises:
            InvalidInputError: it is missing or malformed.
        """

    @abstractmethod
    def schema(self) -> dict[str, JSON]:
        """Return the JSON Schema of the JSON form."""


@dataclass(frozen=True, slots=True)
class Bytes32(SignedField):
    """32 bytes."""

    type: ClassVar[str] = "bytes32"

    @override
    def word(self, value: bytes) -> bytes:
        return value

    @override
    def show(self, value: bytes) -> JSON:
        return to_hex(value)

    @override
    def read(self, record: JsonObject) -> bytes:
        return record.blob(self.member)

    @override
    def schema(self) -> dict[str, JSON]:
        return dict(_HEX32)


@dataclass(frozen=True, slots=True)
class Bytes32List(SignedField):
    """A list of 32 bytes each."""

    most: int
    type: ClassVar[str] = "bytes32[]"

    @override
    def word(self, value: tuple[bytes, ...]) -> bytes:
        return list_word(list(value))

    @override
    def show(self, value: tuple[bytes, ...]) -> JSON:
        return [to_hex(item) for item in value]

    @override
    def read(self, record: JsonObject) -> tuple[bytes, ...]:
        items = record.items(self.member, max_items=self.most)
        return tuple(JsonObject({"member": item}, self.member).blob("member") for item in items)

    @override
    def schema(self) -> dict[str, JSON]:
        return {"type": "array", "maxItems": self.most, "items": dict(_HEX32)}


@dataclass(frozen=True, slots=True)
class Number(SignedField):
    """An integer of so many bits, of which those from ``low`` to ``high`` mean something."""

    bits: int
    low: int
    high: int
    type: ClassVar[str] = "uint"

    @property
    @override
    def solidity(self) -> str:
        return f"{self.type}{self.bits}"

    @override
    def word(self, value: int) -> bytes:
        return uint_word(value)

    @override
    def show(self, value: int) -> JSON:
        return value

    @override
    def read(self, record: JsonObject) -> int:
        return record.integer(self.member, low=self.low, high=self.high)

    @override
    def schema(self) -> dict[str, JSON]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Text(SignedField):
    """A text of at most ``longest`` characters."""

    longest: int = MAX_TEXT
    type: ClassVar[str] = "string"

    @override
    def word(self, value: str) -> bytes:
        return text_word(value)

    @override
    def show(self, value: str) -> JSON:
        return value

    @override
    def read(self, record: JsonObject) -> str:
        return record.text(self.member, max_length=self.longest)

    @override
    def schema(self) -> dict[str, JSON]:
        return {"type": "string", "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class Day(Text):
    """An ISO date, or nothing for no bound."""

    longest: int = 10

    @override
    def read(self, record: JsonObject) -> str:
        raw = record.text(self.member, max_length=self.longest)
        return raw if raw == ANY_DATE else format_date(parse_date(raw, self.member))

    @override
    def schema(self) -> dict[str, JSON]:
        return {"type": "string", "pattern": _DAY_PATTERN}


@dataclass(frozen=True, slots=True)
class StringList(SignedField):
    """A list of texts."""

    least: int
    most: int
    type: ClassVar[str] = "string[]"

    @override
    def word(self, value: tuple[str, ...]) -> bytes:
        return list_word([text_word(item) for item in value])

    @override
    def show(self, value: tuple[str, ...]) -> JSON:
        return list(value)

    @override
    def read(self, record: JsonObject) -> tuple[str, ...]:
        return record.texts(self.member, max_items=self.most)

    @override
    def schema(self) -> dict[str, JSON]:
        items: dict[str, JSON] = {"type": "string", "maxLength": MAX_TEXT}
        return {"type": "array", "minItems": self.least, "maxItems": self.most, "items": items}


@dataclass(frozen=True)
class SignedType:
    """A named struct; its JSON form has the members in the order in which they are signed."""

    name: str
    fields: tuple[SignedField, ...]

    @cached_property
    def hash(self) -> bytes:
        """The EIP-712 type hash."""
        members = ",".join(f"{field.solidity} {field.name}" for field in self.fields)
        return keccak(f"{self.name}({members})".encode())

    def struct_hash(self, values: object) -> bytes:
        """Return the EIP-712 hash of a struct whose fields are attributes of ``values``."""
        return keccak(self.hash + b"".join(field.word(getattr(values, field.member)) for field in self.fields))

    def to_json(self, values: object) -> dict[str, JSON]:
        """Return the JSON form."""
        return {field.member: field.show(getattr(values, field.member)) for field in self.fields}

    def read(self, record: JsonObject) -> dict[str, Any]:
        """Read all fields.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        values = {field.member: field.read(record) for field in self.fields}
        record.done()
        return values

    def listed(self) -> list[JSON]:
        """Return names and types as EIP-712 typed data lists them."""
        return [{"name": field.name, "type": field.solidity} for field in self.fields]

    def message(self, values: object) -> dict[str, JSON]:
        """Return the values under the names that are signed."""
        return {field.name: field.show(getattr(values, field.member)) for field in self.fields}

    def schema(self, notes: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
        """Return the JSON Schema (draft 2020-12) of the JSON form; ``notes``: more keywords by member."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [field.member for field in self.fields],
            "properties": {field.member: field.schema() | dict(notes.get(field.member, {})) for field in self.fields},
        }
