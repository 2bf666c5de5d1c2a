"""The lists of docs/format.md are those of the code: a second implementer relies on them."""

import json
import re
from pathlib import Path

import pytest

from ledger_node.domain import (
    canonical,
    claim,
    consent_scope,
    controller_entry,
    hashing,
    ladder,
    number,
    passkey,
    presentation,
    question,
    question_part,
    schema,
    schema_field,
    subject,
    ticket_slot,
    value,
)
from ledger_node.domain.evidence import block_header, bundle, era, key_statement, state_proof, trust
from ledger_node.domain.evidence.report import CheckName
from ledger_node.domain.reason import Reason

ROOT = Path(__file__).parents[2]
FORMAT = (ROOT / "docs" / "format.md").read_text("utf-8")
LIMITS = {
    "bytes of a bundle, of a statement of keys": bundle.MAX_BYTES,
    "bytes of any other JSON that is read": canonical.MAX_BYTES,
    "depth of JSON": canonical.MAX_DEPTH,
    "digits of an integer": canonical.MAX_INTEGER_DIGITS,
    "claims, attestations of a presentation": presentation.MAX_CLAIMS,
    "parts of a combination": claim.MAX_PARTS,
    "characters of a combination's text": claim.MAX_TEXT,
    "characters of a question's text": question.MAX_TEXT,
    "questions, departments of a consent": consent_scope.MAX_QUESTIONS,
    "controllers": subject.MAX_CONTROLLERS,
    "signatures of a consent": presentation.MAX_SIGNATURES,
    "uses of a consent": consent_scope.MAX_USES,
    "departments that a ticket names": ticket_slot.SLOTS,
    "entries, holds, keys of controllers": controller_entry.MAX_LISTED,
    "characters of a claim's message": presentation.MAX_MESSAGE,
    "fields of a schema": schema.MAX_FIELDS,
    "members of an enum or a set": schema_field.MAX_MEMBERS,
    "thresholds of a ladder": ladder.MAX_POINTS,
    "thresholds of a schema's ladders together": schema.MAX_STEPS,
    "points of a ladder's own": ladder.MAX_ALSO,
    "decimals of a number": number.MAX_SCALE,
    "months of a moving threshold": question_part.MAX_MONTHS,
    "bytes of a text or code value": value.MAX_TEXT_BYTES,
    "siblings of a path": hashing.MAX_DEPTH,
    "size of a batch": hashing.MAX_SIZE,
    "schemas, members, batches of a bundle": bundle.MAX_MEMBERS,
    "characters of a member's name": bundle.MAX_NAME,
    "nodes of a bundle": bundle.MAX_NODES,
    "bytes of a node": state_proof.MAX_NODE_BYTES,
    "bytes of a header": block_header.MAX_HEADER_BYTES,
    "bytes of an authenticator's data": passkey.MAX_AUTHENTICATOR_DATA,
    "bytes of a passkey's client data": passkey.MAX_CLIENT_DATA,
    "keys of a statement of keys": key_statement.MAX_KEYS,
    "eras of a trust file": trust.MAX_ERAS,
    "checkpoints of a trust file": trust.MAX_CHECKPOINTS,
    "sets of an era": era.MAX_SETS,
    "addresses of a set": era.MAX_SEALERS,
}


def rows(name: str) -> list[list[str]]:
    """Return the cells of the table between the comment called ``name`` and its end."""
    table = FORMAT.partition(f"<!-- {name}:")[2].partition("<!-- end -->")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_e7_the_limits_are_those_of_the_code():
    assert {what: int(limit.replace(",", "")) for what, limit in rows("limits")} == LIMITS
    assert consent_scope.MAX_DEPARTMENTS == consent_scope.MAX_QUESTIONS


def test_e7_the_list_of_all_reasons_is_that_of_the_code():
    listed = FORMAT.partition("<!-- codes:")[2].partition("<!-- end -->")[0].partition("-->")[2]
    assert re.findall(r"`([a-z0-9_]+)`", listed) == sorted(Reason)


def test_e7_every_reason_that_a_vector_expects_stands_beside_its_check():
    table = {check.strip("`"): set(re.findall(r"`([a-z_]+)`", reasons)) for check, reasons in rows("reasons")}
    assert list(table) == [name.value for name in CheckName]
    index = json.loads((ROOT / "tests" / "vectors" / "evidence" / "index.json").read_text("utf-8"))
    expected = {
        (case["expect"]["check"], case["expect"]["reason"]) for case in index["cases"] if "check" in case["expect"]
    }
    assert {(check, reason) for check, reason in expected if reason not in table[check]} == set()


@pytest.mark.parametrize(
    "reason", sorted({code for _, text in rows("reasons") for code in re.findall(r"`([a-z_]+)`", text)})
)
def test_e7_every_listed_reason_is_one_of_the_code(reason):
    assert reason in set(Reason)
