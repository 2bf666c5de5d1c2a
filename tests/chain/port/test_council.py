"""What the port of the council promises, on the real contract and on the fake."""

import pytest

from ledger_node.chain.artifact import artifact
from ledger_node.chain.deployment import deploy
from ledger_node.chain.governance import RULES
from ledger_node.chain.port import CouncilCall, DelayClass, Delays, ProposalState, Role, Vote
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Council, Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes
from tests.kit.contract_set import ALSO_RULED
from tests.kit.contract_set import RULES as CONTRACT_RULES
from tests.kit.engine_rpc import EngineRpc
from tests.kit.fake_ledger import CHAIN_ID, GENESIS_TIME, FakeChain, FakeCouncil, FakeLedger
from tests.kit.fake_ledger.access import address_of_contract
from tests.kit.ledger_port import refusal

KEYS = [bytes([number]) * 32 for number in (1, 2, 3)]
STRANGER = b"\x04" * 32
GOVERNORS = tuple(map(address_of, KEYS))
DAY = 86_400
DELAYS = Delays(3 * DAY, 7 * DAY)


class Board:
    """Two of three governors decide, with delays. ``one``, ``two``, ``three`` send their votes, ``reader`` none."""

    def call(self, contract, function, *args):
        return CouncilCall(self.target(contract), artifact(contract).encode(function, *args))

    def adding(self):
        """A member that is not there yet, and the call that adds it."""
        member = random_bytes(32)
        return member, self.call("MemberRegistry", "addMember", member, int(Role.BANK), "New bank", "")

    def decided(self, *calls):
        """A proposal of governor one that two has approved."""
        opened = self.one.propose(calls)
        self.two.approve(opened.number, opened.digest)
        return opened.number


class FakeBoard(Board):
    def __init__(self, _folder):
        self.chain = FakeChain()
        FakeCouncil.found(self.chain, GOVERNORS, 2, DELAYS)
        self.one, self.two, self.three = (FakeCouncil(self.chain, governor) for governor in GOVERNORS)
        self.reader, self.stranger = FakeCouncil(self.chain), FakeCouncil(self.chain, address_of(STRANGER))
        self.ledger = FakeLedger(self.chain)

    @staticmethod
    def target(contract):
        return address_of_contract(contract)

    def pass_time(self, seconds):
        self.chain.pass_time(seconds)
        self.chain.mine_empty()

    def close(self):
        pass


class NodeBoard(Board):
    def __init__(self, folder):
        self._rpc = EngineRpc(folder, CHAIN_ID, [*KEYS, STRANGER], GENESIS_TIME)
        first = Sender(self._rpc, CHAIN_ID, KEYS[0])
        self.book = deploy(self._rpc, first, [], [], {})
        council = Web3Council(self.book, self._rpc, governor=first)
        grown = [self.call("Council", "addGovernor", to_hex(one)) for one in GOVERNORS[1:]]
        grown += [self.call("Council", "setThreshold", 2, 0)]
        grown += [self.call("Council", "setDelays", DELAYS.give, DELAYS.change)]
        council.execute(council.propose(grown).number)
        self.one, self.two, self.three, self.stranger = (
            Web3Council(self.book, self._rpc, governor=Sender(self._rpc, CHAIN_ID, key)) for key in (*KEYS, STRANGER)
        )
        self.reader, self.ledger = Web3Council(self.book, self._rpc), Web3Ledger(self.book, self._rpc)

    def target(self, contract):
        return self.book.contracts[contract]

    def pass_time(self, seconds):
        self._rpc.now += seconds
        self._rpc._engine._store(self._rpc._engine._start_block().finish())

    def close(self):
        self._rpc.close()


@pytest.fixture(scope="module", params=[NodeBoard, FakeBoard], ids=["node", "fake"])
def board(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp("council"))
    yield made
    made.close()


def names(ledger):
    return [member.id for member in ledger.members()]


def test_the_council_says_who_governs_and_how(board):
    standing = board.reader.council()
    assert set(standing.governors) == set(GOVERNORS)
    assert (standing.threshold, standing.recovery, standing.delays, standing.blocking) == (2, 0, DELAYS, 2)
    assert standing.time == board.ledger.head().time
    assert board.reader.proposal(standing.proposals + 1) is None


def test_k12_what_gives_power_is_executed_after_its_delay_and_not_before(board):
    member, adding = board.adding()
    opened = board.one.propose([adding])
    assert (opened.state, opened.votes[GOVERNORS[0]], opened.ready_at) == (ProposalState.OPEN, Vote.APPROVE, 0)
    assert (opened.classes, opened.wait_s, opened.calls) == ((DelayClass.GIVE,), DELAYS.give, (adding,))
    assert refusal(board.one.execute, opened.number) == ("ProposalLacksApprovals", Reason.PROPOSAL_LACKS_APPROVALS)
    board.pass_time(5 * DAY)
    decided_at = board.two.approve(opened.number, opened.digest).block.time
    assert board.reader.proposal(opened.number).ready_at == decided_at + DELAYS.give
    board.pass_time(DELAYS.give - 1)
    assert refusal(board.two.execute, opened.number) == ("ProposalEarly", Reason.PROPOSAL_EARLY)
    board.pass_time(1)
    board.two.execute(opened.number)
    assert board.reader.proposal(opened.number).state is ProposalState.EXECUTED
    assert member in names(board.ledger)
    assert refusal(board.three.execute, opened.number) == ("ProposalNotOpen", Reason.PROPOSAL_CLOSED)


def test_k12_what_takes_power_acts_as_soon_as_it_is_decided(board):
    member, adding = board.adding()
    number = board.decided(adding)
    board.pass_time(DELAYS.give)
    board.one.execute(number)
    board.one.execute(board.decided(board.call("MemberRegistry", "suspend", member)))
    assert [one.active for one in board.ledger.members() if one.id == member] == [False]


def test_k12_a_proposal_waits_as_long_as_its_slowest_call(board):
    member, adding = board.adding()
    calls = [
        adding,
        board.call("MemberRegistry", "suspend", member),
        board.call("Council", "setDelays", DELAYS.give, DELAYS.change),
    ]
    opened = board.one.propose(calls)
    assert opened.classes == (DelayClass.GIVE, DelayClass.TAKE, DelayClass.CHANGE)
    assert opened.wait_s == DELAYS.change
    unknown = board.one.propose([CouncilCall(board.target("MemberRegistry"), b"\x01\x02\x03\x04")])
    assert (unknown.classes, unknown.wait_s) == ((DelayClass.UNKNOWN,), DELAYS.change)


@pytest.mark.parametrize(("frozen", "wait_s"), [(True, 0), (False, DELAYS.give)])
def test_k12_freezing_acts_at_once_and_its_end_waits(board, frozen, wait_s):
    opened = board.one.propose([board.call("MemberRegistry", "setFrozen", frozen)])
    assert (opened.classes, opened.wait_s) == ((DelayClass.TAKE_IF_TRUE,), wait_s)


def test_k12_an_approval_names_the_digest_of_the_calls_it_is_for(board):
    _, adding = board.adding()
    opened, other = board.one.propose([adding]), board.one.propose([board.adding()[1]])
    assert opened.digest != other.digest
    expected = ("ProposalDigestWrong", Reason.PROPOSAL_DIGEST_WRONG)
    assert refusal(board.two.approve, opened.number, other.digest) == expected
    assert board.reader.proposal(opened.number).votes[GOVERNORS[1]] is Vote.NONE


def test_k12_a_vote_is_taken_back_and_given_again(board):
    number = board.decided(board.adding()[1])
    digest = board.reader.proposal(number).digest
    assert refusal(board.two.approve, number, digest) == ("ProposalAlreadyApproved", Reason.PROPOSAL_VOTED)
    board.two.disapprove(number)
    assert board.reader.proposal(number).ready_at == 0
    assert refusal(board.two.disapprove, number) == ("ProposalNotVoted", Reason.PROPOSAL_VOTED)
    board.two.approve(number, digest)
    assert board.reader.proposal(number).votes[GOVERNORS[1]] is Vote.APPROVE


def test_k12_as_many_governors_cancel_as_could_block_it(board):
    number = board.decided(board.adding()[1])
    board.three.cancel(number)
    assert refusal(board.three.cancel, number) == ("ProposalAlreadyOpposed", Reason.PROPOSAL_VOTED)
    assert board.reader.proposal(number).state is ProposalState.OPEN
    board.two.cancel(number)
    shown = board.reader.proposal(number)
    assert shown.state is ProposalState.CANCELLED
    assert shown.votes == {GOVERNORS[0]: Vote.APPROVE, GOVERNORS[1]: Vote.CANCEL, GOVERNORS[2]: Vote.CANCEL}


def test_k12_a_proposal_ends(board):
    opened = board.one.propose([board.adding()[1]])
    board.pass_time(opened.expires_at - board.ledger.head().time + 1)
    assert refusal(board.two.approve, opened.number, opened.digest) == ("ProposalExpired", Reason.PROPOSAL_CLOSED)


def test_k12_all_of_several_governors_as_the_threshold_are_refused(board):
    number = board.decided(board.call("Council", "setThreshold", 3, 0))
    board.pass_time(DELAYS.change)
    assert refusal(board.one.execute, number)[1] is Reason.COUNCIL_RULE_BROKEN


def test_nobody_but_a_governor_votes(board):
    opened = board.one.propose([board.adding()[1]])
    expected = ("GovernorUnknown", Reason.GOVERNOR_UNKNOWN)
    assert refusal(board.stranger.propose, [board.adding()[1]]) == expected
    assert refusal(board.stranger.approve, opened.number, opened.digest)[1] is Reason.GOVERNOR_UNKNOWN
    for call in (board.stranger.cancel, board.stranger.disapprove, board.stranger.execute):
        assert refusal(call, opened.number) == expected
    with pytest.raises(ChainError) as refused:
        board.reader.cancel(opened.number)
    assert refused.value.reason is Reason.CONFIGURATION


def test_there_is_no_proposal_of_another_number(board):
    with pytest.raises(ContractRevertError) as refused:
        board.one.cancel(10_000)
    assert refused.value.reason is Reason.PROPOSAL_UNKNOWN


def test_the_client_founds_with_the_rules_that_the_contracts_are_tested_with():
    tested = CONTRACT_RULES | ALSO_RULED
    assert {name: {function: int(one) for function, one in rules.items()} for name, rules in RULES.items()} == {
        name: {function: int(one) for function, one in rules.items()} for name, rules in tested.items()
    }
