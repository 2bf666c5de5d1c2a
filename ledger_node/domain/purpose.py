"""Purposes that a consent may name, and their ceilings; which ones, is for the consortium to agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason

_DAY: Final = 86_400
_MONTH: Final = 31 * _DAY
_MAX_PURPOSES: Final = 64
_MAX_DAYS: Final = 36_500
_MAX_USES: Final = 2**32 - 1
_MAX_TOPICS: Final = 256


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose with the most that a consent for it may allow: time, uses, retention, and which questions.

    ``max_uses_a_month``: a consent for so many months (of 31 days, begun ones count) has at most so many times
    that many uses; None bounds it by ``max_uses`` alone. ``max_questions`` counts the parts of combinations.
    ``topics``: types of attestation, or single fields as ``type.field``, that may be asked about. ``usual``: those of
    them that the purpose usually needs, where the consortium says so; a firm's page marks questions about others.
    """

    code: str
    text_en: str
    text_zh: str
    max_days: int
    max_uses: int
    max_uses_a_month: int | None
    max_retention_days: int
    max_questions: int
    topics: tuple[str, ...]
    usual: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """Return the words for ``language``, ``en`` or ``zh``."""
        return {"en": self.text_en, "zh": self.text_zh}[language]

    def require_within(self, *, seconds: int, uses: int, retention_days: int) -> None:
        """Require that asked bounds lie under the ceilings.

        Raises:
            InvalidInputError: ``purpose_ceiling``, naming the bound.
        """
        bounds = [
            ("expires_at", seconds, self.max_days * _DAY, f"{self.max_days} days"),
            ("max_uses", uses, self.max_uses, f"{self.max_uses} uses"),
            (
                "retention_days",
                retention_days,
                self.max_retention_days,
                f"{self.max_retention_days} days kept",
            ),
        ]
        if self.max_uses_a_month is not None:
            ceiling = self.max_uses_a_month * -(-seconds // _MONTH)
            words = f"{ceiling} uses in that time, {self.max_uses_a_month} a month of 31 days"
            bounds.append(("max_uses", uses, ceiling, words))
        for field, asked, ceiling, words in bounds:
            if asked > ceiling:
                raise self._beyond(field, f"at most {words}")

    def require_questions(self, claims: Sequence[Claim]) -> None:
        """Require that there are not too many questions, and that each is about a topic of this purpose.

        Raises:
            InvalidInputError: ``purpose_ceiling``, naming the bound.
        """
        parts = [part for claim in claims for part in claim.parts]
        if len(parts) > self.max_questions:
            raise self._beyond("questions", f"at most {self.max_questions} questions, parts counted")
        for part in parts:
            name = f"{part.schema}.{part.field}"
            if not _names(self.topics, part):
                raise self._beyond("questions", f"no question about {name}, but about {', '.join(self.topics)}")

    def is_usual(self, claim: Claim) -> bool:
        """Return whether the purpose usually needs what a claim asks, or the consortium says nothing about that."""
        return not self.usual or all(_names(self.usual, part) for part in claim.parts)

    def _beyond(self, field: str, words: str) -> InvalidInputError:
        return InvalidInputError(Reason.PURPOSE_CEILING, f"purpose {self.code} allows {words}", field=field)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        said: dict[str, JSON] = {
            "code": self.code,
            "text": {"en": self.text_en, "zh": self.text_zh},
            "max_days": self.max_days,
            "max_uses": self.max_uses,
            "max_uses_a_month": self.max_uses_a_month,
            "max_retention_days": self.max_retention_days,
            "max_questions": self.max_questions,
            "topics": list(self.topics),
        }
        return said | ({"usual": list(self.usual)} if self.usual else {})

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "purpose") as record:
            with record.record("text") as words:
                text_en, text_zh = words.text("en"), words.text("zh")
            return cls(
                code=record.text("code", max_length=64),
                text_en=text_en,
                text_zh=text_zh,
                max_days=record.integer("max_days", low=1, high=_MAX_DAYS),
                max_uses=record.integer("max_uses", low=1, high=_MAX_USES),
                max_uses_a_month=record.integer("max_uses_a_month", low=1, high=_MAX_USES)
                if record.has("max_uses_a_month")
                else None,
                max_retention_days=record.integer("max_retention_days", high=_MAX_DAYS),
                max_questions=record.integer("max_questions", low=1, high=_MAX_USES),
                topics=record.texts("topics", max_items=_MAX_TOPICS),
                usual=record.texts("usual", max_items=_MAX_TOPICS) if record.has("usual") else (),
            )


def _names(topics: Sequence[str], part: Question) -> bool:
    return part.schema in topics or f"{part.schema}.{part.field}" in topics


@dataclass(frozen=True, slots=True)
class Purposes:
    """The purposes that the consortium agreed on. The chain holds their digest, so everybody checks the same ones."""

    listed: tuple[Purpose, ...]

    @property
    def digest(self) -> bytes:
        """H(0x23 || canonical JSON)."""
        return keccak(b"\x23" + encode(self.to_json()))

    def named(self, code: str) -> Purpose:
        """Return the purpose with this code.

        Raises:
            InvalidInputError: ``purpose_unknown``, listing those there are.
        """
        for purpose in self.listed:
            if purpose.code == code:
                return purpose
        known = ", ".join(purpose.code for purpose in self.listed)
        raise InvalidInputError(Reason.PURPOSE_UNKNOWN, f"a purpose is one of {known}", field="purpose")

    def to_json(self) -> list[JSON]:
        """Return the JSON form."""
        return [purpose.to_json() for purpose in self.listed]

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or a code stands twice.
        """
        items = JsonObject({"purposes": value}, "purposes").items("purposes", max_items=_MAX_PURPOSES)
        listed = tuple(Purpose.from_json(item) for item in items)
        if not listed or len({purpose.code for purpose in listed}) != len(listed):
            raise InvalidInputError(Reason.SET_DUPLICATE, "there is at least one purpose, and no code twice")
        return cls(listed)
