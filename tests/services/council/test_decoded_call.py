"""Calls of the council in words."""

import pytest

from api.services.council.decoded_call import CallDecoder, duration_text
from ledger_node.chain.address_book import CONTRACTS, AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.governance import RULES
from ledger_node.chain.port import CouncilCall, DelayClass

BOOK = AddressBook(7, bytes(32), {name: bytes([number + 1]) * 20 for number, name in enumerate(CONTRACTS)})
BANK, KEY, OTHER = b"\x0b" * 32, "0x" + "0a" * 20, b"\x0c" * 32
DECODER = CallDecoder(BOOK, {BANK: "North Bank"})
FOREVER, NOON = 2**64 - 1, 1_800_000_000


def decoded(contract, function, *args):
    call = CouncilCall(BOOK.contracts[contract], artifact(contract).encode(function, *args))
    return DECODER.decode(call, DelayClass.GIVE)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (
            ("MemberRegistry", "addKey", BANK, KEY, 128 + 8, 0, FOREVER),
            {
                "id": f"North Bank (0x{BANK.hex()})",
                "key": KEY,
                "purposes": "log + sign-in",
                "validFrom": "the beginning",
                "validUntil": "no end",
            },
        ),
        (
            ("MemberRegistry", "addMember", OTHER, 9, "New", "https://new.example"),
            {
                "id": f"0x{OTHER.hex()}",
                "roles": "department + relayer",
                "name": "New",
                "serviceUrl": "https://new.example",
            },
        ),
        (("MemberRegistry", "endKey", KEY, 0), {"key": KEY, "validUntil": "the time of the decision"}),
        (("MemberRegistry", "markCompromised", KEY, NOON), {"key": KEY, "from": "2027-01-15T08:00:00Z"}),
        (("MemberRegistry", "setFrozen", True), {"frozen": "true"}),
        (("Council", "setDelays", 3 * 86_400, 0), {"give": "3 d", "change": "none"}),
        (("Council", "setThreshold", 2, 0), {"threshold": "2", "recovery": "0"}),
    ],
)
def test_arguments_are_told_as_people_read_them(call, arguments):
    found = decoded(*call)
    assert (found.target, found.function, found.arguments) == (call[0], call[1], arguments)
    assert found.is_decoded


def test_a_call_is_one_line_and_one_json_object():
    found = decoded("MemberRegistry", "suspend", BANK)
    assert found.line == f"MemberRegistry.suspend(id = North Bank (0x{BANK.hex()}))"
    told = found.to_json()
    assert (told["words"], told["class"], told["function"]) == ("suspend a member", "give", "suspend")
    assert told["data"] == "0x" + artifact("MemberRegistry").encode("suspend", BANK).hex()


@pytest.mark.parametrize(("contract", "function"), [(name, one) for name, each in RULES.items() for one in each])
def test_every_function_of_the_councils_table_has_words(contract, function):
    inputs = next(entry["inputs"] for entry in artifact(contract).abi if entry.get("name") == function)
    zeros = [zero(one) for one in inputs]
    assert "no rule" not in decoded(contract, function, *zeros).words


def zero(parameter):
    kind = parameter["type"]
    if kind.startswith("tuple"):
        return tuple(zero(one) for one in parameter["components"])
    if kind.endswith("[]"):
        return []
    return {"address": "0x" + "00" * 20, "bytes32": bytes(32), "string": "", "bool": False, "bytes": b""}.get(kind, 0)


@pytest.mark.parametrize(
    "call",
    [
        CouncilCall(b"\xee" * 20, artifact("MemberRegistry").encode("suspend", BANK)),
        CouncilCall(BOOK.contracts["MemberRegistry"], b"\x01\x02\x03\x04"),
        CouncilCall(BOOK.contracts["MemberRegistry"], artifact("MemberRegistry").encode("suspend", BANK) + b"\0"),
        CouncilCall(BOOK.contracts["MemberRegistry"], b""),
    ],
)
def test_what_is_not_exactly_a_call_of_the_networks_contracts_is_marked(call):
    found = DECODER.decode(call, DelayClass.UNKNOWN)
    assert not found.is_decoded
    assert "NOT DECODED" in found.words
    assert found.line.endswith("0x" + call.data.hex())
    assert found.to_json()["function"] is None


def test_lengths_of_time_are_told_in_their_largest_units():
    lengths = (0, 59, 3_600, 90_061, 3 * 86_400)
    assert [duration_text(one) for one in lengths] == ["none", "59 s", "1 h", "1 d 1 h 1 min 1 s", "3 d"]
