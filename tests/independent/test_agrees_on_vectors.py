"""The independent verifier and the vectors of evidence agree, case by case (tests/vectors/README.md)."""

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from . import verify
from .vectors import changed

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "evidence"
INDEX = json.loads((FOLDER / "index.json").read_bytes())
CASES = INDEX["cases"]


def bundle_of(case: dict[str, Any]) -> bytes:
    """The bytes of a case's bundle."""
    data = (FOLDER / f"{case.get('of', case['name'])}.json").read_bytes()
    if "of" not in case:
        return data
    value = changed(json.loads(data), case["change"])
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_e7_independent_verifier_agrees_on_evidence(case: dict[str, Any]) -> None:
    """Verdicts, or the check that fails and its reason."""
    later = [rfc8785.dumps(statement) for statement in case.get("later", [])]
    outcome = verify(bundle_of(case), INDEX["trusts"][case["trust"]], later=later, at=case.get("at"))
    expect = case["expect"]
    if "verdicts" in expect:
        assert (outcome.check, outcome.reason) == (None, None)
        assert list(outcome.verdicts or ()) == expect["verdicts"]
    else:
        assert (outcome.check, outcome.reason) == (expect["check"], expect["reason"])
        assert outcome.verdicts is None
