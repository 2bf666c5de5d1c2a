"""The client of the Ledger port that speaks to Ethereum nodes."""

from ledger_node.chain.port import CouncilLedger, Ledger
from ledger_node.chain.web3_ledger.anchor_calls import AnchorCalls
from ledger_node.chain.web3_ledger.consent_calls import ConsentCalls
from ledger_node.chain.web3_ledger.council_calls import CouncilCalls
from ledger_node.chain.web3_ledger.event_calls import EventCalls
from ledger_node.chain.web3_ledger.member_calls import MemberCalls
from ledger_node.chain.web3_ledger.subject_calls import SubjectCalls

__all__ = ["Web3Council", "Web3Ledger"]


class Web3Ledger(MemberCalls, AnchorCalls, SubjectCalls, ConsentCalls, EventCalls, Ledger):
    """One network behind its JSON-RPC endpoints.

    What the port promises, the port says; here the type checker holds all the parts together to it.

    ``relayer`` sends what anyone or a relayer may send, ``registrar`` what only a registrar may; both are
    missing where only reads are needed.
    """


class Web3Council(CouncilCalls, CouncilLedger):
    """The Council of one network. ``governor``: sends votes; missing where only reads are needed."""
