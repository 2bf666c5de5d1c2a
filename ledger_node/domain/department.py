"""Whose attestation a question means, where several departments may attest to one type."""

from collections.abc import Set as AbstractSet

from ledger_node.domain.consent import Terms, departments_allow
from ledger_node.domain.error import VerificationError
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason


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
