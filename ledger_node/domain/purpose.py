"""Purposes that a consent may name, and their ceilings (catalogue.md)."""

from dataclasses import dataclass
from typing import Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_DAY: Final = 86_400


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


PURPOSES: Final = {
    purpose.code: purpose
    for purpose in (
        Purpose("loan_application", "Decide on a loan application", "贷款申请审批", 31, 3, 31),
        Purpose("post_loan_monitoring", "Monitor a running loan", "贷后管理", 36 * 31, 36, 92),
        Purpose("guarantee", "Decide on a guarantee", "担保审查", 92, 3, 31),
        Purpose("subsidy_or_tender", "Check for a subsidy or a tender", "补贴或招投标审查", 31, 1, 31),
    )
}


def purpose_named(code: str) -> Purpose:
    """Return the purpose with this code.

    Raises:
        InvalidInputError: ``purpose_unknown``, listing those there are.
    """
    purpose = PURPOSES.get(code)
    if purpose is None:
        raise InvalidInputError(Reason.PURPOSE_UNKNOWN, f"a purpose is one of {', '.join(PURPOSES)}", field="purpose")
    return purpose
