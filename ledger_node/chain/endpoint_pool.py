"""Several endpoints of one chain as if they were one that neither fails nor goes back in time.

1. Whoever answers must serve the chain of the address book: genesis and contracts are looked at again after every
   new connection and every fault, and the chain id is part of every answer, should something in between change nodes.
2. Whoever answers must have every block that this process has seen: the head is part of every answer, and the answer
   of an endpoint whose head is older is thrown away.
3. An endpoint that gave no answer that counts is left alone for a while, and the next one is asked.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from typing_extensions import override
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.endpoint import MAX_ANSWER_BYTES, Call, Endpoint, EndpointError, Fault
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

TIMEOUT_S: Final = 10.0
TIMEOUT_ALONE_S: Final = 30.0
"""Where there is nobody else to ask, waiting is better than giving up."""
_FIRST_BACK_OFF_S: Final = 0.5
_LONGEST_BACK_OFF_S: Final = 30.0
_IDENTITY: Final[tuple[Call, ...]] = (("eth_chainId", []), ("eth_blockNumber", []))
"""Asked first in every batch: whose answer this is, and how far it has come."""
_log = logging.getLogger(__name__)


class UnreachedError(ChainError):
    """No endpoint got the request: what it asked for has surely not happened."""


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How an endpoint answered when it was last asked; ``fault`` is None where it answered well."""

    name: str
    fault: Fault | None
    block: int | None


@dataclass(slots=True)
class _Member:
    endpoint: Endpoint
    verified_at: int = 0
    head: int | None = None
    fault: Fault | None = None
    back_off_s: float = _FIRST_BACK_OFF_S
    next_try_at: float = field(default_factory=time.monotonic)


class EndpointPool(JSONBaseProvider):
    """Several nodes as one provider of web3.py: asks one after the other until an answer counts.

    ``Web3(EndpointPool(*urls))`` gives all of web3.py on them. Any number of threads may use it.
    """

    def __init__(
        self,
        *urls: str,
        book: AddressBook | None = None,
        timeout_s: float | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        """Take the addresses in the order in which they are preferred.

        ``book``: the chain that all of them must serve; without one any chain is taken. A longer answer than
        ``max_answer_bytes`` counts for none.
        """
        super().__init__()
        timeout = timeout_s or (TIMEOUT_S if len(urls) > 1 else TIMEOUT_ALONE_S)
        self._members = [_Member(Endpoint(url, timeout_s=timeout, max_answer_bytes=max_answer_bytes)) for url in urls]
        self._book = book
        self._preferred = self._members[0]
        self._newest = 0
        self._guard = threading.Lock()

    def observe_block(self, block: int) -> None:
        """Remember that there is a block of this number: no answer that does not know it counts from now on."""
        with self._guard:
            self._newest = max(self._newest, block)

    @override
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Return the response object to one request; raises like ``ask``."""
        return self.ask([(method, params)], must_succeed=True)[0]

    @override
    def make_batch_request(self, requests: Sequence[tuple[str, Any]]) -> list[RPCResponse]:
        """Return the response objects to several requests, all of one endpoint; raises like ``ask``."""
        return self.ask(requests, must_succeed=True)

    def ask(self, calls: Sequence[Call], *, must_succeed: bool) -> list[RPCResponse]:
        """Return the response objects of the first endpoint whose answer counts.

        ``must_succeed``: an error other than a contract's refusal is a reason to ask the next one; the errors come
        back only if everybody answers with one.

        Raises:
            UnreachedError: nobody got the request.
            ChainError: ``ledger_unavailable`` or ``ledger_wrong_chain``; nobody's answer counts.
        """
        faults: list[EndpointError] = []
        refused: list[RPCResponse] | None = None
        for member in self._order():
            try:
                answers = self._ask(member, calls)
            except EndpointError as error:
                faults.append(error)
                continue
            if must_succeed and any(map(_is_failure, answers)):
                member.fault = Fault.REFUSING
                refused = answers
                continue
            self._preferred = member
            return answers
        if refused is not None:
            return refused
        raise _failure(faults)

    def ask_all(self, calls: Sequence[Call]) -> list[list[RPCResponse]]:
        """Return what every endpoint answers, if its answer counts, but those that are left alone."""
        answered = []
        for member in [one for one in self._members if not _backs_off(one)] or self._members:
            with suppress(EndpointError):
                answered.append(self._ask(member, calls))
        return answered

    def probe(self) -> None:
        """Ask those that are due after a fault whether they are well again."""
        for member in self._members:
            if member.fault is not None and not _backs_off(member):
                with suppress(EndpointError):
                    self._ask(member, [])

    def health(self) -> list[EndpointHealth]:
        """Return how the endpoints answered when they were last asked."""
        return [EndpointHealth(member.endpoint.name, member.fault, member.head) for member in self._members]

    def _order(self) -> list[_Member]:
        # those that are left alone come last, and are asked all the same if nobody else answers
        return sorted(self._members, key=lambda member: (_backs_off(member), member is not self._preferred))

    def _ask(self, member: _Member, calls: Sequence[Call]) -> list[RPCResponse]:
        if calls and member.fault is not None:
            self._require_well(member)
        try:
            self._require_identity(member, delivered=False)
            newest = self._newest
            chain_id, head, *answers = member.endpoint.make_batch_request([*_IDENTITY, *calls])
            # a connection that is new may lead to somebody else than the one who was asked before
            self._require_identity(member, delivered=True)
            if self._book is not None and chain_id.get("result") != hex(self._book.chain_id):
                raise EndpointError(Fault.WRONG_CHAIN, delivered=True)
            member.head = _number(head)
            if member.head < newest:
                raise EndpointError(Fault.BEHIND, delivered=True)
        except EndpointError as error:
            self._back_off(member, error.fault)
            raise
        self.observe_block(member.head)
        if member.fault not in {None, Fault.REFUSING}:
            _log.warning("the endpoint %s answers again", member.endpoint.name)
        member.fault, member.back_off_s = None, _FIRST_BACK_OFF_S
        return answers

    def _require_well(self, member: _Member) -> None:
        """Ask an endpoint that failed who it is and how far it has come, before it is told anything else."""
        try:
            self._ask(member, [])
        except EndpointError as error:
            raise EndpointError(error.fault, delivered=False) from error

    def _require_identity(self, member: _Member, *, delivered: bool) -> None:
        """Ask who this is unless that is known. ``delivered``: whether something else was sent there before."""
        connections = member.endpoint.connections
        if self._book is None or (connections and member.verified_at == connections):
            return
        try:
            answers = member.endpoint.make_batch_request(identity_calls(self._book))
        except EndpointError as error:
            raise EndpointError(error.fault, delivered=delivered) from error
        if not is_chain_of(self._book, [answer.get("result") for answer in answers]):
            raise EndpointError(Fault.WRONG_CHAIN, delivered=delivered)
        # what was opened meanwhile is not verified yet, except the very first, which this was asked over
        member.verified_at = max(connections, 1)

    def _back_off(self, member: _Member, fault: Fault) -> None:
        if member.fault is not fault:
            _log.warning("the endpoint %s does not count: %s", member.endpoint.name, fault)
        member.fault = fault
        member.verified_at = 0
        member.next_try_at = time.monotonic() + member.back_off_s
        member.back_off_s = min(2 * member.back_off_s, _LONGEST_BACK_OFF_S)


def _backs_off(member: _Member) -> bool:
    return member.fault is not None and time.monotonic() < member.next_try_at


def _number(head: RPCResponse) -> int:
    try:
        return int(head["result"], 16)
    except (KeyError, TypeError, ValueError) as error:
        raise EndpointError(Fault.MALFORMED, delivered=True) from error


def _is_failure(answer: RPCResponse) -> bool:
    """Return whether an answer is an error of the endpoint and none of a contract, whose errors carry data."""
    error = answer.get("error")
    return error is not None and not revert_data(error)


def revert_data(error: Mapping[str, object]) -> bytes:
    """Return what a contract said when it refused, or nothing."""
    data = error.get("data")
    if not isinstance(data, str) or not data.startswith("0x"):
        return b""
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return b""


def _failure(faults: Sequence[EndpointError]) -> ChainError:
    kind = ChainError if any(error.delivered for error in faults) else UnreachedError
    if all(error.fault is Fault.WRONG_CHAIN for error in faults):
        return wrong_chain(kind)
    if all(error.fault is Fault.BEHIND for error in faults):
        return kind(Reason.LEDGER_UNAVAILABLE, "the ledger node is behind what was seen before; let it catch up")
    return kind(Reason.LEDGER_UNAVAILABLE, "the ledger node does not answer; see: credence node status")


def identity_calls(book: AddressBook) -> list[Call]:
    """Return the requests whose answers tell one chain from another."""
    code: list[Call] = [("eth_getCode", [to_hex(address), "latest"]) for address in book.contracts.values()]
    return [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False]), *code]


def is_chain_of(book: AddressBook, results: Sequence[Any]) -> bool:
    """Return whether these are the results that the chain of ``book`` gives to ``identity_calls``."""
    chain_id, genesis, *code = results
    same = chain_id == hex(book.chain_id) and isinstance(genesis, dict) and genesis.get("hash") == to_hex(book.genesis)
    return same and all(isinstance(one, str) and len(one) > len("0x") for one in code)


def wrong_chain(kind: type[ChainError] = ChainError) -> ChainError:
    """Return the error for a node that serves another chain."""
    return kind(
        Reason.LEDGER_WRONG_CHAIN,
        "the node serves another chain than the address book names; check its address and folder",
    )
