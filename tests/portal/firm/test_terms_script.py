"""The browser works out the same digests as the domain, from the same types, on its vectors and on drafts."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from api.portal.shell.static_file import FOLDER
from ledger_node.domain.consent import BOUNDS_TYPE, TERMS_TYPE
from ledger_node.domain.consent_act import (
    REFUSAL_STATEMENT,
    WITHDRAWAL_STATEMENT,
    Change,
    change_digest,
    refusal_digest,
    withdrawal_digest,
)
from ledger_node.domain.consent_text import Language, text_digest
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex
from tests.kit.firm_page import open_page
from tests.kit.small_instance import GOOD, one_form

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "digests.json").read_text("utf-8"))["cases"]
SCRIPT = Path(__file__).with_name("terms_vectors.mjs")
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node, which only tests and builds use")


def run(*cases):
    """Return what terms.js answers to calls of its functions, and its types."""
    asked = [{"kind": kind, "arguments": arguments} for kind, *arguments in cases]
    done = subprocess.run(
        [NODE, str(SCRIPT), str(FOLDER / "js")], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def domain_json(domain):
    return {"chain_id": domain.chain_id, "contract": to_hex(domain.contract)}


def test_the_types_are_those_of_the_domain():
    said = run()
    assert (said["TERMS"], said["BOUNDS"]) == (TERMS_TYPE.text, BOUNDS_TYPE.text)


def test_the_hash_is_that_of_the_domain_at_every_length_around_its_blocks():
    lengths = [*range(6), *range(130, 142), *range(268, 276), 1000]
    texts = [bytes(number * length % 251 for number in range(length)) for length in lengths]
    answers = run(*(("keccak", text.hex()) for text in texts))["answers"]
    assert answers == [keccak(text).hex() for text in texts]


def test_the_ids_of_all_vectors_are_those_of_the_domain():
    cases = [case for case in VECTORS if case["kind"] == "consent"]
    asked = [("signedId", case["message"]["terms"], case["message"]["bounds"], case["domain"]) for case in cases]
    assert [f"0x{answer}" for answer in run(*asked)["answers"]] == [case["digest"] for case in cases]


@pytest.mark.parametrize("language", list(Language))
def test_the_lines_of_a_page_and_its_terms_give_the_id_that_is_signed(instance, firm, language):
    request = instance.ask(firm, GOOD, one_form("tax_credit_rating.grade in {A, B}")).id
    draft = open_page(instance, firm, request, language)
    lines, domain = [line.text for line in draft.lines], domain_json(instance.ledger.consent_domain)
    terms, bounds = draft.consent.terms.to_json(), draft.consent.bounds.to_json()
    wrong = {**terms, "text_digest": "0x" + "00" * 32}
    changed = [lines[0] + " ", *lines[1:]]
    digest, same, by_lines, other = run(
        ("textDigest", lines),
        ("consentId", lines, terms, bounds, domain),
        ("consentId", lines, wrong, bounds, domain),
        ("consentId", changed, terms, bounds, domain),
    )["answers"]
    assert digest == text_digest("".join(f"{line}\n" for line in lines)).hex()
    assert same == by_lines == draft.id.hex()
    assert other != draft.id.hex()


def test_refusals_changes_and_withdrawals_are_those_of_the_domain(instance):
    domain, target = instance.ledger.consent_domain, b"\x07" * 32
    place, hexed = domain_json(domain), to_hex(target)
    answers = run(
        ("refusalDigest", hexed, place),
        ("withdrawalDigest", hexed, place),
        ("changeDigest", hexed, "pause", 1, place),
        ("changeDigest", hexed, "resume", 2, place),
    )["answers"]
    assert answers == [
        refusal_digest(target, domain).hex(),
        withdrawal_digest(target, domain).hex(),
        change_digest(target, Change.PAUSE, 1, domain).hex(),
        change_digest(target, Change.RESUME, 2, domain).hex(),
    ]


def test_the_scripts_hold_the_statements_word_for_word():
    script = (FOLDER / "js" / "terms.js").read_text("utf-8")
    for statement in (REFUSAL_STATEMENT, WITHDRAWAL_STATEMENT, *(change.statement for change in Change)):
        assert f'"{statement}"' in script
