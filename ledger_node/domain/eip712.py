"""EIP-712: digests of what people sign, and structs whose digest, JSON form and JSON Schema follow from their fields.

Tests hold the digests to eth-account's encoder.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address
from ledger_node.domain.value import format_date, parse_date

_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_NAME = keccak(b"Credence")
_VERSION = keccak(b"1")


DOMAIN_FIELDS: Final[list[JSON]] = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
"""The members of a domain, as typed data lists them."""


@dataclass(frozen=True)
class SigningDomain:
    """Where a signature counts: one contract (20 bytes) on one chain."""

    chain_id: int
    contract: bytes

    @cached_property
    def separator(self) -> bytes:
        """The EIP-712 domain separator."""
        return keccak(_DOMAIN_TYPE + _NAME + _VERSION + uint_word(self.chain_id) + address_word(self.contract))

    def digest(self, struct_hash: bytes) -> bytes:
        """Return what is signed: keccak(0x1901 || separator || struct hash)."""
        return keccak(b"\x19\x01" + self.separator + struct_hash)

    def to_typed_data(self) -> dict[str, JSON]:
        """Return the domain as typed data has it."""
        return {
            "name": "Credence",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": to_hex(self.contract),
        }


def uint_word(value: int) -> bytes:
    """Return an unsigned integer as one word."""
    return value.to_bytes(32, "big")


def address_word(address: bytes) -> bytes:
    """Return a 20-byte address as one word."""
    return address.rjust(32, b"\x00")


def text_word(text: str) -> bytes:
    """Return a string as EIP-712 hashes it."""
    return keccak(text.encode("utf-8"))


def list_word(words: Iterable[bytes]) -> bytes:
    """Return an array of words as EIP-712 hashes it."""
    return keccak(b"".join(words))


ANY_DATE: Final = ""
"""In the place of a day: no bound."""
MAX_TEXT: Final = 1024
_HEX32: Final[dict[str, JSON]] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
_ADDRESS: Final[dict[str, JSON]] = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
_HUMP: Final = re.compile("(?=[A-Z])")


@dataclass(frozen=True)
class SignedField:
    """A field as it is signed; ``name`` is in camel case, ``solidity`` the type as EIP-712 writes it.

    ``word``: the 32 bytes that stand for a value in the struct's hash. ``show``: the JSON form of a value. ``read``:
    the value of the member that has this name. ``schema``: the JSON Schema of the JSON form.
    """

    name: str
    solidity: str
    word: Callable[[Any], bytes]
    show: Callable[[Any], JSON]
    read: Callable[[JsonObject, str], Any]
    schema: Mapping[str, JSON]

    @cached_property
    def member(self) -> str:
        """The name in JSON and in Python, in snake case."""
        return _HUMP.sub("_", self.name).lower()


def bytes32(name: str) -> SignedField:
    """Return a field of 32 bytes."""
    return SignedField(name, "bytes32", bytes, to_hex, JsonObject.blob, _HEX32)


def address(name: str) -> SignedField:
    """Return a field of the 20-byte address of a key."""
    return SignedField(
        name,
        "address",
        word=address_word,
        show=to_hex,
        read=lambda record, member: parse_address(record.take(member), member),
        schema=_ADDRESS,
    )


def bytes32_list(name: str, most: int) -> SignedField:
    """Return a field that lists at most so many times 32 bytes."""
    return SignedField(
        name,
        "bytes32[]",
        word=list_word,
        show=lambda value: [to_hex(item) for item in value],
        read=lambda record, member: tuple(from_hex(item, "member") for item in record.items(member, max_items=most)),
        schema={"type": "array", "maxItems": most, "items": _HEX32},
    )


def number(name: str, bits: int, low: int, high: int) -> SignedField:
    """Return a field of an integer of so many bits, of which those from ``low`` to ``high`` mean something."""
    return SignedField(
        name,
        f"uint{bits}",
        word=uint_word,
        show=int,
        read=lambda record, member: record.integer(member, low=low, high=high),
        schema={"type": "integer", "minimum": low, "maximum": high},
    )


MINUTE: Final = 60


def minute(name: str, high: int) -> SignedField:
    """Return a field of a time in seconds that is a whole minute: the text that people read says the minute."""
    return SignedField(
        name,
        "uint64",
        word=uint_word,
        show=int,
        read=lambda record, member: _minute(record.integer(member, high=high), member),
        schema={"type": "integer", "minimum": 0, "maximum": high, "multipleOf": MINUTE},
    )


def _minute(time: int, member: str) -> int:
    if time % MINUTE:
        raise InvalidInputError(Reason.VALUE_MALFORMED, f"'{member}' is a whole minute", field=member)
    return time


def text(name: str, longest: int = MAX_TEXT) -> SignedField:
    """Return a field of a text of at most ``longest`` characters."""
    return SignedField(
        name,
        "string",
        word=text_word,
        show=str,
        read=lambda record, member: record.text(member, max_length=longest),
        schema={"type": "string", "maxLength": longest},
    )


def day(name: str) -> SignedField:
    """Return a field of an ISO date, or of nothing for no bound."""
    schema: dict[str, JSON] = {"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
    return SignedField(name, "string", text_word, str, _read_day, schema)


def _read_day(record: JsonObject, member: str) -> str:
    raw = record.text(member, max_length=10)
    return raw if raw == ANY_DATE else format_date(parse_date(raw, member))


def string_list(name: str, least: int, most: int) -> SignedField:
    """Return a field that lists texts."""
    items: dict[str, JSON] = {"type": "string", "maxLength": MAX_TEXT}
    return SignedField(
        name,
        "string[]",
        word=lambda value: list_word([text_word(item) for item in value]),
        show=list,
        read=lambda record, member: record.texts(member, max_items=most),
        schema={"type": "array", "minItems": least, "maxItems": most, "items": items},
    )


@dataclass(frozen=True)
class SignedType:
    """A named struct; its JSON form has the members in the order in which they are signed."""

    name: str
    fields: tuple[SignedField, ...]

    @cached_property
    def text(self) -> str:
        """The type as EIP-712 writes it."""
        members = ",".join(f"{field.solidity} {field.name}" for field in self.fields)
        return f"{self.name}({members})"

    @cached_property
    def hash(self) -> bytes:
        """The EIP-712 type hash."""
        return keccak(self.text.encode())

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
        values = {field.member: field.read(record, field.member) for field in self.fields}
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
            "properties": {field.member: {**field.schema, **notes.get(field.member, {})} for field in self.fields},
        }
