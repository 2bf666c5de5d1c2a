"""The council: proposals, votes, approvals that count, and what it refuses."""

import pytest

from tests.kit.contract_set import DAY, GAS, NO_DELAYS, NOBODY, Refused, call_of, events, word

NONE, OPEN, EXECUTED, CANCELLED = range(4)
NO_VOTE, APPROVE, CANCEL = range(3)


@pytest.fixture
def trio(chain):
    """A council of the accounts 1, 2 and 3, two of whom decide, without delays."""
    return chain.deploy("Council", [a.address for a in chain.accounts[1:4]], 2, 0, NO_DELAYS, [])


@pytest.fixture
def governors(chain):
    return chain.accounts[1:4]


def propose(chain, council, governor, *functions):
    """Open a proposal; its number and digest."""
    receipt = chain.send(council.functions.propose([call_of(function) for function in functions]), governor)
    event = events(council, receipt, "ProposalOpened")[0]
    return event["number"], event["digest"]


def approve(chain, council, governor, number):
    """Approve as a governor that has looked at the proposal."""
    digest = chain.read(council.functions.proposal(number))[4]
    counter = chain.read(council.functions.counterOf(governor.address))
    return chain.send(council.functions.approve(number, digest, counter), governor)


def decide(chain, council, governors, *functions):
    """Propose by the first, approve by the second, execute by the first."""
    number, _ = propose(chain, council, governors[0], *functions)
    approve(chain, council, governors[1], number)
    return chain.send(council.functions.execute(number), governors[0])


def test_a_proposal_runs_once_enough_governors_have_approved(chain, trio, governors):
    newcomer = chain.accounts[5].address
    calls = [call_of(trio.functions.addGovernor(newcomer))]

    opened = chain.send(trio.functions.propose(calls), governors[0])
    chain.refuses("ProposalLacksApprovals", trio.functions.execute(1), 1, 1, 2, sender=governors[0])
    approved = approve(chain, trio, governors[1], 1)
    executed = chain.send(trio.functions.execute(1), governors[2])

    event = events(trio, opened, "ProposalOpened")[0]
    assert (event["number"], event["proposer"]) == (1, governors[0].address)
    assert event["digest"] == chain.read(trio.functions.callsDigest(1, calls))
    assert event["openedAt"] == chain.time_of(opened)
    assert event["expiresAt"] == chain.time_of(opened) + 30 * DAY
    assert [tuple(call.values()) for call in map(dict, event["calls"])] == [
        (call[0], bytes.fromhex(call[1][2:])) for call in calls
    ]
    assert events(trio, opened, "ProposalApproved")[0]["governor"] == governors[0].address
    assert events(trio, opened, "ProposalDecided") == []
    assert events(trio, approved, "ProposalApproved")[0]["governor"] == governors[1].address
    assert events(trio, approved, "ProposalDecided") == [{"number": 1, "decidedAt": chain.time_of(approved)}]
    assert events(trio, executed, "ProposalExecuted") == [{"number": 1, "governor": governors[2].address}]
    assert events(trio, executed, "GovernorAdded") == [{"governor": newcomer, "term": 4, "counter": 1}]
    assert chain.read(trio.functions.isGovernor(newcomer))
    assert chain.read(trio.functions.proposal(1))[0] == EXECUTED


def test_a_proposal_shows_its_state_calls_and_votes(chain, trio, governors):
    calls = [call_of(trio.functions.setThreshold(1, 0)), call_of(trio.functions.setThreshold(2, 1))]
    receipt = chain.send(trio.functions.propose(calls), governors[0])
    chain.send(trio.functions.cancel(1), governors[2])

    state, opened_at, expires_at, proposer, digest, approvals, opposed = chain.read(trio.functions.proposal(1))
    assert (state, proposer, approvals, opposed) == (OPEN, governors[0].address, 1, 1)
    assert (opened_at, expires_at) == (chain.time_of(receipt), chain.time_of(receipt) + 30 * DAY)
    assert digest == chain.read(trio.functions.callsDigest(1, calls))
    assert [target for target, _ in chain.read(trio.functions.calls(1))] == [trio.address] * 2
    votes = [chain.read(trio.functions.voteOf(1, governor.address)) for governor in governors]
    assert votes == [APPROVE, NO_VOTE, CANCEL]
    assert chain.read(trio.functions.proposal(2))[0] == NONE
    assert chain.read(trio.functions.proposalCount()) == 1


def test_the_digest_of_calls_belongs_to_a_number_and_a_council(chain, consortium, trio):
    calls = [call_of(trio.functions.setThreshold(1, 0))]
    digests = {
        bytes(chain.read(council.functions.callsDigest(number, calls)))
        for council in (trio, consortium.council)
        for number in (1, 2)
    }
    assert len(digests) == 4


def test_a_proposal_is_not_executed_twice(chain, trio, governors):
    decide(chain, trio, governors, trio.functions.setThreshold(1, 0))
    digest = chain.read(trio.functions.proposal(1))[4]
    for governor, function in (
        (governors[0], trio.functions.execute(1)),
        (governors[2], trio.functions.approve(1, digest, 1)),
        (governors[2], trio.functions.cancel(1)),
        (governors[1], trio.functions.disapprove(1)),
    ):
        chain.refuses("ProposalNotOpen", function, 1, EXECUTED, sender=governor)


def test_a_proposal_is_not_executed_by_one_of_its_own_calls(chain, trio, governors):
    """Council calls council: the caller is then no governor, and the state is Executed before the calls."""
    propose(chain, trio, governors[0], trio.functions.execute(1))
    approve(chain, trio, governors[1], 1)
    chain.refuses("GovernorUnknown", trio.functions.execute(1), trio.address, sender=governors[0])


def test_a_governor_approves_once(chain, trio, governors):
    _, digest = propose(chain, trio, governors[0], trio.functions.setThreshold(1, 0))
    again = trio.functions.approve(1, digest, 1)
    chain.refuses("ProposalAlreadyApproved", again, 1, governors[0].address, sender=governors[0])
    chain.send(again, governors[1])
    chain.refuses("ProposalAlreadyApproved", again, 1, governors[1].address, sender=governors[1])


def test_an_unknown_proposal_is_neither_voted_on_nor_executed(chain, trio, governors):
    for function in (
        trio.functions.approve(7, word("digest"), 1),
        trio.functions.disapprove(7),
        trio.functions.cancel(7),
        trio.functions.execute(7),
    ):
        chain.refuses("ProposalUnknown", function, 7, sender=governors[0])


def test_only_governors_propose_vote_and_execute(chain, trio, governors):
    calls = [call_of(trio.functions.setThreshold(1, 0))]
    chain.send(trio.functions.propose(calls), governors[0])
    stranger = chain.accounts[7]
    for function in (
        trio.functions.propose(calls),
        trio.functions.proposeAndExecute(calls),
        trio.functions.approve(1, word("digest"), 0),
        trio.functions.disapprove(1),
        trio.functions.cancel(1),
        trio.functions.execute(1),
    ):
        chain.refuses("GovernorUnknown", function, stranger.address, sender=stranger)


def test_a_proposal_ends_after_thirty_days(chain, trio, governors):
    _, digest = propose(chain, trio, governors[0], trio.functions.setThreshold(1, 0))
    expires_at = chain.read(trio.functions.proposal(1))[2]
    chain.at(expires_at)
    approve(chain, trio, governors[1], 1)
    chain.wait(1)
    chain.refuses("ProposalExpired", trio.functions.execute(1), 1, expires_at, sender=governors[0])
    late = trio.functions.approve(1, digest, 1)
    chain.refuses("ProposalExpired", late, 1, expires_at, sender=governors[2])


def test_a_proposal_can_be_executed_in_its_last_second(chain, trio, governors):
    propose(chain, trio, governors[0], trio.functions.setThreshold(1, 0))
    approve(chain, trio, governors[1], 1)
    chain.at(chain.read(trio.functions.proposal(1))[2])
    chain.send(trio.functions.execute(1), governors[0])
    assert chain.read(trio.functions.threshold()) == 1


def test_the_approval_of_a_removed_governor_no_longer_counts(chain, trio, governors):
    newcomer = chain.accounts[5]
    propose(chain, trio, governors[0], trio.functions.setThreshold(1, 0))
    approve(chain, trio, governors[1], 1)

    functions = (trio.functions.addGovernor(newcomer.address), trio.functions.removeGovernor(governors[0].address))
    decide(chain, trio, governors[1:], *functions)

    chain.refuses("ProposalLacksApprovals", trio.functions.execute(1), 1, 1, 2, sender=governors[1])
    chain.refuses("GovernorUnknown", trio.functions.execute(1), governors[0].address, sender=governors[0])


def test_an_old_approval_does_not_count_again_when_the_governor_comes_back(chain, trio, governors):
    _, digest = propose(chain, trio, governors[0], trio.functions.setThreshold(1, 0))
    first = governors[0].address
    decide(chain, trio, governors[1:], trio.functions.addGovernor(chain.accounts[5].address))
    decide(chain, trio, governors[1:], trio.functions.removeGovernor(first))
    decide(chain, trio, governors[1:], trio.functions.addGovernor(first))
    assert chain.read(trio.functions.voteOf(1, first)) == NO_VOTE
    assert chain.read(trio.functions.proposal(1))[5] == 0

    stale = trio.functions.approve(1, digest, 1)
    chain.refuses("GovernorCounterWrong", stale, first, 1, 2, sender=governors[0])
    approve(chain, trio, governors[0], 1)
    approve(chain, trio, governors[1], 1)
    chain.send(trio.functions.execute(1), governors[2])


def test_the_threshold_at_execution_counts(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1, 0))]), governors[0])
    approve(chain, trio, governors[1], 1)
    decide(chain, trio, governors, trio.functions.setThreshold(3, 1))
    chain.refuses("ProposalLacksApprovals", trio.functions.execute(1), 1, 2, 3, sender=governors[0])


def test_the_council_changes_only_through_itself(chain, trio, governors):
    for function in (
        trio.functions.addGovernor(chain.accounts[5].address),
        trio.functions.removeGovernor(governors[1].address),
        trio.functions.setThreshold(1, 0),
        trio.functions.setDelays(0, 0),
        trio.functions.setRule(trio.address, b"\1\2\3\4", 3),
    ):
        chain.refuses("CouncilOnlyItself", function, governors[0].address, sender=governors[0])


@pytest.mark.parametrize(("threshold", "recovery"), [(0, 0), (4, 0), (2, 2), (1, 1), (2, 3)])
def test_a_threshold_out_of_range_is_refused(chain, trio, governors, threshold, recovery):
    with pytest.raises(Refused) as refused:
        decide(chain, trio, governors, trio.functions.setThreshold(threshold, recovery))
    assert (refused.value.name, refused.value.values) == ("CouncilThresholdInvalid", (threshold, recovery, 3))


def test_removing_governors_stops_at_the_threshold(chain, trio, governors):
    with pytest.raises(Refused) as refused:
        decide(chain, trio, governors, trio.functions.removeGovernor(governors[2].address))
    assert (refused.value.name, refused.value.values) == ("CouncilUnanimityWithoutRecovery", (2,))
    remove = [trio.functions.removeGovernor(governor.address) for governor in governors[:0:-1]]
    decide(chain, trio, governors, trio.functions.setThreshold(2, 1), remove[0])
    assert chain.read(trio.functions.governors()) == [g.address for g in governors[:2]]
    with pytest.raises(Refused) as refused:
        decide(chain, trio, governors, remove[1])
    assert (refused.value.name, refused.value.values) == ("CouncilThresholdInvalid", (2, 1, 1))


def test_strange_governors_are_refused(consortium):
    functions = consortium.council.functions
    taken, stranger = consortium.governor.address, consortium.stranger.address
    consortium.council_refuses("GovernorInvalid", functions.addGovernor(NOBODY), NOBODY)
    council = consortium.council.address
    consortium.council_refuses("GovernorInvalid", functions.addGovernor(council), council)
    consortium.council_refuses("GovernorExists", functions.addGovernor(taken), taken)
    consortium.council_refuses("GovernorUnknown", functions.removeGovernor(stranger), stranger)


def test_a_council_has_sixty_four_governors_at_most(chain):
    addresses = [chain.w3.to_checksum_address(f"0x{i:040x}") for i in range(1, 66)]
    full = chain.deploy("Council", addresses[:64], 1, 0, NO_DELAYS, [])
    assert len(chain.read(full.functions.governors())) == 64
    with pytest.raises(Refused, match="GovernorLimitReached"):
        chain.deploy("Council", addresses, 1, 0, NO_DELAYS, [])


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (0, 1), (2, 0), (2, 3)])
def test_no_council_is_born_with_a_bad_threshold(chain, count, threshold):
    addresses = [a.address for a in chain.accounts[:count]]
    with pytest.raises(Refused, match="CouncilThresholdInvalid"):
        chain.deploy("Council", addresses, threshold, 0, NO_DELAYS, [])


def test_no_council_is_born_with_a_governor_twice(chain):
    with pytest.raises(Refused, match="GovernorExists"):
        chain.deploy("Council", [chain.accounts[1].address] * 2, 1, 0, NO_DELAYS, [])


def test_a_failing_call_undoes_all_and_shows_its_revert_data(chain, consortium):
    members = consortium.members
    good = members.functions.addMember(word("new"), 1, "new", "")
    bad = members.functions.addMember(consortium.tax.id, 1, "again", "")

    transaction = {
        "from": consortium.governor.address,
        "to": consortium.council.address,
        "data": consortium.proposal(good, bad)._encode_transaction_data(),
        "gas": GAS,
    }
    with pytest.raises(Refused) as refused:
        chain.revert_data(transaction)
    assert (refused.value.name, refused.value.values) == ("MemberExists", (consortium.tax.id,))
    chain.refuses("MemberExists", consortium.proposal(good, bad), consortium.tax.id)
    assert chain.read(members.functions.member(word("new")))[1] == 0


def test_a_call_that_fails_without_data_is_named_by_its_index(chain, consortium):
    nothing = (consortium.members.address, "0x12345678")
    chain.refuses("CouncilCallFailed", consortium.council.functions.proposeAndExecute([nothing]), 0, b"")


def test_a_target_without_code_is_refused(chain, consortium):
    empty = (consortium.stranger.address, "0x")
    function = consortium.council.functions.proposeAndExecute([empty])
    chain.refuses("CouncilTargetWithoutCode", function, 0, consortium.stranger.address)


@pytest.mark.parametrize("count", [0, 65])
def test_a_proposal_has_one_to_sixty_four_calls(chain, consortium, count):
    calls = [(consortium.council.address, "0x")] * count
    chain.refuses("ProposalCallCountInvalid", consortium.council.functions.propose(calls), count)


def test_proposing_and_executing_at_once_takes_a_threshold_of_one(chain, consortium, trio, governors):
    calls = [call_of(trio.functions.setThreshold(1, 0))]
    at_once = trio.functions.proposeAndExecute(calls)
    chain.refuses("ProposalLacksApprovals", at_once, 1, 1, 2, sender=governors[0])
    functions = consortium.council.functions
    receipt = consortium.govern(
        functions.addGovernor(governors[0].address),
        functions.addGovernor(governors[1].address),
        functions.setThreshold(2, 1),
    )
    assert events(consortium.council, receipt, "ThresholdChanged") == [{"threshold": 2, "recovery": 1}]
