"""What cannot be undone is asked about at a terminal, and needs --yes where there is none."""

import json
import os
import pty
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.home.home import Home
from ledger_node.randomness import random_bytes

DRAFT = {
    "act": "withdraw",
    "domain": {"chain_id": 1, "contract": "0x" + "11" * 20},
    "consent": "0x" + "22" * 32,
}
CASES = {
    "grant": [
        "consent",
        "grant",
        "--spend-key",
        "0x" + "5d" * 52,
        "--bank",
        "B",
        "--question",
        "tax_payment.paid_amount >= 1000000 CNY",
        "--as",
        "shop",
    ],
    "accept": ["consent", "accept", "0x" + "11" * 32, "--as", "shop"],
    "erase": ["erase", "--code", "91990000MABYF3008C", "--as", "tax-bureau"],
    "erase, code not given": ["erase", "--as", "tax-bureau"],
    "sign": ["sign", "DRAFT", "--key", "alice"],
}


@pytest.fixture
def folder(tmp_path):
    home = Home(tmp_path / "home")
    home.ensure_passphrase()
    home.write_key("alice", random_bytes(32))
    (tmp_path / "draft.json").write_text(json.dumps(DRAFT), "utf-8")
    return tmp_path


def files(folder):
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["no terminal", "json"])
@pytest.mark.parametrize("case", CASES)
def test_without_a_terminal_and_without_yes_nothing_is_done(folder, case, more):
    before = files(folder)
    arguments = [str(folder / "draft.json") if word == "DRAFT" else word for word in CASES[case]]
    more = [] if case == "sign" else more
    done = CliRunner().invoke(app, [*arguments, *more, "--home", str(folder / "home")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("refused request_invalid: nobody can be asked here")
    assert "--yes" in done.stderr
    assert files(folder) == before


def at_terminal(answer, *arguments):
    """Run a command whose standard input is a terminal, at which ``answer`` is typed."""
    ours, its = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        command = [sys.executable, "-m", "api.cli.main", *map(str, arguments)]
        return subprocess.run(command, stdin=its, capture_output=True, text=True, check=False, timeout=120)
    finally:
        os.close(ours)
        os.close(its)


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_at_a_terminal_the_act_is_shown_and_asked_about(folder, answer, code):
    out = folder / "signature.json"
    options = ["--key", "alice", "--out", out, "--home", folder / "home"]
    done = at_terminal(answer, "sign", folder / "draft.json", *options)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.index("I withdraw this consent.") < done.stderr.index("Do you sign this as alice? [y/N]")
    assert out.exists() == (code == 0)
    assert ("nothing was done" in done.stderr) == (code == 1)


def test_with_json_a_terminal_is_not_asked(folder):
    home = Home(folder / "home")
    home.write("credentials.json", {"shop": {"kind": "subject", "id": "0x" + "11" * 32, "key": "keys/alice.json"}})
    done = at_terminal("y", *CASES["grant"], "--json", "--home", folder / "home")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr
