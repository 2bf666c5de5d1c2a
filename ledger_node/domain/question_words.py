"""What a question asks, in a sentence of one language, from the words that the council agreed on."""

from typing import Final

from ledger_node.domain.amount_words import amount_words, date_words, month_words, period_words, unit_words
from ledger_node.domain.claim import Claim
from ledger_node.domain.question import OF_SETS, Op, Question
from ledger_node.domain.question_part import MonthsBefore
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import FieldType, Special
from ledger_node.domain.wording import FieldWords, TypeWords, Wording

_YES_SHOWS: Final = (Op.HAS_ANY,)
"""Of several members, a yes shows one; of the other questions about sets, a no does."""


def claim_words(claim: Claim, wording: Wording) -> list[str]:
    """Return what a claim asks, in words: one line, or for a combination one more than it has parts."""
    if not claim.is_combined:
        return [question_sentence(claim.parts[0], wording)]
    head = wording.phrases["some_of"].format(needed=claim.needed, count=len(claim.parts))
    return [head, *(question_sentence(part, wording) for part in claim.parts)]


def question_sentence(question: Question, wording: Wording) -> str:
    """Return the sentence of one question; its exact text where its type has no words."""
    field = wording.schemas[question.schema].field(question.field)
    words = wording.types.get(question.schema)
    if words is None:
        return question.text(field)
    language = wording.language
    if question.period is None:
        period = words.latest[language]
    else:
        period = words.period[language].format(period_words(question.period, wording))
    own = words.fields[question.field]
    template, operands = _sentence(question, field, own, wording)
    said = template.format(*operands, period=period)
    details = _details(question, field, words, wording)
    if not details:
        return said
    return wording.phrases["details"].format(text=said, details=wording.phrases["then"].join(details))


def shows_value(claim: Claim) -> bool:
    """Return whether an answer may show more than yes or no."""
    return any(part.op is Op.REVEAL or shows_member(part) for part in claim.parts)


def shows_member(question: Question) -> bool:
    """Return whether one of the answers about a set shows which of several members decides."""
    return question.op in OF_SETS and isinstance(question.operand, tuple) and len(question.operand) > 1


def _sentence(question: Question, field: Field, words: FieldWords, wording: Wording) -> tuple[str, list[str]]:
    language, operand = wording.language, question.operand
    if isinstance(operand, Special):
        return words.questions[operand.value][language], []
    exact = None
    if isinstance(operand, bool | int | str):
        exact = words.questions.get(f"{question.op} {field.text(operand)}")
    if exact is not None:
        return exact[language], []
    return words.questions[question.op.value][language], _operands(question, field, words, wording)


def _operands(question: Question, field: Field, words: FieldWords, wording: Wording) -> list[str]:
    match question.operand:
        case None | Special():
            return []
        case MonthsBefore(months):
            number = unit_words(str(months), "months", wording.units)
            return [wording.phrases["months_before"].format(months=number)]
        case tuple() as several if question.op is Op.RANGE:
            return [value_words(field, one, words, wording) for one in several]
        case tuple() as members:
            return [_listed([value_words(field, one, words, wording) for one in members], wording)]
        case one:
            return [value_words(field, one, words, wording)]


def _listed(names: list[str], wording: Wording) -> str:
    *first, last = names
    return f"{wording.phrases['comma'].join(first)}{wording.phrases['or']}{last}" if first else last


def value_words(field: Field, value: int | str | bool, words: FieldWords, wording: Wording) -> str:
    """Return a value of a field as people write it."""
    match field.type:
        case FieldType.INTEGER:
            return amount_words(int(value), field.measure, wording)
        case FieldType.DATE:
            return date_words(int(value), wording.language)
        case FieldType.MONTH:
            return month_words(int(value), wording.language)
        case _:
            named = words.members.get(str(value))
            return plain(field.text(value)) if named is None else named[wording.language]


def _details(question: Question, field: Field, words: TypeWords, wording: Wording) -> list[str]:
    language, phrases = wording.language, wording.phrases
    totals = {per.field.name: per.total for per in wording.schemas[question.schema].per}
    details = []
    for name, value in question.selector.per:
        one, total = words.kinds[name]
        is_total = total is not None and totals[name] == value
        details.append(total[language] if total is not None and is_total else one[language].format(plain(value)))
    if question.selector.issuer is not None:
        details.append(phrases["by"].format(name=plain(wording.members[question.selector.issuer])))
    resolution = field.measure.resolution
    if resolution is not None:
        details.append(phrases["rounded"].format(number=amount_words(resolution, field.measure, wording)))
    if shows_member(question):
        details.append(phrases["yes_shows" if question.op in _YES_SHOWS else "no_shows"])
    return details


def plain(text: str) -> str:
    """Return a text without what would break a line or turn its letters around."""
    return "".join("\N{REPLACEMENT CHARACTER}" if letter in _UNSEEN else letter for letter in text)


_UNSEEN: Final = frozenset(
    chr(code)
    for low, high in (
        (0x00, 0x1F),
        (0x7F, 0x9F),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2066, 0x2069),
        (0xFEFF, 0xFEFF),
    )
    for code in range(low, high + 1)
)
