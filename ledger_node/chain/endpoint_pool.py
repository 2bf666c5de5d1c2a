"""Several endpoints of one chain as if they were one that neither fails nor goes back in time.

1. Whoever answers must serve the chain of the address book: genesis and contracts are looked at again after every
   new connection and every fault, and the chain id is part of every answer, should something in between change nodes.
2. Whoever answers must have every block that this process has seen: the head is part of every answer, and the answer
   of an endpoint whose head is older is thrown away.
3. An endpoint that gave no answer that counts rests for a while, and the next one is asked.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from web3.types import RPCResponse

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.endpoint import MAX_ANSWER_BYTES, Call, Endpoint, EndpointError, Fault
from ledger_node.chain.identity import identity_calls, is_chain_of, wrong_chain
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

TIMEOUT_S: Final = 10.0
TIMEOUT_ALONE_S: Final = 30.0
"""Where there is nobody else to ask, waiting is better than giving up."""
_FIRST_REST_S: Final = 0.5
_LONGEST_REST_S: Final = 30.0
_WHO: Final[tuple[Call, ...]] = (("eth_chainId", []), ("eth_blockNumber", []))
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
    proven_at: int = 0
    head: int | None = None
    fault: Fault | None = None
    rest_s: float = _FIRST_REST_S
    rested_at: float = field(default_factory=time.monotonic)


class EndpointPool:
    """Asks one endpoint after the other until an answer counts. Any number of threads may use it."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        book: AddressBook | None = None,
        timeout_s: float | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        """Take the addresses in the order in which they are preferred.

        ``book``: the chain that all of them must serve; without one any chain is taken. A longer answer than
        ``max_answer_bytes`` counts for none.
        """
        timeout = timeout_s or (TIMEOUT_S if len(urls) > 1 else TIMEOUT_ALONE_S)
        self._members = [_Member(Endpoint(url, timeout_s=timeout, max_answer_bytes=max_answer_bytes)) for url in urls]
        self._book = book
        self._preferred = self._members[0]
        self._newest = 0
        self._guard = threading.Lock()

    def saw(self, block: int) -> None:
        """Note that there is a block of this number: no answer that does not know it counts from now on."""
        with self._guard:
            self._newest = max(self._newest, block)

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
        """Return what every endpoint answers that does not rest, if its answer counts."""
        answered = []
        for member in [one for one in self._members if not _rests(one)] or self._members:
            try:
                answered.append(self._ask(member, calls))
            except EndpointError:
                continue
        return answered

    def probe(self) -> None:
        """Ask those that are due after a fault whether they are well again."""
        for member in self._members:
            if member.fault is not None and not _rests(member):
                try:
                    self._ask(member, [])
                except EndpointError:
                    continue

    def health(self) -> list[EndpointHealth]:
        """Return how the endpoints answered when they were last asked."""
        return [EndpointHealth(member.endpoint.name, member.fault, member.head) for member in self._members]

    def _order(self) -> list[_Member]:
        # those that rest come last, and are asked all the same if nobody else answers
        return sorted(self._members, key=lambda member: (_rests(member), member is not self._preferred))

    def _ask(self, member: _Member, calls: Sequence[Call]) -> list[RPCResponse]:
        if calls and member.fault is not None:
            self._require_well(member)
        try:
            self._require_identity(member, delivered=False)
            newest = self._newest
            chain_id, head, *answers = member.endpoint.make_batch_request([*_WHO, *calls])
            # a connection that is new may lead to somebody else than the one who was asked before
            self._require_identity(member, delivered=True)
            if self._book is not None and chain_id.get("result") != hex(self._book.chain_id):
                raise EndpointError(Fault.WRONG_CHAIN, delivered=True)
            member.head = _number(head)
            if member.head < newest:
                raise EndpointError(Fault.BEHIND, delivered=True)
        except EndpointError as error:
            self._rest(member, error.fault)
            raise
        self.saw(member.head)
        if member.fault not in {None, Fault.REFUSING}:
            _log.warning("the endpoint %s answers again", member.endpoint.name)
        member.fault, member.rest_s = None, _FIRST_REST_S
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
        if self._book is None or (connections and member.proven_at == connections):
            return
        try:
            answers = member.endpoint.make_batch_request(identity_calls(self._book))
        except EndpointError as error:
            raise EndpointError(error.fault, delivered=delivered) from error
        if not is_chain_of(self._book, [answer.get("result") for answer in answers]):
            raise EndpointError(Fault.WRONG_CHAIN, delivered=delivered)
        # what was opened meanwhile is not proven yet, except the very first, which this was asked over
        member.proven_at = max(connections, 1)

    def _rest(self, member: _Member, fault: Fault) -> None:
        if member.fault is not fault:
            _log.warning("the endpoint %s does not count: %s", member.endpoint.name, fault)
        member.fault = fault
        member.proven_at = 0
        member.rested_at = time.monotonic() + member.rest_s
        member.rest_s = min(2 * member.rest_s, _LONGEST_REST_S)


def _rests(member: _Member) -> bool:
    return member.fault is not None and time.monotonic() < member.rested_at


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
