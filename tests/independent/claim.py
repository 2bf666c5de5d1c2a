"""Claims: one question, or so many of 2 to 12 (clause 9)."""

import itertools
import re
from dataclasses import dataclass
from typing import Any

from . import question as q
from . import wording
from .errors import RefusedError, need
from .question import Question
from .schema import Schema
from .strict import integer, items, members

COMBINATION = re.compile(r"(all|any|([1-9][0-9]?) of )\((.*)\)\Z", re.DOTALL)
MAX_PARTS = 12
MAX_QUESTION = 4096
MAX_COMBINATION = 1024


@dataclass(frozen=True)
class Claim:
    """`needed` of `parts`; a single question is 1 of 1 that is no combination."""

    needed: int
    parts: tuple[Question, ...]
    texts: tuple[str, ...]
    text: str
    combined: bool


def read(value: Any, schemas: dict[str, Schema]) -> Claim:
    """A claim of JSON, in any writing; its text has to be read as the same claim."""
    if isinstance(value, dict) and ("of" in value or "needed" in value):
        members(value, "needed of")
        parts = tuple(_part(part, schemas) for part in items(value["of"], MAX_PARTS))
        parts = tuple(sorted(parts, key=lambda part: wording.write(part, schemas[part.schema])))
        claim = _combined(integer(value["needed"]), parts, schemas)
    else:
        question = q.read(value, schemas)
        claim = _single(question, wording.write(question, schemas[question.schema]))
    try:
        again = read_text(claim.text, schemas)
    except RefusedError as error:
        raise RefusedError("question_malformed", "its text is read as none") from error
    need(again == claim, "question_malformed", "its text is read otherwise")
    return claim


def _part(value: Any, schemas: dict[str, Schema]) -> Question:
    """A part; combinations do not nest."""
    need(not isinstance(value, dict) or "of" not in value, "question_malformed")
    return q.read(value, schemas)


def _single(question: Question, text: str) -> Claim:
    need(len(text) <= MAX_QUESTION, "too_large")
    return Claim(1, (question,), (text,), text, combined=False)


def _combined(needed: int, parts: tuple[Question, ...], schemas: dict[str, Schema]) -> Claim:
    need(2 <= len(parts) <= MAX_PARTS, "question_malformed")
    need(1 <= needed <= len(parts), "value_out_of_range")
    need(not any(part.op == "reveal" for part in parts), "operator_unsupported")
    texts = tuple(wording.write(part, schemas[part.schema]) for part in parts)
    need(len(set(texts)) == len(texts), "set_duplicate")
    need(all(a < b for a, b in itertools.pairwise(texts)), "question_malformed", "order of parts")
    need(not any(";" in text for text in texts), "question_malformed")
    word = {len(parts): "all", 1: "any"}.get(needed, f"{needed} of ")
    text = f"{word}({'; '.join(texts)})"
    need(len(text) <= MAX_COMBINATION, "question_malformed")
    return Claim(needed, parts, texts, text, combined=True)


def read_text(text: str, schemas: dict[str, Schema]) -> Claim:
    """The claim that a text is read as."""
    match = COMBINATION.match(text)
    if not match or not match[1]:
        return _single(wording.read(text, schemas), text)
    texts = match[3].split("; ")
    parts = tuple(wording.read(part, schemas) for part in texts)
    needed = {"all": len(parts), "any": 1}.get(match[1]) or int(match[2])
    claim = _combined(needed, parts, schemas)
    need(claim.text == text, "question_malformed")
    return claim


def to_json(claim: Claim, schemas: dict[str, Schema]) -> dict[str, Any]:
    """The JSON form of a claim."""
    forms = [q.to_json(part, schemas[part.schema]) for part in claim.parts]
    return {"needed": claim.needed, "of": forms} if claim.combined else forms[0]


def outcome(claim: Claim, shown: list[str]) -> str:
    """What follows from the outcomes of parts; a part that is not shown is one that cannot be told (clause 18)."""
    if shown.count("holds") >= claim.needed:
        return "holds"
    if shown.count("does_not_hold") > len(claim.parts) - claim.needed:
        return "does_not_hold"
    return "cannot_tell"


def reveal_text(question: Question, schemas: dict[str, Schema]) -> str:
    """The text of `reveal` of the same field, period and selector (rule 16)."""
    return wording.write(Question(**{**question.__dict__, "op": "reveal", "operand": None}), schemas[question.schema])
