"""The Ledger port: what the rest of the system may ask of a chain, whichever engine runs it.

``Ledger`` is the whole. Whoever needs one concern only takes that part: members, anchors, subjects, consents, facts.
"""

from typing import Protocol

from ledger_node.chain.port.anchor import AnchorLedger, BatchOrder, StreamHead
from ledger_node.chain.port.chain import Block, ChainLedger, Mined
from ledger_node.chain.port.consent import MAX_USES_AT_A_TIME, ConsentLedger, UseRefusal, UseResult
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
    "RECOVERY_DELAY_S",
    "RECOVERY_LAPSE_S",
    "AnchorLedger",
    "BatchOrder",
    "Block",
    "ChainLedger",
    "ConsentLedger",
    "FactLedger",
    "Ledger",
    "Member",
    "MemberLedger",
    "Mined",
    "Recovery",
    "Role",
    "Standing",
    "StateProof",
    "StreamHead",
    "SubjectLedger",
    "SubjectStanding",
    "UseRefusal",
    "UseResult",
]


class Ledger(MemberLedger, AnchorLedger, SubjectLedger, ConsentLedger, FactLedger, Protocol):
    """Reads at a pinned block and relayed writes. Every method may raise ChainError."""
