"""The verifier in a process of its own: without a network, and without any of our other packages."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.kit.command import printed
from tests.kit.evidence import CASES, FOLDER, TRUSTS

VERIFIER = """
import json, sys

limit, loaded = sys.getrecursionlimit(), False


def watch(event, _):
    if event.startswith("socket.") or (loaded and event in {"open", "os.system", "subprocess.Popen"}):
        raise AssertionError(event)


sys.addaudithook(watch)

from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.trust import Trust

path, trust = sys.argv[1:]
with open(path, "rb") as file:
    data = file.read()
"Python loads codecs on first use".encode("utf-16-be")
loaded = True
report = examine(data, Trust.from_json(json.loads(trust)))
loaded = False
print(json.dumps({
    "report": report.to_json(),
    "limit": sys.getrecursionlimit() - limit,
    "modules": sorted(sys.modules),
}))
"""
FOREIGN = ("web3", "api", "ledger_node.chain", "ledger_node.node", "ledger_node.clock", "ledger_node.randomness")
HEAVY = ("eth", "fastapi", "sqlalchemy", "httpx", "requests", "aiohttp", "sqlite3", "eth_account", "eth_tester")


def verify(name, *, before=()):
    case = CASES[name]
    path = FOLDER / "evidence" / f"{name}.json"
    command = [*before, sys.executable, "-c", VERIFIER, str(path), json.dumps(TRUSTS[case["trust"]])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return printed(done)


def can_unshare():
    program = shutil.which("unshare")
    return (
        program is not None
        and not subprocess.run([program, "-rn", "true"], capture_output=True, check=False).returncode
    )


@pytest.mark.parametrize("name", ["four_claims", "qbft_3_seals"])
def test_the_verifier_opens_no_socket_and_no_file_and_loads_nothing_of_the_machinery(name):
    told = verify(name)
    assert told["report"]["valid"]
    loaded = [
        module
        for module in told["modules"]
        if module in (*FOREIGN, *HEAVY) or module.startswith(tuple(f"{one}." for one in (*FOREIGN, *HEAVY)))
    ]
    assert loaded == []
    assert told["limit"] == 0


@pytest.mark.skipif(not can_unshare(), reason="this system makes no network namespaces for us")
@pytest.mark.parametrize("name", ["four_claims", "qbft_3_seals"])
def test_the_verifier_runs_in_a_network_namespace_without_interfaces(name):
    assert verify(name, before=("unshare", "-rn"))["report"]["valid"]


def test_a_bad_bundle_is_refused_there_too():
    told = verify("h8_revoked")["report"]
    assert (told["valid"], told["reason"], told["claims"]) == (False, "revoked", [])
