"""Revert data becomes the contract's own error, and a reason where there is a better one than refused."""

import pytest
from eth_abi.abi import encode
from eth_utils.abi import get_abi_input_types

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import _KNOWN, revert_of
from ledger_node.domain.reason import Reason

ERRORS = {
    (name, entry["name"]): (selector, entry) for name in CONTRACTS for selector, entry in artifact(name).errors.items()
}
ARGUMENTS = {"bytes32": b"\x07" * 32, "address": "0x" + "11" * 20, "bool": True, "string": "x", "bytes": b"\x01"}


def argument(kind):
    if kind.endswith("[]"):
        return [argument(kind[:-2])]
    if kind.startswith("bytes") and kind != "bytes" and kind not in ARGUMENTS:
        return b"\x07" * int(kind[5:])
    return ARGUMENTS.get(kind, 5)


WRAPPING = "CouncilCallFailed"


@pytest.mark.parametrize(("contract", "name"), [key for key in ERRORS if key[1] != WRAPPING])
def test_every_custom_error_is_named_with_its_arguments(contract, name):
    selector, entry = ERRORS[contract, name]
    kinds = get_abi_input_types(entry)
    values = [argument(kind) for kind in kinds]
    error = revert_of(selector + encode(kinds, values))
    assert error.error == name
    assert list(error.arguments) == [item["name"] for item in entry["inputs"]]
    assert len(error.arguments) == len(values)
    assert (error.reason, error.message) == _KNOWN.get(name, (Reason.LEDGER_REFUSED, f"the contract refused: {name}"))


def test_an_error_of_a_call_by_the_council_is_the_calls_own():
    selector, entry = ERRORS["Council", WRAPPING]
    inner, _ = ERRORS["SubjectRegistry", "SubjectExists"]
    error = revert_of(selector + encode(get_abi_input_types(entry), [0, inner + b"\x07" * 32]))
    assert (error.error, error.reason) == ("SubjectExists", Reason.SUBJECT_EXISTS)


def test_every_error_that_has_a_reason_is_one_of_a_contract():
    assert set(_KNOWN) <= {name for _, name in ERRORS}


def test_a_selector_means_the_same_in_every_contract():
    names = {}
    for (_, name), (selector, _) in ERRORS.items():
        assert names.setdefault(selector, name) == name


def test_a_plain_revert_with_words_is_read():
    error = revert_of(bytes.fromhex("08c379a0") + encode(["string"], ["no"]))
    assert (error.error, error.arguments, error.reason) == ("Error", {"message": "no"}, Reason.LEDGER_REFUSED)


@pytest.mark.parametrize(
    "data", [b"\x01\x02\x03\x04", b"\x00" * 4, b"\x01", b"", bytes.fromhex("4e487b71") + b"\x00" * 32]
)
def test_unknown_data_is_an_unknown_error(data):
    error = revert_of(data)
    assert (error.error, error.reason) == ("UnknownError", Reason.LEDGER_REFUSED)


@pytest.mark.parametrize("contract_and_name", [key for key, (_, entry) in ERRORS.items() if entry["inputs"]])
def test_cut_off_data_is_an_unknown_error_and_no_fault(contract_and_name):
    selector, _ = ERRORS[contract_and_name]
    assert revert_of(selector + b"\x01").error == "UnknownError"
    assert revert_of(bytes.fromhex("08c379a0") + b"\xff" * 40).error == "UnknownError"
