"""What the Ledger port promises of members, schemas and documents."""

from dataclasses import astuple

from ledger_node.chain.port import Member, Role
from ledger_node.domain.fact import EVERY_PURPOSE, NO_PURPOSE, KeyPurpose
from ledger_node.domain.signature import address_of
from tests.kit.ledger_port import NOTHING, SUSPENDED, id_, refusal
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
    assert astuple(standing.key) == (0, FOREVER, 0, EVERY_PURPOSE)
    assert (standing.member.id, standing.time) == (member, ledger.head().time)
    assert astuple(ledger.standing(RELAYER, address).key) == (0, 0, 0, NO_PURPOSE)
    assert ledger.standing(id_(), address).member is None


def test_k14_a_key_has_the_purposes_that_the_council_gave_it(world, ledger):
    member, key = world.new_member(Role.BANK, KeyPurpose.SIGN_IN | KeyPurpose.LOG)
    assert ledger.standing(member, address_of(key)).key.purposes == KeyPurpose.SIGN_IN | KeyPurpose.LOG


def test_a_key_ends_and_is_compromised_on_the_record(world, ledger):
    member, key = world.new_member(Role.BANK, KeyPurpose.LOG)
    address, end = address_of(key), world.now() + 60
    world.council.end_key(address, end)
    world.council.mark_compromised(address, 7)
    assert astuple(ledger.standing(member, address).key) == (0, end, 7, KeyPurpose.LOG)
    world.council.end_key(address, end + 1)
    world.council.mark_compromised(address, 8)
    assert astuple(ledger.standing(member, address).key) == (0, end, 7, KeyPurpose.LOG)


def test_k13_a_key_that_should_have_ended_already_ends_with_the_decision(world, ledger):
    member, key = world.new_member(Role.BANK)
    address = address_of(key)
    world.council.end_key(address, 7)
    world.council.mark_compromised(address)
    record = ledger.standing(member, address).key
    assert (record.valid_until, record.compromised_from) == (world.now(), world.now())


def test_a_member_leaves_and_its_roles_and_address_change(world, ledger):
    member, _ = world.new_member(Role.BANK)
    world.council.add_roles(member, Role.DEPARTMENT | Role.REGISTRAR)
    world.council.remove_roles(member, Role.BANK | Role.REGISTRAR)
    world.council.set_service_url(member, "https://new.example")
    world.council.retire(member)
    assert ledger.members()[-1] == Member(member, "New member", Role.DEPARTMENT, False, "https://new.example")
    assert refusal(world.council.reactivate, member)[0] == "MemberTransitionIllegal"
    assert refusal(world.council.add_roles, member, Role.BANK)[0] == "MemberNotActive"


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
