"""Whether a question and its consent alone say which attestation an answer must be made from."""

from ledger_node.domain.consent import Terms
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema


def is_fixed(question: Question, schema: Schema, terms: Terms) -> bool:
    """Return whether neither kind nor department of the attestation is left to whoever answers.

    Where one is, an answer from another attestation of the same firm and period would check as well, and only a
    receipt says that the one shown is the right one. ``schema``: that of the attestation.
    """
    kind_is_named = bool(question.selector.per) or not schema.per
    department_is_named = question.selector.issuer is not None or len(terms.departments) == 1
    return kind_is_named and department_is_named
