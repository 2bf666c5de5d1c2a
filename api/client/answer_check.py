"""What a bank does with an answer: read the facts from its own node and run the verification plan itself."""

from collections.abc import Sequence

from api.catalogue.datatype import schemas
from ledger_node.chain.port import Block, FactLedger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.controller_entry import ControllerQuery
from ledger_node.domain.fact import query_of
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.verification import Policy, Verdict, verify


def check_answer(answer: JSON, ledger: FactLedger, *, grantee: bytes, policy: Policy) -> Sequence[Verdict]:
    """Check an answer of the API against the chain, at the block that it names.

    Raises:
        VerificationError: the answer does not check; nothing in it may be relied on.
        InvalidInputError: the answer is malformed.
        ChainError: the node does not answer.
    """
    record = JsonObject(answer, "answer")
    presentation = Presentation.from_json(record.take("presentation"), schemas())
    block = None
    if record.has("block"):
        named = record.record("block")
        block = Block(named.integer("number"), named.blob("hash"), named.integer("time"))
        ledger.require_block(block)
    consent, shown = presentation.consent, record.take("controllers")
    controllers = None if consent is None or shown is None else ControllerQuery.from_json(shown, consent.terms.subject)
    facts = ledger.facts(query_of(presentation, controllers), block)
    return verify(presentation, schemas(), facts, grantee=grantee, policy=policy)
