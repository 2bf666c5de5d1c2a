"""One committed attestation of the small world, and what is asked of its fields; it holds no tests of its own."""

import pytest

from ledger_node.domain.commitment import Committer
from ledger_node.domain.error import VerificationError
from ledger_node.domain.ladder import Ladder, LadderField
from ledger_node.domain.proof import Prover, check_proof
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import FieldType
from tests.kit import reference
from tests.kit.world import FACTS, RAW, h, yuan

SEED = h("seed")
PAID, SALES, GRADE, MONTH, COUNT, YEAR = (
    FACTS.field(name) for name in ("paid", "sales", "grade", "last_month", "count", "year")
)
THRESHOLDS = PAID.ladder.thresholds
K = len(THRESHOLDS)
COMMITTER = Committer(FACTS)


def ladder_of(spec, **more):
    """The ladder of a field that has this kind, and what else is said of the field."""
    kind = {"months": FieldType.MONTH, "days": FieldType.DATE}.get(spec.get("kind"), FieldType.INTEGER)
    return Ladder.from_json(spec, LadderField(**({"kind": kind} | more)))


def listed(spec, **more):
    """What the reference lists of it."""
    kind = {"months": "month", "days": "date"}.get(spec["kind"], "integer")
    return reference.ladder({"type": kind, "ladder": spec} | more)


def commit(**changes):
    """The prover of the firm's values with these changes, amounts in fen, and its fieldsRoot."""
    amounts = {name: yuan(changes[name]) for name in ("paid", "sales") if isinstance(changes.get(name), int)}
    values = FACTS.parse_values(RAW | changes | amounts)
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
