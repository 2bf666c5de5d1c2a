"""S8: a page of another site does not reach the node, whatever name it gave its address (DNS rebinding)."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys

import pytest

from api.home.home import Home
from ledger_node.node.embedded import Engine, NodeError
from ledger_node.node.embedded.host import AllowedHosts
from tests.kit.node import ROOT, SEALER_KEY, NodeProcess, account, genesis, sign

EVERY = "0.0.0.0"  # noqa: S104 - what is refused, or allows no host
CHAIN_ID = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'


def send(node, headers, body=CHAIN_ID, method="POST", path="/"):
    """Send a request with just these headers and return status, headers and words."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, {name.lower() for name, _ in response.getheaders()}, response.read().decode()


def json_to(host, *more):
    return [("host", host), ("content-type", "application/json"), *more]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    path = tmp_path_factory.mktemp("s8") / "chain.sqlite"
    Engine.create(path, genesis(), SEALER_KEY).close()
    running = NodeProcess(path)
    yield running
    running.end()


GOOD = ["localhost", "LocalHost", "localhost.", "localhost:1", "127.0.0.1", "127.8.9.1:65535", "[::1]", "[0:0::1]:80"]
GOOD += ["[::ffff:127.0.0.1]", "localhost:"]
BAD = [
    "attacker.example",
    "attacker.example:8545",
    "localhost.attacker.example",
    "127.0.0.1.attacker.example",
    "attacker.example.localhost",
    "localhost@attacker.example",
    "attacker.example@localhost",
    "localhost,attacker.example",
    "localhost attacker.example",
    "localhost:80:80",
    "localhost:65536",
    "localhost:x",
    "localhost:-1",
    "localhost..",
    ".localhost",
    EVERY,
    "0",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "192.168.1.10",
    "10.0.0.1:8545",
    "[::]",
    "[::2]:80",
    "[fe80::1%25eth0]",
    "[::ffff:10.0.0.1]",
    "[::1",
    "::1",
    "::1:8545",
    "[127.0.0.1]",
    "[localhost]",
    "",
    ":8545",
    "http://localhost",
    "localhost/",
    "l\u00f6calhost",
]


@pytest.mark.parametrize("host", GOOD)
def test_s8_loopback_names_with_any_port_are_answered(node, host):
    status, _, words = send(node, json_to(host))
    assert (status, json.loads(words)["result"]) == (200, hex(7_357))


@pytest.mark.parametrize("host", BAD)
def test_s8_any_other_host_is_refused_with_words_and_nothing_is_executed(node, host):
    raw = "0x" + sign(account(0), 0, account(1).address).hex()
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
    status, headers, words = send(node, json_to(host.encode("latin-1")), json.dumps(body).encode())
    assert (status, words.startswith("this host is not allowed")) == (403, True)
    assert "attacker" not in words
    assert not any(name.startswith("access-control") for name in headers)
    assert node.result("eth_blockNumber") == "0x0"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/nothing", "/?a=1", "//"])
def test_s8_every_path_holds_to_it(node, path):
    assert send(node, [("host", "attacker.example")], b"", "GET", path)[0] == 403
    assert send(node, [("host", "localhost")], b"", "GET", path)[0] in {200, 404, 405}


def test_s8_two_hosts_or_none_are_refused(node):
    assert send(node, json_to("localhost", ("host", "attacker.example")))[0] in {400, 403}
    assert send(node, json_to("localhost", ("host", "localhost")))[0] in {400, 403}
    assert send(node, [("content-type", "application/json")])[0] in {400, 403}
    old = b"POST / HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(CHAIN_ID)
    absolute = b"POST http://attacker.example/ HTTP/1.1\r\nhost: attacker.example\r\n" + old.partition(b"\r\n")[2]
    for request in (old, absolute):
        with socket.create_connection(("127.0.0.1", node.port), 20) as connection:
            connection.sendall(request + CHAIN_ID)
            assert connection.recv(4_096).split()[1] in {b"400", b"403"}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://attacker.example", 403),
        ("https://attacker.example:8545", 403),
        ("http://localhost.attacker.example", 403),
        ("http://192.168.1.10", 403),
        ("null", 403),
        ("", 403),
        ("attacker.example", 403),
        ("http://", 403),
        ("http://localhost, http://attacker.example", 403),
        ("http://localhost", 200),
        ("http://127.0.0.1:3000", 200),
        ("https://[::1]:3000", 200),
        ("chrome-extension://abcdefghijklmnop", 200),
    ],
)
def test_s8_a_page_of_another_site_is_refused_whatever_host_it_asks(node, origin, status):
    found, headers, words = send(node, json_to("localhost", ("origin", origin)))
    assert found == status
    assert not any(name.startswith("access-control") for name in headers)
    if status == 403:
        assert words.startswith("a page of another site")


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "*/*"]
)
def test_s8_what_a_page_may_send_without_asking_is_not_executed(node, kind):
    raw = "0x" + sign(account(0), 0, account(1).address).hex()
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
    headers = [("host", "localhost")] + ([] if kind is None else [("content-type", kind)])
    assert send(node, headers, json.dumps(body).encode())[0] == 415
    assert node.result("eth_blockNumber") == "0x0"


def test_s8_a_question_of_a_browser_before_it_sends_is_not_granted(node):
    asks = [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")]
    for origin in ("http://attacker.example", "http://localhost:3000"):
        status, headers, _ = send(node, [("host", "localhost"), ("origin", origin), *asks], b"", "OPTIONS")
        assert status in {403, 405}
        assert not any(name.startswith("access-control") for name in headers)


def test_s8_hosts_that_the_operator_allows_are_answered():
    hosts = AllowedHosts(EVERY, ["Node.Example", "10.0.0.9", "2001:db8::1"])
    for host in (
        "node.example",
        "NODE.example.:8545",
        "10.0.0.9:1",
        "[2001:db8::1]",
        "[2001:DB8:0::1]:80",
        "localhost",
    ):
        assert hosts.admit_host([host.encode()]), host
    for host in ("example", "a.node.example", "10.0.0.8", EVERY, "[2001:db8::2]"):
        assert not hosts.admit_host([host.encode()]), host
    assert hosts.admit_origin([b"https://node.example"])
    assert not hosts.admit_origin([b"https://other.example"])


def test_s8_the_address_that_it_listens_on_is_allowed_unless_it_is_every_address():
    assert AllowedHosts("10.0.0.11", []).admit_host([b"10.0.0.11:8545"])
    assert AllowedHosts("node.internal", []).admit_host([b"node.internal"])
    for every in (EVERY, "::", ""):
        for host in (EVERY.encode(), b"[::]", b"10.0.0.11", b""):
            assert not AllowedHosts(every, []).admit_host([host])


@pytest.mark.parametrize("name", ["node.example:8545", "http://node.example", "*", "", "a b", "[::1]:1"])
def test_s8_what_is_no_host_cannot_be_allowed(name):
    with pytest.raises(NodeError, match="is no host name or address") as refused:
        AllowedHosts("127.0.0.1", [name])
    assert refused.value.reason == "host_invalid"


def _command(home, *options):
    return [sys.executable, "-m", "api.cli.main", "node", "run", "--home", str(home), "--port", "0", "--json", *options]


@pytest.fixture
def home(tmp_path):
    """Make a folder with a chain and its sealer's key."""
    made = Home(tmp_path)
    made.ensure_passphrase()
    made.write_key("sealer", SEALER_KEY)
    Engine.create(made.chain, genesis(), SEALER_KEY).close()
    return made


def test_s8_the_command_answers_to_what_the_operator_allows(home):
    command = _command(home.path, "--host", EVERY, "--allow-host", "node.example", "--stop-with-parent")
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        said = json.loads(node.stdout.readline())
        node.port = said["port"]
        statuses = [send(node, json_to(host))[0] for host in ("node.example:1", "localhost", EVERY, "other.example")]
        node.stdin.close()
        node.wait(30)
    assert statuses == [200, 200, 403, 403]
    assert said["url"] == f"http://127.0.0.1:{said['port']}"  # what credence node status asks


def test_s8_the_command_says_what_is_no_host(home):
    done = subprocess.run(
        _command(home.path, "--allow-host", "node.example:80"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "host_invalid" in done.stderr
    assert "without a port" in done.stderr.replace("\n", " ")
