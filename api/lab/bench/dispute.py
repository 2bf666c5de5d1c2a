"""What settling ``>= 500,000 CNY`` on chain costs: the dispute verifier, deployed and called on a fresh ledger."""

from pathlib import Path
from typing import Final

from api.catalogue.datatype import schemas
from api.lab.demo.server import InstanceProcess
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.commitment import AtLeastOpening, Committer, FieldProof
from ledger_node.domain.proof import Prover
from ledger_node.domain.question import Question
from ledger_node.domain.statement import AtLeast, lower

_QUESTION: Final = "tax_payment.paid_amount >= 500000 CNY"
_GAS: Final = 20_000_000


def onchain_gas(folder: Path) -> int:
    """Return the gas of one transaction that checks the question, calldata and the base 21,000 included."""
    question = Question.parse(_QUESTION, schemas())
    schema = schemas()[question.schema]
    field = schema.field(question.field)
    statement = lower(question, field)
    committer, seed = Committer(schema), bytes(range(32))
    values = ("10101", 128_640_050, 20_000, 1_860_000_000, 12)
    proof = Prover(committer, seed, values).prove(field, statement, may_disclose=False)
    if not isinstance(proof, FieldProof) or not isinstance(statement, AtLeast):
        raise TypeError("the question has a proof")
    opening = proof.opening
    if not isinstance(opening, AtLeastOpening):
        raise TypeError("the question holds")
    served = InstanceProcess(folder)
    try:
        book = served.home.address_book()
        rpc = Rpc(str(served.node()["url"]))
        governor = Sender(rpc, book.chain_id, served.home.read_key("governor"))
        verifier = artifact("DisputeVerifier")
        anchors = "0x" + book.contracts["AnchorRegistry"].hex()
        contract = governor.send(None, verifier.construct(anchors), gas=_GAS).created
        shown = (schema.id, field.index, schema.depth, proof.salt, list(proof.path))
        heads = (opening.head_up, opening.tip_down, committer.commit(seed, values).root)
        call = verifier.encode("checkAtLeast", shown, statement.j, len(field.require_ladder()), *heads)
        return governor.send(contract, call, gas=_GAS).mined.gas_used
    finally:
        served.stop()
