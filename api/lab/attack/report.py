"""What an attack came to, and the report over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.lab.attack.corpus import Json
from api.lab.attack.score import FAMILY_ALPHA, LEAST_ALPHA


class Verdict(StrEnum):
    """How an attack ended."""

    GUESSING = "no better than guessing"
    BROKEN = "BROKEN"
    NOT_TRIED = "not tried"
    BY_DESIGN = "shown by design"


@dataclass(frozen=True, slots=True)
class Finding:
    """One attack. ``p``: how likely a result as good is by guessing; ``hits`` of a hash prove themselves."""

    attack: str
    tried: str
    candidates: int
    hits: int = 0
    items: int = 0
    accuracy: float | None = None
    chance: float | None = None
    p: float | None = None
    certain: bool = False
    by_design: str | None = None
    examples: tuple[str, ...] = ()

    def verdict(self, alpha: float) -> Verdict:
        """Return the verdict where a p below ``alpha`` beats guessing."""
        if self.certain and self.hits:
            return Verdict.BROKEN
        beats = self.p is not None and self.p < alpha
        if beats:
            return Verdict.BROKEN if self.by_design is None else Verdict.BY_DESIGN
        if not self.candidates:
            return Verdict.NOT_TRIED
        return Verdict.GUESSING


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run, and how much was looked at."""

    findings: Sequence[Finding]
    seen: dict[str, int]
    seconds: float

    @property
    def alpha(self) -> float:
        """What one statistical test may take of the chance of a false alarm (Bonferroni)."""
        tests = sum(finding.p is not None for finding in self.findings)
        return max(LEAST_ALPHA, FAMILY_ALPHA / max(1, tests))

    @property
    def is_broken(self) -> bool:
        """Whether anything beats guessing."""
        return any(finding.verdict(self.alpha) is Verdict.BROKEN for finding in self.findings)

    def to_json(self) -> dict[str, Json]:
        """Return the JSON form."""
        return {
            "verdict": (Verdict.BROKEN if self.is_broken else Verdict.GUESSING).value,
            "seen": dict(self.seen),
            "seconds": round(self.seconds, 2),
            "alpha": self.alpha,
            "attacks": [
                {
                    "attack": finding.attack,
                    "tried": finding.tried,
                    "candidates": finding.candidates,
                    "hits": finding.hits,
                    "items": finding.items,
                    "accuracy": finding.accuracy,
                    "chance": finding.chance,
                    "p": finding.p,
                    "verdict": finding.verdict(self.alpha).value,
                    "by_design": finding.by_design,
                    "examples": list(finding.examples),
                }
                for finding in self.findings
            ],
        }

    def lines(self) -> list[str]:
        """Return the report as a Markdown table, for people."""
        rows = ["| attack | candidates | hits | accuracy | chance | p | verdict |", "|---|---|---|---|---|---|---|"]
        for finding in self.findings:
            verdict = finding.verdict(self.alpha).value
            hits = f"{finding.hits} of {finding.items}" if finding.items else str(finding.hits)
            figures = (_share(finding.accuracy), _share(finding.chance), _p(finding.p))
            rows.append(f"| {finding.attack} | {finding.candidates:,} | {hits} | {' | '.join(figures)} | {verdict} |")
        return rows


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"


def _p(p: float | None) -> str:
    return "–" if p is None else f"{p:.2g}"
