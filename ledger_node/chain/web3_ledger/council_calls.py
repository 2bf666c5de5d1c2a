"""The client of the council: what is proposed, with its calls, and votes that a governor's account sends."""

from collections.abc import Sequence
from typing import Any, Final

from eth_abi.abi import encode as abi_encode

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import decode_answer
from ledger_node.chain.node_limit import MAX_TRANSACTION_GAS
from ledger_node.chain.port import Mined
from ledger_node.chain.port.council import (
    CouncilCall,
    CouncilStanding,
    DelayClass,
    Delays,
    Proposal,
    ProposalState,
    Vote,
)
from ledger_node.chain.rpc import HEAD_CALL, Rpc, TransactionReceipt, block_of
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.error import ChainError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address

_COUNCIL: Final = "Council"
_SELECTOR_BYTES: Final = 4
_VOTE_GAS: Final = 400_000


class CouncilCalls(ContractCalls):
    """The Council: its governors, and what is proposed."""

    def __init__(self, book: AddressBook, rpc: Rpc, *, governor: Sender | None = None) -> None:
        super().__init__(book, rpc, relayer=governor)
        self._governor = governor

    def council(self) -> CouncilStanding:
        names = ("governors", "threshold", "recoveryQuorum", "delays", "proposalCount")
        head, *answers = self._rpc.batch([HEAD_CALL, *(self._call(_COUNCIL, name) for name in names)])
        governors, threshold, recovery, delays, count = (
            decode_answer(_COUNCIL, name, answer) for name, answer in zip(names, answers, strict=True)
        )
        addresses = tuple(parse_address(each, "governor") for each in governors[0])
        return CouncilStanding(addresses, threshold[0], recovery[0], Delays(*delays), count[0], block_of(head).time)

    def proposal(self, number: int) -> Proposal | None:
        governors = self._read(_COUNCIL, "governors")[0]
        calls = [self._call(_COUNCIL, name, number) for name in ("proposal", "calls", "readyAt")]
        calls += [self._call(_COUNCIL, "voteOf", number, governor) for governor in governors]
        shown, listed, ready, *votes = self._rpc.batch(calls)
        state, opened_at, expires_at, proposer, digest, *_ = decode_answer(_COUNCIL, "proposal", shown)
        if state == ProposalState.NONE:
            return None
        pairs = decode_answer(_COUNCIL, "calls", listed)[0]
        if self._digest(number, pairs) != digest:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger node shows calls that are not those of the digest")
        classes, wait_s = self._waits(pairs)
        return Proposal(
            number,
            ProposalState(state),
            opened_at,
            expires_at,
            parse_address(proposer, "proposer"),
            digest,
            tuple(CouncilCall(parse_address(target, "target"), data) for target, data in pairs),
            classes,
            {
                parse_address(governor, "governor"): Vote(decode_answer(_COUNCIL, "voteOf", vote)[0])
                for governor, vote in zip(governors, votes, strict=True)
            },
            wait_s,
            decode_answer(_COUNCIL, "readyAt", ready)[0],
        )

    def propose(self, calls: Sequence[CouncilCall]) -> Proposal:
        pairs = [(to_hex(call.target), call.data) for call in calls]
        receipt = self._send("propose", pairs, gas=MAX_TRANSACTION_GAS)
        for name, values in self._emitted(receipt, _COUNCIL):
            if name == "ProposalOpened" and (opened := self.proposal(values["number"])) is not None:
                return opened
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger shows no proposal in the transaction that was sent for it")

    def approve(self, number: int, digest: bytes) -> Mined:
        (counter,) = self._read(_COUNCIL, "counterOf", to_hex(self._sender.address))
        return self._send("approve", number, digest, counter, gas=_VOTE_GAS).mined

    def disapprove(self, number: int) -> Mined:
        return self._send("disapprove", number, gas=_VOTE_GAS).mined

    def cancel(self, number: int) -> Mined:
        return self._send("cancel", number, gas=_VOTE_GAS).mined

    def execute(self, number: int) -> Mined:
        return self._send("execute", number, gas=MAX_TRANSACTION_GAS).mined

    @property
    def _sender(self) -> Sender:
        if self._governor is None:
            raise ChainError(Reason.CONFIGURATION, "this client only reads; it has no governor's account")
        return self._governor

    def _send(self, function: str, *args: object, gas: int) -> TransactionReceipt:
        return self._write(_COUNCIL, function, *args, gas=gas, sender=self._sender)

    def _waits(self, pairs: Sequence[tuple[str, bytes]]) -> tuple[tuple[DelayClass, ...], int]:
        """Return the class of each call, and how long all of them together wait."""
        council = to_hex(self._book.contracts[_COUNCIL])
        selectors = [(target, data[:_SELECTOR_BYTES].ljust(_SELECTOR_BYTES, b"\0")) for target, data in pairs]
        asked = [self._call(_COUNCIL, "classOf", *selector) for selector in selectors]
        *found, wait = self._rpc.batch([*asked, self._call(_COUNCIL, "waitOf", list(pairs))])
        classes = (DelayClass(decode_answer(_COUNCIL, "classOf", one)[0]) for one in found)
        # calls of the council to itself change it, whatever the rules say
        named = tuple(
            DelayClass.CHANGE if target.lower() == council else one
            for (target, _), one in zip(pairs, classes, strict=True)
        )
        return named, decode_answer(_COUNCIL, "waitOf", wait)[0]

    def _digest(self, number: int, pairs: Sequence[Any]) -> bytes:
        """Return what a vote belongs to: keccak256 of chain id, council, number and calls."""
        council = to_hex(self._book.contracts[_COUNCIL])
        types = ["uint256", "address", "uint256", "(address,bytes)[]"]
        return keccak(abi_encode(types, [self._book.chain_id, council, number, list(pairs)]))
