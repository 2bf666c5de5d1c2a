"""The council's document of words, and the text that terms and bounds have in it (clause 22)."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from . import claim as claims
from . import question as q
from . import schema as schemas
from . import values
from .consent import Bounds, Terms
from .crypto import keccak, tagged
from .errors import RefusedError, need
from .question import Moving, Question
from .schema import Field, Schema
from .strict import canonical, items, members, text

FORMAT = "credence-wording/v1"
LANGUAGES = ("en", "zh")
UNSEEN = "\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"
HIDDEN = re.compile(f"[{UNSEEN}]")
PART = re.compile(r"\{([a-z0-9_]+)\}")
LAST_TIME, BEIJING = 253_402_214_400, dt.timezone(dt.timedelta(hours=8))
MONTHS = [
    "", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
PHRASES = {
    "title": "", "bank": "name", "purpose": "text", "questions": "", "question": "number text",
    "some_of": "needed count", "departments": "names", "all_departments": "", "data": "span", "any_data": "",
    "span": "first last", "since": "first", "until": "last", "validity": "begin end uses", "grant_before": "time",
    "retention": "days", "hidden": "", "shown": "", "withdraw": "", "details": "text details", "then": "",
    "comma": "", "or": "", "by": "name", "rounded": "number", "yes_shows": "", "no_shows": "",
    "months_before": "months", "within": "period", "within_days": "first last",
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A document that was read; `raw` is its JSON, `types` its schemas' words by name."""

    digest: bytes
    raw: dict[str, Any]
    schemas: dict[str, Schema]
    types: dict[str, dict[str, Any]]


def read(value: Any) -> Document:
    """The JSON of a document."""
    members(value, "format phrases units purposes schemas")
    need(text(value["format"]) == FORMAT, "value_malformed")
    members(value["phrases"], " ".join(PHRASES))
    for name, parts in PHRASES.items():
        _both(value["phrases"][name], parts)
    need(isinstance(value["units"], dict) and isinstance(value["purposes"], dict), "type_wrong")
    for forms in value["units"].values():
        members(forms, "one other")
        _both(forms["one"], "0")
        _both(forms["other"], "0")
    for words in value["purposes"].values():
        _both(words, "")
    types = {}
    found: dict[str, Schema] = {}
    for item in items(value["schemas"], 130):
        members(item, "schema title period latest kinds fields")
        one = schemas.read(item["schema"])
        _type(one, item, value["units"])
        need(not found or one.name > max(found), "not_canonical")
        found[one.name], types[one.name] = one, item
    need(found, "not_canonical")
    return Document(tagged(0x24, canonical(value)), value, found, types)


def _both(value: Any, parts: str) -> None:
    """A text in each language, on one line, with just these parts."""
    members(value, " ".join(LANGUAGES))
    for language in LANGUAGES:
        said = text(value[language])
        need(not HIDDEN.search(said), "value_malformed")
        need(sorted(PART.findall(said)) == sorted(parts.split()), "value_malformed")
        need(not re.search("[{}]", PART.sub("", said)), "value_malformed")


def _type(schema: Schema, item: dict[str, Any], units: dict[str, Any]) -> None:
    _both(item["title"], "")
    _both(item["period"], "0")
    _both(item["latest"], "")
    members(item["kinds"], " ".join(name for name, _ in schema.per))
    for name, total in schema.per:
        members(item["kinds"][name], "one" if total is None else "one total")
        _both(item["kinds"][name]["one"], "0")
        if total is not None:
            _both(item["kinds"][name]["total"], "")
    members(item["fields"], " ".join(schema.by_name))
    for name, field in schema.by_name.items():
        _field(field, members(item["fields"][name], "label members questions"), units)


def _field(field: Field, words: dict[str, Any], units: dict[str, Any]) -> None:
    need(field.unit in (None, "percent", *units), "field_missing")
    _both(words["label"], "")
    members(words["members"], " ".join(field.members))
    for name in field.members:
        _both(words["members"][name], "")
    asked, wanted = words["questions"], _wanted(field)
    need(isinstance(asked, dict), "type_wrong")
    need(all(key in asked for key in wanted), "field_missing")
    for key, said in asked.items():
        need(key in wanted or any(key.startswith(f"{op} ") for op in wanted), "field_unknown")
        _both(said, wanted.get(key, "period"))


def _wanted(field: Field) -> dict[str, str]:
    if field.mode == "ladder":
        ends = {"none": field.none_on_record, "no end": field.no_end}
        ops = dict.fromkeys((*q.COMPARISONS, "equals"), "0 period")
        return {**ops, "range": "0 1 period", **{end: "period" for end, has in ends.items() if has}}
    if field.type == "bool":
        return dict.fromkeys(("equals true", "equals false", "reveal"), "period")
    ops = q.OF_SETS if field.type == "codes" else ("in", "not in", "equals") if field.mode == "enum" else ("equals",)
    return {**dict.fromkeys(ops, "0 period"), "reveal": "period"}


def check(terms: Terms, bounds: Bounds, documents: list[Document]) -> None:
    """Rule 20: the terms name a document that is believed, and the text that they have in it."""
    document = next((one for one in documents if one.digest == terms.wording), None)
    need(document, "wording_unknown")
    assert document is not None
    try:
        said = text_of(terms, bounds, document)
    except RefusedError as refused:
        raise RefusedError("consent_text_differs", str(refused)) from refused
    need(keccak(said.encode()) == terms.text_digest, "consent_text_differs")


def text_of(terms: Any, bounds: Any, document: Document) -> str:
    """The text, a line a line."""
    need(terms.language in LANGUAGES, "request_invalid")
    listed = [claims.read_text(one, document.schemas) for one in terms.questions]
    named = {part.issuer for claim in listed for part in claim.parts if part.issuer} | set(terms.departments)
    need(len(named) == len(terms.department_names), "consent_text_differs")
    names = dict(zip(sorted(named), terms.department_names, strict=True))
    purpose = document.raw["purposes"].get(terms.purpose)
    need(purpose and terms.purpose_text in purpose.values(), "consent_text_differs")
    return Renderer(document, terms.language, names).text(terms, bounds, listed, purpose[terms.language])


@dataclass(frozen=True)
class Renderer:
    """One document, one language, and what departments are called."""

    document: Document
    language: str
    names: dict[bytes, str]

    def say(self, phrase: str, **parts: object) -> str:
        """A phrase with its parts."""
        return self.fill(self.document.raw["phrases"][phrase], parts)

    def fill(self, words: dict[str, str], parts: dict[str, object]) -> str:
        """The words of the language with their parts."""
        return PART.sub(lambda match: str(parts[match[1]]), words[self.language])

    def text(self, terms: Any, bounds: Any, listed: list[claims.Claim], purpose: str) -> str:
        """All lines."""
        departments = self.say("comma").join(plain(self.names[one]) for one in terms.departments)
        lines = [
            self.say("title"),
            self.say("bank", name=plain(terms.grantee_name)),
            self.say("purpose", text=purpose),
            self.say("questions"),
            *self.questions(listed),
            self.say("departments", names=departments or self.say("all_departments")),
            self.say("data", span=self.span(terms.data_from, terms.data_to)),
            self.say(
                "validity",
                begin=self.time(bounds.not_before),
                end=self.time(bounds.expires_at),
                uses=bounds.max_uses,
            ),
            self.say("grant_before", time=self.time(bounds.grant_before)),
            self.say("retention", days=terms.retention_days),
            self.say("shown" if any(map(shows, listed)) else "hidden"),
            self.say("withdraw"),
        ]
        return "".join(line + "\n" for line in lines)

    def questions(self, listed: list[claims.Claim]) -> list[str]:
        """A line a question; of a combination one more than it has parts."""
        lines = []
        for number, claim in enumerate(listed, 1):
            parts = [self.sentence(part) for part in claim.parts]
            if claim.combined:
                some = self.say("some_of", needed=claim.needed, count=len(parts))
                lines.append(self.say("question", number=f"{number}.", text=some))
                lines += [self.say("question", number=f"{number}.{n}", text=part) for n, part in enumerate(parts, 1)]
            else:
                lines.append(self.say("question", number=f"{number}.", text=parts[0]))
        return lines

    def sentence(self, question: Question) -> str:
        """What one question asks."""
        schema, words = self.document.schemas[question.schema], self.document.types[question.schema]
        field, own = schema.by_name[question.field], words["fields"][question.field]
        asked, operand = own["questions"], question.operand
        key = question.op
        if question.op == "equals" and operand in ("none", "no end") and operand in asked and field.mode == "ladder":
            key, operand = operand, None
        elif isinstance(operand, bool | int | str) and f"{question.op} {_exact(field, operand)}" in asked:
            key, operand = f"{question.op} {_exact(field, operand)}", None
        period = words["latest"][self.language]
        if question.period:
            period = self.fill(words["period"], {"0": self.period(question.period)})
        operands = {str(n): one for n, one in enumerate(self.operands(question, field, own, operand))}
        said = self.fill(asked[key], {**operands, "period": period})
        details = self.details(question, schema, words)
        return self.say("details", text=said, details=self.say("then").join(details)) if details else said

    def operands(self, question: Question, field: Field, own: dict[str, Any], operand: Any) -> list[str]:
        """The operands in words."""
        if operand is None:
            return []
        if isinstance(operand, Moving):
            return [self.say("months_before", months=self.unit(str(operand.months), "months"))]
        if question.op == "range":
            return [self.value(field, own, one) for one in operand]
        if isinstance(operand, tuple):
            *first, last = (self.value(field, own, one) for one in operand)
            return [self.say("comma").join(first) + self.say("or") + last if first else last]
        return [self.value(field, own, operand)]

    def value(self, field: Field, own: dict[str, Any], value: Any) -> str:
        """A value of a field."""
        if field.type == "integer":
            return self.number(field, value)
        if field.type in ("date", "month"):
            return self.day(value)[0 if field.type == "date" else 1]
        if value in own["members"]:
            return str(own["members"][value][self.language])
        return plain(str(value))

    def number(self, field: Field, value: int) -> str:
        """A number with its currency or unit."""
        written = values.number_text(value, field.scale)
        if field.currency:
            return self.money(field, value, written)
        if abs(value) >= 10_000 * 10**field.scale:
            written = commas(written)
        if field.unit is None:
            return written
        return f"{written}%" if field.unit == "percent" else self.unit(written, field.unit)

    def money(self, field: Field, value: int, written: str) -> str:
        """An amount, in 万 or 亿 where that leaves two decimals at most."""
        if field.currency != "CNY" or self.language != "zh":
            return f"{field.currency} {commas(written)}"
        for power, word in ((8, "亿"), (4, "万")):
            step = 10 ** (field.scale + power - 2)
            if abs(value) >= 100 * step and value % step == 0:
                return f"{commas(values.number_text(value // step, 2))} {word}元"
        return f"{commas(written)} 元"

    def unit(self, number: str, unit: str) -> str:
        """A number with the words of its unit."""
        return self.fill(self.document.raw["units"][unit]["one" if number == "1" else "other"], {"0": number})

    def day(self, days: int) -> tuple[str, str]:
        """A day, and its month."""
        date = values.date_of(days)
        if self.language == "zh":
            month = f"{date.year} 年 {date.month} 月"
            return f"{month} {date.day} 日", month
        month = f"{MONTHS[date.month]} {date.year}"
        return f"{date.day} {month}", month

    def period(self, period: tuple[int, int]) -> str:
        """A period."""
        short = q.period_text(period)
        if ":" in short:
            return self.say("within_days", first=self.day(period[0])[0], last=self.day(period[1])[0])
        if "-" in short:
            return self.say("within", period=self.day(period[0])[1])
        return self.say("within", period=f"{short} 年" if self.language == "zh" else short)

    def time(self, seconds: int) -> str:
        """A time, in Beijing."""
        if seconds > LAST_TIME:
            return str(seconds)
        time = dt.datetime.fromtimestamp(seconds, BEIJING)
        day = self.day(values.day(time.date().isoformat()))[0]
        clock = f"{time.hour:02}:{time.minute:02}"
        return f"{day} {clock}（北京时间）" if self.language == "zh" else f"{day}, {clock} (Beijing time)"

    def span(self, first: str, last: str) -> str:
        """The days of data."""
        if not (first or last):
            return self.say("any_data")
        if not last:
            return self.say("since", first=self.day(values.day(first))[0])
        if not first:
            return self.say("until", last=self.day(values.day(last))[0])
        return self.say("span", first=self.day(values.day(first))[0], last=self.day(values.day(last))[0])

    def details(self, question: Question, schema: Schema, words: dict[str, Any]) -> list[str]:
        """What stands in brackets behind a question."""
        totals, found = dict(schema.per), []
        for name, value in question.per:
            kind = words["kinds"][name]
            is_total = totals[name] is not None and totals[name] == value
            found.append(kind["total"][self.language] if is_total else self.fill(kind["one"], {"0": plain(value)}))
        if question.issuer:
            found.append(self.say("by", name=plain(self.names[question.issuer])))
        field = schema.by_name[question.field]
        raw = next(one for one in words["schema"]["fields"] if one["name"] == field.name)
        if "resolution" in raw:
            found.append(self.say("rounded", number=self.number(field, values.number(raw["resolution"], field.scale))))
        if shows_member(question):
            found.append(self.say("yes_shows" if question.op == "has any of" else "no_shows"))
        return found


def _exact(field: Field, operand: Any) -> str:
    """An operand as texts of questions write it (clause 9)."""
    if field.type == "integer":
        word = field.currency or field.unit
        return values.number_text(operand, field.scale) + (f" {word}" if word else "")
    if field.type in ("date", "month") and isinstance(operand, int):
        return values.day_text(operand)[: 10 if field.type == "date" else 7]
    return str(operand).lower() if field.type == "bool" else str(operand)


def shows_member(question: Question) -> bool:
    """Whether an answer shows one of several members."""
    return question.op in q.OF_SETS and len(question.operand) > 1


def shows(claim: claims.Claim) -> bool:
    """Whether an answer may show more than yes or no."""
    return any(part.op == "reveal" or shows_member(part) for part in claim.parts)


def plain(name: str) -> str:
    """A name without what would break a line or turn its letters around."""
    return HIDDEN.sub("\ufffd", name)


def commas(written: str) -> str:
    """Thousands apart."""
    whole, point, rest = written.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    groups = [digits[max(0, at - 3) : at] for at in range(len(digits), 0, -3)]
    return sign + ",".join(reversed(groups)) + point + rest
