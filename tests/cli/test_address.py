"""A command talks to an address that an option, the environment or a file names, and to no other."""

import json
import socket
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from api.cli import serve
from api.cli.command import api_url
from api.cli.console import exit_code_of
from api.cli.main import app
from api.client.error import ApiError, NoAnswerError
from api.home.home import Home
from api.home.listening import reachable_host
from ledger_node.domain.error import ChainError, InvalidInputError, StoreError, VerificationError
from ledger_node.domain.reason import Reason
from tests.kit.command import printed


@pytest.fixture(autouse=True)
def _no_setting(monkeypatch):
    for name in ("CREDENCE_URL", "CREDENCE_RPC_URLS"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_named_address_a_command_refuses_and_says_what_to_do(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise AssertionError

    monkeypatch.setattr("api.client.client.Client", fail)
    done = CliRunner().invoke(app, ["members", "--home", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (2, "")
    for word in ("refused configuration", "--url", "CREDENCE_URL", "credence serve", "api.json"):
        assert word in done.stderr


def test_an_option_wins_over_the_environment_and_that_over_the_file(tmp_path, monkeypatch):
    home = Home(tmp_path)
    home.api_file.write_text(json.dumps({"url": "http://127.0.0.1:1"}), "utf-8")
    assert api_url(home, None) == "http://127.0.0.1:1"
    monkeypatch.setenv("CREDENCE_URL", "http://127.0.0.1:2")
    assert api_url(home, None) == "http://127.0.0.1:2"
    assert api_url(home, "http://127.0.0.1:3") == "http://127.0.0.1:3"


def test_an_address_that_a_dead_process_left_says_that_no_service_runs_and_how_to_start_it(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    home = Home(tmp_path)
    home.api_file.write_text(json.dumps({"url": url, "pid": 1}), "utf-8")
    done = CliRunner().invoke(app, ["members", "--home", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (3, "")
    said = " ".join(done.stderr.split())
    assert f"no service runs for {tmp_path}: nothing listens at {url}, which api.json there names" in said
    assert f"start it: credence serve --home {tmp_path}" in said
    # an address that somebody names is not the folder's
    monkeypatch.setenv("CREDENCE_URL", url)
    named = CliRunner().invoke(app, ["members", "--home", str(tmp_path)])
    assert named.exit_code == 3
    assert f"the API at {url} does not answer; start it: credence serve" in named.stderr
    assert "no service" not in named.stderr


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - what listens everywhere is reached here
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("10.0.0.7", "10.0.0.7"),
        ("credence.example", "credence.example"),
    ],
)
def test_what_listens_everywhere_is_reached_on_this_machine(host, reached):
    assert reachable_host(host) == reached


def test_serve_writes_an_address_that_commands_reach(tmp_path, monkeypatch):
    (tmp_path / "network.json").write_text("{}", "utf-8")
    instance = SimpleNamespace(
        rpc=SimpleNamespace(health=lambda: [SimpleNamespace(name="node")]), portal_host="localhost"
    )
    monkeypatch.setattr("api.instance.wiring.open_instance", lambda *_, **__: instance)
    monkeypatch.setattr("api.http.app.create_app", lambda *_, **how: how["public_url"])
    monkeypatch.setattr("api.telemetry.log.configure", lambda _: None)
    ran = []
    monkeypatch.setattr(serve, "_run", lambda public, listener, **_: ran.append((public, listener.getsockname()[1])))
    options = ["--host", "0.0.0.0", "--port", "0", "--rpc-url", "http://127.0.0.1:1"]  # noqa: S104 - same
    done = CliRunner().invoke(app, ["serve", *options, "--json", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.stderr
    ((public, port),) = ran
    assert public == f"http://127.0.0.1:{port}" == api_url(Home(tmp_path), None)
    assert printed(done)["url"] == public


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInputError(Reason.CONFIGURATION, "x"), 2),
        (InvalidInputError(Reason.QUESTION_MALFORMED, "x"), 2),
        (ChainError(Reason.LEDGER_UNAVAILABLE, "x"), 3),
        (StoreError(Reason.STORE_UNAVAILABLE, "x"), 3),
        (InvalidInputError(Reason.STORE_IN_USE, "x"), 3),
        (NoAnswerError(Reason.LEDGER_UNAVAILABLE, "x"), 3),
        (ApiError(503, Reason.OVERLOADED, "x"), 3),
        (ApiError(429, Reason.RATE_LIMITED, "x"), 3),
        (VerificationError(Reason.NOT_IN_BATCH, "x"), 4),
        (InvalidInputError(Reason.BACKUP_MALFORMED, "x"), 4),
        (ApiError(422, Reason.THRESHOLD_NOT_MET, "x"), 5),
        (ApiError(403, Reason.NOT_ALLOWED, "x"), 5),
        (InvalidInputError(Reason.NOT_ALLOWED, "x"), 5),
        (VerificationError(Reason.REQUEST_ANSWERED, "x"), 5),
    ],
)
def test_an_exit_code_says_what_to_do_and_2_is_usage_only(error, code):
    assert exit_code_of(error) == code
