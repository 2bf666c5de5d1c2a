"""What the tests of the DisputeVerifier share; it holds no tests of its own.

``settle`` asks the contract about what ``check_proof`` is asked about, so that the two can be compared.
"""

import ast
import json
from functools import cache
from importlib import resources

from eth_abi import decode
from eth_tester.exceptions import TransactionFailed
from eth_utils import to_checksum_address
from web3.exceptions import ContractLogicError

from ledger_node.domain.commitment import (
    AbsentOpening,
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    CodesOpening,
    Committer,
    PlainOpening,
)
from ledger_node.domain.error import VerificationError
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, HasNone, NoneOf, OneOf, Reveal
from ledger_node.domain.value import encode_value
from tests.kit.contract_set import GAS, Chain, Refused, artifact, errors, type_of

ARTIFACT = artifact("DisputeVerifier")
NOWHERE = "0x" + "00" * 19 + "01"
HOLDS, DOES_NOT_HOLD, CANNOT_TELL = Outcome.HOLDS, Outcome.DOES_NOT_HOLD, Outcome.CANNOT_TELL

ONE_DIGIT = {"kind": "one_digit", "from": 100_000, "to": 100_000_000}
MONEY = {"kind": "one_digit", "from": "1000", "to": "1000000"}
PLEDGES = ["land", "shares", "goods"]
MEMBERS = ["A", "B", "M", "C", "D"]
SPEC = {
    "name": "dispute",
    "version": 1,
    "fields": [
        {"name": "paid", "type": "integer", "currency": "CNY", "scale": 2, "mode": "ladder", "ladder": MONEY},
        {"name": "sales", "type": "integer", "mode": "ladder", "optional": True, "ladder": ONE_DIGIT},
        {"name": "count", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": -2, "to": 9}},
        {
            "name": "last_month",
            "type": "month",
            "mode": "ladder",
            "none_on_record": True,
            "ladder": {"kind": "months", "from": "2025-01", "to": "2026-12"},
        },
        {"name": "grade", "type": "enum", "mode": "enum", "members": MEMBERS},
        {"name": "state", "type": "enum", "mode": "enum", "optional": True, "members": ["valid", "ended"]},
        {"name": "year", "type": "integer", "mode": "plain"},
        {"name": "rated_on", "type": "date", "mode": "plain"},
        {"name": "listed", "type": "bool", "mode": "plain"},
        {"name": "note", "type": "text", "mode": "plain", "optional": True},
        {"name": "kind", "type": "code", "mode": "plain"},
        {"name": "pledged", "type": "codes", "mode": "enum", "optional": True, "members": PLEDGES},
    ],
}
SCHEMA = Schema.from_json(SPEC)
OTHER_SCHEMA = Schema.from_json(SPEC | {"version": 2})
COMMITTER = Committer(SCHEMA)
RAW = {
    "paid": "12864",
    "sales": None,
    "count": 0,
    "last_month": "2026-03",
    "grade": "B",
    "state": "valid",
    "year": -1,
    "rated_on": "1969-12-30",
    "listed": False,
    "note": "示例",
    "kind": "10101",
    "pledged": ["land", "goods"],
}

CNY = 100
TAX = {
    "tax_kind": "10101",
    "paid_amount": "1234567",
    "paid_on": "2026-03-15",
    "sales_income": "20000000",
    "months_paid_on_time_12m": 11,
}


def catalogue_schema(name):
    text = resources.files("api").joinpath(f"catalogue/schemas/{name}.json").read_text("utf-8")
    return Schema.from_json(json.loads(text)["schema"])


def issue(raw, seed):
    """The prover of an attestation and its fieldsRoot."""
    values = SCHEMA.parse_values(raw)
    return Prover(COMMITTER, seed, values), COMMITTER.commit(seed, values).root


def deploy(chain, anchors, members=NOWHERE, schemas=NOWHERE):
    """A verifier that asks the registries at these addresses."""
    factory = chain.w3.eth.contract(abi=ARTIFACT["abi"], bytecode=ARTIFACT["bytecode"])
    sent = factory.constructor(anchors, members, schemas).transact({"from": chain.accounts[0].address, "gas": GAS})
    receipt = chain.w3.eth.get_transaction_receipt(sent)
    assert receipt["status"] == 1
    return chain.w3.eth.contract(address=receipt["contractAddress"], abi=ARTIFACT["abi"])


@cache
def pure_verifier():
    """A verifier for what needs no registry, on a chain of its own."""
    chain = Chain()
    return chain, deploy(chain, NOWHERE)


def ask(function):
    """Call a function of the verifier.

    Raises:
        Refused: it reverted; the name of the custom error and its arguments.
    """
    try:
        return function.call({"gas": GAS})
    except TransactionFailed as error:
        refused = _refused(error)
    except ContractLogicError as error:
        # every engine but eth-tester
        refused = Refused.of(bytes.fromhex(error.data[2:]))
    raise refused


def gas_of(chain, function):
    """The gas of a transaction that makes this call: execution, calldata and the 21,000."""
    sent = function.transact({"from": chain.accounts[0].address, "gas": GAS})
    receipt = chain.w3.eth.get_transaction_receipt(sent)
    assert receipt["status"] == 1
    return receipt["gasUsed"]


def _refused(error):
    _, found, literal = str(error.args[0]).partition("execution reverted: ")
    data = ast.literal_eval(literal) if found else b""
    entry = errors().get(data[:4])
    if entry is None:
        return Refused(f"unknown {error.args[0]!r}", ())
    return Refused(entry["name"], decode([type_of(i) for i in entry["inputs"]], data[4:]))


def field_argument(schema, field, proof):
    """The Field struct of the contract."""
    return (schema.id, field.index, schema.depth, proof.salt, list(proof.path))


def header_argument(header):
    """The Header struct of the contract."""
    return (
        header.schema_id,
        header.fields_root,
        header.subject_tag,
        header.issuer,
        header.issued_at,
        header.valid_until,
        header.as_of,
        header.period.first,
        header.period.last,
        header.supersedes,
        header.chain_id,
        to_checksum_address(header.anchor_registry),
    )


def mask_of(positions):
    return sum(1 << position for position in positions)


def call_for(contract, schema, root, field, statement, proof):
    """The call that asks whether ``proof`` shows ``statement`` or its complement, and the outcome if it does.

    None where the contract has no such question: the opening is not about the statement.
    """
    where = field_argument(schema, field, proof)
    match statement, proof.opening:
        case _, AbsentOpening():
            return contract.functions.checkAbsent(where, root), CANNOT_TELL
        case ((Equals() | Reveal()), PlainOpening(value)) if not field.members:
            encoded = encode_value(field.type, value)
            call = contract.functions.checkPlain(where, encoded[0], encoded[1:], root)
            unequal = isinstance(statement, Equals) and statement.value != value
            return call, DOES_NOT_HOLD if unequal else HOLDS
        case ((OneOf() | NoneOf() | Reveal()), BitsOpening()) if field.type != "codes":
            return _bits(contract, where, root, field, statement, proof.opening)
        case ((HasAny() | HasNone() | HasAll() | Reveal()), CodesOpening()):
            return _codes(contract, where, root, field, statement, proof.opening)
        case ((AtLeast() | Below() | Between()), _) if field.ladder is not None:
            return _ladder(contract, where, root, len(field.ladder), statement, proof.opening)
        case _:
            return None


def _ladder(contract, where, root, count, statement, opening):
    functions = contract.functions
    match statement, opening:
        case Between(low, high), BetweenOpening(up, down):
            return functions.checkBetween(where, low, high, count, up, down, root), HOLDS
        case ((AtLeast(j) | Below(j) | Between(_, j)), AtLeastOpening(head, tip)):
            outcome = HOLDS if isinstance(statement, AtLeast) else DOES_NOT_HOLD
            return functions.checkAtLeast(where, j, count, head, tip, root), outcome
        case ((AtLeast(j) | Below(j) | Between(j, _)), BelowOpening(head, tip)):
            outcome = HOLDS if isinstance(statement, Below) else DOES_NOT_HOLD
            return functions.checkBelow(where, j, count, head, tip, root), outcome
        case _:
            return None


def _bits(contract, where, root, field, statement, opening):
    everything = frozenset(range(len(field.members)))
    opened = frozenset(opening.opened)
    match statement:
        case OneOf(positions):
            inside = everything - opened == positions
            asked, outcome = (positions, HOLDS) if inside else (everything - positions, DOES_NOT_HOLD)
        case NoneOf(positions):
            outside = opened == positions
            asked, outcome = (everything - positions, HOLDS) if outside else (positions, DOES_NOT_HOLD)
        case _:
            # reveal: all bits but one are opened
            asked, outcome = frozenset(sorted(everything - opened)[:1]), HOLDS
    # a bit that is both opened and shut is given twice, so that nothing of the proof is dropped on the way
    shown = [digest for _, digest in sorted([*opening.opened.items(), *opening.shut.items()])]
    arguments = (len(field.members), mask_of(asked), mask_of(opened), shown)
    return contract.functions.checkBits(where, *arguments, root), outcome


def _codes(contract, where, root, field, statement, opening):
    """None where what is opened is not what the statement or its complement is shown by."""
    present, missing = frozenset(opening.present), frozenset(opening.missing)
    match statement:
        case Reveal():
            asked, every, one = frozenset(range(len(field.members))), present | missing, frozenset()
        case HasAll(asked):
            every, one = present, missing
        case HasAny(asked) | HasNone(asked):
            every, one = missing, present
    if isinstance(statement, Reveal):
        outcome = HOLDS
    elif len(one) == 1 and one <= asked and not every:
        outcome = HOLDS if isinstance(statement, HasAny) else DOES_NOT_HOLD
    else:
        outcome = DOES_NOT_HOLD if isinstance(statement, HasAny) else HOLDS
        if one:
            return None
    if not one and every != asked:
        return None
    parts = [*opening.present.items(), *opening.missing.items(), *opening.shut.items()]
    shown = [digest for _, digest in sorted(parts)]
    arguments = (len(field.members), mask_of(present), mask_of(missing), shown)
    return contract.functions.checkCodes(where, *arguments, root), outcome


def settle(contract, schema, root, field, statement, proof):
    """The outcome on chain: None if nothing is proven, the name of the error if the contract refuses."""
    found = call_for(contract, schema, root, field, statement, proof)
    if found is None:
        return "NoSuchQuestion"
    call, outcome = found
    try:
        return outcome if ask(call) else None
    except Refused as refused:
        return refused.name


def checked(schema, root, field, statement, proof):
    """The outcome of the product's verifier, or the reason of its refusal."""
    try:
        return check_proof(schema, root, field, statement, proof)
    except VerificationError as error:
        return error.reason.value
