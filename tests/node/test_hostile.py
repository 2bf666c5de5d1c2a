"""What a caller sends to stop the node: deep JSON, long strings, great batches, bodies that never end."""

import contextlib
import json
import socket
import time

import anyio
import anyio.lowlevel
import pytest

from ledger_node.node.embedded import Engine, server
from ledger_node.node.embedded import rpc as rpc_module
from ledger_node.node.embedded.host import AllowedHosts
from ledger_node.node.embedded.rpc import Rpc
from tests.kit.node import SEALER_KEY, NodeProcess, account, deploy, genesis, sign, word

DEEP = "[" * 1_000_000


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """Give a node that all these tests ask: none of them may stop it."""
    path = tmp_path_factory.mktemp("hostile") / "chain.sqlite"
    Engine.create(path, genesis(), SEALER_KEY).close()
    running = NodeProcess(path)
    yield running
    running.end()


@pytest.fixture
def rpc(engine):
    return Rpc(engine)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 33 + b'"' + b'\\"' * 500_000,
        b"[" * 33 + b'"' + b'\\"' * 500_000 + b"\\",
        b"[" * 33 + b'"' + b'\\"' * 500_000 + b"\\\n",
        b"[" * 33 + b'"' * 1_000_001,
        b"[" * 33 + b"\\" * 1_000_000,
    ],
)
def test_a_string_that_never_ends_is_refused_at_once(rpc, body):
    began = time.monotonic()
    assert json.loads(rpc.handle(body))["error"]["code"] == -32700
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig"])
@pytest.mark.parametrize("text", ['["\\"", ' + DEEP + '"', '{"a":"\\"", "b":' + DEEP + '"', '["x"]'])
def test_deep_json_in_another_encoding_does_not_kill_the_node(standing, encoding, text):
    status, answer = standing.post(text.encode(encoding))
    assert (status, json.loads(answer)["error"]["code"]) == (200, -32700)
    assert standing.result("eth_blockNumber") == "0x0"


@pytest.mark.parametrize(
    "text", [DEEP, '{"a":' * 500_000, '["\\"", ' + DEEP, '["\\\\", ' + DEEP + '"', "[" + '{"":[' * 20]
)
def test_deep_json_is_refused(standing, text):
    status, answer = standing.post(text.encode())
    assert (status, json.loads(answer)["error"]["code"]) == (200, -32700)


def test_brackets_in_strings_are_no_depth(rpc):
    request = {"jsonrpc": "2.0", "id": '[{\\"[{' * 100, "method": "eth_chainId"}
    assert json.loads(rpc.handle(json.dumps(request).encode()))["id"] == request["id"]


def batch(*calls):
    listed = [{"jsonrpc": "2.0", "id": n, "method": m, "params": p} for n, (m, *p) in enumerate(calls)]
    return json.dumps(listed).encode()


def test_a_batch_whose_answers_grow_too_large_ends_there_and_nothing_after_it_is_executed(engine, rpc, monkeypatch):
    contract = "0x" + deploy(engine).hex()
    monkeypatch.setattr(rpc_module, "MAX_ANSWERS", 20_000)
    raw = "0x" + sign(account(1), 0, account(2).address).hex()
    proof = ("eth_getProof", contract, ["0x0"] * 100)
    body = batch(("eth_chainId",), *[proof] * 5, ("eth_sendRawTransaction", raw), ("eth_chainId",))
    text = rpc.handle(body)
    answers = json.loads(text)
    assert [answer["id"] for answer in answers] == list(range(8))
    told = ["result" in answer for answer in answers]
    assert told == sorted(told, reverse=True)
    assert 1 < sum(told) < 6
    assert {answer["error"]["code"] for answer in answers if "error" in answer} == {-32003}
    assert len(text) < 20_000 + 2 * len(json.dumps(answers[1])) + 8 * 200
    assert engine.head.number == 1
    assert next(iter(engine.writer.pool), None) is None


def test_a_batch_that_takes_too_long_ends_there(engine, rpc, monkeypatch):
    monkeypatch.setattr(rpc_module, "BATCH_SECONDS", 0.3)
    endless = ("eth_call", {"data": "0x5b600056", "gas": "0xf4240"})  # a loop until all gas is gone
    raw = "0x" + sign(account(1), 0, account(2).address).hex()
    began = time.monotonic()
    answers = json.loads(rpc.handle(batch(*[endless] * 500, ("eth_sendRawTransaction", raw))))
    assert time.monotonic() - began < 60
    assert [answer["id"] for answer in answers] == list(range(501))
    codes = [answer["error"]["code"] for answer in answers]
    assert (codes[0], codes[-1], set(codes)) == (-32000, -32005, {-32000, -32005})
    assert engine.head.number == 0


@pytest.mark.parametrize(
    "code",
    [
        "5b600056",  # an endless loop
        "5b60205f5f5f305afa5f56",  # a loop of calls of itself
    ],
)
def test_a_call_that_takes_too_long_is_given_up(rpc, monkeypatch, code):
    monkeypatch.setattr("ledger_node.node.embedded.call.CALL_SECONDS", 0.2)
    given = {"0x" + "77" * 20: {"code": "0x" + code}}
    began = time.monotonic()
    for method in ("eth_call", "eth_estimateGas"):
        body = batch((method, {"to": "0x" + "77" * 20, "gas": "0x2faf080"}, "latest", given))
        error = json.loads(rpc.handle(body))[0]["error"]
        assert error == {"code": -32000, "message": "execution aborted (timeout = 0.2s)"}
    assert time.monotonic() - began < 20


def test_a_batch_within_the_limits_shares_a_block_as_before(engine, rpc):
    raws = ["0x" + sign(account(1), nonce, account(2).address).hex() for nonce in range(50)]
    answers = json.loads(rpc.handle(batch(("eth_chainId",), *(("eth_sendRawTransaction", raw) for raw in raws))))
    assert all("result" in answer for answer in answers)
    assert engine.head.number < len(raws)


def test_a_body_that_does_not_come_is_given_up(engine, monkeypatch):
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    app = server.create_app(engine, AllowedHosts("127.0.0.1", []))
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    parts = [{"type": "http.request", "body": b"{", "more_body": True}]
    sent = []

    async def receive():
        if not parts:
            await anyio.sleep_forever()
        return parts.pop()

    async def send(message):
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    anyio.run(app, scope, receive, send)
    assert sent[0]["status"] == 408
    assert b"did not come" in sent[1]["body"]


def test_others_are_answered_while_bodies_do_not_come(node):
    head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        for _ in range(250):  # more than there are threads
            stack.enter_context(socket.create_connection(("127.0.0.1", node.port), 10)).sendall(head)
        assert node.result("eth_blockNumber") == "0x0"
    assert node.result("eth_blockNumber") == "0x0"
    code, said = node.end()
    assert (code, said) == (0, "")  # who hangs up is no fault to tell of


def test_a_log_of_the_largest_answers_is_bounded_by_its_bytes(engine, rpc, monkeypatch):
    contract = deploy(engine)
    for nonce in range(3):
        engine.submit(sign(account(1), nonce, contract, word(nonce) + word(9)))
    monkeypatch.setattr("ledger_node.node.embedded.lookup.MAX_LOG_BYTES", 64)
    answer = json.loads(rpc.handle(batch(("eth_getLogs", {"fromBlock": "0x0"}))))[0]
    assert answer["error"]["code"] == -32005
    monkeypatch.setattr("ledger_node.node.embedded.lookup.MAX_LOG_BYTES", 96)
    answer = json.loads(rpc.handle(batch(("eth_getLogs", {"fromBlock": "0x0"}))))[0]
    assert len(answer["result"]) == 3
