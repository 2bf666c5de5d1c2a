import itertools

import pytest

from tests.kit.contract_set import (
    ACTIVE,
    BANK,
    DEPARTMENT,
    FOREVER,
    LEFT,
    NOBODY,
    REGISTRAR,
    RELAYER,
    SUSPENDED,
    ZERO,
    Purpose,
    events,
    word,
)

NEW = word("new member")


@pytest.fixture
def members(consortium):
    return consortium.members.functions


@pytest.fixture
def key(consortium):
    """A key that is nobody's yet."""
    return consortium.stranger.address


def test_a_member_is_added_active(consortium, chain, members):
    receipt = consortium.govern(members.addMember(NEW, DEPARTMENT | RELAYER, "Tax", "https://tax"))
    now = chain.time_of(receipt)
    added = (DEPARTMENT | RELAYER, ACTIVE, now, now, ZERO, "Tax", "https://tax")
    assert tuple(chain.read(members.member(NEW))) == added
    assert events(consortium.members, receipt, "MemberAdded") == [
        {"id": NEW, "roles": 9, "addedAt": now, "name": "Tax", "serviceUrl": "https://tax"}
    ]


def test_only_the_council_writes(consortium, chain, members, key):
    tax, owned = consortium.tax, consortium.tax.key.address
    for function in (
        members.addMember(NEW, DEPARTMENT, "", ""),
        members.addRoles(tax.id, BANK),
        members.removeRoles(tax.id, BANK),
        members.suspend(tax.id),
        members.reactivate(tax.id),
        members.retire(tax.id),
        members.setSuccessor(tax.id, consortium.court.id),
        members.setServiceUrl(tax.id, "https://evil"),
        members.addKey(tax.id, key, Purpose.ALL, 0, FOREVER),
        members.endKey(owned, FOREVER - 1),
        members.markCompromised(owned, 1),
        members.addValidator(tax.id, key),
        members.removeValidator(key),
        members.setFrozen(True),
    ):
        chain.refuses("OwnableUnauthorizedAccount", function, consortium.governor.address.lower())


@pytest.mark.parametrize("registry", ["members", "schemas", "anchors"])
def test_the_owner_is_the_council_and_stays_so(consortium, chain, registry):
    contract = getattr(consortium, registry)
    council = consortium.council.address
    assert chain.read(contract.functions.owner()) == council
    consortium.council_refuses("OwnerFixed", contract.functions.renounceOwnership(), council.lower())
    consortium.council_refuses(
        "OwnerFixed", contract.functions.transferOwnership(consortium.stranger.address), council.lower()
    )


def test_a_member_is_added_once_and_with_an_id(consortium, members):
    consortium.council_refuses("MemberExists", members.addMember(consortium.tax.id, BANK, "", ""))
    consortium.council_refuses("MemberIdZero", members.addMember(ZERO, BANK, "", ""))


@pytest.mark.parametrize("roles", [16, 255])
def test_an_unknown_role_is_refused(consortium, members, roles):
    consortium.council_refuses("MemberRolesInvalid", members.addMember(NEW, roles, "", ""), NEW, roles)
    tax = consortium.tax.id
    for function in (members.addRoles(tax, roles), members.removeRoles(tax, roles)):
        consortium.council_refuses("MemberRolesInvalid", function, tax, roles)


def test_no_role_at_all_is_neither_given_nor_taken(consortium, members):
    tax = consortium.tax.id
    for function in (members.addRoles(tax, 0), members.removeRoles(tax, 0)):
        consortium.council_refuses("MemberRolesInvalid", function, tax, 0)


def test_roles_are_given_beside_others_and_taken(consortium, chain, members):
    tax = consortium.tax.id
    steps = (
        (members.addRoles(tax, REGISTRAR | DEPARTMENT), DEPARTMENT | REGISTRAR),
        (members.removeRoles(tax, DEPARTMENT | BANK), REGISTRAR),
        (members.removeRoles(tax, REGISTRAR), 0),
    )
    for function, roles in steps:
        receipt = consortium.govern(function)
        assert events(consortium.members, receipt, "MemberRolesChanged") == [{"id": tax, "roles": roles}]
        assert chain.read(members.member(tax))[0] == roles


PATHS = {ACTIVE: (), SUSPENDED: ("suspend",), LEFT: ("retire",)}
STEPS = {"suspend": SUSPENDED, "reactivate": ACTIVE, "retire": LEFT}
LEGAL = {(ACTIVE, "suspend"), (SUSPENDED, "reactivate"), (ACTIVE, "retire"), (SUSPENDED, "retire")}


@pytest.mark.parametrize("old", PATHS)
@pytest.mark.parametrize("step", STEPS)
def test_a_state_follows_only_where_it_may(consortium, chain, members, old, step):
    tax, new = consortium.tax.id, STEPS[step]
    for before in PATHS[old]:
        consortium.govern(members[before](tax))
    if (old, step) in LEGAL:
        receipt = consortium.govern(members[step](tax))
        now = chain.time_of(receipt)
        assert events(consortium.members, receipt, "MemberStateChanged") == [{"id": tax, "state": new, "since": now}]
        _, state, _, since, *_ = chain.read(members.member(tax))
        assert (state, since) == (new, now)
    else:
        consortium.council_refuses("MemberTransitionIllegal", members[step](tax), tax, old, new)


def test_what_is_not_a_member_cannot_be_changed(consortium, members, key):
    for function in (
        members.addRoles(NEW, BANK),
        members.removeRoles(NEW, BANK),
        members.suspend(NEW),
        members.reactivate(NEW),
        members.retire(NEW),
        members.addValidator(NEW, key),
        members.setSuccessor(NEW, consortium.tax.id),
        members.setSuccessor(consortium.tax.id, NEW),
        members.setServiceUrl(NEW, ""),
        members.addKey(NEW, key, Purpose.ALL, 0, FOREVER),
    ):
        consortium.council_refuses("MemberUnknown", function, NEW)


def test_who_has_left_gets_neither_roles_nor_keys_nor_a_url(consortium, members, key):
    tax = consortium.tax.id
    consortium.govern(members.retire(tax))
    for function in (
        members.addRoles(tax, BANK),
        members.setServiceUrl(tax, ""),
        members.addKey(tax, key, Purpose.ALL, 0, FOREVER),
        members.addValidator(tax, key),
    ):
        consortium.council_refuses("MemberNotActive", function, tax, LEFT)


def test_who_has_left_can_have_a_successor_and_a_compromised_key(consortium, chain, members):
    tax, court, owned = consortium.tax.id, consortium.court.id, consortium.tax.key.address
    consortium.govern(members.retire(tax))
    receipt = consortium.govern(members.setSuccessor(tax, court), members.markCompromised(owned, 5))
    assert events(consortium.members, receipt, "MemberSuccessorChanged") == [{"id": tax, "successor": court}]
    assert chain.read(members.member(tax))[4] == court
    assert chain.read(members.keyRecord(tax, owned)) == (0, FOREVER, 5, Purpose.ALL)


def test_a_member_does_not_succeed_itself(consortium, members):
    tax = consortium.tax.id
    consortium.council_refuses("MemberSuccessorInvalid", members.setSuccessor(tax, tax), tax, tax)


def test_a_service_url_is_replaced(consortium, chain, members):
    receipt = consortium.govern(members.setServiceUrl(consortium.tax.id, "https://moved"))
    assert events(consortium.members, receipt, "MemberServiceUrlChanged")[0]["serviceUrl"] == "https://moved"
    assert chain.read(members.member(consortium.tax.id))[6] == "https://moved"


def test_a_key_is_added_with_its_period(consortium, chain, members, key):
    receipt = consortium.govern(members.addKey(consortium.tax.id, key, Purpose.LOG, 100, 200))
    assert events(consortium.members, receipt, "KeyAdded") == [
        {"id": consortium.tax.id, "key": key, "purposes": Purpose.LOG, "validFrom": 100, "validUntil": 200}
    ]
    assert chain.read(members.memberOf(key)) == consortium.tax.id
    assert chain.read(members.keyRecord(consortium.tax.id, key)) == (100, 200, 0, Purpose.LOG)
    assert chain.read(members.keyRecord(consortium.court.id, key)) == (0, 0, 0, 0)


def test_a_key_belongs_to_one_member_for_ever(consortium, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    consortium.govern(members.endKey(owned, 0))
    for member in (tax, consortium.court.id):
        consortium.council_refuses(
            "MemberKeyTaken", members.addKey(member, owned, Purpose.ALL, 0, FOREVER), owned.lower(), tax
        )


def test_the_zero_address_is_no_key(consortium, members):
    zero = members.addKey(consortium.tax.id, NOBODY, Purpose.ALL, 0, FOREVER)
    consortium.council_refuses("MemberKeyZero", zero)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (0, 0)])
def test_an_empty_period_of_a_key_is_refused(consortium, members, key, start, end):
    period = members.addKey(consortium.tax.id, key, Purpose.ALL, start, end)
    consortium.council_refuses("MemberKeyPeriodInvalid", period, key.lower(), start, end)


def test_a_key_ends_earlier(consortium, chain, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    later = chain.next_time + 1000
    receipt = consortium.govern(members.endKey(owned, later))
    assert events(consortium.members, receipt, "KeyEnded") == [{"id": tax, "key": owned, "validUntil": later}]


@pytest.mark.parametrize("given", [0, 1, -1])
def test_k13_an_end_that_has_passed_meanwhile_is_now(consortium, chain, members, given):
    """A key that "ends in ten minutes" made a slow proposal revert."""
    tax, owned = consortium.tax.id, consortium.tax.key.address
    receipt = consortium.govern(members.endKey(owned, chain.next_time + given if given < 0 else given))
    now = chain.time_of(receipt)
    assert events(consortium.members, receipt, "KeyEnded") == [{"id": tax, "key": owned, "validUntil": now}]
    chain.refuses("MemberKeyNotValid", members.actorOf(owned, DEPARTMENT, Purpose.ALL), owned)


def test_k13_a_key_that_ends_by_then_anyway_stays_as_it_is(consortium, chain, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    end = chain.next_time + 10
    consortium.govern(members.endKey(owned, end))
    for given in (end, end + 1, FOREVER):
        receipt = consortium.govern(members.endKey(owned, given), members.suspend(tax), members.reactivate(tax))
        assert events(consortium.members, receipt, "KeyEnded") == []
    chain.at(end + 5)
    consortium.govern(members.endKey(owned, 0))
    assert chain.read(members.keyRecord(tax, owned))[1] == end


def test_a_compromise_is_recorded_once_or_earlier(consortium, chain, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    receipt = consortium.govern(members.markCompromised(owned, 0))
    now = chain.time_of(receipt)
    assert events(consortium.members, receipt, "KeyCompromised") == [{"id": tax, "key": owned, "compromisedFrom": now}]
    for given, recorded in ((0, now), (now, now), (FOREVER, now), (999, 999), (1000, 999), (0, 999)):
        consortium.govern(members.markCompromised(owned, given))
        assert chain.read(members.keyRecord(tax, owned))[2] == recorded


def test_an_unknown_key_is_neither_ended_nor_compromised_nor_an_actor(consortium, chain, members, key):
    consortium.council_refuses("MemberKeyUnknown", members.endKey(key, FOREVER - 1))
    consortium.council_refuses("MemberKeyUnknown", members.markCompromised(key, 1))
    chain.refuses("MemberKeyUnknown", members.actorOf(key, DEPARTMENT, Purpose.ALL), key.lower())


@pytest.mark.parametrize("mask", [DEPARTMENT, DEPARTMENT | RELAYER, 15])
def test_any_role_of_the_mask_is_enough(consortium, chain, members, mask):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    assert chain.read(members.actorOf(owned, mask, Purpose.ALL)) == tax
    chain.read(members.requireActor(tax, owned, mask, Purpose.ALL))


@pytest.mark.parametrize("mask", [0, BANK, BANK | REGISTRAR | RELAYER])
def test_a_member_without_a_role_of_the_mask_is_no_actor(consortium, chain, members, mask):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    chain.refuses("MemberLacksRole", members.actorOf(owned, mask, Purpose.ALL), tax, mask)
    chain.refuses("MemberLacksRole", members.requireActor(tax, owned, mask, Purpose.ALL), tax, mask)


def test_an_unknown_or_inactive_member_is_no_actor(consortium, chain, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    chain.refuses("MemberUnknown", members.requireActor(NEW, owned, DEPARTMENT, Purpose.ALL), NEW)
    for state, function in ((SUSPENDED, members.suspend(tax)), (LEFT, members.retire(tax))):
        consortium.govern(function)
        chain.refuses("MemberNotActive", members.actorOf(owned, DEPARTMENT, Purpose.ALL), tax, state)


def test_a_key_does_not_act_for_another_member(consortium, chain, members):
    court_key = consortium.court.key.address
    other = members.requireActor(consortium.tax.id, court_key, DEPARTMENT, Purpose.ALL)
    chain.refuses("MemberKeyNotValid", other, court_key.lower())


def test_a_key_is_valid_from_its_start_until_before_its_end(consortium, chain, members, key):
    start = chain.next_time + 100
    consortium.govern(members.addKey(consortium.tax.id, key, Purpose.ALL, start, start + 50))
    actor = members.actorOf(key, DEPARTMENT, Purpose.ALL)
    for time, valid in ((start - 1, False), (start, True), (start + 49, True), (start + 50, False)):
        chain.at(time)
        if valid:
            chain.read(actor)
        else:
            chain.refuses("MemberKeyNotValid", actor, key.lower())


def test_a_key_is_valid_until_before_its_compromise(consortium, chain, members):
    owned, time = consortium.tax.key.address, chain.next_time + 100
    consortium.govern(members.markCompromised(owned, time))
    chain.at(time - 1)
    chain.read(members.actorOf(owned, DEPARTMENT, Purpose.ALL))
    chain.at(time)
    chain.refuses("MemberKeyNotValid", members.actorOf(owned, DEPARTMENT, Purpose.ALL))


@pytest.mark.parametrize("purpose", list(Purpose))
def test_k14_a_key_acts_only_for_its_purposes(consortium, chain, members, key, purpose):
    tax = consortium.tax.id
    consortium.add_key(consortium.tax, consortium.stranger, purpose)
    for asked in list(Purpose)[:-1]:
        actor = members.actorOf(key, DEPARTMENT, asked)
        if asked & purpose:
            assert chain.read(actor) == tax
        else:
            chain.refuses("MemberKeyLacksPurpose", actor, key, asked)
    chain.refuses("MemberKeyLacksPurpose", members.actorOf(key, DEPARTMENT, 0), key, 0)


def test_k14_a_key_has_a_purpose(consortium, members, key):
    without = members.addKey(consortium.tax.id, key, 0, 0, FOREVER)
    consortium.council_refuses("MemberKeyPurposesZero", without, key)


def test_a_validator_is_admitted_removed_and_admitted_again(consortium, chain, members, key):
    tax = consortium.tax.id
    receipt = consortium.govern(members.addValidator(tax, key))
    admitted = chain.time_of(receipt)
    assert events(consortium.members, receipt, "ValidatorAdded") == [
        {"validator": key, "member": tax, "admittedAt": admitted}
    ]
    assert chain.read(members.validatorRecord(key)) == [tax, admitted, 0]
    for member in (tax, consortium.court.id):
        consortium.council_refuses("ValidatorExists", members.addValidator(member, key), key, tax)

    receipt = consortium.govern(members.retire(tax), members.removeValidator(key))
    removed = chain.time_of(receipt)
    assert events(consortium.members, receipt, "ValidatorRemoved") == [
        {"validator": key, "member": tax, "removedAt": removed}
    ]
    assert chain.read(members.validatorRecord(key)) == [tax, admitted, removed]
    consortium.council_refuses("ValidatorUnknown", members.removeValidator(key), key)
    court = members.addValidator(consortium.court.id, key)
    consortium.council_refuses("ValidatorExists", court, key, tax)
    consortium.council_refuses("MemberNotActive", members.addValidator(tax, key), tax, LEFT)


def test_a_removed_validator_comes_back(consortium, chain, members, key):
    tax = consortium.tax.id
    consortium.govern(members.addValidator(tax, key))
    consortium.govern(members.removeValidator(key))
    receipt = consortium.govern(members.addValidator(tax, key))
    assert chain.read(members.validatorRecord(key)) == [tax, chain.time_of(receipt), 0]


def test_the_zero_address_is_no_validator_and_others_are_unknown(consortium, chain, members, key):
    consortium.council_refuses("ValidatorZero", members.addValidator(consortium.tax.id, NOBODY))
    consortium.council_refuses("ValidatorUnknown", members.removeValidator(key), key)
    assert chain.read(members.validatorRecord(key)) == [ZERO, 0, 0]


def test_successors_are_followed_for_eight_steps(consortium, chain, members):
    ids = [word(f"member {i}") for i in range(10)]
    consortium.govern(*(members.addMember(each, DEPARTMENT, "", "") for each in ids))
    consortium.govern(*(members.setSuccessor(*pair) for pair in itertools.pairwise(ids)))
    for steps, later in enumerate(ids):
        assert chain.read(members.isSuccessor(later, ids[0])) is (1 <= steps <= 8)
        assert chain.read(members.isSuccessor(ids[0], later)) is False
    consortium.govern(members.setSuccessor(ids[1], ZERO))
    assert chain.read(members.isSuccessor(ids[1], ids[0]))
    assert not chain.read(members.isSuccessor(ids[2], ids[0]))
    assert not chain.read(members.isSuccessor(ZERO, ids[0]))


def test_a_ring_of_successors_ends(consortium, chain, members):
    tax, court = consortium.tax.id, consortium.court.id
    consortium.govern(members.setSuccessor(tax, court), members.setSuccessor(court, tax))
    assert chain.read(members.isSuccessor(tax, court))
    assert chain.read(members.isSuccessor(tax, tax))
    assert not chain.read(members.isSuccessor(consortium.bank.id, tax))


def test_k12_freezing_twice_is_freezing_once(consortium, chain, members):
    for frozen, seen in ((True, 1), (True, 0), (False, 1), (False, 0)):
        receipt = consortium.govern(members.setFrozen(frozen))
        assert len(events(consortium.members, receipt, "MembersFrozenChanged")) == seen
        assert chain.read(members.frozen()) is frozen
