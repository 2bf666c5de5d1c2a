"""Digests, fingerprints, and files that are refused when they are read (tests/vectors/evidence/files.json)."""

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from . import keystatement, trust, verify
from .errors import RefusedError

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "evidence"
FILES = json.loads((FOLDER / "files.json").read_bytes())
TRUSTS = json.loads((FOLDER / "index.json").read_bytes())["trusts"]


def named(kind: str) -> Any:
    """One test a file."""
    return pytest.mark.parametrize("case", FILES[kind], ids=[case["name"] for case in FILES[kind]])


@pytest.mark.parametrize("name", FILES["fingerprints"])
def test_e7_fingerprints(name: str) -> None:
    """Eight groups of five digits over the canonical form."""
    assert trust.read(json.dumps(TRUSTS[name], indent=1).encode()).fingerprint == FILES["fingerprints"][name]


@pytest.mark.parametrize("name", FILES["digests"])
def test_e7_digest_of_a_bundle(name: str) -> None:
    """H(0x61 ‖ the bytes)."""
    assert verify((FOLDER / f"{name}.json").read_bytes(), TRUSTS["t1"]).digest == FILES["digests"][name]


@named("refused_trusts")
def test_e7_refused_trust_files(case: dict[str, Any]) -> None:
    """Where it is refused, nothing is checked."""
    with pytest.raises(RefusedError) as refused:
        trust.read(json.dumps(case["file"]).encode())
    assert refused.value.reason == case["reason"]


@named("refused_statements")
def test_e7_refused_statements_of_keys(case: dict[str, Any]) -> None:
    """Where it is refused, nothing is checked."""
    with pytest.raises(RefusedError) as refused:
        keystatement.read(rfc8785.dumps(case["file"]))
    assert refused.value.reason == case["reason"]
