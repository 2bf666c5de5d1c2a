"""When a "no" shows the value itself, and whether the consent allows that (CL1, proofs).

``equals`` on a plain field has no proof of its complement but the value, so its "no" needs consent to ``reveal``.
"""

from collections.abc import Mapping
from dataclasses import replace

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms, lists_question
from ledger_node.domain.error import VerificationError
from ledger_node.domain.opening import FieldProof, PlainOpening
from ledger_node.domain.question import Op, Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Field, Mode, Schema


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
