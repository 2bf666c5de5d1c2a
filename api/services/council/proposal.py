"""What the council has before it: each proposal in words, what it waits for, and a governor's votes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from api.services.council.decoded_call import CallDecoder, DecodedCall
from ledger_node import clock
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.port import (
    CouncilLedger,
    CouncilStanding,
    MemberLedger,
    Proposal,
    ProposalState,
    Vote,
)
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason


class ProposalStatus(StrEnum):
    """What a proposal waits for, or what became of it."""

    NEEDS_APPROVALS = "needs_approvals"
    WAITS = "waits"
    READY = "ready"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    EXECUTED = "executed"
    CANCELLED = "cancelled"


OVER: Final = frozenset({ProposalStatus.EXPIRED, ProposalStatus.EXECUTED, ProposalStatus.CANCELLED})
"""Of these nothing more is to be decided."""


@dataclass(frozen=True, slots=True)
class ShownProposal:
    """A proposal in words, as the newest block has it."""

    proposal: Proposal
    status: ProposalStatus
    calls: tuple[DecodedCall, ...]
    council: CouncilStanding

    @property
    def approvals(self) -> list[bytes]:
        """Which governors approve."""
        return self._by(Vote.APPROVE)

    @property
    def opposed(self) -> list[bytes]:
        """Which governors want it cancelled."""
        return self._by(Vote.CANCEL)

    def require_digest(self, digest: bytes) -> None:
        """Require that this proposal has the calls that somebody looked at.

        Raises:
            ChainError: ``proposal_digest_wrong``.
        """
        if self.proposal.digest != digest:
            raise ChainError(Reason.PROPOSAL_DIGEST_WRONG, "this proposal has other calls than the digest says")

    def _by(self, vote: Vote) -> list[bytes]:
        return [governor for governor, one in self.proposal.votes.items() if one is vote]

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form; times are seconds since 1970."""
        held = self.proposal
        return {
            "number": held.number,
            "status": self.status.value,
            "digest": to_hex(held.digest),
            "proposer": to_hex(held.proposer),
            "opened_at": held.opened_at,
            "expires_at": held.expires_at,
            "ready_at": held.ready_at or None,
            "wait_s": held.wait_s,
            "threshold": self.council.threshold,
            "approved_by": [to_hex(one) for one in self.approvals],
            "cancelled_by": [to_hex(one) for one in self.opposed],
            "calls": [call.to_json() for call in self.calls],
        }


class CouncilService:
    """Reads the council's proposals, and votes as one governor if ``council`` has its key."""

    def __init__(
        self, council: CouncilLedger, members: MemberLedger, book: AddressBook, now: Callable[[], int] = clock.now
    ) -> None:
        """``now``: a chain that stands still shows no time that has passed, so a clock does."""
        self._now = now
        self._council = council
        self._members = members
        self._book = book

    def standing(self) -> CouncilStanding:
        """Return who governs, and how."""
        return self._council.council()

    def proposals(self, *, also_over: bool = False) -> Iterator[ShownProposal]:
        """Yield proposals, the newest first; those that are over only if ``also_over``."""
        standing, decoder = self._council.council(), self._decoder()
        for number in range(standing.proposals, 0, -1):
            held = self._council.proposal(number)
            if held is not None:
                shown = self._shown(held, standing, decoder)
                if also_over or shown.status not in OVER:
                    yield shown

    def proposal(self, number: int) -> ShownProposal:
        """Return a proposal in words.

        Raises:
            ChainError: ``proposal_unknown``, or the ledger does not answer.
        """
        held = self._council.proposal(number)
        if held is None:
            raise ChainError(Reason.PROPOSAL_UNKNOWN, "there is no proposal of this number")
        return self._shown(held, self._council.council(), self._decoder())

    def approve(self, number: int, digest: bytes) -> ShownProposal:
        """Approve a proposal of this digest, and return what it is then.

        Raises:
            ChainError: ``proposal_digest_wrong`` and others of the council; or the ledger does not answer.
        """
        self.proposal(number).require_digest(digest)
        self._council.approve(number, digest)
        return self.proposal(number)

    def disapprove(self, number: int) -> ShownProposal:
        """Take back a vote; raises like ``approve``."""
        self._council.disapprove(number)
        return self.proposal(number)

    def cancel(self, number: int) -> ShownProposal:
        """Vote to cancel; raises like ``approve``."""
        self._council.cancel(number)
        return self.proposal(number)

    def execute(self, number: int) -> ShownProposal:
        """Make the calls of a proposal that has waited; raises like ``approve``."""
        self._council.execute(number)
        return self.proposal(number)

    def _decoder(self) -> CallDecoder:
        names: Mapping[bytes, str] = {member.id: member.name for member in self._members.members()}
        return CallDecoder(self._book, names)

    def _shown(self, held: Proposal, standing: CouncilStanding, decoder: CallDecoder) -> ShownProposal:
        calls = tuple(decoder.decode(call, one) for call, one in zip(held.calls, held.classes, strict=True))
        status = _status(held, standing, max(standing.time, self._now()))
        return ShownProposal(held, status, calls, standing)


def _status(held: Proposal, standing: CouncilStanding, now: int) -> ProposalStatus:
    match held.state:
        case ProposalState.EXECUTED:
            return ProposalStatus.EXECUTED
        case ProposalState.CANCELLED:
            return ProposalStatus.CANCELLED
        case _ if now > held.expires_at:
            return ProposalStatus.EXPIRED
    opposed = sum(vote is Vote.CANCEL for vote in held.votes.values())
    if opposed >= standing.blocking:
        return ProposalStatus.BLOCKED
    if not held.ready_at:
        return ProposalStatus.NEEDS_APPROVALS
    return ProposalStatus.READY if now >= held.ready_at else ProposalStatus.WAITS
