"""The lines that controllers read and sign when others come in their place: who stays, comes and goes.

A key stands there as its person, its device and twelve check digits, which the new device shows as well: whoever
compares them knows that it is this key. A digest of the lines is signed with the change.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger_node.domain.consent_text import Language
from ledger_node.domain.hashing import keccak
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.subject import Controller, ControllerKey, Controllers
from ledger_node.domain.value import format_date

MAX_NAME: Final = 60
_DIGITS_TAG: Final = keccak(b"credence-check-digits/v1")
_DIGITS: Final = 12
_GROUP: Final = 4
_PARTING: Final = frozenset("，,（）():：；;")
_DAY, _HOUR, _MINUTE, _CHINA_S = 86_400, 3_600, 60, 8 * 3_600

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.CHINESE: {
        "title": "变更签署人",
        "after": "变更后，可以签字的是：",
        "key": "{person} 号签署人 {name}，{device}，校验数字 {digits}（{state}）",
        "stays": "不变",
        "comes": "新增",
        "before": "变更后，不能再签字的是：",
        "gone": "{name}，{device}，校验数字 {digits}（移除）",
        "threshold": "每次须 {threshold} 人同意，共 {persons} 人",
        "rest": "已有的授权不变",
        "until": "请在 {time} 前签完",
    },
    Language.ENGLISH: {
        "title": "Change who signs",
        "after": "These can sign after the change:",
        "key": "Person {person}: {name}, {device}, check digits {digits} ({state})",
        "stays": "stays",
        "comes": "new",
        "before": "These can sign no more:",
        "gone": "{name}, {device}, check digits {digits} (removed)",
        "threshold": "Each time {threshold} of {persons} persons must agree",
        "rest": "Consents that were given stay as they are",
        "until": "To be signed before {time}",
    },
}


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a key is called: its person and its device."""

    person: str
    device: str


@dataclass(frozen=True, slots=True)
class RotationLine:
    """One line. ``place``: of the key in the new set that it is about, None for a line about none."""

    text: str
    place: int | None = None


def check_digits(key: ControllerKey) -> str:
    """Return twelve decimal digits of a key, in groups of four: H(tag || key) modulo 10^12."""
    number = int.from_bytes(keccak(_DIGITS_TAG + _key_bytes(key)), "big") % 10**_DIGITS
    digits = f"{number:0{_DIGITS}}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, _DIGITS, _GROUP))


def plain_name(name: str) -> str:
    """Return a name as a line shows it: on one line, in sight, without the signs that part a line."""
    plain = "".join(" " if sign in _PARTING or unicodedata.category(sign)[0] in "CZ" else sign for sign in name)
    return " ".join(plain.split())[:MAX_NAME] or "-"


def rotation_lines(
    before: Controllers,
    after: Controllers,
    names: Mapping[ControllerKey, KeyName],
    deadline: int,
    language: Language,
) -> tuple[RotationLine, ...]:
    """Return the lines of a change from one set to another; ``names``: of all keys of both.

    Raises:
        KeyError: a key has no name.
    """
    words, kept = _WORDS[language], {_identity(each) for each in before.keys}
    present = {_key_bytes(each.key) for each in after.keys}
    lines = [RotationLine(words["title"]), RotationLine(words["after"])]
    for place, each in enumerate(after.keys):
        state = words["stays" if _identity(each) in kept else "comes"]
        text = words["key"].format(person=each.person, state=state, **_said(each.key, names))
        lines.append(RotationLine(text, place))
    gone = [each for each in before.keys if _key_bytes(each.key) not in present]
    if gone:
        lines.append(RotationLine(words["before"]))
        lines += [RotationLine(words["gone"].format(**_said(each.key, names))) for each in gone]
    persons = len(after.persons)
    lines.append(RotationLine(words["threshold"].format(threshold=after.threshold, persons=persons)))
    lines.append(RotationLine(words["rest"]))
    lines.append(RotationLine(words["until"].format(time=_time_words(deadline, language))))
    return tuple(lines)


def _said(key: ControllerKey, names: Mapping[ControllerKey, KeyName]) -> dict[str, str]:
    name = names[key]
    return {
        "name": plain_name(name.person),
        "device": plain_name(name.device),
        "digits": check_digits(key),
    }


def _identity(each: Controller) -> bytes:
    return each.encoded


def _key_bytes(key: ControllerKey) -> bytes:
    return key.encoded if isinstance(key, Passkey) else key


def _time_words(seconds: int, language: Language) -> str:
    """Return a time to the minute, in China."""
    local = seconds + _CHINA_S
    day, rest = format_date(local // _DAY), local % _DAY
    clock = f"{rest // _HOUR:02}:{rest % _HOUR // _MINUTE:02}"
    if language is Language.CHINESE:
        year, month, number = (int(part) for part in day.split("-"))
        return f"{year} 年 {month} 月 {number} 日 {clock}（北京时间）"
    return f"{day} {clock} (Beijing time)"
