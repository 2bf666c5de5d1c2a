"""Texts of consents: the domain says line by line what the independent reading of the format says."""

import json
from pathlib import Path

import pytest

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_text import Language, consent_lines, text_digest, text_of
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.shown_text import named_departments, require_text
from ledger_node.domain.wording import WordingDocument

FILE = json.loads((Path(__file__).parents[1] / "vectors" / "text.json").read_text("utf-8"))
DOCUMENT = WordingDocument.from_json(FILE["document"])
CASES = {case["name"]: case for case in FILE["cases"]}


def asked(case, language):
    said = FILE["base"] | case["change"]
    purpose_text = DOCUMENT.purposes[said["purpose"]][language]
    departments = tuple(from_hex(one, "department") for one in said["departments"])
    request = ConsentRequest(
        subject=b"s" * 32,
        grantee=b"g" * 32,
        grantee_name=said["grantee_name"],
        purpose=said["purpose"],
        purpose_text=purpose_text,
        questions=tuple(said["questions"]),
        departments=departments,
        data_from=said["data_from"],
        data_to=said["data_to"],
        not_before=said["not_before"],
        expires_at=said["expires_at"],
        max_uses=said["max_uses"],
        retention_days=said["retention_days"],
        spend_key=b"k" * 20,
        salt=b"t" * 32,
    )
    return request, said


def test_there_are_enough_of_them():
    assert len(CASES) == len(FILE["cases"]) >= 100


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", CASES)
def test_the_lines_and_their_digest(name, language):
    case = CASES[name]
    request, said = asked(case, language)
    claims = [Claim.parse(text, DOCUMENT.schemas) for text in request.questions]
    names = dict(zip(named_departments(request, claims), said["department_names"], strict=True))
    lines = consent_lines(request, said["grant_before"], DOCUMENT.in_language(language, names))
    assert [line.text for line in lines] == case["lines"][language]
    digest = text_digest(text_of(lines))
    assert to_hex(digest) == case["digest"][language]
    terms = Terms.accepting(request, language.value, digest, DOCUMENT.digest, tuple(said["department_names"]))
    bounds = Bounds(
        not_before=request.not_before,
        expires_at=request.expires_at,
        max_uses=request.max_uses,
        grant_before=said["grant_before"],
        spend_key=request.spend_key,
        steward_key=b"w" * 20,
        withdrawal_hash=b"h" * 32,
    )
    assert require_text(Consent(terms, bounds), {DOCUMENT.digest: DOCUMENT}) == lines
