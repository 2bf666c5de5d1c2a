"""The council: who governs, what is proposed, and the votes on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from ledger_node.chain.port.chain import ChainLedger, Mined
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

MAX_DELAY_S: Final = 30 * 86_400


class DelayClass(IntEnum):
    """What a call of the council does with power, as ICouncil numbers it; how long it waits follows from that."""

    UNKNOWN = 0
    """No rule: the longer of both delays."""
    GIVE = 1
    """Gives power: the delay for giving."""
    CHANGE = 2
    """Changes the council: the delay for changing."""
    TAKE = 3
    """Takes power: none."""
    TAKE_ONE = 4
    """Takes: none, but a second one within the delay for giving waits so long."""
    TAKE_FORWARD = 5
    """Takes from a time on: none, but with a time before now it waits as what gives."""
    TAKE_IF_TRUE = 6
    """Takes with true; with false it waits as what gives."""


class ProposalState(IntEnum):
    """What became of a proposal; the last two are final. An open one may be past its time."""

    NONE = 0
    OPEN = 1
    EXECUTED = 2
    CANCELLED = 3


class Vote(IntEnum):
    """A governor's vote on a proposal."""

    NONE = 0
    APPROVE = 1
    CANCEL = 2


@dataclass(frozen=True, slots=True)
class Delays:
    """How long what gives power, and what changes the council, waits after it is decided, in seconds."""

    give: int = 0
    change: int = 0

    def __post_init__(self) -> None:
        """Refuse what the Council refuses."""
        if not (0 <= self.give <= MAX_DELAY_S and 0 <= self.change <= MAX_DELAY_S):
            raise InvalidInputError(Reason.CONFIGURATION, "a delay of the council is at most 30 days", field="delay")


NO_DELAYS: Final = Delays()


@dataclass(frozen=True, slots=True)
class CouncilCall:
    """One call that the council makes: of the contract at ``target``, with this call data."""

    target: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class CouncilStanding:
    """The council at the newest block. ``time``: that block's; ``proposals``: how many were opened, so the last number.

    ``threshold``: how many governors must approve; ``recovery``: how many suffice after 90 days for calls of the
    council to itself, 0 for never fewer.
    """

    governors: tuple[bytes, ...]
    threshold: int
    recovery: int
    delays: Delays
    proposals: int
    time: int

    @property
    def blocking(self) -> int:
        """How many governors cancel a proposal: as many as could keep it from being decided."""
        return len(self.governors) - self.threshold + 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal at the newest block. ``votes``: of the governors of today. ``classes``: one for each of ``calls``.

    ``wait_s``: how long it would wait if it were decided now. ``ready_at``: when it may be executed; 0 while too few
    have approved.
    """

    number: int
    state: ProposalState
    opened_at: int
    expires_at: int
    proposer: bytes
    digest: bytes
    calls: tuple[CouncilCall, ...]
    classes: tuple[DelayClass, ...]
    votes: Mapping[bytes, Vote]
    wait_s: int
    ready_at: int


class CouncilLedger(ChainLedger, Protocol):
    """The council, read by anybody, and written by a governor whose key sends."""

    def council(self) -> CouncilStanding:
        """Return who governs, and how."""

    def proposal(self, number: int) -> Proposal | None:
        """Return a proposal whose digest is that of its calls, or None if there is none of this number."""

    def propose(self, calls: Sequence[CouncilCall]) -> Proposal:
        """Open a proposal of 1 to 64 calls, which also approves it, and return it."""

    def approve(self, number: int, digest: bytes) -> Mined:
        """Approve a proposal of this digest."""

    def disapprove(self, number: int) -> Mined:
        """Take back a vote."""

    def cancel(self, number: int) -> Mined:
        """Vote to cancel a proposal, which takes back an approval."""

    def execute(self, number: int) -> Mined:
        """Make the calls of a proposal that is decided and has waited."""
