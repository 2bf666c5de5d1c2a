"""What a bank's client and an auditor install is enough for what they do, and says so where it is not."""

import json
import tomllib

import pytest

from api.cli.console import ExitCode
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from tests.kit.client_alone import ROOT, client_packages, run_code, run_command
from tests.kit.evidence import CASES, TRUSTS, data_of
from tests.kit.receipt import ALL, KEEPER_KEY

CASE = "at_the_day"
COMMANDS = ["access", "consent", "evidence", "key", "notifications", "receipt", "sign", "sign-in", "subject", "submit"]
COMMANDS += ["attest", "members", "purposes", "schemas", "trust", "verify", "webhook"]
OF_THE_SERVER = [["init"], ["store", "version"], ["store", "quarantine", "list"]]
HELP = "pip install 'credence[server]'"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "evidence.json").write_bytes(data_of(CASE))
    (tmp_path / "trust.json").write_text(json.dumps(TRUSTS[CASES[CASE]["trust"]]), "utf-8")
    return tmp_path


def test_a_client_has_at_most_ten_direct_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert len(project["dependencies"]) <= 10


def test_no_server_is_among_what_a_client_installs():
    assert not client_packages() & {"alembic", "fastapi", "psycopg", "py-evm", "sqlalchemy", "uvicorn", "web3", "trie"}


def test_the_help_names_every_command():
    done = run_command("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in [*COMMANDS, "serve", "store"]:
        assert f" {command} " in done.stdout


def test_every_command_of_a_client_is_there():
    code = f"""
from api.cli.main import app
from typer.testing import CliRunner

for command in {COMMANDS}:
    done = CliRunner().invoke(app, [command, "--help"])
    print(command, done.exit_code, "Usage" in done.output, "not installed" in done.output)
"""
    done = run_code(code)
    assert done.stderr == ""
    assert done.stdout == "".join(f"{command} 0 True False\n" for command in COMMANDS)


def test_evidence_is_checked_and_shown_as_a_page(files):
    done = run_command("evidence", "verify", files / "evidence.json", "--trust", files / "trust.json", "--json")
    assert done.returncode == 1, "one question does not hold"
    assert done.stderr.count(" passed ") == 11
    assert json.loads(done.stdout)
    page = files / "page.html"
    done = run_command("evidence", "render", files / "evidence.json", page, "--trust", files / "trust.json")
    assert done.returncode == 0, done.stderr
    assert "<svg" in page.read_text("utf-8")


def test_what_a_node_says_today_needs_the_server(files):
    asked = [files / "evidence.json", "--trust", files / "trust.json", "--now", "http://127.0.0.1:9"]
    done = run_command("evidence", "verify", *asked)
    assert done.returncode == ExitCode.REFUSED
    assert HELP in done.stderr
    assert "Traceback" not in done.stderr


def test_a_receipt_is_checked(tmp_path):
    file = tmp_path / "receipt.json"
    file.write_bytes(next(iter(ALL.values())).to_bytes())
    done = run_command("receipt", "verify", file, "--key", to_hex(address_of(KEEPER_KEY)), "--home", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "checks: " in done.stderr


@pytest.mark.parametrize("arguments", OF_THE_SERVER, ids=" ".join)
def test_a_command_of_the_server_says_in_one_line_what_it_needs(arguments, tmp_path):
    done = run_command(*arguments, "--home", tmp_path / "home")
    assert done.returncode == ExitCode.REFUSED
    assert done.stderr.startswith("refused configuration: this needs ")
    assert done.stderr.count("\n") == 1
    assert HELP in done.stderr


def test_the_python_client_signs_in_with_a_key_and_checks_webhooks():
    code = """
from api.client import access, answer_check, client, consent, credential
from api.client import session, unsigned_act, webhook
from api.client.error import NoAnswerError
from joserfc.jwk import OKPKey

signing_in = credential.Credential.published(b"m" * 32, OKPKey.generate_key("Ed25519"))
try:
    client.Client("http://127.0.0.1:9", signing_in).get("/v1/members")
except NoAnswerError:
    print("nobody answers")
"""
    done = run_code(code)
    assert (done.stdout, done.stderr) == ("nobody answers\n", "")
