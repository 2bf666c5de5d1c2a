"""Which attestation a question is about, as far as the signed words say."""

from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema


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
