"""The answers on a page of evidence, as fully as one sheet has room for, and the attestations that they rest on."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from html import escape
from string import ascii_uppercase
from typing import Final

from api.catalogue.wording import titles_of, wording_of
from ledger_node.domain.consent_text import Language, Wording, claim_words
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.presentation import ShownClaim
from ledger_node.domain.proof import Outcome, revealed
from ledger_node.domain.value import format_date

_ROOM_MM: Final = 119.0
"""What the sheet leaves for answers and sources."""
_LINE_MM, _EXACT_MM, _BRIEF_MM, _SOURCE_MM, _PADDING_MM = 4.2, 3.4, 3.2, 3.9, 2.1
_LEGEND_MM: Final = 5.0
_COLUMNS, _EXACT_COLUMNS, _BRIEF_COLUMNS = 78, 88, 54
"""Columns of a line; Chinese characters take two."""
_LONGEST_NAME: Final = 48
_VERDICTS: Final = {
    Outcome.HOLDS: ("✓ 是", "Yes"),
    Outcome.DOES_NOT_HOLD: ("✕ 否", "No"),
    Outcome.CANNOT_TELL: ("? 无法判断", "Cannot tell"),
}


class _Style(Enum):
    """In which languages a question is said beside its exact form, from the fullest to the shortest."""

    BOTH = (Language.CHINESE, Language.ENGLISH)
    ONE = (Language.CHINESE,)
    BRIEF = ()


@dataclass(frozen=True, slots=True)
class _Item:
    """One answer: its HTML, and how high that is."""

    claim: ShownClaim
    html: str
    height: float


def answer_list(bundle: Bundle) -> str:
    """Return the HTML of the answers, and of the attestations that those which are shown rest on.

    What has no room even in its shortest form is counted, never left out in silence.
    """
    claims = bundle.presentation.claims
    sources = _sources(claims)
    for style in _Style:
        items = _items(bundle, style, sources)
        if _height(items, style, len(sources)) <= _ROOM_MM:
            return _html(bundle, items, style, left=0)
    items = _items(bundle, _Style.BRIEF, sources)
    while _height(items, _Style.BRIEF, len(_sources([item.claim for item in items]))) > _ROOM_MM:
        items.pop()
    return _html(bundle, items, _Style.BRIEF, left=len(claims) - len(items))


def _height(items: Sequence[_Item], style: _Style, sources: int) -> float:
    total = sum(item.height for item in items)
    if style is not _Style.BRIEF:
        return total + sources * _SOURCE_MM
    # in two columns; an item is not broken between them
    highest = max((item.height for item in items), default=0.0)
    return (total + highest) / 2 + _LEGEND_MM + sources * _SOURCE_MM


def _sources(claims: Sequence[ShownClaim]) -> dict[bytes, str]:
    """Return a mark for every attestation that claims show: A, B and so on."""
    used = dict.fromkeys(part.attestation for claim in claims for part in claim.parts)
    return {digest: _mark(number) for number, digest in enumerate(used)}


def _mark(number: int) -> str:
    letter = ascii_uppercase[number % len(ascii_uppercase)]
    return letter if number < len(ascii_uppercase) else f"{letter}{number // len(ascii_uppercase) + 1}"


def _items(bundle: Bundle, style: _Style, sources: Mapping[bytes, str]) -> list[_Item]:
    wordings = [replace(wording_of(language, bundle.schemas), members=bundle.names) for language in style.value]
    make = _brief if style is _Style.BRIEF else _row
    return [
        make(bundle, number, claim, wordings, sources)
        for number, claim in enumerate(bundle.presentation.claims, start=1)
    ]


def _row(
    bundle: Bundle, number: int, claim: ShownClaim, wordings: Sequence[Wording], sources: Mapping[bytes, str]
) -> _Item:
    exact = claim.claim.text(bundle.schemas)
    said = [(wording.language, claim_words(claim.claim, wording)) for wording in wordings]
    height = _lines(exact, _EXACT_COLUMNS) * _EXACT_MM
    height += sum(_lines(line, _COLUMNS) for _, lines in said for line in lines) * _LINE_MM
    values = _values(bundle, claim)
    height += len(values) * _LINE_MM
    question = "".join(f'<div class="{language}">{"<br>".join(map(escape, lines))}</div>' for language, lines in said)
    shown = "".join(f"<div>显示的数据 <span class='en'>Value shown:</span> {escape(value)}</div>" for value in values)
    chinese, english = _VERDICTS[claim.verdict]
    reason = "" if claim.reason is None else f'<div class="mono">{escape(claim.reason)}</div>'
    html = (
        f'<tr><td class="n">{number}</td><td>{question}<div class="mono">{escape(exact)}</div>{shown}</td>'
        f'<td class="said {claim.verdict}"><b>{chinese}</b> {english}{reason}</td>'
        f'<td class="basis">{_marks(claim, sources)}</td></tr>'
    )
    said_mm = _LINE_MM if claim.reason is None else _LINE_MM + _EXACT_MM
    return _Item(claim, html, max(height, said_mm) + _PADDING_MM)


def _brief(bundle: Bundle, number: int, claim: ShownClaim, _: Sequence[Wording], sources: Mapping[bytes, str]) -> _Item:
    exact = claim.claim.text(bundle.schemas) + "".join(f" = {value}" for value in _values(bundle, claim))
    exact += "" if claim.reason is None else f" ({claim.reason})"
    html = (
        f'<li><span class="n">{number}</span><span class="mono">{escape(exact)}</span>'
        f'<b class="{claim.verdict}">{_VERDICTS[claim.verdict][0]}</b><b>{_marks(claim, sources)}</b></li>'
    )
    return _Item(claim, html, _lines(exact, _BRIEF_COLUMNS) * _BRIEF_MM)


def _marks(claim: ShownClaim, sources: Mapping[bytes, str]) -> str:
    return " ".join(dict.fromkeys(sources[part.attestation] for part in claim.parts))


def _values(bundle: Bundle, claim: ShownClaim) -> list[str]:
    if claim.verdict is Outcome.CANNOT_TELL:
        return []
    values = []
    for part in claim.parts:
        question, header = claim.claim.parts[part.part], bundle.presentation.attestations[part.attestation].header
        field = bundle.schemas.attested(header.schema_id, question.schema).field(question.field)
        value = revealed(field, part.proof)
        if value is not None:
            values.append(field.text(value))
    return values


def shorten(text: str, longest: int) -> str:
    """Return ``text``, cut with a mark where it is longer than a page has room for; the file has all of it."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _lines(text: str, columns: int) -> int:
    width = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return max(1, -(-width // columns))


def _html(bundle: Bundle, items: Sequence[_Item], style: _Style, *, left: int) -> str:
    rows = "\n".join(item.html for item in items)
    if style is _Style.BRIEF:
        legend = " · ".join(f"{chinese} <span class='en'>{english}</span>" for chinese, english in _VERDICTS.values())
        shown = f'<ol class="brief">\n{rows}\n</ol>\n<p class="legend">{legend}</p>'
    else:
        shown = f'<table class="answers">\n{rows}\n</table>'
    if left:
        shown += f'\n<p>另有 {left} 项答复见文件。 <span class="en">{left} more answers are in the file.</span></p>'
    sources = "\n".join(_source_rows(bundle, _sources([item.claim for item in items])))
    return f"{shown}\n<h2>依据 <span>Based on</span></h2>\n<ul>\n{sources}\n</ul>"


def _source_rows(bundle: Bundle, sources: Mapping[bytes, str]) -> Iterator[str]:
    titles = {
        schema.id: titles_of(Language.CHINESE, {schema.name: schema})[schema.name] for schema in bundle.schemas.listed
    }
    for digest, mark in sources.items():
        header = bundle.presentation.attestations[digest].header
        period = f"{format_date(header.period.first)} — {format_date(header.period.last)}"
        text = (
            f"{shorten(bundle.names[header.issuer], _LONGEST_NAME)} · {titles[header.schema_id]} · 期间 period {period}"
        )
        yield f"<li><b>{mark}</b> {escape(text)} · 截至 as of {format_date(header.as_of)}</li>"
