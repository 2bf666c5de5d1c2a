"""A schema of 16 fields with two ladders, values for it, and the bundle that a bank verifies."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ledger_node.domain.batch import NO_PREDECESSOR, Header
from ledger_node.domain.canonical import JSON
from ledger_node.domain.commitment import Committer, FieldProof, subject_tag
from ledger_node.domain.hashing import batch_tree, path_of, root_of_batch
from ledger_node.domain.proof import Prover, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field
from ledger_node.domain.statement import Statement, lower
from ledger_node.domain.value import Period, Value

BANK_QUESTIONS: Final = (
    "bench.first >= 500000 CNY",
    "bench.second < 9000000 CNY",
    "bench.grade in {A, B}",
    "bench.code_0 reveal",
    "bench.code_1 reveal",
)
"""Three predicates and two reveals."""
_BATCH: Final = 10_000
_INDEX: Final = 4_321
_PLAIN: Final = 13
_FEN: Final = 100


def sample_schema(kind: Literal["one_digit", "two_digits"]) -> Schema:
    """Return the schema with ladders of one significant digit (82 points each) or of two (811)."""
    ladder: JSON = {"kind": kind, "from": "1", "to": "1000000000"}
    fields: list[JSON] = [
        {"name": name, "type": "integer", "currency": "CNY", "scale": 2, "mode": "ladder", "ladder": ladder}
        for name in ("first", "second")
    ]
    fields.append({"name": "grade", "type": "enum", "mode": "enum", "members": ["A", "B", "M", "C", "D"]})
    fields += [{"name": f"code_{number}", "type": "code", "mode": "plain"} for number in range(_PLAIN)]
    return Schema.from_json({"name": "bench", "version": 1, "fields": fields})


def sample_values(schema: Schema, number: int) -> Sequence[Value]:
    """Return the values of row ``number``, always the same."""
    drawn = random.Random(number)  # noqa: S311 - figures to measure with, no secrets
    amounts = [int(10 ** drawn.uniform(2, 11)) for _ in range(2)]
    grade = drawn.choice(schema.field("grade").members)
    return (*amounts, grade, *(f"C{number}-{index}" for index in range(_PLAIN)))


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bank checks: proofs of five fields, and the header's place in a batch of 10,000."""

    schema: Schema
    header: Header
    path: Sequence[bytes]
    root: bytes
    fields: Sequence[Field]
    statements: Sequence[Statement]
    proofs: Sequence[FieldProof]

    def verify(self) -> None:
        """Check everything.

        Raises:
            VerificationError: something does not check.
        """
        if root_of_batch(self.header.digest, _INDEX, self.path, _BATCH) != self.root:
            raise ValueError("the batch does not check")
        for field, statement, proof in zip(self.fields, self.statements, self.proofs, strict=True):
            check_proof(self.schema, self.header.fields_root, field, statement, proof)


def proven(prover: Prover, field: Field, statement: Statement, *, may_disclose: bool = True) -> FieldProof:
    """Return the proof of a statement that has one."""
    proof = prover.prove(field, statement, may_disclose=may_disclose)
    if not isinstance(proof, FieldProof):
        raise TypeError("the question has a proof")
    return proof


def bundle() -> Bundle:
    """Make the bundle of one row with 1,286,400.50 and 186,000.00 CNY, grade B."""
    schema = sample_schema("one_digit")
    committer, seed = Committer(schema), bytes(range(32))
    values: tuple[Value, ...] = (128_640_050, 186_000 * _FEN, "B", *(f"C{index}" for index in range(_PLAIN)))
    header = Header(
        schema_id=schema.id,
        fields_root=committer.commit(seed, values).root,
        subject_tag=subject_tag(seed, "91990000MABYF3008C"),
        issuer=bytes(32),
        issued_at=0,
        valid_until=0,
        as_of=0,
        period=Period(0, 0),
        supersedes=NO_PREDECESSOR,
        chain_id=1,
        anchor_registry=bytes(20),
    )
    digests = [number.to_bytes(32, "big") for number in range(_BATCH)]
    digests[_INDEX] = header.digest
    levels = batch_tree(digests)
    questions = [Question.parse(text, {"bench": schema}) for text in BANK_QUESTIONS]
    fields = [schema.field(question.field) for question in questions]
    statements = [lower(question, field) for question, field in zip(questions, fields, strict=True)]
    prover = Prover(committer, seed, values)
    proofs = [proven(prover, field, statement) for field, statement in zip(fields, statements, strict=True)]
    return Bundle(schema, header, path_of(levels, _INDEX), levels[-1][0], fields, statements, proofs)
