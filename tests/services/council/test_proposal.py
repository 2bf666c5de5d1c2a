"""Proposals of the council in words, and the votes of a governor, on the fake."""

import pytest

from api.services.council.proposal import CouncilService, ProposalStatus
from ledger_node.chain.address_book import CONTRACTS, AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import CouncilCall, Delays, Role
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from tests.kit.fake_ledger import CHAIN_ID, Council, FakeChain, FakeCouncil, FakeLedger
from tests.kit.fake_ledger.access import address_of_contract

BOOK = AddressBook(CHAIN_ID, bytes(32), {name: address_of_contract(name) for name in CONTRACTS})
ONE, TWO, THREE = (bytes([number]) * 20 for number in (1, 2, 3))
BANK = b"\x0b" * 32
DAY = 86_400


class Board:
    """Two of three governors decide; what gives waits three days."""

    def __init__(self):
        self.chain = FakeChain()
        FakeCouncil.found(self.chain, (ONE, TWO, THREE), 2, Delays(3 * DAY, 7 * DAY))
        Council(self.chain).add_member(BANK, Role.BANK, "North Bank", "")
        self.one, self.two, self.three = map(self.service, (ONE, TWO, THREE))

    def service(self, governor):
        return CouncilService(
            FakeCouncil(self.chain, governor), FakeLedger(self.chain), BOOK, now=lambda: self.chain.now
        )

    def opened(self, contract="MemberRegistry", function="setServiceUrl", *args):
        data = artifact(contract).encode(function, *(args or (BANK, "https://bank.example")))
        return FakeCouncil(self.chain, ONE).propose([CouncilCall(BOOK.contracts[contract], data)])


@pytest.fixture
def board():
    return Board()


def reason_of(call, *arguments):
    with pytest.raises(ChainError) as refused:
        call(*arguments)
    return refused.value.reason


def test_a_proposal_is_told_in_words_with_its_votes_and_its_wait(board):
    opened = board.opened()
    shown = board.two.proposal(opened.number)
    assert shown.status is ProposalStatus.NEEDS_APPROVALS
    assert shown.calls[0].line == (
        f"MemberRegistry.setServiceUrl(id = North Bank ({to_hex(BANK)}), serviceUrl = https://bank.example)"
    )
    told = shown.to_json()
    assert (told["approved_by"], told["cancelled_by"], told["ready_at"]) == ([to_hex(ONE)], [], None)
    assert (told["digest"], told["wait_s"], told["threshold"]) == (to_hex(opened.digest), 3 * DAY, 2)
    assert told["calls"][0]["class"] == "give"


def test_a_proposal_is_approved_waits_and_is_executed(board):
    opened = board.opened()
    shown = board.two.approve(opened.number, opened.digest)
    assert (shown.status, shown.approvals) == (ProposalStatus.WAITS, [ONE, TWO])
    assert reason_of(board.two.execute, opened.number) is Reason.PROPOSAL_EARLY
    # nothing is mined meanwhile, and the time has come all the same
    board.chain.pass_time(3 * DAY)
    assert board.two.proposal(opened.number).status is ProposalStatus.READY
    assert board.three.execute(opened.number).status is ProposalStatus.EXECUTED
    assert FakeLedger(board.chain).members()[0].service_url == "https://bank.example"


def test_an_approval_of_another_digest_is_refused_before_it_is_sent(board):
    opened = board.opened()
    assert reason_of(board.two.approve, opened.number, bytes(32)) is Reason.PROPOSAL_DIGEST_WRONG
    assert board.two.proposal(opened.number).approvals == [ONE]


def test_a_vote_is_taken_back_and_a_proposal_cancelled(board):
    opened = board.opened()
    board.two.approve(opened.number, opened.digest)
    assert board.two.disapprove(opened.number).approvals == [ONE]
    assert board.three.cancel(opened.number).opposed == [THREE]
    assert board.two.cancel(opened.number).status is ProposalStatus.CANCELLED


def test_what_is_over_is_listed_only_if_asked_for(board):
    expired, open_, done = board.opened(), board.opened(), board.opened("MemberRegistry", "suspend", BANK)
    board.two.approve(done.number, done.digest)
    board.two.execute(done.number)
    assert [one.proposal.number for one in board.one.proposals()] == [open_.number, expired.number]
    assert [one.proposal.number for one in board.one.proposals(also_over=True)] == [3, 2, 1]
    board.chain.pass_time(40 * DAY)
    assert [one.status for one in board.one.proposals(also_over=True)][1:] == [ProposalStatus.EXPIRED] * 2
    assert list(board.one.proposals()) == []


def test_a_proposal_that_too_many_oppose_under_a_new_threshold_is_blocked(board):
    opened = board.opened()
    board.three.cancel(opened.number)
    FakeCouncil.found(board.chain, (ONE, TWO, THREE), 3, Delays())
    assert board.one.proposal(opened.number).status is ProposalStatus.BLOCKED


def test_there_is_no_proposal_of_another_number(board):
    assert reason_of(board.one.proposal, 1) is Reason.PROPOSAL_UNKNOWN
    assert board.one.standing().proposals == 0
