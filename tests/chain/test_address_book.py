"""The address book: one JSON form, and nothing unknown in it."""

import pytest

from ledger_node.chain.address_book import CONTRACTS, AddressBook
from ledger_node.domain.error import InvalidInputError

BOOK = AddressBook(760_001, b"\x07" * 32, {name: bytes([number + 1]) * 20 for number, name in enumerate(CONTRACTS)})


def test_a_book_survives_its_json_form():
    assert AddressBook.from_json(BOOK.to_json()) == BOOK


@pytest.mark.parametrize("missing", ["chain_id", "genesis", "contracts"])
def test_a_missing_member_is_named(missing):
    form = {name: value for name, value in BOOK.to_json().items() if name != missing}
    with pytest.raises(InvalidInputError) as refused:
        AddressBook.from_json(form)
    assert (refused.value.reason, refused.value.field) == ("field_missing", missing)


@pytest.mark.parametrize("missing", CONTRACTS)
def test_a_missing_contract_is_named(missing):
    form = BOOK.to_json()
    form["contracts"] = {name: value for name, value in form["contracts"].items() if name != missing}
    with pytest.raises(InvalidInputError) as refused:
        AddressBook.from_json(form)
    assert (refused.value.reason, refused.value.field) == ("field_missing", missing)


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 0},
        {"chain_id": "1"},
        {"chain_id": True},
        {"chain_id": 2**60},
        {"genesis": "0x00"},
        {"genesis": None},
        {"contracts": []},
        {"contracts": {**BOOK.to_json()["contracts"], "Council": "0x12"}},
        {"contracts": {**BOOK.to_json()["contracts"], "Council": 5}},
        {"contracts": {**BOOK.to_json()["contracts"], "Other": "0x" + "11" * 20}},
        {"more": 1},
    ],
)
def test_a_malformed_book_is_refused(change):
    with pytest.raises(InvalidInputError):
        AddressBook.from_json({**BOOK.to_json(), **change})


@pytest.mark.parametrize("form", [None, [], "x", 5])
def test_what_is_no_object_is_no_book(form):
    with pytest.raises(InvalidInputError) as refused:
        AddressBook.from_json(form)
    assert refused.value.reason == "type_wrong"
