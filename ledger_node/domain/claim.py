"""Claims that banks verify: one question, or so many of several about one subject.

Text:  ``tax_payment.paid_amount >= 500000 CNY during 2025``
       ``2 of (rating.grade in {A, B} during 2023; rating.grade in {A, B} during 2024; …)``
       ``all(…; …)`` and ``any(…; …)``
JSON:  a question's JSON, or ``{"needed": 2, "of": [question, …]}``

The parts stand in the order of their text forms, without repetition, so that a reordered claim is the same
claim. Combinations do not nest.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field
from ledger_node.domain.statement import require_askable

MAX_PARTS: Final = 12
MAX_TEXT: Final = 1024
"""Characters of a combination's text form; terms of consent take no longer texts."""
_REMEMBERED: Final = 4096
_texts: Final[dict[tuple[bytes, Question], str]] = {}
"""The texts of questions that were written out before, by schema."""
_NEEDED: Final = re.compile(r"(?P<needed>[0-9]{1,2})\s+of\Z")


@dataclass(frozen=True, slots=True)
class Claim:
    """At least ``needed`` of the ``parts`` hold. A single question is one of one."""

    needed: int
    parts: tuple[Question, ...]

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return the claim that one question makes."""
        return cls(1, (question,))

    @property
    def is_combined(self) -> bool:
        """Whether there are several parts."""
        return len(self.parts) > 1

    @classmethod
    def from_json(cls, value: JSON, schemas: Mapping[str, Schema]) -> Self:
        """Read the canonical JSON form, or the text form where ``value`` is a text.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        if isinstance(value, str):
            return cls.parse(value, schemas)
        if not (isinstance(value, dict) and "of" in value):
            return cls.of(Question.from_json(value, schemas))
        with JsonObject(value, "claim") as record:
            needed = record.integer("needed", low=1, high=MAX_PARTS)
            items = record.items("of", max_items=MAX_PARTS)
        _require_several(items)
        parts = [_part(item, schemas) for item in items]
        return cls._combined(needed, parts, schemas)

    @classmethod
    def parse(cls, text: str, schemas: Mapping[str, Schema]) -> Self:
        """Read the text form.

        Raises:
            InvalidInputError: naming what is wrong and what would be right.
        """
        connective = _connective_of(text)
        if connective is None:
            return cls.of(Question.parse(text, schemas))
        inside = text.strip().partition("(")[2]
        if len(text) > MAX_TEXT or not inside.endswith(")"):
            raise _malformed(
                f"write a combination as: all(question; question), any(…; …) or 2 of (…; …; …), "
                f"in at most {MAX_TEXT} characters"
            )
        texts = inside[:-1].split(";")
        _require_several(texts)
        parts = [_part(part, schemas) for part in texts]
        match = _NEEDED.match(connective)
        needed = int(match["needed"]) if match else {"all": len(parts), "any": 1}[connective]
        return cls._combined(needed, parts, schemas)

    @classmethod
    def _combined(cls, needed: int, parts: list[Question], schemas: Mapping[str, Schema]) -> Self:
        if not 1 <= needed <= len(parts):
            raise InvalidInputError(
                Reason.VALUE_OUT_OF_RANGE, f"of {len(parts)} parts, 1 to {len(parts)} can be needed", field="needed"
            )
        if len(set(parts)) != len(parts):
            raise InvalidInputError(Reason.SET_DUPLICATE, "a part stands twice in the combination", field="of")
        if any(part.op is Op.REVEAL for part in parts):
            raise InvalidInputError(
                Reason.OPERATOR_UNSUPPORTED, "reveal is no yes or no, so it cannot be combined", field="of"
            )
        if any(";" in _text(part, schemas) for part in parts):
            # consents list the text form, so two claims must never share one
            raise _malformed("a question with ';' in it cannot be combined: the text form would be ambiguous")
        claim = cls(needed, tuple(sorted(parts, key=lambda part: _text(part, schemas))))
        if len(claim.text(schemas)) > MAX_TEXT:
            raise _malformed(f"the combination is longer than {MAX_TEXT} characters")
        return claim

    def to_json(self, schemas: Mapping[str, Schema]) -> dict[str, JSON]:
        """Return the canonical JSON form."""
        parts = [part.to_json(_field(part, schemas)) for part in self.parts]
        return {"needed": self.needed, "of": list(parts)} if self.is_combined else parts[0]

    def text(self, schemas: Mapping[str, Schema]) -> str:
        """Return the one readable text form, which ``parse`` reads back to the same claim."""
        parts = "; ".join(_text(part, schemas) for part in self.parts)
        if not self.is_combined:
            return parts
        if self.needed == len(self.parts):
            return f"all({parts})"
        return f"any({parts})" if self.needed == 1 else f"{self.needed} of ({parts})"

    def require_askable(self, schemas: Mapping[str, Schema], *, today: int | None = None) -> None:
        """Require that every part can be asked, whatever an attestation says; none is of a later day than ``today``.

        Raises:
            InvalidInputError: as ``lower``.
        """
        for part in self.parts:
            require_askable(part, _field(part, schemas), today=today)

    def outcome(self, parts: Sequence[Outcome]) -> Outcome:
        """Return what follows from the outcomes of all parts: a part that cannot be told is no "no"."""
        if parts.count(Outcome.HOLDS) >= self.needed:
            return Outcome.HOLDS
        possible = len(self.parts) - parts.count(Outcome.DOES_NOT_HOLD)
        return Outcome.CANNOT_TELL if possible >= self.needed else Outcome.DOES_NOT_HOLD

    def parts_to_decide(self, outcome: Outcome) -> int:
        """Return how many parts show that the whole comes to ``outcome``."""
        return {
            Outcome.HOLDS: self.needed,
            Outcome.DOES_NOT_HOLD: len(self.parts) - self.needed + 1,
            # an absent value is proven absent, but in a combination it decides nothing
            Outcome.CANNOT_TELL: 0 if self.is_combined else 1,
        }[outcome]

    def deciding(self, parts: Sequence[Outcome], ranks: Sequence[bytes]) -> tuple[int, ...]:
        """Return the parts to show, in ascending order: as many as decide the whole, the first by rank.

        ``parts``: outcomes of all parts; ``ranks``: where each stands in a secret and fixed order. No more is
        shown than was asked: of two parts that hold, ``any`` shows one, and the same one every time.
        """
        outcome = self.outcome(parts)
        enough = self.parts_to_decide(outcome)
        alike = [number for number, part in enumerate(parts) if part is outcome]
        return tuple(sorted(sorted(alike, key=lambda number: ranks[number])[:enough]))


def _connective_of(text: str) -> str | None:
    connective, opened, _ = text.strip().partition("(")
    connective = connective.strip()
    return connective if opened and (connective in {"all", "any"} or _NEEDED.match(connective)) else None


def _require_several(parts: Sequence[JSON]) -> None:
    if not 2 <= len(parts) <= MAX_PARTS:  # noqa: PLR2004 - fewer combine nothing
        raise _malformed(f"a combination has 2 to {MAX_PARTS} questions, in text separated by ';'")


def _part(value: JSON, schemas: Mapping[str, Schema]) -> Question:
    nests = _connective_of(value) if isinstance(value, str) else isinstance(value, dict) and "of" in value
    if nests:
        raise _malformed("combinations do not nest: list single questions")
    return Question.from_json(value, schemas)


def _field(part: Question, schemas: Mapping[str, Schema]) -> Field:
    return schemas[part.schema].field(part.field)


def _text(part: Question, schemas: Mapping[str, Schema]) -> str:
    # the same few questions are asked again and again, and each is written out a dozen times on its way
    schema = schemas[part.schema]
    text = _texts.get((schema.id, part))
    if text is None:
        if len(_texts) >= _REMEMBERED:
            _texts.clear()
        text = _texts[schema.id, part] = part.text(schema.field(part.field))
    return text


def _malformed(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.QUESTION_MALFORMED, message, field="claim")
