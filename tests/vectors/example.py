"""The worked example of docs/format.md: one attestation, one proof, one batch, step by step. No ledger_node here."""

from tests.kit import reference as ref
from tests.vectors import naive
from tests.vectors.naive import hexed

SPEC = {
    "name": "example",
    "version": 1,
    "fields": [
        {"name": "grade", "type": "enum", "mode": "enum", "members": ["A", "B", "C"]},
        {"name": "late", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": 1, "to": 5}},
        {"name": "kind", "type": "code", "mode": "plain"},
    ],
}
SEED = bytes(range(32))
VALUES = ["B", 3, "10101"]
CODE = "91990000MABYF3008C"
HEADER = {
    "issuer": bytes([0xAA]) * 32,
    "issued_at": 1_790_000_000,
    "valid_until": 1_800_000_000,
    "as_of": ref.date("2026-09-30"),
    "period_from": ref.date("2025-01-01"),
    "period_to": ref.date("2025-12-31"),
    "supersedes": bytes(32),
    "chain_id": 31337,
    "registry": bytes([0xBB]) * 20,
}
NEIGHBOURS = (bytes([0x11]) * 32, bytes([0x22]) * 32)


def lines() -> list[tuple[str, str]]:
    """(what, hexadecimal digits) in the order of the computation."""
    schema, leaves = ref.schema_id(SPEC), ref.slots(SPEC, SEED, VALUES)
    fields = ref.fields_root(SPEC, SEED, VALUES)
    tag = ref.subject_tag(SEED, CODE)
    digest = ref.header(SPEC, fields, tag, HEADER)
    slots = ref.batch_slots([NEIGHBOURS[0], digest, NEIGHBOURS[1]])
    head, tip_down = ref.at_least(SPEC, 1, SEED, 3, 2)
    found: list[tuple[str, bytes]] = [
        ("schemaId", schema),
        *((f"salt_{i}", ref.kdf(SEED, "salt", i)) for i in range(3)),
        *((f"key of bit {j}", ref.kdf(SEED, "bit", 0, j)) for j in range(3)),
        ("vd_0 (enum, B)", ref.value_digest(SPEC["fields"][0], 0, schema, SEED, "B")),
        ("leaf_0", leaves[0]),
        ("ctx(up)", ref.context(schema, 1, 0)),
        ("ctx(down)", ref.context(schema, 1, 1)),
        ("kdf up", ref.kdf(SEED, "up", 1)),
        ("kdf dn", ref.kdf(SEED, "dn", 1)),
        ("tipUp = step^3", ref.step(ref.context(schema, 1, 0), ref.kdf(SEED, "up", 1), 3)),
        ("tipDown = step^2", ref.step(ref.context(schema, 1, 1), ref.kdf(SEED, "dn", 1), 2)),
        ("vd_1 (ladder, 3)", ref.value_digest(SPEC["fields"][1], 1, schema, SEED, 3)),
        ("leaf_1", leaves[1]),
        ("vd_2 (plain, 10101)", ref.value_digest(SPEC["fields"][2], 2, schema, SEED, "10101")),
        ("leaf_2", leaves[2]),
        ("pad_3", leaves[3]),
        ("fieldsRoot", fields),
        ("proof: head_up", head),
        ("proof: tip_down", tip_down),
        ("proof: salt", ref.kdf(SEED, "salt", 1)),
        *((f"proof: path {n}", node) for n, node in enumerate(ref.path(leaves, 1, b"\x01"))),
        ("kdf subject", ref.kdf(SEED, "subject")),
        ("subjectTag", tag),
        ("D", digest),
        *((f"batch leaf {n}", leaf) for n, leaf in enumerate(slots)),
        ("batch root", ref.root(slots, b"\x05")),
        *((f"batch path {n}", node) for n, node in enumerate(ref.path(slots, 1, b"\x05"))),
    ]
    return [(name, value.hex()) for name, value in found]


def written() -> str:
    """The block of the page, after the naive verifier has accepted the proof that stands in it."""
    values = dict(lines())
    question = {"schema": "example", "field": "late", "op": ">=", "operand": 2}
    case = {
        "schema": SPEC,
        "question": question,
        "statement": naive.lower(SPEC, question),
        "fields_root": "0x" + values["fieldsRoot"],
        "proof": naive.prove(SPEC, SEED, VALUES, 1, {"kind": "at_least", "j": 2}),
    }
    if naive.check_field_proof(case) != "holds" or case["proof"]["opening"]["head_up"] != hexed(
        bytes.fromhex(values["proof: head_up"])
    ):
        raise SystemExit("the worked example does not check")
    width = max(map(len, values))
    return "".join(f"    {name:{width}}  {value}\n" for name, value in values.items())
