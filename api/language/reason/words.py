"""The words of one reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """What happened, and what to do now: whole sentences each."""

    meaning: str
    next_step: str
