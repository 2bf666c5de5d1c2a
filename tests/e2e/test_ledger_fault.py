"""The node of a served instance is down, behind, of another chain, or one of two that fail: never a wrong verdict."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from api.client.asking import Asker
from api.client.client import ApiError, Client
from api.client.credential import credential_named
from api.home.home import Home
from ledger_node.domain.error import ChainError
from ledger_node.node.embedded import Engine
from tests.kit.chain import copy_chain
from tests.kit.node import SEALER_KEY, NodeProcess, genesis
from tests.kit.proxy import Proxy
from tests.kit.served import seen

CONSENTS = 10
QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"


class Beside:
    """A second instance with a copy of a place's store, whose nodes are behind proxies."""

    def __init__(self, place, folder, *node_urls):
        place.require_file()
        self._place = place
        self._consents = [place.grant(QUESTION) for _ in range(CONSENTS)]
        self.home = copy_home(place.home, folder)
        command = [sys.executable, "-m", "api.cli.main", "serve", "--home", str(folder), "--port", "0", "--json"]
        command += ["--stop-with-parent", "--processes", "1", "--access-interval", "3600"]
        command = ["env", f"CREDENCE_RPC_URLS={', '.join(node_urls)}", *command]
        with (folder / "serve.log").open("wb") as log:
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        line = self._child.stdout.readline()
        assert line, (folder / "serve.log").read_text("utf-8")[-2000:]
        self.said = json.loads(line)
        self.client = Client(self.said["url"], credential_named(place.home, "demo-bank"))
        self.turn()
        self.ready()

    def turn(self):
        """Go on with a consent that was not used yet."""
        self.consent = self._consents.pop()
        self._asker = Asker(self._place.bank, self._place.seed, self.consent)
        self._asker._client = self.client

    def ready(self):
        while True:
            try:
                return self.client.get("/readyz")
            except (ApiError, ChainError) as error:
                if error.reason not in {"ledger_unavailable", "api_unavailable"}:
                    raise

    def verify(self):
        return seen(self._asker.ask([QUESTION]))

    def close(self):
        self.client.close()
        self._child.terminate()
        self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()


def copy_home(home, folder):
    folder.mkdir()
    for path in home.path.iterdir():
        if path.suffix == ".json" or path.name == "passphrase":
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "keys").mkdir()
    for path in (home.path / "keys").iterdir():
        (folder / "keys" / path.name).write_bytes(path.read_bytes())
    for database in (home.store, home.key_ledger):
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(folder / database.name)) as target:
            source.backup(target)
    return Home(folder)


@pytest.fixture(scope="module")
def proxy(place):
    with Proxy(place.served.node()["url"]) as made:
        yield made


@pytest.fixture(scope="module")
def served_beside(place, proxy, tmp_path_factory):
    """An instance with one node, behind ``proxy``."""
    made = Beside(place, tmp_path_factory.mktemp("beside") / "credence", proxy.url)
    yield made
    made.close()


@pytest.fixture
def beside(served_beside):
    """The same with a consent that was not used yet."""
    served_beside.turn()
    return served_beside


def refusal(call):
    with pytest.raises((ApiError, ChainError)) as refused:
        call()
    return getattr(refused.value, "status", 503), str(refused.value.reason)


def check_refused(beside, reason):
    """A read finds out, and a verification is refused without a verdict and without a use."""
    assert refusal(lambda: beside.client.get("/readyz")) == (503, reason)
    assert refusal(beside.verify) == (503, reason)
    assert refusal(lambda: beside.client.get(f"/v1/consents/{beside.consent}")) == (503, reason)


def uses(beside):
    return beside.client.get(f"/v1/consents/{beside.consent}")["uses"]


@pytest.mark.parametrize("fault", ["lost", "html", "half_json", "no_results", "status_503"])
def test_a6_while_the_node_is_down_or_talks_nonsense_there_is_no_verdict(beside, proxy, fault):
    assert beside.verify() == [("holds", None)]
    before = uses(beside)
    proxy.fault = lambda _: fault
    try:
        check_refused(beside, "ledger_unavailable")
    finally:
        proxy.fault = lambda _: None
    assert beside.verify() == [("holds", None)]
    assert uses(beside) == before + 1


def test_a6_while_the_node_is_behind_there_is_no_verdict(place, beside, proxy, tmp_path):
    true = proxy.target
    old = NodeProcess(copy_chain(place.home.chain, tmp_path / "chain.sqlite"), place.home.read_key("sealer"))
    try:
        assert beside.verify() == [("holds", None)]
        proxy.lead_to(old.url)
        check_refused(beside, "ledger_unavailable")
    finally:
        proxy.lead_to(true)
        old.end()
    assert beside.verify() == [("holds", None)]


@pytest.mark.parametrize("is_rehearsal", [True, False])
def test_a6_while_the_node_is_of_another_chain_there_is_no_verdict(place, beside, proxy, tmp_path, is_rehearsal):
    chain_id = 4_711 if is_rehearsal else place.home.address_book().chain_id
    true = proxy.target
    path = tmp_path / "chain.sqlite"
    Engine.create(path, genesis(chain_id=chain_id), SEALER_KEY).close()
    other = NodeProcess(path)
    try:
        assert beside.verify() == [("holds", None)]
        proxy.lead_to(other.url)
        check_refused(beside, "ledger_wrong_chain")
    finally:
        proxy.lead_to(true)
        other.end()
    assert beside.verify() == [("holds", None)]


def test_readiness_shows_endpoints_and_outbox_and_no_address(beside, proxy):
    ready = beside.ready()
    assert ready["status"] == "ready"
    assert ready["endpoints"] == [{"fault": None, "block": ready["block"]}]
    assert {outbox["on_way"] for outbox in ready["outbox"]} == {0}
    assert len(ready["outbox"]) == 4  # three accounts of the operator and one of the registrar
    assert proxy.url.rpartition(":")[2] not in json.dumps(ready)


def test_a_password_in_the_address_of_a_node_is_neither_written_nor_printed(place, proxy, tmp_path):
    beside = Beside(place, tmp_path / "credence", proxy.url.replace("http://", "http://user:pass-word@"))
    try:
        beside.verify()
        assert beside.said["node_url"] == proxy.url
        for path in (beside.home.path / "api.json", beside.home.path / "serve.log"):
            assert "pass-word" not in path.read_text("utf-8")
        assert "pass-word" not in json.dumps(beside.ready())
    finally:
        beside.close()


def test_n4_with_two_nodes_one_of_which_fails_verdicts_go_on(place, tmp_path):
    true = place.served.node()["url"]
    with Proxy(true) as first, Proxy(true) as second:
        beside = Beside(place, tmp_path / "credence", first.url, second.url)
        try:
            for fault in ("lost", "html", "cut_off", "errors"):
                beside.turn()
                for proxy in (first, second):
                    proxy.fault = lambda _, fault=fault: fault
                    assert beside.verify() == [("holds", None)]
                    proxy.fault = lambda _: None
                assert uses(beside) == 2
        finally:
            beside.close()
