"""What a consent allows: to whom, which questions, of which departments and days, and whether a "no" may show a value.

``equals`` on a plain field has no proof of its complement but the value, so its "no" needs consent to ``reveal``
(CL1, proofs).
"""

from collections.abc import Mapping
from dataclasses import replace

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.error import VerificationError
from ledger_node.domain.opening import FieldProof, PlainOpening
from ledger_node.domain.period import Period
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field, Mode


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
