"""The words of consents: a document of the council, in Chinese and English, and how it is read.

It holds the sentences of all questions that can be asked, the words of purposes, and the phrases of the text. With it,
terms and bounds give one text and no other. Names of members are none of it: terms carry those that they show.
Every text says just the parts in braces that its place has, each once, and stands on one line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, member_of
from ledger_node.domain.measure import PERCENT
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.value import FieldType

FORMAT: Final = "credence-wording/v1"
_TAG: Final = b"\x24"
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*\Z")
_PART: Final = re.compile(r"\{([a-z0-9_]+)\}")
_BRACES: Final = re.compile("[{}]")
_PERIOD: Final = ("period",)
_MAX_SCHEMAS: Final = 130
PHRASES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (),
    "bank": ("name",),
    "purpose": ("text",),
    "questions": (),
    "question": ("number", "text"),
    "some_of": ("needed", "count"),
    "departments": ("names",),
    "all_departments": (),
    "data": ("span",),
    "any_data": (),
    "span": ("first", "last"),
    "since": ("first",),
    "until": ("last",),
    "validity": ("begin", "end", "uses"),
    "grant_before": ("time",),
    "retention": ("days",),
    "hidden": (),
    "shown": (),
    "withdraw": (),
    "details": ("text", "details"),
    "then": (),
    "comma": (),
    "or": (),
    "by": ("name",),
    "rounded": ("number",),
    "yes_shows": (),
    "no_shows": (),
    "months_before": ("months",),
    "within": ("period",),
    "within_days": ("first", "last"),
}
"""The phrases of the text, and the parts that each has."""


class Language(StrEnum):
    """The languages that consents are shown in."""

    ENGLISH = "en"
    CHINESE = "zh"


Words = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What a field is called, what its members are, and the sentence of each question that it takes.

    ``questions``: by operator; ``none`` and ``no end`` are those ends of a ladder. A key may go on with one operand in
    its text form (``< 1``): the sentence of just that question.
    """

    label: Words
    members: Mapping[str, Words]
    questions: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class TypeWords:
    """What a type of attestation is called and how questions say which attestation is meant.

    ``period``, ``latest``: where a question names a period, and where it names none. ``kinds``: by the fields that tell
    attestations apart, the words for one kind and for all of them together.
    """

    title: Words
    period: Words
    latest: Words
    kinds: Mapping[str, tuple[Words, Words | None]]
    fields: Mapping[str, FieldWords]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language. ``members``: names by member id; ``digest``: of the document."""

    language: Language
    schemas: Mapping[str, Schema]
    types: Mapping[str, TypeWords]
    phrases: Mapping[str, str]
    units: Mapping[str, tuple[str, str]]
    purposes: Mapping[str, Words] = field(default_factory=dict)
    members: Mapping[bytes, str] = field(default_factory=dict)
    digest: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class WordingDocument:
    """The words that a council agreed on; ``digest`` is what terms name them by."""

    spec: JSON
    digest: bytes
    schemas: SchemaSet
    purposes: Mapping[str, Words]
    types: Mapping[str, TypeWords]
    phrases: Mapping[str, Words]
    units: Mapping[str, tuple[Words, Words]]

    def in_language(self, language: Language, members: Mapping[bytes, str] | None = None) -> Wording:
        """Return the words of one language; ``members``: names by member id."""
        return Wording(
            language,
            self.schemas,
            self.types,
            {name: words[language] for name, words in self.phrases.items()},
            {unit: (one[language], other[language]) for unit, (one, other) in self.units.items()},
            self.purposes,
            members or {},
            self.digest,
        )

    def to_json(self) -> JSON:
        """Return the JSON form."""
        return self.spec

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or a question has no sentence.
        """
        with JsonObject(value, "wording") as record:
            if record.text("format") != FORMAT:
                raise InvalidInputError(Reason.VALUE_MALFORMED, f"this is no {FORMAT}", field="format")
            phrases = read_phrases(record.record("phrases"))
            units = read_units(record.record("units"))
            with record.record("purposes") as listed:
                purposes = {code: words_of(listed, code) for code in listed.unread}
            read = [_type(item, units) for item in record.items("schemas", max_items=_MAX_SCHEMAS)]
        names = [schema.name for schema, _ in read]
        if not names or names != sorted(set(names)):
            raise InvalidInputError(
                Reason.NOT_CANONICAL, "the schemas of a wording stand by their names, each once", field="schemas"
            )
        schemas = SchemaSet(schema for schema, _ in read)
        types = {schema.name: words for schema, words in read}
        return cls(value, keccak(_TAG + encode(value)), schemas, purposes, types, phrases, units)


def wording_named(documents: Mapping[bytes, WordingDocument], digest: bytes) -> WordingDocument:
    """Return the document with this digest.

    Raises:
        VerificationError: ``wording_unknown``.
    """
    document = documents.get(digest)
    if document is None:
        raise VerificationError(
            Reason.WORDING_UNKNOWN, "the terms name words that are none of the known documents of the consortium"
        )
    return document


def language_named(raw: str) -> Language:
    """Return the language with this code.

    Raises:
        InvalidInputError: ``request_invalid``, listing those there are.
    """
    known = ", ".join(Language)
    refusal = InvalidInputError(Reason.REQUEST_INVALID, f"a consent is shown in one of {known}", field="language")
    return member_of(Language, raw, refusal)


def read_phrases(record: JsonObject) -> dict[str, Words]:
    """Read the phrases, all of them and no other."""
    with record:
        return {name: words_of(record, name, parts) for name, parts in PHRASES.items()}


def read_units(record: JsonObject) -> dict[str, tuple[Words, Words]]:
    """Read how numbers stand with their units: one, and any other number."""
    units = {}
    with record:
        for unit in record.unread:
            with record.record(unit) as forms:
                units[unit] = words_of(forms, "one", ("0",)), words_of(forms, "other", ("0",))
    return units


def read_type(schema: Schema, record: JsonObject, units: Mapping[str, object]) -> TypeWords:
    """Read the words of a type: a sentence for everything that can be asked of each field.

    Raises:
        InvalidInputError: a member is missing, unknown or malformed.
    """
    with record:
        kinds = {}
        with record.record("kinds") as listed:
            for per in schema.per:
                with listed.record(per.field.name) as kind:
                    total = None if per.total is None else words_of(kind, "total")
                    kinds[per.field.name] = words_of(kind, "one", ("0",)), total
        with record.record("fields") as fields:
            words = {one.name: _field(one, fields.record(one.name), units) for one in schema.fields}
        return TypeWords(
            words_of(record, "title"), words_of(record, "period", ("0",)), words_of(record, "latest"), kinds, words
        )


def _type(item: JSON, units: Mapping[str, object]) -> tuple[Schema, TypeWords]:
    record = JsonObject(item, "schema of a wording")
    schema = Schema.from_json(record.take("schema"))
    return schema, read_type(schema, record, units)


def _field(field_: Field, record: JsonObject, units: Mapping[str, object]) -> FieldWords:
    unit = field_.measure.unit
    if unit is not None and unit != PERCENT and unit not in units:
        raise InvalidInputError(Reason.FIELD_MISSING, f"the unit of '{field_.name}' has no words", field=unit)
    with record:
        label = words_of(record, "label")
        with record.record("members") as listed:
            members = {name: words_of(listed, name) for name in field_.members}
        with record.record("questions") as asked:
            needed = _needed(field_)
            questions = {key: words_of(asked, key, parts) for key, parts in needed.items()}
            exact = [key for key in asked.unread if _is_exact(key, needed)]
            questions |= {key: words_of(asked, key, _PERIOD) for key in exact}
    return FieldWords(label, members, questions)


def _is_exact(key: str, needed: Mapping[str, object]) -> bool:
    return any(key.startswith(f"{op} ") for op in needed)


def _needed(field_: Field) -> dict[str, tuple[str, ...]]:
    """Return the keys of all questions that a field takes, with the parts of their sentences."""
    one, two = ("0", *_PERIOD), ("0", "1", *_PERIOD)
    match field_.mode, field_.type:
        case Mode.LADDER, _:
            ends = {"none": field_.none_on_record, "no end": field_.no_end}
            keys = {**dict.fromkeys((">=", ">", "<=", "<", "equals"), one), "range": two}
            return keys | {end: _PERIOD for end, there in ends.items() if there}
        case Mode.ENUM, FieldType.CODES:
            return {**dict.fromkeys(("has any of", "has none of", "has all of"), one), "reveal": _PERIOD}
        case Mode.ENUM, _:
            return {**dict.fromkeys(("in", "not in", "equals"), one), "reveal": _PERIOD}
        case _, FieldType.BOOL:
            return dict.fromkeys(("equals true", "equals false", "reveal"), _PERIOD)
        case _:
            return {"equals": one, "reveal": _PERIOD}


def words_of(record: JsonObject, name: str, parts: tuple[str, ...] = ()) -> Words:
    """Read a text in both languages that has just these parts, each once.

    Raises:
        InvalidInputError: a member is missing, unknown or malformed.
    """
    with record.record(name) as said:
        words = {language: said.text(language) for language in Language}
    for text in words.values():
        if not _LINE.match(text) or _parts_of(text) != sorted(parts):
            wanted = ", ".join(parts) or "none"
            raise InvalidInputError(
                Reason.VALUE_MALFORMED, f"'{name}' is one line in each language, with the parts {wanted}", field=name
            )
    return words


def _parts_of(text: str) -> list[str] | None:
    """Return the parts of a text in order of their names; None where a brace stands for nothing."""
    if _BRACES.search(_PART.sub("", text)):
        return None
    return sorted(_PART.findall(text))
