"""Which language to speak: what a browser accepts, or what the environment of a terminal says."""

from collections.abc import Mapping
from typing import Final

from ledger_node.domain.consent_text import Language

_LONGEST: Final = 500
"""Of a header; browsers send less than a hundred characters."""
_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which POSIX reads them: the first that is set and not empty counts."""


def accepted_language(header: str | None) -> Language:
    """Return the language that an ``Accept-Language`` (RFC 9110, 12.5.4) likes best; Chinese where it names none.

    The people whom pages are for read Chinese; whoever wants another language says so, or uses the link.
    """
    liked: dict[Language, float] = {}
    for part in (header or "")[:_LONGEST].split(","):
        tag, _, weight = part.partition(";")
        named = _named(tag)
        if named is not None:
            liked[named] = max(liked.get(named, 0.0), _weight(weight))
    wanted = {language: weight for language, weight in liked.items() if weight > 0}
    return max(wanted, key=lambda language: wanted[language], default=Language.CHINESE)


def terminal_language(environment: Mapping[str, str]) -> Language:
    """Return the language that ``LC_ALL``, ``LC_MESSAGES`` or ``LANG`` names; English where they name no other."""
    said = next((environment[name] for name in _LOCALE if environment.get(name)), "")
    return _named(said.replace("_", "-").partition(".")[0]) or Language.ENGLISH


def _named(tag: str) -> Language | None:
    first = tag.strip().lower().partition("-")[0]
    return Language(first) if first in set(Language) else None


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
