"""K17: whoever has the events of the council and of its registries has their whole storage."""

import pytest

from tests.contracts.test_anchor_attack import THIEF, change, compromise, restore
from tests.kit.contract_anchor import mark_of
from tests.kit.contract_set import DELAYS, FOREVER, NOBODY, ZERO, ContractSet, Rule, call_of, word
from tests.kit.governance_replay import AnchorReplay, CouncilReplay, MemberReplay, SchemaReplay
from tests.kit.storage_root import logs_of, root_of, root_on


def rebuilt(chain, contract, replay):
    """The storage root of what the events tell, and the one of the chain."""
    for name, told in logs_of(chain, contract):
        replay.take(name, told)
    return root_of(replay.slots()), root_on(chain, contract)


@pytest.mark.parametrize("what", ["members", "schemas", "anchors", "council"])
def test_k17_the_events_tell_the_storage_of_a_founding(consortium, chain, what):
    replays = {"members": MemberReplay, "schemas": SchemaReplay, "anchors": AnchorReplay, "council": CouncilReplay}
    told, stored = rebuilt(chain, getattr(consortium, what), replays[what]())
    assert told == stored


def test_k17_the_events_tell_the_storage_of_the_members(consortium, chain):
    members, tax, court = consortium.members.functions, consortium.tax.id, consortium.court.id
    owned, key = consortium.tax.key.address, consortium.stranger.address
    long = "https://" + "a" * 90
    consortium.govern(
        members.addMember(word("new"), 3, "a name of more than thirty-one bytes, so it is long", long),
        members.addRoles(tax, 8),
        members.removeRoles(tax, 1),
        members.suspend(tax),
        members.reactivate(tax),
        members.retire(court),
        members.setSuccessor(court, tax),
        members.setSuccessor(tax, court),
        members.setSuccessor(tax, ZERO),
        members.setServiceUrl(tax, "short"),
        members.addKey(tax, key, 5, 7, FOREVER),
        members.endKey(owned, 0),
        members.endKey(owned, 0),
        members.markCompromised(owned, 0),
        members.markCompromised(owned, 77),
        members.addValidator(tax, key),
        members.addValidator(tax, owned),
        members.removeValidator(key),
        members.setFrozen(True),
    )
    consortium.govern(members.addValidator(tax, key))
    told, stored = rebuilt(chain, consortium.members, MemberReplay())
    assert told == stored


def test_k17_the_events_tell_the_storage_of_the_schemas(consortium, chain):
    schemas, tax = consortium.schemas.functions, consortium.tax.id
    consortium.govern(
        schemas.register(word("s"), "short"),
        schemas.register(word("long"), "a name of more than thirty-one bytes, so it is long"),
        schemas.allowIssuer(word("s"), tax),
        schemas.allowIssuer(word("s"), consortium.court.id),
        schemas.setDocument(word("purposes"), word("digest")),
        schemas.setDocument(word("ceilings"), word("digest")),
        schemas.setDocument(word("ceilings"), ZERO),
    )
    consortium.govern(schemas.disallowIssuer(word("s"), tax))
    told, stored = rebuilt(chain, consortium.schemas, SchemaReplay())
    assert told == stored


def test_k17_the_events_tell_the_storage_of_the_anchors(consortium, chain):
    tax, anchors = consortium.tax, consortium.anchors.functions
    consortium.add_key(tax, THIEF)
    chain.send(consortium.anchor(consortium.batch(tax, size=600), tax.key))
    chain.send(consortium.anchor(consortium.batch(consortium.relayer, stream=1), consortium.relayer.key))
    batch = consortium.batch(tax, 2, 0, 7, word("root 1"), [0, 1], [8, 3])
    chain.send(consortium.anchor(batch, tax.key, [0, 1], [8, 3]))
    good = change(consortium, tax, tax.key, [0], [0b110])
    bad = change(consortium, tax, THIEF, [0, 1], [0b1011, 0b1])
    worse = change(consortium, tax, THIEF, [0], [0b1], reason=2)
    compromise(consortium, bad["markedAt"])
    restore(consortium, bad, [0b1011, 0])
    consortium.govern(anchors.restore(mark_of(worse), word("agreed, and not cleared yet")))
    chain.send(anchors.confirm(mark_of(good), good["words"], good["masks"]))
    consortium.govern(consortium.members.functions.suspend(tax.id), anchors.changeStatusFor(tax.id, 1, 1, [2], [1]))
    told, stored = rebuilt(chain, consortium.anchors, AnchorReplay())
    assert told == stored


def test_k17_the_events_tell_the_storage_of_the_council(chain):
    people = chain.accounts
    made = ContractSet(chain, governors=people[1:5], threshold=2, recovery=1, delays=DELAYS)
    council, members = made.council.functions, made.members.functions
    calls = [
        [council.addGovernor(people[5].address), council.removeGovernor(people[2].address)],
        [council.addGovernor(people[2].address), council.setDelays(0, 1)],
        [members.addMember(word("m"), 1, "", ""), members.addValidator(word("m"), people[8].address)],
        [members.removeValidator(people[8].address)],
        [council.setRule(made.disputes.address, b"\1\2\3\4", Rule.TAKE), council.setThreshold(3, 2)],
    ]
    for functions in calls:
        chain.send(council.propose([call_of(function) for function in functions]), people[1])
        number = chain.read(council.proposalCount())
        digest = chain.read(council.proposal(number))[4]
        chain.send(council.approve(number, digest, chain.read(council.counterOf(people[3].address))), people[3])
        chain.send(council.disapprove(number), people[3])
        chain.send(council.approve(number, digest, chain.read(council.counterOf(people[3].address))), people[3])
        chain.wait(DELAYS[1])
        chain.send(council.execute(number), people[1])
    chain.send(council.propose([(NOBODY, "0x"), (made.address["Council"], "0x" + "11" * 100)]), people[4])
    chain.send(council.cancel(6), people[1])
    chain.send(council.cancel(6), people[3])
    chain.send(council.propose([(NOBODY, "0x" + "11" * 31)]), people[4])
    told, stored = rebuilt(chain, made.council, CouncilReplay())
    assert told == stored
