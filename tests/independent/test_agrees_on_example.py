"""The worked example of clause 12, and commitments made anew from the seeds of the vectors (clauses 1 and 4 to 7)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from . import commitment, fieldproof, schema, statement, values
from .attestation import Header
from .crypto import kdf, tagged

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = (
    '{"fields":[{"members":["A","B","C"],"mode":"enum","name":"grade","type":"enum"},{"ladder":{"from":1,"kind":'
    '"integers","to":5},"mode":"ladder","name":"late","type":"integer"},{"mode":"plain","name":"kind","type":"code"}],'
    '"name":"example","version":1}'
)
SEED = bytes(range(32))
RECORD = {"grade": "B", "late": 3, "kind": "10101"}
CREDIT_CODE = b"91990000MABYF3008C"
ADDRESS = b"\xbb" * 20


def written() -> dict[str, str]:
    """The values that stand in clause 12."""
    clause = (ROOT / "docs" / "format.md").read_text(encoding="utf-8").split("## 12.")[1].split("## 13.")[0]
    return dict(re.findall(r"^    (.+?) {2,}([0-9a-f]{64})$", clause, re.MULTILINE))


def chains(example: schema.Schema) -> dict[str, bytes]:
    """The chains of the ladder `late`, value 3 of 5."""
    late = example.by_name["late"]
    up, down = kdf(SEED, "up", 1), kdf(SEED, "dn", 1)
    return {
        "ctx(up)": tagged(0x21, example.id, b"\0\1\0"),
        "ctx(down)": tagged(0x21, example.id, b"\0\1\1"),
        "kdf up": up,
        "kdf dn": down,
        "tipUp = step^3": fieldproof.steps(example, late, 0, up, 3),
        "tipDown = step^2": fieldproof.steps(example, late, 1, down, 2),
        "proof: head_up": fieldproof.steps(example, late, 0, up, 1),
        "proof: tip_down": fieldproof.steps(example, late, 1, down, 2),
    }


def fields(example: schema.Schema) -> dict[str, bytes]:
    """Salts, keys of bits, value digests and the tree of fields."""
    slots = commitment.leaves(example, SEED, RECORD)
    names = ("vd_0 (enum, B)", "vd_1 (ladder, 3)", "vd_2 (plain, 10101)")
    found = {f"salt_{i}": kdf(SEED, "salt", i) for i in range(3)}
    found |= {f"key of bit {j}": kdf(SEED, "bit", 0, j) for j in range(3)}
    found |= {f"leaf_{i}": slots[i] for i in range(3)}
    for name, field in zip(names, example.fields, strict=True):
        found[name] = commitment.value_digest(example, field, SEED, RECORD[field.name])
    path = commitment.path_of(slots, 1, 0x01)
    found |= {"pad_3": slots[3], "fieldsRoot": commitment.root_of(slots, 0x01)}
    return found | {"proof: salt": kdf(SEED, "salt", 1), "proof: path 0": path[0], "proof: path 1": path[1]}


def batch(example: schema.Schema, fields_root: bytes) -> dict[str, bytes]:
    """The header and its place in a batch of 3."""
    subject = kdf(SEED, "subject")
    tag = tagged(0x30, subject, CREDIT_CODE)
    days = [values.day(d) for d in ("2026-09-30", "2025-01-01", "2025-12-31")]
    times = 1790000000, 1800000000
    digest = Header(example.id, fields_root, tag, b"\xaa" * 32, *times, *days, bytes(32), 31337, ADDRESS).digest()
    leaves = [tagged(0x04, d) for d in (b"\x11" * 32, digest, b"\x22" * 32)] + [tagged(0x06)]
    found = {f"batch leaf {i}": leaf for i, leaf in enumerate(leaves)}
    path = commitment.path_of(leaves, 1, 0x05)
    found |= {"batch path 0": path[0], "batch path 1": path[1], "batch root": commitment.root_of(leaves, 0x05)}
    return found | {"kdf subject": subject, "subjectTag": tag, "D": digest}


def test_e7_worked_example() -> None:
    """Every value of clause 12, and no other."""
    example = schema.read(json.loads(SCHEMA))
    found = {"schemaId": example.id, **fields(example), **chains(example)}
    found |= batch(example, found["fieldsRoot"])
    assert {name: value.hex() for name, value in found.items()} == written()


def test_e7_proof_of_the_worked_example() -> None:
    """`late >= 2`, checked as the clause says."""
    example, text = schema.read(json.loads(SCHEMA)), written()
    opening = {name: "0x" + text[f"proof: {name}"] for name in ("head_up", "tip_down")}
    path = ["0x" + text["proof: path 0"], "0x" + text["proof: path 1"]]
    raw = {"opening": {"kind": "at_least", **opening}, "salt": "0x" + text["proof: salt"], "path": path}
    late = example.by_name["late"]
    proof, root = fieldproof.read(raw, late), bytes.fromhex(text["fieldsRoot"])
    asked = statement.Statement("at_least", j=2)
    assert fieldproof.check(proof, asked, late, example, root).outcome == "holds"


def committed() -> list[dict[str, Any]]:
    """The valid cases that a seed and values stand in."""
    found = []
    for name in ("plain", "ladder", "enum", "absent"):
        found += json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_bytes())["cases"]
    return found


@pytest.mark.parametrize("case", committed(), ids=lambda case: case["name"])
def test_e7_commitments_made_anew(case: dict[str, Any]) -> None:
    """fieldsRoot comes out of seed and values, and the intermediate results with it."""
    read, seed = schema.read(case["schema"]), bytes.fromhex(case["seed"][2:])
    slots = commitment.leaves(read, seed, case["values"])
    assert "0x" + commitment.root_of(slots, 0x01).hex() == case["fields_root"]
    field = read.by_name[case["question"]["field"]]
    digest = commitment.value_digest(read, field, seed, case["values"].get(field.name))
    found = {"schema_id": read.id, "value_digest": digest, "leaf": slots[field.index]}
    assert {name: "0x" + found[name].hex() for name in case["digests"]} == case["digests"]
