"""Purposes that a consent may name, and their ceilings; which ones, is for the consortium to agree."""

from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record

_DAY: Final = 86_400
_MAX_PURPOSES: Final = 64
_MAX_DAYS: Final = 36_500
_MAX_USES: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose with the most that a consent for it may allow: days to run, uses, days of retention."""

    code: str
    text_en: str
    text_zh: str
    max_days: int
    max_uses: int
    max_retention_days: int

    def text(self, language: str) -> str:
        """Return the words for ``language``, ``en`` or ``zh``."""
        return {"en": self.text_en, "zh": self.text_zh}[language]

    def require_within(self, *, seconds: int, uses: int, retention_days: int) -> None:
        """Require that asked bounds lie under the ceilings.

        Raises:
            InvalidInputError: ``purpose_ceiling``, naming the bound.
        """
        bounds = (
            ("expires_at", seconds, self.max_days * _DAY, f"{self.max_days} days"),
            ("max_uses", uses, self.max_uses, f"{self.max_uses} uses"),
            (
                "retention_days",
                retention_days,
                self.max_retention_days,
                f"{self.max_retention_days} days kept",
            ),
        )
        for field, asked, ceiling, words in bounds:
            if asked > ceiling:
                raise InvalidInputError(
                    Reason.PURPOSE_CEILING, f"purpose {self.code} allows at most {words}", field=field
                )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "code": self.code,
            "text": {"en": self.text_en, "zh": self.text_zh},
            "max_days": self.max_days,
            "max_uses": self.max_uses,
            "max_retention_days": self.max_retention_days,
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = Record(value, "purpose")
        words = record.record("text")
        purpose = cls(
            code=record.text("code", max_length=64),
            text_en=words.text("en"),
            text_zh=words.text("zh"),
            max_days=record.integer("max_days", low=1, high=_MAX_DAYS),
            max_uses=record.integer("max_uses", low=1, high=_MAX_USES),
            max_retention_days=record.integer("max_retention_days", high=_MAX_DAYS),
        )
        words.done()
        record.done()
        return purpose


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
        items = Record({"purposes": value}, "purposes").items("purposes", max_items=_MAX_PURPOSES)
        listed = tuple(Purpose.from_json(item) for item in items)
        if not listed or len({purpose.code for purpose in listed}) != len(listed):
            raise InvalidInputError(Reason.SET_DUPLICATE, "there is at least one purpose, and no code twice")
        return cls(listed)
