"""The human text of a consent: lines in Chinese or English, rendered from what is signed and never written beside it.

Terms carry the digest of the text that was shown (``text_digest``) and of the words that it was made with
(``wording``), so nobody can later claim other words. Every signed time, count and shown value has its line; no other
line describes the consent. Ids and exact forms stand in terms and receipts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger_node.domain.amount_words import date_words, time_words
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.eip712 import ANY_DATE
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.question_words import claim_words, plain, question_sentence, shows_value
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import parse_date
from ledger_node.domain.wording import Language, Wording, WordingDocument, language_named

__all__ = [
    "Language",
    "TextLine",
    "Wording",
    "WordingDocument",
    "claim_words",
    "consent_lines",
    "consent_text",
    "language_named",
    "question_sentence",
    "text_digest",
    "text_of",
]

VERSION: Final = 2
"""Of the text. It follows from the terms alone, so a later one needs new terms."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of the text. ``key``: what it is about; ``question.3`` and ``question.3.1`` are numbered."""

    key: str
    text: str


def text_digest(text: str) -> bytes:
    """Return keccak256 of the UTF-8 text."""
    return keccak(text.encode("utf-8"))


def text_of(lines: Sequence[TextLine]) -> str:
    """Return the text that has these lines."""
    return "\n".join(line.text for line in lines) + "\n"


def consent_text(asked: ConsentRequest, grant_before: int, wording: Wording) -> str:
    """Return the text of ``consent_lines``."""
    return text_of(consent_lines(asked, grant_before, wording))


def consent_lines(asked: ConsentRequest, grant_before: int, wording: Wording) -> tuple[TextLine, ...]:
    """Return the lines of what is asked, or of ``Consent.asked``; the same with one wording always gives the same ones.

    ``grant_before``: the time before which the ledger records a grant.

    Raises:
        InvalidInputError: a question cannot be read, ``purpose_unknown``, or ``member_unknown`` of a department that
            has no name here.
    """
    phrases, language = wording.phrases, wording.language
    claims = [Claim.parse(text, wording.schemas) for text in asked.questions]
    named = {part.selector.issuer for claim in claims for part in claim.parts} - {None}
    if not named | set(asked.departments) <= set(wording.members):
        raise InvalidInputError(
            Reason.MEMBER_UNKNOWN, "a department that is named has no name here", field="departments"
        )
    if asked.purpose not in wording.purposes:
        raise InvalidInputError(
            Reason.PURPOSE_UNKNOWN, "the words of the consortium lack this purpose", field="purpose"
        )
    begin, end, late = (time_words(time, language) for time in (asked.not_before, asked.expires_at, grant_before))
    shows = any(shows_value(claim) for claim in claims)
    lines = {
        "title": phrases["title"],
        "bank": phrases["bank"].format(name=plain(asked.grantee_name)),
        "purpose": phrases["purpose"].format(text=wording.purposes[asked.purpose][language]),
        "questions": phrases["questions"],
        **_questions(claims, wording),
        "departments": phrases["departments"].format(names=_departments(asked, wording)),
        "data": phrases["data"].format(span=_data(asked, phrases, language)),
        "validity": phrases["validity"].format(begin=begin, end=end, uses=asked.max_uses),
        "grant_before": phrases["grant_before"].format(time=late),
        "retention": phrases["retention"].format(days=asked.retention_days),
        "told": phrases["shown" if shows else "hidden"],
        "withdraw": phrases["withdraw"],
    }
    return tuple(TextLine(key, text) for key, text in lines.items())


def _questions(claims: Sequence[Claim], wording: Wording) -> dict[str, str]:
    lines, phrase = {}, wording.phrases["question"]
    for number, claim in enumerate(claims, start=1):
        first, *parts = claim_words(claim, wording)
        lines[f"question.{number}"] = phrase.format(number=f"{number}.", text=first)
        for place, part in enumerate(parts, start=1):
            lines[f"question.{number}.{place}"] = phrase.format(number=f"{number}.{place}", text=part)
    return lines


def _departments(asked: ConsentRequest, wording: Wording) -> str:
    if not asked.departments:
        return wording.phrases["all_departments"]
    return wording.phrases["comma"].join(plain(wording.members[member]) for member in asked.departments)


def _data(asked: ConsentRequest, phrases: Mapping[str, str], language: Language) -> str:
    first, last = (
        None if day == ANY_DATE else date_words(parse_date(day, "data"), language)
        for day in (asked.data_from, asked.data_to)
    )
    if first is not None and last is not None:
        return phrases["span"].format(first=first, last=last)
    if first is not None:
        return phrases["since"].format(first=first)
    return phrases["any_data"] if last is None else phrases["until"].format(last=last)
