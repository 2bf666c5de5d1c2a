"""A member's own key invites its first people over HTTP; nobody else's does, and each number counts once."""

import pytest

from api.client.staff import invite_staff
from ledger_node.randomness import random_bytes
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
    # another member sees none of it
    assert inside.regulator.get("/v1/staff") == {"staff": []}
    assert inside.regulator.get("/v1/releases") == {"releases": []}


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
