"""One committed attestation of the small world, and what is asked of its fields; it holds no tests of its own."""

import pytest

from ledger_node.domain.commitment import Committer
from ledger_node.domain.error import VerificationError
from ledger_node.domain.proof import Prover, check_proof
from ledger_node.domain.reason import Reason
from tests.kit.world import FACTS, RAW, h

SEED = h("seed")
PAID, SALES, GRADE, MONTH, COUNT, YEAR = (
    FACTS.field(name) for name in ("paid", "sales", "grade", "last_month", "count", "year")
)
THRESHOLDS = PAID.ladder.thresholds
K = len(THRESHOLDS)
COMMITTER = Committer(FACTS)


def commit(**changes):
    """The prover of the firm's values with these changes, and its fieldsRoot."""
    values = FACTS.parse_values(RAW | changes)
    prover = Prover(COMMITTER, SEED, values)
    return prover, COMMITTER.commit(SEED, values).root


PROVER, ROOT = commit()


def prove(field, statement, prover=PROVER):
    return prover.prove(field, statement, may_disclose=False)


def failed(field, statement, proof, root=ROOT) -> Reason:
    """The reason why the proof is refused; it must be."""
    with pytest.raises(VerificationError) as error:
        check_proof(FACTS, root, field, statement, proof)
    assert error.value.field == field.name
    return error.value.reason
