"""``credence evidence verify`` on the vectors: exit codes, what is said of each verdict, and bounds of what is read."""

import json
import os
import threading
import tracemalloc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.files.evidence import read_file
from ledger_node.chain.endpoint import Endpoint, EndpointError, Fault
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from tests.kit.command import printed
from tests.kit.evidence import CASES, TRUSTS, data_of, world
from tests.vectors.valid_evidence import statement

LIMIT = 4 * 1024 * 1024
MANY = b"x" * (1 << 16)


@pytest.fixture
def folder(tmp_path):
    """The files of a case, by name."""

    def written(name):
        (tmp_path / "evidence.json").write_bytes(data_of(name))
        (tmp_path / "trust.json").write_text(json.dumps(TRUSTS[CASES[name]["trust"]]), "utf-8")
        return tmp_path

    return written


def run(*arguments):
    return CliRunner().invoke(app, ["evidence", *map(str, arguments)])


def verify(place, *more):
    return run("verify", place / "evidence.json", "--trust", place / "trust.json", *more)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("one_claim_yes", 0),
        ("one_claim_no", 1),
        ("two_claims", 1),
        ("host_cannot_tell", 3),
        ("absent_without_receipt", 3),
        ("h8_revoked", 4),
        ("x_nothing", 4),
        ("e1_newest_without_receipt", 4),
    ],
)
def test_e7_the_exit_code_is_that_of_the_verdicts_and_4_for_what_does_not_check(folder, name, code):
    assert verify(folder(name)).exit_code == code


def test_e7_a_no_wins_over_what_cannot_be_told(folder):
    place = folder("two_claims")
    told = world.World(questions=(world.GRADE, world.SALES), told={1: world.HOST_SAYS})
    (place / "evidence.json").write_bytes(world.canonical(world.make(told)))
    assert verify(place).exit_code == 1
    assert verify(place, "--now", "http://127.0.0.1:9").exit_code == 1


def test_e7_a_node_that_does_not_answer_leaves_a_yes_open(folder):
    assert verify(folder("one_claim_yes"), "--now", "http://127.0.0.1:9").exit_code == 3


@pytest.mark.parametrize("more", [("--at", "yesterday"), ("--nonsense",), ("--keys", "nowhere.json")])
def test_e7_usage_is_2_and_nothing_else_is(folder, more):
    assert verify(folder("one_claim_yes"), *more).exit_code == 2


@pytest.mark.parametrize(
    ("name", "content"), [("trust.json", b"{}"), ("trust.json", b"no JSON"), ("evidence.json", b"\x00" * LIMIT)]
)
def test_e7_a_file_that_is_none_that_evidence_can_be_checked_with_is_4(folder, name, content):
    place = folder("one_claim_yes")
    (place / name).write_bytes(content)
    assert verify(place).exit_code == 4


def test_e5_a_statement_of_keys_of_an_earlier_block_is_refused_by_the_command(folder):
    place = folder("one_claim_yes")
    (place / "keys.json").write_bytes(world.canonical(statement(0, number=999)))
    done = verify(place, "--keys", place / "keys.json")
    assert done.exit_code == 4
    assert "[statement_earlier]" in done.stderr


def test_e1_each_verdict_is_said_with_department_period_and_day_and_who_signed(folder):
    said = verify(folder("two_claims")).stderr
    assert "receipt     by Host\n" in said
    assert "use         number 2, ticket 0x" in said
    basis = f"by {world.NAMES[world.TAX]}: firm_facts of 2025, as of 2026-10-31"
    assert said.count(basis) == 2
    bare = verify(folder("no_receipt")).stderr
    assert "receipt     none\n" in bare
    assert "use         number 2, ticket 0x" in bare
    assert bare.count(basis) == 2


def test_e1_the_same_stands_in_the_json(folder):
    told = json.loads(verify(folder("combination"), "--json").stdout)
    shown = [(one["schema"], one["name"], one["period"], one["as_of"]) for one in told["claims"][0]["based_on"]]
    assert shown == [
        ("firm_facts", world.NAMES[world.TAX], "2025", "2026-10-31"),
        ("tax_fine", world.NAMES[world.COURT], "2025", "2026-10-31"),
    ]
    assert told["receipt"]["name"] == "Host"
    assert json.loads(verify(folder("no_receipt"), "--json").stdout)["receipt"] is None


def test_e4_a_device_without_an_end_is_read_to_the_bound_and_no_further():
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInputError) as refused:
            read_file(Path("/dev/zero"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.reason is Reason.TOO_LARGE
    assert peak < 3 * LIMIT


def test_e4_a_pipe_is_bounded_like_a_file(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    sent = []

    def feed():
        with path.open("wb", buffering=0) as pipe:
            try:
                while len(sent) < 4096:
                    sent.append(pipe.write(MANY))
            except BrokenPipeError:
                return

    feeding = threading.Thread(target=feed)
    feeding.start()
    with pytest.raises(InvalidInputError) as refused:
        read_file(path)
    feeding.join(timeout=60)
    assert refused.value.reason is Reason.TOO_LARGE
    assert sum(sent) < 2 * LIMIT


def test_e4_a_pipe_that_holds_a_file_is_read_as_one(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    feeding = threading.Thread(target=path.write_bytes, args=(data_of("two_claims"),))
    feeding.start()
    assert read_file(path) == data_of("two_claims")
    feeding.join(timeout=60)


@pytest.mark.parametrize("name", ["evidence.json", "trust.json"])
def test_e4_the_command_refuses_a_device_without_an_end(folder, name):
    place = folder("one_claim_yes")
    (place / name).unlink()
    (place / name).symlink_to("/dev/zero")
    done = verify(place)
    assert (done.exit_code, done.stdout) == (4, "")
    assert "too_large" in done.stderr


@contextmanager
def node_that_talks(megabytes, headers=()):
    """A node whose every answer is so long; it says how much of it was taken."""
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(megabytes << 20))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            try:
                while len(taken) < megabytes * 16:
                    taken.append(self.wfile.write(MANY))
            except OSError:
                self.close_connection = True

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("headers", [(), (("content-encoding", "gzip"),)])
def test_e4_a_nodes_answer_is_dropped_as_soon_as_it_is_too_long(headers):
    with node_that_talks(64, headers) as (url, taken):
        tracemalloc.start()
        try:
            with pytest.raises(EndpointError) as failed:
                Endpoint(url, timeout_s=60, max_answer_bytes=1 << 20).make_request("eth_chainId", [])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert failed.value.fault is Fault.MALFORMED
    assert peak < 8 << 20
    assert sum(taken) < 32 << 20


def test_e4_what_has_changed_since_is_left_open_by_a_node_that_talks_too_much(folder):
    place = folder("one_claim_yes")
    with node_that_talks(200) as (url, taken):
        done = verify(place, "--now", url, "--json")
    told = printed(done)
    assert (done.exit_code, told["valid"], told["since"]["reason"]) == (3, True, "ledger_unavailable")
    assert sum(taken) < 64 << 20
