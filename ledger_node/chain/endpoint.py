"""One JSON-RPC endpoint over HTTP, as a provider of web3.py: a whole answer in time, or a fault that has a name."""

import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias, cast

import orjson
from typing_extensions import override
from urllib3 import BaseHTTPResponse, Timeout, connection_from_url
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ProtocolError,
    TimeoutError,  # noqa: A004 - urllib3's is no subclass of the builtin
)
from urllib3.util import make_headers, parse_url
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger_node import trace
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

Call: TypeAlias = tuple[str, list[Any]]
"""Method and parameters of one JSON-RPC request."""

_OK: Final = 200
_CHUNK: Final = 1 << 16
MAX_ANSWER_BYTES: Final = 1 << 26
_MAX_CONNECTIONS: Final = 64
_TRIES: Final = 2
_CONNECT_S: Final = 5.0


class Fault(StrEnum):
    """What was wrong with an endpoint when it was last asked."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    MALFORMED = "malformed"
    WRONG_CHAIN = "wrong_chain"
    BEHIND = "behind"
    REFUSING = "refusing"


class EndpointError(Exception):
    """An endpoint gave no answer that counts. ``delivered``: it may have got the request all the same."""

    def __init__(self, fault: Fault, *, delivered: bool) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.delivered = delivered


class Endpoint(JSONBaseProvider):
    """Posts batches of requests. Any number of threads may; their connections are kept.

    ``Web3(Endpoint(url, timeout_s=30))`` gives all of web3.py on it. Its own HTTPProvider takes half an answer, one
    that trickles, or one with another id, for an answer.

    An answer counts only if it is complete: HTTP 200, JSON, and for every request exactly one member that carries
    its id and either a result or an error. It is at most ``max_answer_bytes`` long; no more than that is ever held.
    """

    def __init__(self, url: str, *, timeout_s: float, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        """Take the address of a node, which may hold a user and password for basic authentication.

        Raises:
            InvalidInputError: ``configuration``; this is no HTTP address.
        """
        super().__init__()
        try:
            parts = parse_url(url)
        except LocationParseError as error:
            raise _no_address() from error
        if parts.scheme not in {"http", "https"} or not parts.host:
            raise _no_address()
        self.name = f"{parts.scheme}://{parts.netloc}"
        """The address as logs and health may show it: a path or a user may hold a secret."""
        self._path = parts.request_uri
        self._timeout_s = timeout_s
        self._max_answer_bytes = max_answer_bytes
        self._headers = {"content-type": "application/json"}
        if parts.auth:
            self._headers |= make_headers(basic_auth=parts.auth)
        self.connections = 0
        """How many connections were opened so far: it grows when whoever answers may be somebody else."""
        self._guard = threading.Lock()
        self._pool = connection_from_url(url, maxsize=_MAX_CONNECTIONS, retries=False)
        self._pool.ConnectionCls = _counting(self._pool.ConnectionCls, self._connected)

    @override
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send one request and return its response object.

        Raises:
            EndpointError: no answer that counts.
        """
        return self.make_batch_request([(method, params)])[0]

    @override
    def make_batch_request(self, requests: Sequence[tuple[str, Any]]) -> list[RPCResponse]:
        """Send requests as one batch and return their response objects in the same order.

        Raises:
            EndpointError: no answer that counts.
        """
        ids = [next(self.request_counter) for _ in requests]
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(ids, requests, strict=True)
        ]
        return _answers(self._exchange(orjson.dumps(bodies)), ids)

    def _connected(self) -> None:
        with self._guard:
            self.connections += 1

    def _exchange(self, body: bytes) -> bytes:
        for left in reversed(range(_TRIES)):
            try:
                return self._post_once(body)
            except (NewConnectionError, ConnectTimeoutError) as error:
                raise EndpointError(Fault.UNREACHABLE, delivered=False) from error
            except TimeoutError as error:
                raise EndpointError(Fault.SLOW, delivered=True) from error
            except (HTTPError, OSError) as error:
                # the other side may close a kept connection just as we write to it: ask once more on a new one
                if left == 0 or not isinstance(error, ProtocolError):
                    raise EndpointError(Fault.UNREACHABLE, delivered=True) from error
        raise AssertionError  # the last try returns or raises

    def _post_once(self, body: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        response = self._pool.urlopen(
            "POST",
            self._path,
            body=body,
            headers=self._headers | trace.header_for_next(),
            redirect=False,
            preload_content=False,
            timeout=Timeout(connect=min(_CONNECT_S, self._timeout_s), total=self._timeout_s),
        )
        try:
            content = _read(response, deadline, self._max_answer_bytes)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        if response.status != _OK:
            raise EndpointError(Fault.MALFORMED, delivered=True)
        return content


def _counting(kind: Any, connected: Callable[[], None]) -> Any:
    """Return urllib3's class of connections, telling of every connect; it counts no reconnects itself."""

    class CountedConnection(kind):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            connected()

    return CountedConnection


def _read(response: BaseHTTPResponse, deadline: float, most: int) -> bytes:
    # a time-out of the socket starts anew with every byte, so one that trickles is stopped here
    content = bytearray()
    # nothing is unpacked: a few packed bytes may stand for more memory than there is
    while part := response.read1(_CHUNK, decode_content=False):
        content += part
        if len(content) > most:
            raise EndpointError(Fault.MALFORMED, delivered=True)
        if time.monotonic() > deadline:
            raise EndpointError(Fault.SLOW, delivered=True)
    return bytes(content)


def _answers(content: bytes, ids: Sequence[int]) -> list[RPCResponse]:
    try:
        # it bounds depth by itself, and takes NaN and Infinity for the faults that they are
        answers = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise EndpointError(Fault.MALFORMED, delivered=True) from error
    if not isinstance(answers, list) or len(answers) != len(ids) or not all(map(_is_answer, answers)):
        raise EndpointError(Fault.MALFORMED, delivered=True)
    by_id = {answer["id"]: answer for answer in answers}
    if by_id.keys() != set(ids):
        raise EndpointError(Fault.MALFORMED, delivered=True)
    return [cast("RPCResponse", by_id[number]) for number in ids]


def _is_answer(answer: object) -> bool:
    if not isinstance(answer, dict) or type(answer.get("id")) is not int:
        return False
    error = answer.get("error")
    return "result" in answer if error is None else isinstance(error, dict) and answer.get("result") is None


def _no_address() -> InvalidInputError:
    return InvalidInputError(Reason.CONFIGURATION, "a node's address must begin with http:// or https:// and a host")
