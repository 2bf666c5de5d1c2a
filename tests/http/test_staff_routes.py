"""A member's own key invites its first people over HTTP; nobody else's does, and each number counts once."""

import pytest

from api.client.staff import end_staff, invite_staff
from ledger_node import clock
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.domain.staff_release import StaffAct
from ledger_node.randomness import random_bytes
from tests.kit.staff import new_device
from tests.kit.subject import refused


@pytest.fixture(scope="module")
def key(inside):
    return inside.served.home.read_key("demo-bank")


def test_the_member_s_key_invites_a_person_and_a_release_proves_it(inside, key):
    invited = invite_staff(inside.bank, key, "Wang Fang", ["officer", "admin"])
    assert (invited["staff"]["state"], invited["staff"]["roles"]) == ("invited", ["admin", "officer"])
    assert invited["code"] not in str(inside.bank.get("/v1/staff"))
    assert [person["name"] for person in inside.bank.get("/v1/staff")["staff"]] == ["Wang Fang"]
    (release,) = inside.bank.get("/v1/releases")["releases"]
    assert (release["act"], release["staff"], release["prepared_by"]) == ("add_staff", None, None)
    assert release["key"] == {"address": to_hex(address_of(key))}
    # another member sees none of it
    assert inside.regulator.get("/v1/staff") == {"staff": []}
    assert inside.regulator.get("/v1/releases") == {"releases": []}


def enrolled(inside, key, name, *roles):
    """Return a person of the tax bureau with a security key, and the key."""
    invited, device = invite_staff(inside.tax, key, name, roles), new_device()
    roster = inside.served.instance.roster
    return roster.enrol(invited["code"], device.credential, device.passkey, is_synced=False), device


def test_what_a_person_released_is_shown_with_the_passkey_that_signed_it(inside):
    instance, member_key = inside.served.instance, inside.served.home.read_key("tax-bureau")
    admin, device = enrolled(inside, member_key, "Wang Fang", "admin")
    leaver, _ = enrolled(inside, member_key, "Li Lei", "clerk")
    draft = instance.roster.draft_release(leaver, StaffAct.END_STAFF)
    instance.roster.end(
        admin, leaver.id, draft.number, device.assertion(instance.releases.digest(draft)), now=clock.now()
    )
    shown = next(one for one in inside.tax.get("/v1/releases")["releases"] if one["act"] == "end_staff")
    assert shown["staff"] == to_hex(admin.id)
    assert shown["key"] == {"passkey": device.passkey.to_json()}
    assert set(shown["signature"]) == {"authenticator_data", "client_data_json", "signature"}


def test_the_member_s_key_ends_a_person_once_and_another_s_does_not(inside, key):
    person = invite_staff(inside.bank, key, "Zhao Jun", ["officer"])["staff"]
    for other in (random_bytes(32), inside.served.home.read_key("tax-bureau")):
        assert refused(lambda other=other: end_staff(inside.bank, other, person)) == (422, "key_not_valid")
    nobody = person | {"id": "0x" + "ab" * 16}
    assert refused(lambda: end_staff(inside.bank, key, nobody)) == (404, "not_found")
    ended = end_staff(inside.bank, key, person)
    assert (ended["id"], ended["state"]) == (person["id"], "ended")
    assert refused(lambda: end_staff(inside.bank, key, person)) == (409, "release_not_waiting")


def test_another_key_invites_nobody(inside):
    found = refused(lambda: invite_staff(inside.bank, random_bytes(32), "Zhao Jun", ["admin"]))
    assert found[1] == "key_not_valid"


@pytest.mark.parametrize(
    ("roles", "reason"), [([], "value_missing"), (["governor"], "value_malformed"), (["admin"] * 9, "too_large")]
)
def test_roles_that_are_none_are_refused(inside, key, roles, reason):
    assert refused(lambda: invite_staff(inside.bank, key, "Zhao Jun", roles))[1] == reason


def test_a_firm_has_no_staff(inside):
    assert refused(lambda: inside.shop.client.get("/v1/staff")) == (403, "not_allowed")
