"""Schemas (clause 2): reading, id, ladders, fields of `per`."""

import re
from dataclasses import dataclass, field
from typing import Any

from . import ladder, rules, values
from .crypto import tagged
from .errors import need
from .strict import canonical, integer, is_int, items, members, text

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
MEMBER = re.compile(r"[A-Za-z0-9_]{1,32}\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
UNIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}\Z")
TYPES = ("integer", "date", "month", "text", "code", "bool", "enum", "codes")
MAX_STEPS, MAX_SCALE = 2**17, 9
MODES = {"plain": 1, "ladder": 2, "enum": 3}
SPECIAL = ("as_of", "period_from", "period_to", "period_year", "none")
MAX_VERSION = 2**31
MEASURE = "unit currency scale resolution"


@dataclass(frozen=True)
class Field:
    """One field; `points` are the thresholds of its ladder, days as integers."""

    index: int
    name: str
    type: str
    mode: str
    unit: str | None = None
    optional: bool = False
    none_on_record: bool = False
    members: tuple[str, ...] = ()
    points: tuple[int, ...] = ()
    bounds: Any = None
    scale: int = 0
    currency: str | None = None
    no_end: bool = False

    def mode_byte(self) -> int:
        """The mode byte of its leaf (clause 4)."""
        return 4 if self.type == "codes" else MODES[self.mode]

    def measure(self) -> tuple[Any, ...]:
        """What a number of it means (clause 9)."""
        return self.type, self.mode, self.unit, self.currency, self.scale


@dataclass(frozen=True)
class Schema:
    """A schema and its id."""

    id: bytes
    name: str
    version: int
    fields: tuple[Field, ...]
    per: tuple[tuple[str, str | None], ...] = ()
    by_name: dict[str, Field] = field(default_factory=dict, compare=False)


def schema_id(value: object) -> bytes:
    """H(0x20 ‖ canonical JSON)."""
    return tagged(0x20, canonical(value))


def read(value: Any) -> Schema:
    """Read one; what breaks a rule of clause 2 or 5 is `schema_invalid`, other faults have the reasons of clause 17."""
    members(value, "name version fields", "per rules valid_to")
    name = text(value["name"])
    need(NAME.match(name), "schema_invalid")
    version = integer(value["version"], 1, MAX_VERSION)
    listed = items(value["fields"], 256)
    need(listed, "schema_invalid")
    fields = tuple(_field(i, f) for i, f in enumerate(listed))
    by_name = {f.name: f for f in fields}
    need(len(by_name) == len(fields), "schema_invalid")
    need(sum(len(f.points) for f in fields) <= MAX_STEPS, "schema_invalid")
    per = _per(value["per"], by_name) if "per" in value else ()
    if "rules" in value:
        need(not any(f.name in SPECIAL for f in fields), "schema_invalid")
        rules.check(value["rules"], by_name)
    if "valid_to" in value:
        _valid_to(value["valid_to"], by_name)
    return Schema(schema_id(value), name, version, fields, per, by_name)


def _valid_to(name: Any, by_name: dict[str, Field]) -> None:
    found = by_name.get(text(name))
    need(found is not None and found.type == "date" and found.bounds, "schema_invalid")
    assert found is not None
    need(found.bounds["from"] >= "1970", "schema_invalid")


def _flag(value: dict[str, Any], name: str) -> bool:
    """A flag that is left out is false."""
    flag = value.get(name, False)
    need(isinstance(flag, bool), "type_wrong")
    return flag


def _field(index: int, value: Any) -> Field:
    members(value, "name type mode", "ladder members optional none_on_record no_end bounds " + MEASURE)
    name, kind, mode = text(value["name"]), text(value["type"]), text(value["mode"])
    need(NAME.match(name) and kind in TYPES and mode in MODES, "schema_invalid")
    need((kind in ("enum", "codes")) == (mode == "enum"), "schema_invalid")
    need(mode != "ladder" or kind in ("integer", "date", "month"), "schema_invalid")
    need(("ladder" in value) == (mode == "ladder") and ("members" in value) == (mode == "enum"), "schema_invalid")
    need(kind == "integer" or not set(value) & set(MEASURE.split()), "field_unknown")
    unit, currency, scale = _measure(value)
    none, end = _flag(value, "none_on_record"), _flag(value, "no_end")
    need(not (none or end) or (mode == "ladder" and kind in ("date", "month")), "schema_invalid")
    if "bounds" in value:
        rules.check_bounds(kind, value["bounds"], scale)
    return Field(
        index,
        name,
        kind,
        mode,
        unit,
        _flag(value, "optional"),
        none,
        _members(value["members"]) if mode == "enum" else (),
        tuple(ladder.thresholds(kind, value["ladder"], scale, none, end)) if mode == "ladder" else (),
        value.get("bounds"),
        scale,
        currency,
        end,
    )


def _measure(value: dict[str, Any]) -> tuple[str | None, str | None, int]:
    """What the numbers of a field count (clause 2)."""
    unit = text(value["unit"]) if "unit" in value else None
    currency = text(value["currency"]) if "currency" in value else None
    scale = integer(value["scale"], 0, MAX_SCALE) if "scale" in value else 0
    if "resolution" in value:
        need(values.number(value["resolution"], scale) >= 1, "schema_invalid")
    need(unit is None or (currency is None and UNIT.match(unit) and not CURRENCY.match(unit)), "schema_invalid")
    need(unit not in ("fen", "jiao", "yuan"), "schema_invalid")
    need(currency is None or CURRENCY.match(currency), "schema_invalid")
    return unit, currency, scale


def _members(value: Any) -> tuple[str, ...]:
    found = tuple(text(m) for m in items(value, 256))
    need(len(found) >= 2 and len(set(found)) == len(found), "schema_invalid")
    need(all(MEMBER.match(m) for m in found), "schema_invalid")
    return found


def _per(value: Any, by_name: dict[str, Field]) -> tuple[tuple[str, str | None], ...]:
    found = []
    for item in items(value, 4):
        members(item, "field", "total")
        one = by_name.get(text(item["field"]))
        need(one is not None, "schema_invalid")
        assert one is not None
        need(one.type in ("enum", "text", "code"), "schema_invalid")
        need(not one.optional and one.name != "issuer", "schema_invalid")
        total = item.get("total")
        if "total" in item:
            need(isinstance(total, str) and per_value(one, total), "schema_invalid")
        found.append((one.name, total))
    need(found and len({n for n, _ in found}) == len(found), "schema_invalid")
    return tuple(found)


def per_value(field_: Field, value: str) -> bool:
    """Whether a value may tell attestations apart: no [ ] , ; = or control character, no space at its ends."""
    if field_.mode == "enum":
        return value in field_.members
    if any(c in "[],;=" or c < " " or "\x7f" <= c <= "\x9f" for c in value):
        return False
    return bool(value) and value == value.strip(" ") and not is_int(value)
