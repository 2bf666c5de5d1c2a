"""What the Ledger port promises of members, schemas and documents."""

from dataclasses import astuple

from ledger_node.chain.port import Member, Role
from ledger_node.domain.signature import address_of
from tests.kit.ledger_port import NOTHING, SUSPENDED, id_
from tests.kit.ledger_world import (
    DEPARTMENT,
    FOREVER,
    RELAYER,
)


def test_members_are_listed_as_the_council_added_them(world, ledger):
    member, _ = world.new_member(Role.BANK | Role.DEPARTMENT)
    found = ledger.members()
    assert found[0] == Member(RELAYER, "Relayer", Role.RELAYER | Role.REGISTRAR, True, "https://relayer.example")
    assert found[-1] == Member(member, "New member", Role.BANK | Role.DEPARTMENT, True, "")
    world.council.set_state(member, SUSPENDED)
    world.council.set_roles(member, Role.BANK)
    assert ledger.members()[-1] == Member(member, "New member", Role.BANK, False, "")


def test_standing_is_of_one_member_and_its_own_key(world, ledger):
    member, key = world.new_member(Role.BANK)
    address = address_of(key)
    standing = ledger.standing(member, address)
    assert astuple(standing.key) == (0, FOREVER, 0)
    assert (standing.member.id, standing.time) == (member, ledger.head().time)
    assert astuple(ledger.standing(RELAYER, address).key) == (0, 0, 0)
    assert ledger.standing(id_(), address).member is None


def test_a_key_ends_and_is_compromised_on_the_record(world, ledger):
    member, key = world.new_member(Role.BANK)
    address, end = address_of(key), world.now() + 60
    world.council.end_key(address, end)
    world.council.mark_compromised(address, 7)
    assert astuple(ledger.standing(member, address).key) == (0, end, 7)


def test_a_document_has_the_digest_that_was_agreed_on(world, ledger):
    digest = id_()
    world.council.set_document("terms of use", digest)
    assert ledger.document("terms of use") == digest
    assert ledger.document("nothing") == NOTHING


def test_issuers_are_those_that_are_allowed_now(world, ledger, department):
    schema, member = id_(), department[0]
    world.council.register_schema(schema, "s")
    assert schema not in ledger.issuers()
    world.council.allow_issuer(schema, member)
    world.council.allow_issuer(schema, DEPARTMENT)
    assert ledger.issuers()[schema] == {member, DEPARTMENT}
    world.council.disallow_issuer(schema, member)
    assert ledger.issuers()[schema] == {DEPARTMENT}
