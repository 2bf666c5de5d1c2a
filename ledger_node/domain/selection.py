"""Whether an attestation is the one that a question means: its version, its kind, and its department.

A question is read by the newest version of its schema, and answered from an attestation of any version that it means
the same in. What it names of the attestation is proven beside the answer, and nothing more is shown.
"""

from collections.abc import Sequence

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.header import Header
from ledger_node.domain.opening import FieldProof
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Field, Mode, Schema
from ledger_node.domain.statement import Equals, OneOf, Statement, require_askable


def read_in(question: Question, asked: Schema, attested: Schema) -> Question:
    """Return what ``question``, which was read by the schema ``asked``, says of an attestation of another version.

    Raises:
        VerificationError: ``schema_version_differs``; it does not mean the same there, or cannot be asked.
    """
    if asked.id == attested.id:
        return question
    field = asked.field(question.field)
    try:
        there = attested.field(question.field)
        again = Question.from_json(question.to_json(field), {attested.name: attested})
        require_askable(again, there)
    except InvalidInputError as error:
        raise _other_version(asked, attested) from error
    same_field = (field.type, field.unit, field.mode) == (there.type, there.unit, there.mode)
    if not same_field or _totals(question, asked) != _totals(question, attested):
        raise _other_version(asked, attested)
    return again


def _totals(question: Question, schema: Schema) -> list[bool]:
    """Return of each value that a question names whether it is the declared total."""
    totals = {per.field.name: per.total for per in schema.per}
    return [totals[name] == value for name, value in question.selector.per]


def _other_version(asked: Schema, attested: Schema) -> VerificationError:
    return VerificationError(
        Reason.SCHEMA_VERSION_DIFFERS,
        f"this was attested by version {attested.version} of {asked.name}, where the question does not mean the same "
        f"as in version {asked.version}",
    )


def prove_kind(prover: Prover, question: Question) -> tuple[FieldProof, ...]:
    """Return the proofs that an attestation has the values that ``question`` names; it must have them."""
    schema = prover.committer.schema
    proofs = []
    for name, value in question.selector.per:
        field = schema.field(name)
        proof = prover.prove(field, _says(field, value), may_disclose=False)
        if isinstance(proof, Reason):
            raise _other_kind(field)
        proofs.append(proof)
    return tuple(proofs)


def require_selected(schema: Schema, header: Header, question: Question, proofs: Sequence[FieldProof]) -> None:
    """Require that an attestation is of the department and has the values that ``question`` names.

    Args:
        schema: that of the attestation.
        header: that of the attestation.
        question: what is asked, as it is read by ``schema``.
        proofs: those of the values that it names, in their order.

    Raises:
        VerificationError: ``department_mismatch``, ``kind_mismatch``, or why a proof does not check.
    """
    selector = question.selector
    if selector.issuer is not None and selector.issuer != header.issuer:
        raise VerificationError(Reason.DEPARTMENT_MISMATCH, "the attestation is of another department than asked about")
    if len(proofs) != len(selector.per):
        raise VerificationError(Reason.OPENING_MALFORMED, "each value that a question names comes with its proof")
    for (name, value), proof in zip(selector.per, proofs, strict=True):
        field = schema.field(name)
        if check_proof(schema, header.fields_root, field, _says(field, value), proof) is not Outcome.HOLDS:
            raise _other_kind(field)


def _says(field: Field, value: str) -> Statement:
    return OneOf(frozenset({field.members.index(value)})) if field.mode is Mode.ENUM else Equals(value)


def _other_kind(field: Field) -> VerificationError:
    return VerificationError(
        Reason.KIND_MISMATCH, f"the attestation has another '{field.name}' than asked about", field=field.name
    )
