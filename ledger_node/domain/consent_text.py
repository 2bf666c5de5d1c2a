"""The human text of a consent, in Chinese and English, rendered from what is asked and never written beside it.

Terms carry the digest of the text that was shown (``text_digest``), so nobody can later claim other words.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.eip712 import ANY_DATE
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import member_of, to_hex
from ledger_node.domain.number import decimal_text
from ledger_node.domain.question import OF_SETS, Op, Question
from ledger_node.domain.question_part import MonthsBefore
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import FieldType, Special

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))


class Language(StrEnum):
    """The languages that consents are shown in."""

    ENGLISH = "en"
    CHINESE = "zh"


@dataclass(frozen=True, slots=True)
class Wording:
    """What things are called in one language: types, their fields (``schema.field``), and members."""

    language: Language
    schemas: Mapping[str, Schema]
    titles: Mapping[str, str]
    fields: Mapping[str, str]
    members: Mapping[bytes, str]


def language_named(raw: str) -> Language:
    """Return the language with this code.

    Raises:
        InvalidInputError: ``request_invalid``, listing those there are.
    """
    known = ", ".join(Language)
    refusal = InvalidInputError(Reason.REQUEST_INVALID, f"a consent is shown in one of {known}", field="language")
    return member_of(Language, raw, refusal)


def text_digest(text: str) -> bytes:
    """Return keccak256 of the UTF-8 text."""
    return keccak(text.encode("utf-8"))


def consent_text(asked: ConsentRequest, wording: Wording) -> str:
    """Return the text of what is asked, or of ``Consent.asked``; the same with one wording always gives the same text.

    Raises:
        InvalidInputError: a question cannot be read.
    """
    phrases = _PHRASES[wording.language]
    claims = [Claim.parse(text, wording.schemas) for text in asked.questions]
    shows = any(part.op is Op.REVEAL or _shows_one(part) for claim in claims for part in claim.parts)
    lines = [
        phrases["title"],
        "",
        phrases["grantee"].format(name=asked.grantee_name, id=to_hex(asked.grantee)),
        phrases["purpose"].format(text=asked.purpose_text, code=asked.purpose),
        phrases["questions"],
        *(line for number, claim in enumerate(claims, start=1) for line in _claim_lines(number, claim, wording)),
        phrases["departments"].format(names=_departments(asked, wording)),
        phrases["data"].format(span=_data(asked, phrases)),
        phrases["bounds"].format(begin=_time(asked.not_before), end=_time(asked.expires_at), uses=asked.max_uses),
        phrases["retention"].format(days=asked.retention_days),
        phrases["shown" if shows else "hidden"],
        phrases["withdraw"],
    ]
    return "\n".join(lines) + "\n"


def claim_words(claim: Claim, wording: Wording) -> list[str]:
    """Return what a claim asks, in words: one line, or for a combination one more than it has parts."""
    if not claim.is_combined:
        return [_sentence(claim.parts[0], wording)]
    head = _PHRASES[wording.language]["some_of"].format(needed=claim.needed, count=len(claim.parts))
    return [head, *(f"- {_sentence(part, wording)}" for part in claim.parts)]


def _claim_lines(number: int, claim: Claim, wording: Wording) -> list[str]:
    first, *others = [*claim_words(claim, wording), f"[{claim.text(wording.schemas)}]"]
    return [f"  {number}. {first}", *(f"     {line}" for line in others)]


def _sentence(question: Question, wording: Wording) -> str:
    phrases = _PHRASES[wording.language]
    name = phrases["field"].format(
        type=_type_words(question, wording), field=wording.fields[f"{question.schema}.{question.field}"]
    )
    field = wording.schemas[question.schema].field(question.field)
    phrase = question.op.value
    if field.type in {FieldType.DATE, FieldType.MONTH}:
        phrase = _OF_TIMES.get(phrase, phrase)
    if isinstance(question.operand, Special):
        phrase = question.operand.value
    elif question.op in OF_SETS and not _shows_one(question):
        phrase = "lacks" if question.op is Op.HAS_NONE else "has"
    said = phrases[phrase].format(*_operands(question, wording))
    resolution = field.measure.resolution
    if resolution is not None:
        said += phrases["rounded"].format(number_words(field, resolution, wording.language))
    during = "" if question.period is None else phrases["during"].format(period=question.period)
    return name + said + during


def _shows_one(question: Question) -> bool:
    """Return whether one of the answers about a set shows which of several members decides."""
    return question.op in OF_SETS and isinstance(question.operand, tuple) and len(question.operand) > 1


def _type_words(question: Question, wording: Wording) -> str:
    """Return what a type is called, with the kind and the department that a question names."""
    phrases, title, selector = _PHRASES[wording.language], wording.titles[question.schema], question.selector
    totals = {per.field.name: per.total for per in wording.schemas[question.schema].per}
    named = [
        phrases["kind"].format(
            field=wording.fields[f"{question.schema}.{name}"],
            value=phrases["all_kinds"].format(value=value) if totals[name] == value else value,
        )
        for name, value in selector.per
    ]
    if selector.issuer is not None:
        named.append(phrases["by"].format(name=wording.members.get(selector.issuer, to_hex(selector.issuer))))
    return phrases["named"].format(type=title, named=phrases["comma"].join(named)) if named else title


def _operands(question: Question, wording: Wording) -> list[str]:
    field, phrases = wording.schemas[question.schema].field(question.field), _PHRASES[wording.language]
    match question.operand:
        case None | Special():
            return []
        case MonthsBefore(months):
            return [phrases["months_before"].format(months=months)]
        case tuple() as several if question.op is Op.RANGE:
            return [_shown(field, one, wording) for one in several]
        case tuple() as members:
            return [phrases["comma"].join(str(member) for member in members)]
        case one:
            return [_shown(field, one, wording)]


def _shown(field: Field, operand: int | str | bool, wording: Wording) -> str:
    if field.type is FieldType.INTEGER:
        return number_words(field, int(operand), wording.language)
    return field.text(operand)


def number_words(field: Field, value: int, language: Language) -> str:
    """Return a number of a field as people write it in one language: exact, with its currency or unit."""
    measure = field.measure
    form = _NUMBERS[language].get(measure.word, "{0} {1}" if measure.word else "{0}")
    return form.format(decimal_text(value, measure.scale), measure.word)


def _departments(asked: ConsentRequest, wording: Wording) -> str:
    phrases = _PHRASES[wording.language]
    named = [wording.members.get(member, to_hex(member)) for member in asked.departments]
    return phrases["comma"].join(named) if named else phrases["all_departments"]


def _data(asked: ConsentRequest, phrases: Mapping[str, str]) -> str:
    if asked.data_from == asked.data_to == ANY_DATE:
        return phrases["any_data"]
    first, last = (day if day != ANY_DATE else phrases["open"] for day in (asked.data_from, asked.data_to))
    return phrases["span"].format(first=first, last=last)


def _time(seconds: int) -> str:
    # 2^40 seconds lie beyond the last year that dates have
    if seconds > _LAST_TIME:
        return str(seconds)
    return dt.datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


_OF_TIMES: Final = {">=": "since", ">": "after", "<=": "until", "<": "before", "range": "between"}
"""Of dates and months people say before and since, not below and at least."""
_LAST_TIME: Final = 253_402_214_400
_NUMBERS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.ENGLISH: {"percent": "{0}%"},
    Language.CHINESE: {"percent": "{0}%", "CNY": "{0} 元", "months": "{0} 个月", "persons": "{0} 人", "days": "{0} 天"},
}
"""How a number stands with its currency or unit; any other word follows it as it is."""
_PHRASES: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.ENGLISH: {
        "title": "Consent to answers about your credit data",
        "grantee": "You allow: {name} (member {id})",
        "purpose": "For: {text} ({code})",
        "questions": "To ask exactly this:",
        "departments": "Of: {names}",
        "all_departments": "every department that has attested to it",
        "data": "Data of: {span}",
        "any_data": "any period",
        "span": "{first} to {last}",
        "open": "…",
        "bounds": "From {begin} to before {end} (Beijing time), at most {uses} times.",
        "retention": "The bank may keep the answers for {days} days.",
        "hidden": "It is told yes, no or cannot tell. It does not see the data.",
        "shown": "It is told yes, no or cannot tell. It sees the data only where the list says that a value is shown.",
        "withdraw": "You can pause or withdraw this at any time; it counts for every later use.",
        "some_of": "At least {needed} of these {count}:",
        "field": "{type}, {field}: ",
        "named": "{type} ({named})",
        "kind": "{field} {value}",
        "all_kinds": "{value}, which is over all of them together",
        "by": "attested by {name}",
        "during": " ({period})",
        "months_before": "{months} months before the date of the data",
        "comma": ", ",
        ">=": "at least {0}",
        ">": "more than {0}",
        "<=": "at most {0}",
        "<": "below {0}",
        "range": "at least {0} and below {1}",
        "since": "{0} or later",
        "after": "after {0}",
        "until": "{0} or earlier",
        "before": "before {0}",
        "between": "{0} or later, and before {1}",
        "in": "one of {0}",
        "not in": "none of {0}",
        "has any of": "at least one of {0}; a yes shows one of them",
        "has none of": "none of {0}; a no shows one of them",
        "has all of": "all of {0}; a no shows one that is missing",
        "has": "includes {0}",
        "lacks": "does not include {0}",
        "equals": "exactly {0}",
        "none": "nothing is on record",
        "no end": "without an end",
        "rounded": "; the source is rounded to {0}",
        "reveal": "the value is shown",
    },
    Language.CHINESE: {
        "title": "信用数据核验授权书",
        "grantee": "您授权：{name}（成员编号 {id}）",
        "purpose": "用途：{text}（{code}）",
        "questions": "仅可核验下列事项：",
        "departments": "数据来源：{names}",
        "all_departments": "所有已出具凭证的部门",
        "data": "数据期间：{span}",
        "any_data": "不限",
        "span": "{first} 至 {last}",
        "open": "不限",
        "bounds": "有效期：北京时间 {begin} 起，{end} 前，最多 {uses} 次。",
        "retention": "银行可保存核验结果 {days} 天。",
        "hidden": "银行只得到“是”“否”或“无法判断”，看不到数据本身。",
        "shown": "银行只得到“是”“否”或“无法判断”；仅在上列注明“显示数据”的事项中看到数据。",
        "withdraw": "您可随时暂停或撤回本授权，对此后的每次使用立即生效。",
        "some_of": "下列 {count} 项中至少满足 {needed} 项：",
        "field": "{type}·{field}：",
        "named": "{type}（{named}）",
        "kind": "{field} {value}",
        "all_kinds": "{value}（合计）",
        "by": "由{name}出具",
        "during": "（{period}）",
        "months_before": "数据截至日前 {months} 个月",
        "comma": "、",
        ">=": "不少于 {0}",
        ">": "高于 {0}",
        "<=": "不高于 {0}",
        "<": "低于 {0}",
        "range": "不少于 {0}且低于 {1}",
        "since": "不早于 {0}",
        "after": "晚于 {0}",
        "until": "不晚于 {0}",
        "before": "早于 {0}",
        "between": "不早于 {0}且早于 {1}",
        "in": "属于 {0}",
        "not in": "不属于 {0}",
        "has any of": "至少有 {0} 之一（“是”会显示其中一项）",
        "has none of": "没有 {0} 中的任何一项（“否”会显示其中一项）",
        "has all of": "具有 {0} 的全部（“否”会显示所缺的一项）",
        "has": "包括 {0}",
        "lacks": "不包括 {0}",
        "equals": "等于 {0}",
        "none": "无记录",
        "no end": "长期（无截止日期）",
        "rounded": "（来源数据取整到 {0}）",
        "reveal": "显示数据",
    },
}
