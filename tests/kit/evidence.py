"""The bundles of tests/vectors/evidence as files hold them, and the naive world to make others."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.key_statement import KeyStatement
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.value import parse_date
from tests.vectors import evidence_world as world
from tests.vectors import naive_ledger, naive_state

__all__ = [
    "CASES",
    "TRUSTS",
    "Bundle",
    "Trust",
    "checked",
    "data_of",
    "found",
    "in_era",
    "naive_state",
    "named",
    "trust_of",
    "world",
]

FOLDER = Path(__file__).parent.parent / "vectors"
INDEX = json.loads((FOLDER / "evidence" / "index.json").read_text("utf-8"))
TRUSTS, CASES = INDEX["trusts"], {case["name"]: case for case in INDEX["cases"]}


@cache
def data_of(name: str) -> bytes:
    """The bytes of a case's bundle."""
    case = CASES[name]
    if "of" not in case:
        return (FOLDER / "evidence" / f"{name}.json").read_bytes()
    return world.canonical(naive_ledger.changed(json.loads(data_of(case["of"])), case["change"]))


@cache
def trust_of(name: str) -> Trust:
    return Trust.from_json(TRUSTS[CASES[name]["trust"]])


@cache
def checked(name: str):
    """The report on a case of the vectors."""
    case = CASES[name]
    later = [KeyStatement.decode(world.canonical(statement)) for statement in case.get("later", [])]
    at = parse_date(case["at"], "at") if "at" in case else None
    return examine(data_of(name), trust_of(name), later=later, at=at)


def in_era(trust: Trust, **changes) -> Trust:
    """A trust file whose newest era is another one in this."""
    return replace(trust, eras=(*trust.eras[:-1], replace(trust.current, **changes)))


def found(report) -> dict:
    """What a report comes to, as the vectors put it."""
    failed = report.failed
    if failed is not None:
        return {"check": failed.name.value, "reason": failed.reason.value}
    return {"verdicts": [verdict.outcome.value for verdict in report.verdicts]}


def named(*prefixes: str, valid: bool | None = None) -> list[str]:
    """The cases whose names begin so."""
    return [
        name
        for name, case in CASES.items()
        if name.startswith(prefixes) and (valid is None or valid == ("verdicts" in case["expect"]))
    ]
