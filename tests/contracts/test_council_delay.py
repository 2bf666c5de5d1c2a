"""K12: what gives power waits, what changes the council waits longer, what takes power acts at once."""

import pytest

from tests.contracts.test_council import APPROVE, CANCEL, CANCELLED, NO_VOTE, OPEN, approve, decide, propose
from tests.kit.contract_set import (
    BANK,
    DAY,
    DELAYS,
    FOREVER,
    NOBODY,
    RELAYER,
    RULES,
    ZERO,
    ContractSet,
    Refused,
    Rule,
    call_of,
    events,
    selectors,
    word,
)

GIVE, CHANGE = DELAYS
BALLOT_FIELDS = (
    ("governor", "address"),
    ("number", "uint256"),
    ("digest", "bytes32"),
    ("choice", "uint8"),
    ("counter", "uint64"),
)


@pytest.fixture(scope="module")
def founded(deployed):
    """A set whose council is of three, two of whom decide, with the delays by default; and its snapshot."""
    chain = deployed[0].chain
    chain.revert(deployed[1])
    made = ContractSet(chain, governors=chain.accounts[1:4], threshold=2, delays=DELAYS)
    council, members = made.council, made.members.functions
    calls = []
    for member in made.cast:
        calls.append(members.addMember(member.id, member.roles, "name", "https://service"))
        calls.append(members.addKey(member.id, member.key.address, 255, 0, FOREVER))
    calls.append(members.addMember(word("out"), BANK, "out", ""))
    calls.append(members.addValidator(made.tax.id, validator(1)))
    calls.append(members.addValidator(made.tax.id, validator(2)))
    calls.append(members.addValidator(made.tax.id, validator(3)))
    calls.append(made.schemas.functions.register(word("schema"), "s"))
    calls.append(made.schemas.functions.allowIssuer(word("schema"), made.tax.id))
    number, _ = propose(chain, council, made.governors[0], *calls)
    approve(chain, council, made.governors[1], number)
    chain.wait(GIVE)
    chain.send(council.functions.execute(number), made.governors[0])
    return made, chain.snapshot()


@pytest.fixture
def trio(founded):
    made, snapshot = founded
    made.chain.revert(snapshot)
    return made


@pytest.fixture
def chain(trio):
    return trio.chain


def validator(number):
    return "0x" + f"{number:040x}"


def decided(made, *functions):
    """A proposal that two governors approved; its number and the time of the decision."""
    number, _ = propose(made.chain, made.council, made.governors[0], *functions)
    receipt = approve(made.chain, made.council, made.governors[1], number)
    return number, made.chain.time_of(receipt)


def waits(made, delay, *functions):
    """Assert that these calls run after exactly this delay, counted from the decision, and not a second before."""
    chain, council = made.chain, made.council.functions
    assert chain.read(council.waitOf([call_of(function) for function in functions])) == delay
    number, since = decided(made, *functions)
    execute = council.execute(number)
    if delay:
        assert chain.read(council.readyAt(number)) == since + delay
        chain.refuses("ProposalEarly", execute, number, since + delay, sender=made.governors[0])
        chain.at(since + delay - 1)
        chain.refuses("ProposalEarly", execute, number, since + delay, sender=made.governors[0])
        # the refused transaction took the second
        chain.at(max(chain.next_time, since + delay))
    return chain.send(execute, made.governors[0])


def gives(made):
    members, schemas = made.members.functions, made.schemas.functions
    return {
        "addMember": members.addMember(word("new"), BANK, "new", ""),
        "addRoles": members.addRoles(made.bank.id, RELAYER),
        "setSuccessor": members.setSuccessor(made.tax.id, made.court.id),
        "setServiceUrl": members.setServiceUrl(made.tax.id, "https://elsewhere"),
        "addKey": members.addKey(made.tax.id, made.stranger.address, 1, 0, FOREVER),
        "addValidator": members.addValidator(made.tax.id, validator(9)),
        "unfreeze": members.setFrozen(False),
        "register": schemas.register(word("another"), "s"),
        "allowIssuer": schemas.allowIssuer(word("schema"), made.court.id),
        "setDocument": schemas.setDocument(word("purposes"), word("digest")),
        "compromised before now": members.markCompromised(made.tax.key.address, 1),
    }


def takes(made):
    members = made.members.functions
    return {
        "removeRoles": members.removeRoles(made.bank.id, BANK),
        "suspend": members.suspend(made.tax.id),
        "retire": members.retire(made.tax.id),
        "endKey": members.endKey(made.tax.key.address, 0),
        "compromised now": members.markCompromised(made.tax.key.address, 0),
        "compromised later": members.markCompromised(made.tax.key.address, FOREVER),
        "removeValidator": members.removeValidator(validator(1)),
        "freeze": members.setFrozen(True),
        "disallowIssuer": made.schemas.functions.disallowIssuer(word("schema"), made.tax.id),
    }


def changes(made):
    council = made.council.functions
    return {
        "addGovernor": council.addGovernor(made.stranger.address),
        "setThreshold": council.setThreshold(1, 0),
        "setDelays": council.setDelays(0, 0),
        "setRule": council.setRule(made.members.address, selectors("MemberRegistry")["addMember"], Rule.TAKE),
    }


# by name, since the functions need a chain
GIVES = [
    "addMember",
    "addRoles",
    "setSuccessor",
    "setServiceUrl",
    "addKey",
    "addValidator",
    "register",
    "allowIssuer",
    "setDocument",
]
TAKES = ["removeRoles", "suspend", "retire", "endKey", "removeValidator", "disallowIssuer", "freeze"]
CHANGES = ["addGovernor", "setThreshold", "setDelays", "setRule"]


@pytest.mark.parametrize("name", [*GIVES, "unfreeze", "compromised before now"])
def test_k12_what_gives_power_waits_three_days(trio, name):
    waits(trio, GIVE, gives(trio)[name])


@pytest.mark.parametrize("name", [*TAKES, "compromised now", "compromised later"])
def test_k12_what_takes_power_acts_at_once(trio, name):
    waits(trio, 0, takes(trio)[name])


@pytest.mark.parametrize("name", CHANGES)
def test_k12_what_changes_the_council_waits_seven_days(trio, name):
    waits(trio, CHANGE, changes(trio)[name])


def test_k12_to_remove_a_governor_waits_as_long_although_it_takes(trio):
    council, first, third = trio.council.functions, trio.governors[0], trio.governors[2]
    waits(trio, CHANGE, council.addGovernor(trio.stranger.address), council.removeGovernor(third.address))
    number, since = decided(trio, council.removeGovernor(trio.stranger.address))
    trio.chain.refuses("ProposalEarly", council.execute(number), number, since + CHANGE, sender=first)


def test_k12_a_second_validator_within_the_delay_waits(trio, chain):
    remove = [trio.members.functions.removeValidator(validator(number)) for number in (1, 2, 3)]
    ready, ready_since = decided(trio, remove[1])
    first = waits(trio, 0, remove[0])
    assert events(trio.council, first, "OneTaken") == [{"takenAt": chain.time_of(first)}]
    # one that was decided before the first was removed waits as well
    execute, early = trio.council.functions.execute(ready), (ready, ready_since + GIVE)
    chain.refuses("ProposalEarly", execute, *early, sender=trio.governors[0])
    chain.at(ready_since + GIVE - 1)
    chain.refuses("ProposalEarly", execute, *early, sender=trio.governors[0])
    chain.at(max(chain.next_time, ready_since + GIVE))
    second = chain.send(execute, trio.governors[0])
    third, decided_at = decided(trio, remove[2])
    execute = trio.council.functions.execute(third)
    chain.refuses("ProposalEarly", execute, third, decided_at + GIVE, sender=trio.governors[0])
    # until it is no second one any more
    chain.at(chain.time_of(second) + GIVE)
    chain.send(execute, trio.governors[0])


def test_k12_two_validators_in_one_proposal_wait(trio):
    waits(trio, GIVE, *(trio.members.functions.removeValidator(validator(number)) for number in (1, 2)))


def test_k12_a_date_of_compromise_that_passes_meanwhile_waits(trio, chain):
    soon = chain.next_time + 60
    number, since = decided(trio, trio.members.functions.markCompromised(trio.tax.key.address, soon))
    assert chain.read(trio.council.functions.readyAt(number)) == since
    chain.at(soon + 1)
    execute = trio.council.functions.execute(number)
    chain.refuses("ProposalEarly", execute, number, since + GIVE, sender=trio.governors[0])


def test_k12_a_proposal_waits_as_long_as_its_slowest_call(trio):
    members, council = trio.members.functions, trio.council.functions
    take, give = members.suspend(trio.tax.id), members.addRoles(trio.bank.id, RELAYER)
    waits(trio, GIVE, take, give)
    waits(trio, CHANGE, members.reactivate(trio.tax.id), council.setThreshold(1, 0))


@pytest.mark.parametrize("data", ["0x", "0x12", "0x12345678"])
def test_k12_an_unknown_selector_waits_longest(trio, data):
    chain, council = trio.chain, trio.council.functions
    for target in (trio.members.address, trio.disputes.address, trio.stranger.address):
        assert chain.read(council.waitOf([(target, data)])) == CHANGE
    # the same selector at another contract is another rule
    suspend = trio.members.functions.suspend(trio.tax.id)._encode_transaction_data()
    assert chain.read(council.waitOf([(trio.schemas.address, suspend)])) == CHANGE


def test_k12_arguments_that_are_cut_off_wait(trio):
    """Such a call fails anyway; it must not look harmless meanwhile."""
    chain, council = trio.chain, trio.council.functions
    members = trio.members.functions
    for function, length in ((members.setFrozen(True), 35), (members.markCompromised(trio.stranger.address, 0), 67)):
        data = bytes.fromhex(function._encode_transaction_data()[2:])[:length]
        assert chain.read(council.waitOf([(trio.members.address, data)])) == GIVE


def test_k12_every_function_that_is_the_councils_has_its_rule(trio, chain):
    for name, rules in RULES.items():
        for function, rule in rules.items():
            selector = selectors(name)[function]
            assert chain.read(trio.council.functions.classOf(trio.address[name], selector)) == rule
            empty = trio.contract[name].get_function_by_selector(selector)
            with pytest.raises(Refused) as refused:
                chain.read(empty(*map(nothing, empty.abi["inputs"])), trio.governors[0])
            assert refused.value.name == "OwnableUnauthorizedAccount"


def nothing(parameter):
    """The emptiest argument for an ABI parameter."""
    kind = parameter["type"]
    if kind.endswith("[]"):
        return []
    if kind == "tuple":
        return tuple(map(nothing, parameter["components"]))
    empty = {"bytes32": ZERO, "bytes4": bytes(4), "bytes": b"", "address": NOBODY, "bool": False, "string": ""}
    return empty.get(kind, 0)


def test_k12_the_delay_counts_from_the_decision_not_from_the_opening(trio, chain):
    """Whoever has one key cannot open everything in advance and wait for a second one."""
    council = trio.council.functions
    number, _ = propose(chain, trio.council, trio.governors[0], gives(trio)["addMember"])
    assert chain.read(council.readyAt(number)) == 0
    chain.wait(20 * DAY)
    since = chain.time_of(approve(chain, trio.council, trio.governors[1], number))
    chain.refuses("ProposalEarly", council.execute(number), number, since + GIVE, sender=trio.governors[0])


def test_k12_a_decision_that_was_taken_back_begins_anew(trio, chain):
    council = trio.council.functions
    number, _ = decided(trio, gives(trio)["addMember"])
    chain.send(council.disapprove(number), trio.governors[1])
    chain.wait(GIVE)
    chain.refuses("ProposalLacksApprovals", council.execute(number), number, 1, 2, sender=trio.governors[0])
    since = chain.time_of(approve(chain, trio.council, trio.governors[2], number))
    chain.refuses("ProposalEarly", council.execute(number), number, since + GIVE, sender=trio.governors[0])


def test_k12_a_lower_threshold_does_not_decide_behind_everybodys_back(trio, chain):
    council = trio.council.functions
    number, digest = propose(chain, trio.council, trio.governors[0], gives(trio)["addMember"])
    waits(trio, CHANGE, council.setThreshold(1, 0))
    chain.refuses("ProposalLacksApprovals", council.execute(number), number, 1, 1, sender=trio.governors[0])
    since = chain.time_of(chain.send(council.approve(number, digest, 1), trio.governors[2]))
    chain.refuses("ProposalEarly", council.execute(number), number, since + GIVE, sender=trio.governors[0])


def test_k12_delays_that_were_raised_hold_for_what_is_open(trio, chain):
    council = trio.council.functions
    number, since = decided(trio, changes(trio)["addGovernor"])
    raising, _ = decided(trio, council.setDelays(GIVE, 20 * DAY))
    chain.wait(CHANGE)
    chain.send(council.execute(raising), trio.governors[0])
    chain.refuses("ProposalEarly", council.execute(number), number, since + 20 * DAY, sender=trio.governors[0])


@pytest.mark.parametrize("delays", [(30 * DAY + 1, 0), (0, 30 * DAY + 1)])
def test_k12_no_delay_is_longer_than_thirty_days(trio, chain, delays):
    number, _ = decided(trio, trio.council.functions.setDelays(*delays))
    chain.wait(CHANGE)
    execute = trio.council.functions.execute(number)
    chain.refuses("CouncilDelayTooLong", execute, 30 * DAY + 1, 30 * DAY, sender=trio.governors[0])


def test_k12_calls_of_the_council_to_itself_have_no_rule(trio, chain):
    council = trio.council.functions
    selector = selectors("Council")["setThreshold"]
    number, _ = decided(trio, council.setRule(trio.council.address, selector, Rule.TAKE))
    chain.wait(CHANGE)
    execute = council.execute(number)
    chain.refuses("CouncilRuleInvalid", execute, trio.council.address, selector, sender=trio.governors[0])


def test_k12_a_rule_of_a_later_contract_is_set_by_the_council(trio, chain):
    council, selector = trio.council.functions, selectors("MemberRegistry")["suspend"]
    receipt = waits(trio, CHANGE, council.setRule(trio.disputes.address, selector, Rule.TAKE))
    changed = {"target": trio.disputes.address, "selector": selector, "class": Rule.TAKE}
    assert events(trio.council, receipt, "RuleChanged") == [changed]
    assert chain.read(council.classOf(trio.disputes.address, selector)) == Rule.TAKE


def test_k12_as_many_as_could_block_it_cancel(trio, chain):
    council = trio.council.functions
    number, _ = decided(trio, gives(trio)["addMember"])
    first = chain.send(council.cancel(number), trio.governors[2])
    assert events(trio.council, first, "ProposalCancelled") == []
    again = council.cancel(number)
    chain.refuses("ProposalAlreadyOpposed", again, number, trio.governors[2].address, sender=trio.governors[2])
    assert chain.read(council.proposal(number))[0] == OPEN
    # the second of 3 - 2 + 1; it had approved
    second = chain.send(council.cancel(number), trio.governors[1])
    assert events(trio.council, second, "ProposalCancelled") == [
        {"number": number, "governor": trio.governors[1].address}
    ]
    assert chain.read(council.proposal(number))[0] == CANCELLED
    chain.wait(GIVE)
    chain.refuses("ProposalNotOpen", council.execute(number), number, CANCELLED, sender=trio.governors[0])


def test_k12_one_who_is_not_enough_cancels_nothing(trio, chain):
    council = trio.council.functions
    number, _ = decided(trio, gives(trio)["addMember"])
    chain.send(council.cancel(number), trio.governors[2])
    chain.wait(GIVE)
    chain.send(council.execute(number), trio.governors[0])


def test_k12_a_higher_threshold_makes_earlier_votes_to_cancel_suffice(trio, chain):
    council = trio.council.functions
    raising, _ = decided(trio, council.setThreshold(3, 1))
    chain.wait(6 * DAY)
    number, _ = decided(trio, gives(trio)["addMember"])
    chain.send(council.cancel(number), trio.governors[2])
    chain.wait(GIVE)
    chain.send(council.execute(raising), trio.governors[0])
    chain.refuses("ProposalBlocked", council.execute(number), number, 1, 1, sender=trio.governors[0])


def test_k12_who_voted_to_cancel_may_approve_again(trio, chain):
    council = trio.council.functions
    number, _ = propose(chain, trio.council, trio.governors[0], takes(trio)["suspend"])
    chain.send(council.cancel(number), trio.governors[1])
    approve(chain, trio.council, trio.governors[1], number)
    assert chain.read(council.voteOf(number, trio.governors[1].address)) == APPROVE
    chain.send(council.execute(number), trio.governors[0])


def test_k12_an_approval_names_the_digest_of_the_calls(trio, chain):
    """A threshold was hijacked: a governor approved a number, and another proposal had got it."""
    council = trio.council.functions
    meant = [call_of(council.setThreshold(2, 1))]
    number, digest = propose(chain, trio.council, trio.governors[0], council.setThreshold(1, 0))
    other = chain.read(council.callsDigest(number, meant))
    hijacked = council.approve(number, other, 1)
    chain.refuses("ProposalDigestWrong", hijacked, number, other, digest, sender=trio.governors[1])
    assert chain.read(council.proposal(number))[5] == 1


def ballot(made, number, governor, choice, counter, **domain):
    """A signed vote: the ballot and the signature."""
    digest = made.chain.read(made.council.functions.proposal(number))[4]
    message = {
        "governor": governor.address,
        "number": number,
        "digest": digest,
        "choice": choice,
        "counter": counter,
    }
    typed = made.typed(made.council, "Ballot", BALLOT_FIELDS, message, **domain)
    return tuple(message.values()), bytes(governor.sign_message(typed).signature)


def test_k12_anyone_sends_the_vote_that_a_governor_signed(trio, chain):
    council, second = trio.council.functions, trio.governors[1]
    number, _ = propose(chain, trio.council, trio.governors[0], takes(trio)["suspend"])
    votes = []
    for choice, counter in ((APPROVE, 1), (NO_VOTE, 1), (CANCEL, 2), (APPROVE, 3)):
        chain.send(council.cast(*ballot(trio, number, second, choice, counter)), trio.stranger)
        votes.append(chain.read(council.voteOf(number, second.address)))
    assert votes == [APPROVE, NO_VOTE, CANCEL, APPROVE]
    chain.send(council.execute(number), trio.governors[0])


def test_k12_an_approval_that_was_taken_back_is_not_replayed(trio, chain):
    council, second = trio.council.functions, trio.governors[1]
    number, digest = propose(chain, trio.council, trio.governors[0], takes(trio)["suspend"])
    approval = council.cast(*ballot(trio, number, second, APPROVE, 1))
    chain.send(approval, trio.stranger)
    taken_back = chain.send(council.disapprove(number), second)
    assert events(trio.council, taken_back, "ProposalDisapproved")[0]["counter"] == 2
    chain.refuses("GovernorCounterWrong", approval, second.address, 1, 2, sender=trio.stranger)
    chain.refuses("GovernorCounterWrong", council.approve(number, digest, 1), second.address, 1, 2, sender=second)
    chain.refuses("ProposalNotVoted", council.disapprove(number), number, second.address, sender=second)


def test_k12_a_vote_of_somebody_else_or_for_another_council_is_refused(trio, chain):
    council, second, stranger = trio.council.functions, trio.governors[1], trio.stranger
    number, digest = propose(chain, trio.council, trio.governors[0], takes(trio)["suspend"])
    values, signature = ballot(trio, number, stranger, APPROVE, 0)
    chain.refuses("GovernorUnknown", council.cast(values, signature), stranger.address, sender=stranger)
    forged = council.cast((second.address, *values[1:]), signature)
    with pytest.raises(Refused, match="GovernorUnknown"):
        chain.read(forged, stranger)
    for domain in ({"chain_id": 1}, {"version": "2"}):
        with pytest.raises(Refused, match="GovernorUnknown"):
            chain.read(council.cast(*ballot(trio, number, second, APPROVE, 1, **domain)), stranger)
    wrong = {"governor": second.address, "number": number, "digest": word("other"), "choice": APPROVE, "counter": 1}
    signed = second.sign_message(trio.typed(trio.council, "Ballot", BALLOT_FIELDS, wrong)).signature
    cast = council.cast(tuple(wrong.values()), bytes(signed))
    chain.refuses("ProposalDigestWrong", cast, number, word("other"), digest, sender=stranger)


@pytest.mark.parametrize("count", [2, 3])
def test_k12_all_of_several_is_refused_without_a_recovery_quorum(chain, count):
    governors = chain.accounts[1 : count + 1]
    with pytest.raises(Refused) as refused:
        ContractSet(chain, governors=governors, threshold=count, names=("Council",))
    assert (refused.value.name, refused.value.values) == ("CouncilUnanimityWithoutRecovery", (count,))
    ContractSet(chain, governors=governors, threshold=count, recovery=1, names=("Council",))
    ContractSet(chain, governors=governors[:1], threshold=1, names=("Council",))


def test_k12_a_lost_quorum_is_recovered_after_ninety_days(trio, chain):
    """One of two keys is lost: the other one removes it, after 90 days in which anybody could object."""
    pair = ContractSet(chain, governors=trio.governors[:2], threshold=2, recovery=1, delays=DELAYS, names=("Council",))
    council, first, lost = pair.council.functions, *pair.governors
    calls = [council.addGovernor(trio.stranger.address), council.addGovernor(trio.governors[2].address)]
    number, _ = propose(chain, pair.council, first, *calls, council.removeGovernor(lost.address))
    opened_at = chain.read(council.proposal(number))[1]
    chain.wait(89 * DAY)
    early = (number, opened_at + 90 * DAY)
    chain.refuses("ProposalEarly", council.execute(number), *early, sender=first)
    chain.at(opened_at + 90 * DAY)
    chain.send(council.execute(number), first)
    assert chain.read(council.governors()) == [
        first.address,
        trio.governors[2].address,
        trio.stranger.address,
    ]


def test_k12_a_recovery_quorum_only_changes_the_council_and_is_cancelled(trio, chain):
    pair = ContractSet(chain, governors=trio.governors[:2], threshold=2, recovery=1, delays=DELAYS)
    council, thief, owner = pair.council.functions, *pair.governors
    number, _ = propose(chain, pair.council, thief, council.setThreshold(1, 0))
    mixed, _ = propose(chain, pair.council, thief, council.setThreshold(1, 0), pair.members.functions.setFrozen(True))
    other, _ = propose(chain, pair.council, thief, pair.members.functions.addMember(word("new"), 1, "", ""))
    chain.send(council.cancel(number), owner)
    chain.wait(30 * DAY)
    for each in (mixed, other):
        chain.refuses("ProposalLacksApprovals", council.execute(each), each, 1, 2, sender=thief)
    chain.wait(61 * DAY)
    chain.refuses("ProposalNotOpen", council.execute(number), number, CANCELLED, sender=thief)


def test_k12_a_recovery_that_was_taken_back_begins_anew(chain):
    names = ("Council",)
    four = ContractSet(chain, governors=chain.accounts[1:5], threshold=3, recovery=2, delays=DELAYS, names=names)
    council = four.council.functions
    number, _ = propose(chain, four.council, four.governors[0], council.setThreshold(2, 0))
    approve(chain, four.council, four.governors[1], number)
    chain.wait(80 * DAY)
    chain.send(council.disapprove(number), four.governors[1])
    chain.wait(11 * DAY)
    chain.refuses("ProposalLacksApprovals", council.execute(number), number, 1, 3, sender=four.governors[0])
    since = chain.time_of(approve(chain, four.council, four.governors[2], number))
    early = (number, since + 90 * DAY)
    chain.refuses("ProposalEarly", council.execute(number), *early, sender=four.governors[0])


def test_k12_a_recovery_quorum_does_not_slow_the_threshold(chain):
    names = ("Council",)
    four = ContractSet(chain, governors=chain.accounts[1:5], threshold=3, recovery=2, delays=DELAYS, names=names)
    council = four.council.functions
    number, _ = propose(chain, four.council, four.governors[0], council.setThreshold(2, 0))
    approve(chain, four.council, four.governors[1], number)
    approve(chain, four.council, four.governors[2], number)
    chain.wait(CHANGE)
    chain.send(council.execute(number), four.governors[3])
    assert chain.read(council.threshold()) == 2


def test_k12_freezing_stops_everybody_but_not_the_council(trio, chain):
    members = trio.members.functions
    assert not chain.read(members.frozen())
    receipt = waits(trio, 0, members.setFrozen(True))
    assert events(trio.members, receipt, "MembersFrozenChanged") == [{"frozen": True}]
    chain.refuses("MembersFrozen", members.requireNotFrozen())
    chain.refuses("MembersFrozen", members.actorOf(trio.tax.key.address, trio.tax.roles, 1))
    # the council still ends keys, and lets everybody act again with delay
    waits(trio, 0, members.endKey(trio.court.key.address, 0))
    waits(trio, GIVE, members.setFrozen(False))
    assert chain.read(members.actorOf(trio.tax.key.address, trio.tax.roles, 1)) == trio.tax.id


def test_k12_no_delay_at_all_is_possible_for_one_member(chain):
    single = ContractSet(chain, names=("Council",))
    receipt = decide_alone(single)
    assert events(single.council, receipt, "GovernorAdded")


def decide_alone(made):
    return made.chain.send(made.proposal(made.council.functions.addGovernor(made.stranger.address)))


def test_k12_a_delay_stops_even_a_threshold_of_one(chain):
    single = ContractSet(chain, delays=DELAYS, names=("Council",))
    with pytest.raises(Refused, match="ProposalEarly"):
        decide_alone(single)


def test_decisions_of_a_council_without_delays_run_at_once(chain, trio):
    names = ("Council",)
    free = ContractSet(chain, governors=trio.governors, threshold=2, names=names)
    decide(chain, free.council, free.governors, free.council.functions.setThreshold(1, 0))
    assert chain.read(free.council.functions.threshold()) == 1
