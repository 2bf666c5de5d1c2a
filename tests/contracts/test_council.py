import pytest

from tests.kit.contract import GAS, Refused, call_of, events, word

DAY = 86_400
NONE, OPEN, EXECUTED = 0, 1, 2


@pytest.fixture
def trio(chain):
    """A council of the accounts 1, 2 and 3, two of whom decide."""
    return chain.deploy("Council", [a.address for a in chain.accounts[1:4]], 2)


@pytest.fixture
def governors(chain):
    return chain.accounts[1:4]


def decide(chain, council, governors, *functions):
    """Propose by the first, approve by the second, execute by the first."""
    calls = [call_of(function) for function in functions]
    receipt = chain.send(council.functions.propose(calls), governors[0])
    number = events(council, receipt, "ProposalOpened")[0]["number"]
    chain.send(council.functions.approve(number), governors[1])
    return chain.send(council.functions.execute(number), governors[0])


def test_a_proposal_runs_once_enough_governors_have_approved(chain, trio, governors):
    newcomer = chain.accounts[5].address
    calls = [call_of(trio.functions.addGovernor(newcomer))]

    opened = chain.send(trio.functions.propose(calls), governors[0])
    chain.refuses("ProposalLacksApprovals", trio.functions.execute(1), 1, 1, 2, sender=governors[0])
    approved = chain.send(trio.functions.approve(1), governors[1])
    executed = chain.send(trio.functions.execute(1), governors[2])

    event = events(trio, opened, "ProposalOpened")[0]
    assert event["number"] == 1
    assert event["proposer"] == governors[0].address
    assert event["digest"] == chain.read(trio.functions.callsDigest(1, calls))
    assert event["expiresAt"] == chain.time_of(opened) + 30 * DAY
    assert [tuple(call.values()) for call in map(dict, event["calls"])] == [
        (call[0], bytes.fromhex(call[1][2:])) for call in calls
    ]
    assert events(trio, opened, "ProposalApproved")[0]["governor"] == governors[0].address
    assert events(trio, approved, "ProposalApproved")[0]["governor"] == governors[1].address
    assert events(trio, executed, "ProposalExecuted") == [{"number": 1, "governor": governors[2].address}]
    assert events(trio, executed, "GovernorAdded") == [{"governor": newcomer}]
    assert chain.read(trio.functions.isGovernor(newcomer))
    assert chain.read(trio.functions.proposal(1))[0] == EXECUTED


def test_a_proposal_shows_its_state_calls_and_approvals(chain, trio, governors):
    calls = [call_of(trio.functions.setThreshold(1)), call_of(trio.functions.setThreshold(3))]
    receipt = chain.send(trio.functions.propose(calls), governors[0])

    state, expires_at, proposer, digest, approvals = chain.read(trio.functions.proposal(1))
    assert (state, proposer, approvals) == (OPEN, governors[0].address, 1)
    assert expires_at == chain.time_of(receipt) + 30 * DAY
    assert digest == chain.read(trio.functions.callsDigest(1, calls))
    assert [target for target, _ in chain.read(trio.functions.calls(1))] == [trio.address] * 2
    assert chain.read(trio.functions.hasApproved(1, governors[0].address))
    assert not chain.read(trio.functions.hasApproved(1, governors[1].address))
    assert chain.read(trio.functions.proposal(2))[0] == NONE
    assert chain.read(trio.functions.proposalCount()) == 1


def test_the_digest_of_calls_belongs_to_a_number_and_a_council(chain, consortium, trio):
    calls = [call_of(trio.functions.setThreshold(1))]
    digests = {
        bytes(chain.read(council.functions.callsDigest(number, calls)))
        for council in (trio, consortium.council)
        for number in (1, 2)
    }
    assert len(digests) == 4


def test_a_proposal_is_not_executed_twice(chain, trio, governors):
    decide(chain, trio, governors, trio.functions.setThreshold(1))
    chain.refuses("ProposalNotOpen", trio.functions.execute(1), 1, EXECUTED, sender=governors[0])
    chain.refuses("ProposalNotOpen", trio.functions.approve(1), 1, EXECUTED, sender=governors[2])


def test_a_proposal_is_not_executed_by_one_of_its_own_calls(chain, trio, governors):
    """Council calls council: the caller is then no governor, and the state is Executed before the calls."""
    calls = [call_of(trio.functions.execute(1))]
    chain.send(trio.functions.propose(calls), governors[0])
    chain.send(trio.functions.approve(1), governors[1])
    chain.refuses("GovernorUnknown", trio.functions.execute(1), sender=governors[0])


def test_a_governor_approves_once(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1))]), governors[0])
    chain.refuses("ProposalAlreadyApproved", trio.functions.approve(1), sender=governors[0])
    chain.send(trio.functions.approve(1), governors[1])
    chain.refuses("ProposalAlreadyApproved", trio.functions.approve(1), sender=governors[1])


def test_an_unknown_proposal_is_neither_approved_nor_executed(chain, trio, governors):
    chain.refuses("ProposalUnknown", trio.functions.approve(7), 7, sender=governors[0])
    chain.refuses("ProposalUnknown", trio.functions.execute(0), 0, sender=governors[0])


def test_only_governors_propose_approve_and_execute(chain, trio, governors):
    calls = [call_of(trio.functions.setThreshold(1))]
    chain.send(trio.functions.propose(calls), governors[0])
    for function in (
        trio.functions.propose(calls),
        trio.functions.proposeAndExecute(calls),
        trio.functions.approve(1),
        trio.functions.execute(1),
    ):
        chain.refuses("GovernorUnknown", function, sender=chain.accounts[7])


def test_a_proposal_ends_after_thirty_days(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1))]), governors[0])
    expires_at = chain.read(trio.functions.proposal(1))[1]
    chain.at(expires_at)
    chain.send(trio.functions.approve(1), governors[1])
    assert chain.next_time == expires_at + 1
    chain.refuses("ProposalExpired", trio.functions.execute(1), 1, expires_at, sender=governors[0])
    chain.refuses("ProposalExpired", trio.functions.approve(1), sender=governors[2])


def test_a_proposal_can_be_executed_in_its_last_second(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1))]), governors[0])
    chain.send(trio.functions.approve(1), governors[1])
    chain.at(chain.read(trio.functions.proposal(1))[1])
    chain.send(trio.functions.execute(1), governors[0])
    assert chain.read(trio.functions.threshold()) == 1


def test_the_approval_of_a_removed_governor_no_longer_counts(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1))]), governors[0])
    chain.send(trio.functions.approve(1), governors[1])

    decide(chain, trio, governors[1:], trio.functions.removeGovernor(governors[0].address))

    chain.refuses("ProposalLacksApprovals", trio.functions.execute(1), 1, 1, 2, sender=governors[1])
    chain.refuses("GovernorUnknown", trio.functions.execute(1), sender=governors[0])


def test_an_old_approval_does_not_count_again_when_the_governor_comes_back(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1))]), governors[0])
    decide(chain, trio, governors[1:], trio.functions.removeGovernor(governors[0].address))
    decide(chain, trio, governors[1:], trio.functions.addGovernor(governors[0].address))
    assert not chain.read(trio.functions.hasApproved(1, governors[0].address))
    assert chain.read(trio.functions.proposal(1))[4] == 0

    chain.send(trio.functions.approve(1), governors[0])
    chain.send(trio.functions.approve(1), governors[1])
    chain.send(trio.functions.execute(1), governors[2])


def test_the_threshold_at_execution_counts(chain, trio, governors):
    chain.send(trio.functions.propose([call_of(trio.functions.setThreshold(1))]), governors[0])
    chain.send(trio.functions.approve(1), governors[1])
    decide(chain, trio, governors, trio.functions.setThreshold(3))
    chain.refuses("ProposalLacksApprovals", trio.functions.execute(1), 1, 2, 3, sender=governors[0])


def test_the_council_changes_only_through_itself(chain, trio, governors):
    for function in (
        trio.functions.addGovernor(chain.accounts[5].address),
        trio.functions.removeGovernor(governors[1].address),
        trio.functions.setThreshold(1),
    ):
        chain.refuses("CouncilOnlyItself", function, governors[0].address.lower(), sender=governors[0])


@pytest.mark.parametrize("threshold", [0, 4])
def test_a_threshold_out_of_range_is_refused(chain, trio, governors, threshold):
    with pytest.raises(Refused) as refused:
        decide(chain, trio, governors, trio.functions.setThreshold(threshold))
    assert (refused.value.name, refused.value.values) == ("CouncilThresholdInvalid", (threshold, 3))


def test_removing_governors_stops_at_the_threshold(chain, trio, governors):
    decide(chain, trio, governors, trio.functions.removeGovernor(governors[2].address))
    assert set(chain.read(trio.functions.governors())) == {g.address for g in governors[:2]}
    with pytest.raises(Refused, match="CouncilThresholdInvalid"):
        decide(chain, trio, governors, trio.functions.removeGovernor(governors[1].address))


def test_strange_governors_are_refused(consortium):
    council = consortium.council
    taken = consortium.governor.address
    stranger = consortium.stranger.address
    consortium.council_refuses("GovernorInvalid", council.functions.addGovernor("0x" + "00" * 20))
    consortium.council_refuses("GovernorInvalid", council.functions.addGovernor(council.address))
    consortium.council_refuses("GovernorExists", council.functions.addGovernor(taken))
    consortium.council_refuses("GovernorUnknown", council.functions.removeGovernor(stranger))


def test_a_council_has_sixty_four_governors_at_most(chain):
    addresses = [chain.w3.to_checksum_address(f"0x{i:040x}") for i in range(1, 66)]
    full = chain.deploy("Council", addresses[:64], 1)
    assert len(chain.read(full.functions.governors())) == 64
    with pytest.raises(Refused, match="GovernorLimitReached"):
        chain.deploy("Council", addresses, 1)


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (0, 1), (2, 0), (2, 3)])
def test_no_council_is_born_with_a_bad_threshold(chain, count, threshold):
    with pytest.raises(Refused, match="CouncilThresholdInvalid"):
        chain.deploy("Council", [a.address for a in chain.accounts[:count]], threshold)


def test_no_council_is_born_with_a_governor_twice(chain):
    with pytest.raises(Refused, match="GovernorExists"):
        chain.deploy("Council", [chain.accounts[1].address] * 2, 1)


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
    chain.refuses("CouncilTargetWithoutCode", consortium.council.functions.proposeAndExecute([empty]))


@pytest.mark.parametrize("count", [0, 65])
def test_a_proposal_has_one_to_sixty_four_calls(chain, consortium, count):
    calls = [(consortium.council.address, "0x")] * count
    chain.refuses("ProposalCallCountInvalid", consortium.council.functions.propose(calls), count)


def test_proposing_and_executing_at_once_takes_a_threshold_of_one(chain, consortium, trio, governors):
    calls = [call_of(trio.functions.setThreshold(1))]
    chain.refuses("ProposalLacksApprovals", trio.functions.proposeAndExecute(calls), sender=governors[0])
    receipt = consortium.govern(
        consortium.council.functions.addGovernor(governors[0].address),
        consortium.council.functions.setThreshold(2),
    )
    assert events(consortium.council, receipt, "ThresholdChanged") == [{"threshold": 2}]
