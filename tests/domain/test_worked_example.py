"""The worked example of docs/format.md, computed by the product: what is on the page is what the product does."""

import re
from pathlib import Path

from ledger_node.domain.batch import NO_PREDECESSOR, Header
from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import AtLeastOpening, Committer, FieldProof, salt_of, subject_key, subject_tag
from ledger_node.domain.hashing import batch_tree, path_of, root_of_batch
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import lower
from ledger_node.domain.value import Period, parse_date

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text("utf-8")
BLOCK = PAGE.partition("<!-- written by scripts/make_vectors -->\n")[2].partition("<!-- end -->")[0]
SHOWN = {name.strip(): bytes.fromhex(digits) for name, digits in re.findall(r"    (.+?)  +([0-9a-f]{64})\n", BLOCK)}


def test_the_worked_example_is_what_the_product_does():
    (line,) = (line.strip() for line in PAGE.splitlines() if line.startswith('    {"fields":'))
    schema = Schema.from_json(decode(line.encode()))
    assert encode(schema.spec) == line.encode()
    assert schema.id == SHOWN["schemaId"]
    seed = bytes(range(32))
    committer = Committer(schema)
    values = schema.parse_values({"grade": "B", "late": 3, "kind": "10101"})
    tree = committer.commit(seed, values)
    assert list(tree.levels[0]) == [SHOWN[name] for name in ("leaf_0", "leaf_1", "leaf_2", "pad_3")]
    assert tree.root == SHOWN["fieldsRoot"]

    (question,) = Claim.parse("example.late >= 2", {"example": schema}).parts
    field = schema.field("late")
    statement = lower(question, field)
    proof = Prover(committer, seed, values).prove(field, statement, may_disclose=False)
    opening = AtLeastOpening(SHOWN["proof: head_up"], SHOWN["proof: tip_down"])
    assert proof == FieldProof(opening, SHOWN["proof: salt"], (SHOWN["proof: path 0"], SHOWN["proof: path 1"]))
    assert check_proof(schema, tree.root, field, statement, proof) is Outcome.HOLDS

    header = Header(
        schema_id=schema.id,
        fields_root=tree.root,
        subject_tag=subject_tag(subject_key(seed), "91990000MABYF3008C"),
        issuer=b"\xaa" * 32,
        issued_at=1_790_000_000,
        valid_until=1_800_000_000,
        as_of=parse_date("2026-09-30", "as_of"),
        period=Period.parse("2025"),
        supersedes=NO_PREDECESSOR,
        chain_id=31337,
        anchor_registry=b"\xbb" * 20,
    )
    assert (header.subject_tag, header.digest) == (SHOWN["subjectTag"], SHOWN["D"])
    levels = batch_tree([b"\x11" * 32, header.digest, b"\x22" * 32])
    assert list(levels[0]) == [SHOWN[f"batch leaf {number}"] for number in range(4)]
    path = path_of(levels, 1)
    assert list(path) == [SHOWN["batch path 0"], SHOWN["batch path 1"]]
    assert root_of_batch(header.digest, 1, path, 3) == levels[-1][0] == SHOWN["batch root"]
    assert salt_of(seed, 1) == SHOWN["salt_1"]
