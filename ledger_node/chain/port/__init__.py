"""The Ledger port: what the rest of the system may ask of a chain, whichever engine runs it.

``Ledger`` is the whole. Whoever needs one concern only takes that part: members, anchors, subjects, consents, facts.
The council stands apart: governors send to it, with keys of their own.
"""

from typing import Protocol

from ledger_node.chain.port.anchor import AnchorLedger, BatchOrder, StreamHead
from ledger_node.chain.port.chain import Block, ChainLedger, Mined
from ledger_node.chain.port.consent import MAX_USES_AT_A_TIME, ConsentLedger, UseRefusal, UseResult
from ledger_node.chain.port.council import (
    NO_DELAYS,
    CouncilCall,
    CouncilLedger,
    CouncilStanding,
    DelayClass,
    Delays,
    Proposal,
    ProposalState,
    Vote,
)
from ledger_node.chain.port.fact import FactLedger, StateProof
from ledger_node.chain.port.member import Member, MemberLedger, Role, Standing
from ledger_node.chain.port.subject import (
    HOLD_INTERVAL_S,
    RECOVERY_DELAY_S,
    RECOVERY_LAPSE_S,
    Recovery,
    SubjectLedger,
    SubjectStanding,
)

__all__ = [
    "HOLD_INTERVAL_S",
    "MAX_USES_AT_A_TIME",
    "NO_DELAYS",
    "RECOVERY_DELAY_S",
    "RECOVERY_LAPSE_S",
    "AnchorLedger",
    "BatchOrder",
    "Block",
    "ChainLedger",
    "ConsentLedger",
    "CouncilCall",
    "CouncilLedger",
    "CouncilStanding",
    "DelayClass",
    "Delays",
    "FactLedger",
    "Ledger",
    "Member",
    "MemberLedger",
    "Mined",
    "Proposal",
    "ProposalState",
    "Recovery",
    "Role",
    "Standing",
    "StateProof",
    "StreamHead",
    "SubjectLedger",
    "SubjectStanding",
    "UseRefusal",
    "UseResult",
    "Vote",
]


class Ledger(MemberLedger, AnchorLedger, SubjectLedger, ConsentLedger, FactLedger, Protocol):
    """Reads at a pinned block and relayed writes. Every method may raise ChainError."""
