import pytest

from tests.kit.contract import (
    ACTIVE,
    BANK,
    DEPARTMENT,
    FOREVER,
    LEFT,
    REGISTRAR,
    RELAYER,
    SUSPENDED,
    ZERO,
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
        {"id": NEW, "roles": 9, "name": "Tax", "serviceUrl": "https://tax"}
    ]


def test_only_the_council_writes(consortium, chain, members, key):
    tax, owned = consortium.tax, consortium.tax.key.address
    for function in (
        members.addMember(NEW, DEPARTMENT, "", ""),
        members.setRoles(tax.id, BANK),
        members.setState(tax.id, SUSPENDED),
        members.setSuccessor(tax.id, consortium.court.id),
        members.setServiceUrl(tax.id, "https://evil"),
        members.addKey(tax.id, key, 0, FOREVER),
        members.endKey(owned, FOREVER - 1),
        members.markCompromised(owned, 1),
    ):
        chain.refuses("OwnableUnauthorizedAccount", function, consortium.governor.address.lower())


@pytest.mark.parametrize("registry", ["members", "schemas"])
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
    consortium.council_refuses("MemberRolesInvalid", members.setRoles(tax, roles), tax, roles)


def test_roles_are_replaced(consortium, chain, members):
    receipt = consortium.govern(members.setRoles(consortium.tax.id, REGISTRAR))
    assert events(consortium.members, receipt, "MemberRolesChanged") == [{"id": consortium.tax.id, "roles": REGISTRAR}]
    assert chain.read(members.member(consortium.tax.id))[0] == REGISTRAR


PATHS = {ACTIVE: [], SUSPENDED: [SUSPENDED], LEFT: [LEFT]}
LEGAL = {(ACTIVE, SUSPENDED), (SUSPENDED, ACTIVE), (ACTIVE, LEFT), (SUSPENDED, LEFT)}


@pytest.mark.parametrize("old", PATHS)
@pytest.mark.parametrize("new", [0, ACTIVE, SUSPENDED, LEFT])
def test_a_state_follows_only_where_it_may(consortium, chain, members, old, new):
    tax = consortium.tax.id
    for step in PATHS[old]:
        consortium.govern(members.setState(tax, step))
    if (old, new) in LEGAL:
        receipt = consortium.govern(members.setState(tax, new))
        assert events(consortium.members, receipt, "MemberStateChanged") == [{"id": tax, "state": new}]
        _, state, _, since, *_ = chain.read(members.member(tax))
        assert (state, since) == (new, chain.time_of(receipt))
    else:
        consortium.council_refuses("MemberTransitionIllegal", members.setState(tax, new), tax, old, new)


def test_what_is_not_a_member_cannot_be_changed(consortium, members, key):
    for function in (
        members.setRoles(NEW, BANK),
        members.setState(NEW, SUSPENDED),
        members.setSuccessor(NEW, consortium.tax.id),
        members.setSuccessor(consortium.tax.id, NEW),
        members.setServiceUrl(NEW, ""),
        members.addKey(NEW, key, 0, FOREVER),
    ):
        consortium.council_refuses("MemberUnknown", function, NEW)


def test_who_has_left_gets_neither_roles_nor_keys_nor_a_url(consortium, members, key):
    tax = consortium.tax.id
    consortium.govern(members.setState(tax, LEFT))
    for function in (
        members.setRoles(tax, BANK),
        members.setServiceUrl(tax, ""),
        members.addKey(tax, key, 0, FOREVER),
    ):
        consortium.council_refuses("MemberNotActive", function, tax, LEFT)


def test_who_has_left_can_have_a_successor_and_a_compromised_key(consortium, chain, members):
    tax, court, owned = consortium.tax.id, consortium.court.id, consortium.tax.key.address
    consortium.govern(members.setState(tax, LEFT))
    receipt = consortium.govern(members.setSuccessor(tax, court), members.markCompromised(owned, 5))
    assert events(consortium.members, receipt, "MemberSuccessorChanged") == [{"id": tax, "successor": court}]
    assert chain.read(members.member(tax))[4] == court
    assert chain.read(members.keyRecord(tax, owned)) == [0, FOREVER, 5]


def test_a_member_does_not_succeed_itself(consortium, members):
    tax = consortium.tax.id
    consortium.council_refuses("MemberSuccessorInvalid", members.setSuccessor(tax, tax), tax, tax)


def test_a_service_url_is_replaced(consortium, chain, members):
    receipt = consortium.govern(members.setServiceUrl(consortium.tax.id, "https://moved"))
    assert events(consortium.members, receipt, "MemberServiceUrlChanged")[0]["serviceUrl"] == "https://moved"
    assert chain.read(members.member(consortium.tax.id))[6] == "https://moved"


def test_a_key_is_added_with_its_period(consortium, chain, members, key):
    receipt = consortium.govern(members.addKey(consortium.tax.id, key, 100, 200))
    assert events(consortium.members, receipt, "KeyAdded") == [
        {"id": consortium.tax.id, "key": key, "validFrom": 100, "validUntil": 200}
    ]
    assert chain.read(members.memberOf(key)) == consortium.tax.id
    assert chain.read(members.keyRecord(consortium.tax.id, key)) == [100, 200, 0]
    assert chain.read(members.keyRecord(consortium.court.id, key)) == [0, 0, 0]


def test_a_key_belongs_to_one_member_for_ever(consortium, chain, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    consortium.govern(members.endKey(owned, chain.next_time))
    for member in (tax, consortium.court.id):
        consortium.council_refuses("MemberKeyTaken", members.addKey(member, owned, 0, FOREVER), owned.lower(), tax)


def test_the_zero_address_is_no_key(consortium, members):
    zero = members.addKey(consortium.tax.id, "0x" + "00" * 20, 0, FOREVER)
    consortium.council_refuses("MemberKeyZero", zero)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (0, 0)])
def test_an_empty_period_of_a_key_is_refused(consortium, members, key, start, end):
    period = members.addKey(consortium.tax.id, key, start, end)
    consortium.council_refuses("MemberKeyPeriodInvalid", period, key.lower(), start, end)


def test_a_key_ends_earlier_but_not_in_the_past(consortium, chain, members):
    owned = consortium.tax.key.address
    later = chain.next_time + 1000
    receipt = consortium.govern(members.endKey(owned, later))
    assert events(consortium.members, receipt, "KeyEnded") == [
        {"id": consortium.tax.id, "key": owned, "validUntil": later}
    ]
    for end in (later, later + 1, chain.next_time - 1):
        consortium.council_refuses("MemberKeyPeriodInvalid", members.endKey(owned, end))
    consortium.govern(members.endKey(owned, chain.next_time))


def test_a_compromise_is_recorded_once_or_earlier(consortium, chain, members):
    owned = consortium.tax.key.address
    consortium.council_refuses("MemberKeyCompromiseInvalid", members.markCompromised(owned, 0))
    receipt = consortium.govern(members.markCompromised(owned, 1000))
    assert events(consortium.members, receipt, "KeyCompromised") == [
        {"id": consortium.tax.id, "key": owned, "compromisedFrom": 1000}
    ]
    for time in (0, 1000, 1001):
        consortium.council_refuses(
            "MemberKeyCompromiseInvalid", members.markCompromised(owned, time), owned.lower(), 1000, time
        )
    consortium.govern(members.markCompromised(owned, 999))
    assert chain.read(members.keyRecord(consortium.tax.id, owned))[2] == 999


def test_an_unknown_key_is_neither_ended_nor_compromised_nor_an_actor(consortium, chain, members, key):
    consortium.council_refuses("MemberKeyUnknown", members.endKey(key, FOREVER - 1))
    consortium.council_refuses("MemberKeyUnknown", members.markCompromised(key, 1))
    chain.refuses("MemberKeyUnknown", members.actorOf(key, DEPARTMENT), key.lower())


@pytest.mark.parametrize("mask", [DEPARTMENT, DEPARTMENT | RELAYER, 15])
def test_any_role_of_the_mask_is_enough(consortium, chain, members, mask):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    assert chain.read(members.actorOf(owned, mask)) == tax
    chain.read(members.requireActor(tax, owned, mask))


@pytest.mark.parametrize("mask", [0, BANK, BANK | REGISTRAR | RELAYER])
def test_a_member_without_a_role_of_the_mask_is_no_actor(consortium, chain, members, mask):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    chain.refuses("MemberLacksRole", members.actorOf(owned, mask), tax, mask)
    chain.refuses("MemberLacksRole", members.requireActor(tax, owned, mask), tax, mask)


def test_an_unknown_or_inactive_member_is_no_actor(consortium, chain, members):
    tax, owned = consortium.tax.id, consortium.tax.key.address
    chain.refuses("MemberUnknown", members.requireActor(NEW, owned, DEPARTMENT), NEW)
    for state in (SUSPENDED, LEFT):
        consortium.govern(members.setState(tax, state))
        chain.refuses("MemberNotActive", members.actorOf(owned, DEPARTMENT), tax, state)


def test_a_key_does_not_act_for_another_member(consortium, chain, members):
    court_key = consortium.court.key.address
    other = members.requireActor(consortium.tax.id, court_key, DEPARTMENT)
    chain.refuses("MemberKeyNotValid", other, court_key.lower())


def test_a_key_is_valid_from_its_start_until_before_its_end(consortium, chain, members, key):
    start = chain.next_time + 100
    consortium.govern(members.addKey(consortium.tax.id, key, start, start + 50))
    actor = members.actorOf(key, DEPARTMENT)
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
    chain.read(members.actorOf(owned, DEPARTMENT))
    chain.at(time)
    chain.refuses("MemberKeyNotValid", members.actorOf(owned, DEPARTMENT))
