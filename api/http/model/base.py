"""What all models have in common: how they refuse, and the values that they are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, Field, GetCoreSchemaHandler, PlainSerializer, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import TypeAliasType

from ledger_node.domain.error import CredenceError, InvalidInputError, shown_name
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import MAX_TEXT, JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES

REFUSED: Final = "refused"
"""The type of a validation error that holds a ``CredenceError``."""
EXAMPLE: Final = "x-example"
"""Where a model keeps the example of the whole of it until the document shows it with bodies."""
Reader: TypeAlias = Callable[[JsonObject, str], Any]
"""Reads the member of this name."""


@dataclass(frozen=True, slots=True)
class Strict:
    """Reads a member as the strict reader does: same reason codes, same fields.

    ``shape``: its type in JSON. ``member``: its name there, where the attribute has another.
    """

    reader: Reader
    shape: Any
    member: str | None = None

    def __get_pydantic_core_schema__(self, _: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self._read, json_schema_input_schema=handler.generate_schema(self.shape)
        )

    def _read(self, value: object, info: ValidationInfo) -> Any:  # noqa: ANN401 - a value of the domain
        name = self.member or info.field_name or "value"
        try:
            return self.reader(JsonObject({name: value}, "request"), name)
        except CredenceError as error:
            raise refused(error) from error


def refused(error: CredenceError) -> PydanticCustomError:
    """Return an error that pydantic gathers with its own, in the order of members; the first one is told."""
    return PydanticCustomError(REFUSED, "{message}", {"message": error.message, "error": error})


def missing_member(name: str, what: str = "request") -> InvalidInputError:
    """Return the refusal of ``what`` because it lacks a member."""
    return InvalidInputError(Reason.FIELD_MISSING, f"{what} lacks '{name}'", field=name)


def unknown_member(name: str, what: str = "request") -> InvalidInputError:
    """Return the refusal of ``what`` because it has a member that nobody reads."""
    shown = shown_name(name)
    return InvalidInputError(Reason.FIELD_UNKNOWN, f"{what} has an unknown member '{shown}'", field=shown)


def _blob(length: int) -> Reader:
    def read(record: JsonObject, name: str) -> bytes:
        value = record.take(name)
        # what a route itself puts into an answer is bytes already
        return value if isinstance(value, bytes) else JsonObject({name: value}, "request").blob(name, length=length)

    return read


def _without_defaults(schema: dict[str, Any]) -> None:
    # generators of clients take a member with a default for one that is always there
    for member in schema.get("properties", {}).values():
        member.pop("default", None)


def opened(schema: dict[str, Any]) -> None:
    """Describe an answer: it may get further members, and what a model fills in by itself is in every one."""
    schema.pop("additionalProperties", None)
    fixed = [name for name, member in schema.get("properties", {}).items() if "default" in member]
    if fixed:
        schema["required"] = [name for name in schema["properties"] if name in {*schema.get("required", ()), *fixed}]
    _without_defaults(schema)


def shown(value: Any) -> Any:  # noqa: ANN401 - any JSON, and what a type is annotated with
    """Return what gives a member an example that is more than one value."""
    return Field(json_schema_extra={EXAMPLE: value})


def example(
    value: Any,  # noqa: ANN401 - any JSON
    described: Callable[[dict[str, Any]], None] = _without_defaults,
) -> Callable[[dict[str, Any]], None]:
    """Return what shows an example in the schema of a model: of a request, or of an answer, which is ``opened``."""

    def show(schema: dict[str, Any]) -> None:
        described(schema)
        schema[EXAMPLE] = value

    return show


class RequestModel(BaseModel, extra="forbid", frozen=True, json_schema_extra=_without_defaults):
    """The body of a request, out of the strict JSON reader. Members that it does not name are refused."""


class AnswerModel(BaseModel, extra="forbid", frozen=True, json_schema_extra=opened):
    """The body of an answer. Later versions may add members, so the document does not rule others out."""


def absent() -> Any:  # noqa: ANN401 - the default of a member of any type
    """Return the default of a member of an answer that may be left out."""
    return Field(default_factory=lambda: None)


def whole(low: int = 0, high: int = 2**53 - 1) -> Strict:
    """Return what reads an integer between ``low`` and ``high``, both included."""
    shape = Annotated[int, Field(ge=low, le=high, examples=[low])]
    return Strict(lambda record, name: record.integer(name, low=low, high=high), shape)


def text(
    most: int = MAX_TEXT,
    *,
    member: str | None = None,
    **words: Any,  # noqa: ANN401 - what JSON Schema says of it
) -> Strict:
    """Return what reads a text of at most ``most`` characters."""
    shape = Annotated[str, Field(max_length=most, **words)]
    return Strict(lambda record, name: record.text(name, max_length=most), shape, member)


def _hex(length: int) -> str:
    return rf"^0x[0-9a-f]{{{2 * length}}}$"


# Types with a name of their own are components of the document.
HexText = TypeAliasType(
    "HexText",
    Annotated[str, Field(pattern=_hex(HASH_BYTES), description="32 bytes", examples=["0x" + "5a" * HASH_BYTES])],
)
"""32 bytes, in JSON."""
Hex32: TypeAlias = Annotated[bytes, Strict(_blob(HASH_BYTES), HexText), PlainSerializer(to_hex)]
"""32 bytes: an id, a digest, a salt, a secret."""
Address = TypeAliasType(
    "Address", Annotated[str, Field(pattern=_hex(20), description="20 bytes", examples=["0x" + "19" * 20])]
)
"""An account or a contract."""
SignatureText = TypeAliasType(
    "SignatureText",
    Annotated[
        str,
        Field(
            pattern=_hex(SIGNATURE_BYTES),
            description="65 bytes r, s, v, low s, v 27 or 28",
            examples=["0x" + "5a" * SIGNATURE_BYTES],
        ),
    ],
)
"""A signature by a key of secp256k1."""
Time = TypeAliasType("Time", Annotated[int, Field(description="seconds since 1970-01-01 UTC", examples=[1795000000])])
Day = TypeAliasType("Day", Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2025-12-31"])])
Count: TypeAlias = Annotated[int, Field(ge=0)]
Cursor = TypeAliasType("Cursor", Annotated[str | None, Field(description="the 'after' of the next page")])
