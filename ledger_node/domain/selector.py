"""Which of several attestations of one type and period a question is about: its kind, its department, or both.

Text:  ``tax_payment[tax_kind=10101].paid_amount``, ``penalty_summary[issuer=0x…].count_24m``
JSON:  the members ``"per": {"tax_kind": "10101"}`` and ``"issuer": "0x…"`` of a question

A question names all fields that tell attestations of its type apart, in the schema's order, or none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import ISSUER, MAX_PER, Schema


@dataclass(frozen=True, slots=True)
class Selector:
    """``per``: (field, value) in the schema's order, or nothing; ``issuer``: id of the department, None for any."""

    per: tuple[tuple[str, str], ...] = ()
    issuer: bytes | None = None

    @classmethod
    def parse(cls, text: str | None, schema: Schema) -> "Selector":
        """Read what stands between the brackets of the text form; None where there are none.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        if text is None:
            return NOTHING
        named: dict[str, str] = {}
        for item in text.split(",", MAX_PER + 1):
            name, equals, value = (part.strip() for part in item.partition("="))
            if not equals or not name or not value:
                raise _malformed("write what is asked about as: type[field=value].field or type[issuer=0x…].field")
            if name in named:
                raise _malformed("a name stands twice between the brackets")
            named[name] = value
        issuer = named.pop(ISSUER, None)
        return cls(_per(named, schema), None if issuer is None else from_hex(issuer, ISSUER))

    @classmethod
    def from_record(cls, record: JsonObject, schema: Schema) -> "Selector":
        """Read the members of a question's JSON form.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        per: tuple[tuple[str, str], ...] = ()
        if "per" in record:
            named = record.take("per")
            if not isinstance(named, dict) or not named:
                raise InvalidInputError(
                    Reason.TYPE_WRONG, "'per' must be a JSON object of fields and values", field="per"
                )
            per = _per(named, schema)
        return cls(per, record.blob(ISSUER) if ISSUER in record else None)

    def to_json(self) -> dict[str, JSON]:
        """Return the members that a question's JSON form has of it."""
        per: dict[str, JSON] = {"per": dict(self.per)} if self.per else {}
        return per if self.issuer is None else per | {ISSUER: to_hex(self.issuer)}

    @property
    def text(self) -> str:
        """What follows the name of the type in the text form: brackets, or nothing."""
        named = [f"{name}={value}" for name, value in self.per]
        if self.issuer is not None:
            named.append(f"{ISSUER}={to_hex(self.issuer)}")
        return f"[{', '.join(named)}]" if named else ""


def _per(named: Mapping[str, JSON], schema: Schema) -> tuple[tuple[str, str], ...]:
    if not named:
        return ()
    fields = [per.field for per in schema.per]
    if set(named) != {field.name for field in fields}:
        known = ", ".join(field.name for field in fields)
        raise _malformed(
            f"a question about {schema.name} names all of {known}, or none of them"
            if fields
            else f"no field tells attestations of {schema.name} apart, so none is named"
        )
    return tuple((field.name, str(field.parse(named[field.name]))) for field in fields)


def _malformed(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.QUESTION_MALFORMED, message, field="question")


NOTHING: Final = Selector()
"""Of a question that names nothing."""
