"""Which attestation a question is about, as far as the signed words say."""

from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema


def names_its_attestation(question: Question, schema: Schema, terms: ConsentRequest) -> bool:
    """Return whether what was signed fixes the attestation that ``question`` is about.

    A question without a period means the newest attestation, and no proof shows that there is no newer one. Only the
    member that answered can say so, in its receipt.
    """
    del schema, terms  # what tells attestations of one period apart comes to be named in them
    return question.period is not None
