"""The options that name a set of controllers: whose keys they are, and how many persons must sign."""

import json

import pytest

from api.cli.controller import WantedControllers
from api.home.home import Home
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import Controller
from tests.kit.authenticator import Authenticator

PHONE = Authenticator(1)
PASSKEY = Passkey(PHONE.rp_id_hash, PHONE.public_key)
ALICE, BOB = b"\x0a" * 20, b"\x0b" * 20


@pytest.fixture
def folder(tmp_path):
    return Home(tmp_path)


@pytest.fixture
def phone(tmp_path):
    file = tmp_path / "phone.json"
    file.write_text(json.dumps(PASSKEY.to_json()))
    return str(file)


def named(*addresses):
    return ["0x" + address.hex() for address in addresses]


def test_each_controller_is_a_person_of_its_own(folder, phone):
    wanted = WantedControllers([*named(ALICE, BOB), phone])
    assert wanted.keys(folder) == (Controller(1, ALICE), Controller(2, BOB), Controller(3, PASSKEY))


def test_k23_two_devices_of_one_person_have_one_number(folder, phone):
    alice, bob = named(ALICE, BOB)
    wanted = WantedControllers(person=[f"2={alice}", f"2={phone}"], controller=[bob])
    assert wanted.keys(folder) == (Controller(2, ALICE), Controller(2, PASSKEY), Controller(1, BOB))


def test_without_any_option_there_is_the_default_or_nobody(folder, monkeypatch):
    monkeypatch.setattr(Home, "has_key", lambda _, name: name == "shop")
    monkeypatch.setattr(Home, "read_key", lambda *_: b"\x01" * 32)
    assert WantedControllers().is_empty
    assert WantedControllers().keys(folder, default="shop") == (Controller(1, address_of(b"\x01" * 32)),)
    assert WantedControllers().keys(folder) == ()
    assert not WantedControllers(person=["1=shop"]).is_empty


@pytest.mark.parametrize(
    "raw", ["alice", "0=alice", "256=alice", "-1=alice", "=alice", "1=", "x=alice", "99999999999=a"]
)
def test_a_person_is_a_number_and_a_key(folder, raw):
    with pytest.raises(InvalidInputError) as refused:
        WantedControllers(person=[raw]).keys(folder)
    assert (refused.value.reason, refused.value.field) == (Reason.CONFIGURATION, "person")


def test_a_key_that_is_not_there_is_named(folder):
    for wanted in (WantedControllers(["nobody"]), WantedControllers(person=["1=nobody"])):
        with pytest.raises(InvalidInputError, match="credence key new nobody"):
            wanted.keys(folder)
