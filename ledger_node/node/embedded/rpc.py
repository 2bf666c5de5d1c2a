"""JSON-RPC 2.0: envelopes, batches, and errors that never show a trace."""

import inspect
import itertools
import json
import logging
import math
import re
import time
from collections.abc import Callable, Container, Iterable
from concurrent.futures import Future
from typing import Any, Final, NoReturn

import orjson

from ledger_node.node.embedded.block_method import BLOB_BASE_FEE, BlockMethods
from ledger_node.node.embedded.engine import Engine
from ledger_node.node.embedded.error import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RESPONSE_TOO_LARGE,
    RpcError,
)
from ledger_node.node.embedded.state_method import StateMethods

CLIENT_VERSION: Final = "Credence/0.1.0/py-evm-0.12.1b1-cancun/python"
MAX_BATCH: Final = 1_000
MAX_ANSWERS: Final = 25 * 1024 * 1024
"""Bytes of answers after which no more of a batch is executed, as in geth; the answer to one request may be larger."""
BATCH_SECONDS: Final = 30
"""How long a batch is worked on; its caller has given up by then."""
MAX_DEPTH: Final = 32
# a string that is never closed ends with the text: were it no match, each quote in it would be tried again
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_NAME_SHOWN: Final = 60
_NO_REQUEST: Final = (
    "a request must be an object with jsonrpc 2.0, a method name, and an id that is a text, a number or null"
)
_LOG: Final = logging.getLogger(__name__)

Answer = dict[str, Any]


class _Answers:
    """The encoded answers of a batch, and why no more of it is executed once they are too large or took too long."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._end = time.monotonic() + BATCH_SECONDS

    @property
    def refusal(self) -> RpcError | None:
        """The error for what comes next, or None while it may be executed."""
        if self._size > MAX_ANSWERS:
            return RpcError(RESPONSE_TOO_LARGE, "response too large: send smaller batches")
        if time.monotonic() > self._end:
            return RpcError(LIMIT_EXCEEDED, f"the batch took more than {BATCH_SECONDS} seconds: send smaller batches")
        return None

    def add(self, answers: Iterable[Answer | None]) -> None:
        """Take answers; a notification has none."""
        for answer in answers:
            if answer is not None:
                part = _encode(answer)
                self._parts.append(part)
                self._size += len(part)

    def encoded(self) -> bytes:
        """Return the list of them; nothing if all were notifications."""
        return b"[" + b",".join(self._parts) + b"]" if self._parts else b""


class Rpc:
    """Answers JSON-RPC requests about one engine; any number of threads may call it."""

    def __init__(self, engine: Engine) -> None:
        chain_id = engine.genesis.chain_id
        methods: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: CLIENT_VERSION,
            "net_version": lambda: str(chain_id),
            "net_listening": lambda: True,
            "net_peerCount": lambda: "0x0",
            "eth_chainId": lambda: hex(chain_id),
            "eth_syncing": lambda: False,
            "eth_accounts": lambda: [],  # noqa: PIE807 - `list` tells nothing of its parameters
            "eth_gasPrice": lambda: "0x0",
            "eth_maxPriorityFeePerGas": lambda: "0x0",
            "eth_blobBaseFee": lambda: BLOB_BASE_FEE,
            "eth_coinbase": lambda: engine.genesis.sealer,
            **BlockMethods(engine).table(),
            **StateMethods(engine).table(),
        }
        self._table = {name: (run, *_arity(run)) for name, run in methods.items()}

    def handle(self, body: bytes) -> bytes:
        """Answer a request or a batch; empty bytes if all of it were notifications."""
        try:
            request = _decode(body)
        except (ValueError, RecursionError):
            return _encode(_error(None, RpcError(PARSE_ERROR, "the request is not JSON")))
        if not isinstance(request, list):
            answer = self._finish(self._start(request))
            return b"" if answer is None else _encode(answer)
        if not 0 < len(request) <= MAX_BATCH:
            refusal = RpcError(INVALID_REQUEST, f"a batch must hold 1 to {MAX_BATCH} requests")
            return _encode(_error(None, refusal))
        return self._batch(request)

    def _batch(self, requests: list[Any]) -> bytes:
        """Answer in order. Transactions that follow each other wait together, so that they share a block.

        What comes after too many bytes of answers, or after too long a time, is refused and not executed.
        """
        answers = _Answers()
        for sends, group in itertools.groupby(requests, _is_send):
            for together in [list(group)] if sends else [[request] for request in group]:
                begun = [self._start(one) if answers.refusal is None else (one, answers.refusal) for one in together]
                answers.add(self._finish(one) for one in begun)
        return answers.encoded()

    def _start(self, request: object) -> tuple[Any, Any]:
        """Run a request; what comes of it is a value, an error, or one that is waited for."""
        try:
            return request, self._call(request)
        except RpcError as error:
            return request, error
        except Exception:  # noqa: BLE001 - whatever it is, the client gets no trace
            _LOG.exception("a request failed: %s", _method_name(request, self._table))
            return request, RpcError(INTERNAL_ERROR, "internal error")

    def _wait_for(self, result: object) -> object:
        """Return what a submission comes to; anything else is as it is."""
        if not isinstance(result, Future):
            return result
        try:
            return "0x" + result.result().hex()
        except RpcError as error:
            return error

    def _finish(self, begun: tuple[Any, Any]) -> Answer | None:
        request, result = begun[0], self._wait_for(begun[1])
        if isinstance(request, dict) and "id" not in request and _is_request(request):
            return None
        request_id = request.get("id") if isinstance(request, dict) else None
        if not _is_id(request_id):
            request_id = None
        if isinstance(result, RpcError):
            return _error(request_id, result)
        return {"jsonrpc": "2.0", "id": request_id, "result": result}

    def _call(self, request: object) -> object:
        if not isinstance(request, dict) or not _is_request(request):
            raise RpcError(INVALID_REQUEST, _NO_REQUEST)
        name = request["method"]
        if name not in self._table:
            raise RpcError(METHOD_NOT_FOUND, f"the method {name[:_NAME_SHOWN]} does not exist/is not available")
        run, least, most = self._table[name]
        params = request.get("params")
        params = [] if params is None else params
        if not isinstance(params, list):
            raise RpcError(INVALID_PARAMS, "params must be a list")
        while len(params) > least and params[-1] is None:
            params = params[:-1]
        if not least <= len(params) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise RpcError(INVALID_PARAMS, f"{name} takes {wanted} params, not {len(params)}")
        return run(*params)


def _arity(run: Callable[..., Any]) -> tuple[int, int]:
    """Return how many parameters a method needs and takes."""
    params = inspect.signature(run).parameters.values()
    return sum(param.default is param.empty for param in params), len(params)


def _decode(body: bytes) -> object:
    """Read JSON that is not nested deeply.

    py-evm raises Python's recursion limit, with which the C decoder overflows its stack on ``[[[[…`` and
    kills the process. So the depth is checked first: strings are dropped, then everything but brackets. That reads
    UTF-8 alone (RFC 8259 8.1), where the decoder would take UTF-16 and UTF-32 as well.
    """
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        depth = 0
        for bracket in _STRING.sub(b"", body).translate(None, _NOT_BRACKETS):
            depth += 1 if bracket in b"[{" else -1
            if depth > MAX_DEPTH:
                raise ValueError("nested too deeply")
    return json.loads(body.decode("utf-8"), parse_constant=_no_number)


def _no_number(literal: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python would read and JSON does not have."""
    raise ValueError(literal)


def _is_request(request: dict[Any, Any]) -> bool:
    return request.get("jsonrpc") == "2.0" and isinstance(request.get("method"), str) and _is_id(request.get("id"))


def _is_id(value: object) -> bool:
    """Tell whether a value is an id as JSON-RPC 2.0 has it, one that the answer can give back."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _is_send(request: object) -> bool:
    return isinstance(request, dict) and request.get("method") == "eth_sendRawTransaction"


def _method_name(request: object, known: Container[object]) -> str:
    """Return a method's name for the log: only one that there is, since anything else is the caller's own words."""
    name = request.get("method") if isinstance(request, dict) else None
    return name if isinstance(name, str) and name in known else "?"


def _error(request_id: object, error: RpcError) -> Answer:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return {"jsonrpc": "2.0", "id": request_id, "error": body}


def _encode(answer: object) -> bytes:
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        # an id that the caller chose may be a number or a text that only this one writes
        return json.dumps(answer, separators=(",", ":")).encode()
