"""What a dispute costs: whole transactions, with the 21,000 and the calldata."""

import pytest

from ledger_node.domain.commitment import Committer
from ledger_node.domain.proof import Prover
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, HasAll, NoneOf
from tests.kit.contract_set import artifact, deployed_code, word
from tests.kit.dispute import CNY, TAX, ask, call_for, catalogue_schema, gas_of, pure_verifier

EIP_170 = 24_576
LONGEST = 65_535


def gas_to_settle(schema, values, name, make, threshold=None):
    """The gas of settling one statement about one field of an attestation; it must hold."""
    chain, contract = pure_verifier()
    field, committer = schema.field(name), Committer(schema)
    parsed = schema.parse_values(values)
    statement = make(field.ladder.position(threshold)) if threshold else make
    root = committer.commit(word("seed"), parsed).root
    proof = Prover(committer, word("seed"), parsed).prove(field, statement, may_disclose=False)
    call, _ = call_for(contract, schema, root, field, statement, proof)
    assert ask(call) is True
    return gas_of(chain, call)


def test_at_least_500_000_cny_costs_less_than_60_000_gas():
    schema = catalogue_schema("tax_payment")
    assert len(schema.field("paid_amount").ladder) == 55
    gas = gas_to_settle(schema, TAX, "paid_amount", AtLeast, 500_000 * CNY)
    assert gas < 60_000
    assert gas < 32_500, "more than it was; if on purpose, say so here"


def test_its_complement_costs_less_than_60_000_gas():
    gas = gas_to_settle(
        catalogue_schema("tax_payment"), TAX | {"paid_amount": "4999"}, "paid_amount", Below, 500_000 * CNY
    )
    assert gas < 60_000
    assert gas < 33_500, "more than it was; if on purpose, say so here"


def test_the_longest_chain_fits_into_any_block():
    spec = {
        "name": "long",
        "version": 1,
        "fields": [
            {"name": "n", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": 1, "to": LONGEST}}
        ],
    }
    gas = gas_to_settle(Schema.from_json(spec), {"n": LONGEST}, "n", AtLeast, LONGEST)
    assert gas < 7_500_000


@pytest.mark.parametrize(("count", "limit"), [(5, 32_500), (256, 327_000)])
def test_an_enum_costs_by_its_members(count, limit):
    members = [f"M{i}" for i in range(count)]
    spec = {"name": "e", "version": 1, "fields": [{"name": "e", "type": "enum", "mode": "enum", "members": members}]}
    gas = gas_to_settle(Schema.from_json(spec), {"e": "M0"}, "e", NoneOf(frozenset(range(1, count))))
    assert gas < limit


@pytest.mark.parametrize(("count", "limit"), [(5, 33_000), (256, 345_000)])
def test_a_set_of_codes_costs_by_its_members(count, limit):
    members = [f"M{i}" for i in range(count)]
    spec = {"name": "e", "version": 1, "fields": [{"name": "e", "type": "codes", "mode": "enum", "members": members}]}
    gas = gas_to_settle(Schema.from_json(spec), {"e": members[1:]}, "e", HasAll(frozenset(range(1, count))))
    assert gas < limit


def test_the_contract_fits_and_carries_no_metadata():
    code = deployed_code("DisputeVerifier")
    assert len(code) < EIP_170
    assert b"ipfs" not in code
    assert artifact("DisputeVerifier")["compiler"]["settings"]["evmVersion"] == "cancun"
    assert {f["stateMutability"] for f in artifact("DisputeVerifier")["abi"] if f["type"] == "function"} == {
        "pure",
        "view",
    }
