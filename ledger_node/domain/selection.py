"""Which attestations a question may be answered from: those that it means, of those that its consent covers.

A question is read by the newest version of its schema, and answered from an attestation of any version that it means
the same in. What it names of the attestation, its kind and its department, is proven beside the answer, and nothing
more is shown.

A consent says to whom, which questions, of which departments and days, and whether a "no" may show a value: ``equals``
on a plain field has no proof of its complement but the value, so its "no" needs consent to ``reveal`` (CL1, proofs).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from ledger_node.domain.batch import Header
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import FieldProof, PlainOpening
from ledger_node.domain.consent import Terms
from ledger_node.domain.consent_scope import Scope
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field, Mode
from ledger_node.domain.statement import Equals, OneOf, Statement, require_askable
from ledger_node.domain.value import Period


def require_granted_to(terms: Terms, *, grantee: bytes, purpose: str | None) -> None:
    """Require that the asking bank and its purpose are those of the terms.

    Raises:
        VerificationError: ``consent_other_grantee`` or ``consent_other_purpose``.
    """
    if terms.grantee != grantee:
        raise VerificationError(Reason.CONSENT_OTHER_GRANTEE, "this consent was granted to another bank")
    if purpose is not None and terms.purpose != purpose:
        raise VerificationError(
            Reason.CONSENT_OTHER_PURPOSE, f"this consent is for purpose {terms.purpose}", field="purpose"
        )


def lists_question(terms: Terms, question_text: str) -> bool:
    """Return whether exactly this question is consented to."""
    return question_text in terms.questions


def departments_allow(terms: Terms, issuer: bytes) -> bool:
    """Return whether the consent covers attestations of ``issuer``; no list covers all departments."""
    return not terms.departments or issuer in terms.departments


def require_question(terms: Terms, text: str) -> None:
    """Require that the consent lists exactly this claim (rule 14).

    Raises:
        VerificationError: ``question_not_consented``.
    """
    if not lists_question(terms, text):
        raise VerificationError(
            Reason.QUESTION_NOT_CONSENTED,
            "the subject did not consent to this question; ask it for a new consent",
        )


def require_department(terms: Terms, issuer: bytes) -> None:
    """Require that the consent covers attestations of ``issuer`` (rule 14).

    Raises:
        VerificationError: ``consent_other_department``.
    """
    if not departments_allow(terms, issuer):
        raise VerificationError(
            Reason.CONSENT_OTHER_DEPARTMENT, "the consent does not cover attestations of this department"
        )


def require_data_period(terms: Terms, period: Period) -> None:
    """Require that the consent covers data of ``period`` (rule 14).

    Raises:
        VerificationError: ``consent_other_period``.
    """
    if not terms.covers(period):
        raise VerificationError(Reason.CONSENT_OTHER_PERIOD, "the consent does not cover data of this period")


def may_disclose(terms: Terms, question: Question, field: Field) -> bool:
    """Return whether the terms list revealing the field that ``question`` asks about, of the same attestation."""
    return lists_question(terms, replace(question, op=Op.REVEAL, operand=None).text(field))


def require_disclosed(terms: Terms, question: Question, schema: Schema, proof: FieldProof) -> None:
    """Require that a proof of "no" shows no value, or one that the terms list revealing.

    Raises:
        VerificationError: ``needs_disclosure``.
    """
    if isinstance(proof.opening, PlainOpening) and not may_disclose(terms, question, schema.field(question.field)):
        raise VerificationError(
            Reason.NEEDS_DISCLOSURE, "this no shows the value, and the consent does not list revealing it"
        )


def could_need_disclosure(terms: Terms, claim: Claim, schemas: Mapping[str, Schema]) -> bool:
    """Return whether a "no" to a part of ``claim`` would show a value that the terms do not list revealing."""
    fields = [schemas[part.schema].field(part.field) for part in claim.parts]
    return any(
        part.op is Op.EQUALS and field.mode is Mode.PLAIN and not may_disclose(terms, part, field)
        for part, field in zip(claim.parts, fields, strict=True)
    )


def read_in(question: Question, asked: Schema, attested: Schema) -> Question:
    """Return what ``question``, which was read by the schema ``asked``, says of an attestation of another version.

    Raises:
        VerificationError: ``schema_version_differs``; it does not mean the same there, or cannot be asked. Of amounts
            in another currency, ``currency_differs``.
    """
    if asked.id == attested.id:
        return question
    field = asked.field(question.field)
    try:
        there = attested.field(question.field)
        _require_currency(field, there)
        again = Question.from_json(question.to_json(field), {attested.name: attested})
        require_askable(again, there)
    except InvalidInputError as error:
        raise _other_version(asked, attested) from error
    same_field = (field.type, field.mode) == (there.type, there.mode) and field.measure.means(there.measure)
    if not same_field or _totals(question, asked) != _totals(question, attested):
        raise _other_version(asked, attested)
    return again


def _require_currency(asked: Field, attested: Field) -> None:
    currencies = asked.measure.currency, attested.measure.currency
    if None not in currencies and len(set(currencies)) > 1:
        raise VerificationError(
            Reason.CURRENCY_DIFFERS, f"'{asked.name}' was attested in {currencies[1]}, and nothing is converted"
        )


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


def names_its_attestation(question: Question, schema: Schema, terms: Scope) -> bool:
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
