"""Every function of the council and of what it owns, called as every role: nobody gets in by the wrong door."""

import pytest

from tests.contracts.test_council_delay import nothing
from tests.kit.contract_set import NAMES, RULES, Refused, artifact, selectors
from tests.kit.storage_root import root_on

OWNED = ("Council", "MemberRegistry", "SchemaRegistry", "AnchorRegistry")
NOT_THE_CALLERS = {
    "OwnableUnauthorizedAccount",
    "OwnerFixed",
    "CouncilOnlyItself",
    "GovernorUnknown",
}
BY_SIGNATURE = {
    "anchor": "BatchRootZero",
    "changeStatus": "StatusPastDeadline",
    "cast": "ECDSAInvalidSignatureLength",
    "clear": "StatusMarkUnknown",
    "confirm": "StatusMarkUnknown",
}
"""What anyone may call: an empty call is refused for what is missing in it."""


def writing(name):
    return [e["name"] for e in artifact(name)["abi"] if e["type"] == "function" and e["stateMutability"] != "view"]


@pytest.mark.parametrize("name", OWNED)
def test_no_role_changes_anything_that_is_the_councils(consortium, chain, name):
    contract = consortium.contract[name]
    before = root_on(chain, contract)
    callers = [member.key for member in consortium.cast] + [consortium.stranger]
    for function in writing(name):
        empty = contract.get_function_by_selector(selectors(name)[function])
        call = empty(*map(nothing, empty.abi["inputs"]))
        for caller in callers:
            with pytest.raises(Refused) as refused:
                chain.read(call, caller)
            expected = {BY_SIGNATURE[function]} if function in BY_SIGNATURE else NOT_THE_CALLERS
            assert refused.value.name in expected, function
            sent = call.transact({"from": caller.address, "gas": 1_000_000})
            assert chain.receipt(sent)["status"] == 0
    assert root_on(chain, contract) == before


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"Council", "DisputeVerifier"}])
def test_k12_what_only_the_council_may_call_gives_or_takes_by_its_rule(consortium, chain, name):
    contract, found = consortium.contract[name], set()
    for function in writing(name):
        empty = contract.get_function_by_selector(selectors(name)[function])
        try:
            chain.read(empty(*map(nothing, empty.abi["inputs"])), consortium.stranger)
        except Refused as refused:
            if refused.name == "OwnableUnauthorizedAccount":
                found.add(function)
    assert found == set(RULES.get(name, {}))


def test_the_verifier_writes_nothing():
    functions = [e for e in artifact("DisputeVerifier")["abi"] if e["type"] == "function"]
    assert {e["stateMutability"] for e in functions} <= {"view", "pure"}
