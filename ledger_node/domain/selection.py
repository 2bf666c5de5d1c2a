"""Which attestation a question means: its version, its kind, and its department.

A question is read by the newest version of its schema, and answered from an attestation of any version that it means
the same in. What it names of the attestation is proven beside the answer, and nothing more is shown.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ledger_node.domain.consent import ConsentRequest, Terms
from ledger_node.domain.consent_scope import departments_allow
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.header import Header
from ledger_node.domain.opening import FieldProof
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field, Mode
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


def departments_meant(question: Question, terms: Terms, may_attest: AbstractSet[bytes]) -> frozenset[bytes]:
    """Return the departments whose attestations a question may be answered from; none for any one.

    That is the one that the question names, or the only one that the consent covers of those who may attest to the
    type now. Where nobody may any more, what was attested before still counts, of whom the consent covers.

    Raises:
        VerificationError: ``department_not_named``; several may attest to it, and one is never taken for another.
    """
    named = question.selector.issuer
    if named is not None:
        return frozenset({named})
    covered = frozenset(member for member in may_attest if departments_allow(terms, member))
    if len(covered) > 1:
        raise VerificationError(
            Reason.DEPARTMENT_NOT_NAMED,
            "several departments may attest to this, and neither question nor consent names one",
        )
    return covered or frozenset(terms.departments)


def names_its_attestation(question: Question, schema: Schema, terms: ConsentRequest) -> bool:
    """Return whether what was signed fixes the attestation that ``question`` is about.

    A question without a period means the newest attestation, and no proof shows that there is no newer one. Where the
    kind or the department is left open, another attestation of the same firm and period would check as well. Only
    the member that answered can say which is meant, in its receipt.

    Args:
        question: what is asked.
        schema: that of the attestation.
        terms: of the consent under which it is asked.
    """
    names_kind = bool(question.selector.per) or not schema.per
    names_department = question.selector.issuer is not None or len(terms.departments) == 1
    return question.period is not None and names_kind and names_department
