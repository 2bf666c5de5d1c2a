"""Texts of consents (tests/vectors/text.json), read by what was written from docs/format.md alone."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from . import words
from .crypto import keccak
from .errors import RefusedError

FILE = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "text.json").read_bytes())
DOCUMENT = words.read(FILE["document"])


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("case", FILE["cases"], ids=[case["name"] for case in FILE["cases"]])
def test_the_text_and_its_digest(case: dict[str, Any], language: str) -> None:
    """Lines of clause 22, and keccak256 of all of them."""
    said = {**FILE["base"], **case["change"], "language": language}
    said["departments"] = [bytes.fromhex(one[2:]) for one in said["departments"]]
    said["purpose_text"] = DOCUMENT.raw["purposes"][said["purpose"]][language]
    digest = bytes.fromhex(case["digest"][language][2:])
    terms: Any = SimpleNamespace(**said, text_digest=digest, wording=DOCUMENT.digest)
    text = words.text_of(terms, terms, DOCUMENT)
    assert text == "".join(f"{line}\n" for line in case["lines"][language])
    assert keccak(text.encode()) == digest
    words.check(terms, terms, [DOCUMENT])
    terms.text_digest = bytes(32)
    with pytest.raises(RefusedError, match="consent_text_differs"):
        words.check(terms, terms, [DOCUMENT])
