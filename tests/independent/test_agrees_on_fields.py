"""Agreement with the other vectors: fields, attestations, claims, digests (tests/vectors/README.md)."""

import json
from pathlib import Path
from typing import Any

import pytest

from . import vectors
from .errors import RefusedError

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def cases(*names: str) -> list[dict[str, Any]]:
    """All cases and corruptions of these files, each with its whole input."""
    found = []
    for name in names:
        data = json.loads((FOLDER / f"{name}.json").read_bytes())
        valid = {case["name"]: case for case in data["cases"]}
        found += list(valid.values())
        for case in data["corruptions"]:
            whole = vectors.changed(valid[case["of"]], case["change"])
            found.append({**whole, "name": case["name"], "expect": case["expect"], "stage": case["stage"]})
    return found


def outcome(function: Any, case: dict[str, Any]) -> Any:
    """What a function says of a case, in the writing of the vectors."""
    try:
        return function(case)
    except RefusedError as refused:
        return {"reason": refused.reason}


def parametrised(*names: str) -> Any:
    """One test a case."""
    found = cases(*names)
    return pytest.mark.parametrize("case", found, ids=[case["name"] for case in found])


@parametrised("plain", "ladder", "enum", "codes", "absent")
def test_e7_field_proofs(case: dict[str, Any]) -> None:
    """One question about one committed field."""
    assert outcome(vectors.field_proof, case) == case["expect"]


@parametrised("attestation")
def test_e7_attestations(case: dict[str, Any]) -> None:
    """Header, place in the batch, anchor."""
    assert outcome(vectors.attestation, case) == case["expect"]


@parametrised("claim")
def test_e7_claims(case: dict[str, Any]) -> None:
    """Text and JSON of a claim, and what follows from its parts."""
    assert outcome(vectors.claim_case, case) == case["expect"]


@parametrised("digests")
def test_e7_digests(case: dict[str, Any]) -> None:
    """A digest over a message."""
    assert outcome(vectors.digest, case) == case["expect"]
