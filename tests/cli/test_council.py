"""``credence council`` on an embedded chain whose council has delays."""

import json
import time

import pytest
from typer.testing import CliRunner

from api.cli.console import ExitCode
from api.cli.main import app
from api.home.home import Home
from api.home.node_process import NodeProcess
from api.instance.embedded import found_instance
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import CouncilCall, Delays
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Council, Web3Ledger
from ledger_node.domain.json_object import to_hex
from tests.kit.command import printed

GIVE_S = 3
CHANGE_S = 3600
"""Longer than any test lasts."""


class Place:
    """A founded network whose node runs."""

    def __init__(self, folder):
        self.home = Home(folder / "home")
        found_instance(self.home, delays=Delays(GIVE_S, CHANGE_S))
        self._node = NodeProcess(self.home)
        self._node.start()
        self.book, rpc = self.home.address_book(), Rpc(self._node.wait_ready())
        governor = Sender(rpc, self.book.chain_id, self.home.read_key("governor"))
        self.council, self.ledger = Web3Council(self.book, rpc, governor=governor), Web3Ledger(self.book, rpc)
        self.bank = next(member for member in self.home.members() if member.slug == "demo-bank")

    def opened(self, function="setServiceUrl", *args):
        data = artifact("MemberRegistry").encode(function, self.bank.id, *args)
        return self.council.propose([CouncilCall(self.book.contracts["MemberRegistry"], data)])

    def run(self, *arguments, code=ExitCode.DONE):
        done = CliRunner().invoke(app, ["council", *map(str, arguments), "--home", str(self.home.path)])
        assert done.exit_code == code, done.output
        return done

    def refused(self, reason, *arguments):
        assert f"refused {reason}:" in self.run(*arguments, code=ExitCode.REFUSED).stderr

    def close(self):
        self._node.stop()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("council"))
    yield made
    made.close()


def test_k12_a_proposal_is_shown_in_words_and_executed_after_its_delay(place):
    opened = place.opened("setServiceUrl", "https://bank.example")
    shown = place.run("show", opened.number)
    assert shown.stdout.strip() == to_hex(opened.digest)
    assert "set the address of a member's service (gives power)" in shown.stderr
    assert f"setServiceUrl(id = Demo bank ({to_hex(place.bank.id)}), serviceUrl = https://bank.example)" in shown.stderr
    deadline = time.monotonic() + GIVE_S + 10
    while place.run("show", opened.number, "--json").stdout and time.monotonic() < deadline:
        if json.loads(place.run("show", opened.number, "--json").stdout)["status"] == "ready":
            break
        time.sleep(0.2)
    assert place.run("execute", opened.number, "--yes").stdout.strip() == "executed"
    found = {member.id: member.service_url for member in place.ledger.members()}
    assert found[place.bank.id] == "https://bank.example"
    place.refused("proposal_closed", "execute", opened.number, "--yes")


def test_k12_nothing_is_executed_before_its_delay(place):
    data = artifact("Council").encode("setDelays", GIVE_S + 1, CHANGE_S)
    opened = place.council.propose([CouncilCall(place.book.contracts["Council"], data)])
    assert "decided; can be executed from" in place.run("show", opened.number).stderr
    place.refused("proposal_early", "execute", opened.number, "--yes")
    place.run("cancel", opened.number, "--yes")


def test_k12_an_approval_names_the_digest_that_was_shown(place):
    opened = place.opened("setServiceUrl", "https://other.example")
    place.run("disapprove", opened.number, "--yes")
    place.refused("proposal_digest_wrong", "approve", opened.number, "0x" + "11" * 32, "--yes")
    assert json.loads(place.run("show", opened.number, "--json").stdout)["status"] == "needs_approvals"
    place.run("approve", opened.number, "0x2c1e", "--yes", code=ExitCode.USAGE)
    done = place.run("approve", opened.number, to_hex(opened.digest), "--yes", "--json")
    assert printed(done)["approved_by"] == [to_hex(place.council.council().governors[0])]
    place.refused("proposal_voted", "approve", opened.number, to_hex(opened.digest), "--yes")


def test_a_proposal_is_listed_until_it_is_over(place):
    opened = place.opened("retire")
    place.run("cancel", opened.number, "--yes")
    listed = [one["number"] for one in json.loads(place.run("list", "--json").stdout)["proposals"]]
    everything = json.loads(place.run("list", "--all", "--json").stdout)
    assert opened.number not in listed
    newest = everything["proposals"][0]
    assert (newest["number"], newest["status"]) == (opened.number, "cancelled")
    assert (everything["threshold"], everything["delays"]) == (1, {"give": GIVE_S, "change": CHANGE_S})
    told = place.run("list", "--all")
    assert "1 of 1 governors decide; what gives power waits 3 s, what changes the council 1 h" in told.stderr
    assert "end a member for good - cancelled" in told.stderr


def test_a_vote_is_asked_for_and_sent_by_a_governor_alone(place):
    opened = place.opened("suspend")
    place.run("cancel", opened.number, code=ExitCode.USAGE)
    place.refused("governor_unknown", "cancel", opened.number, "--key", "operator", "--yes")
    place.run("cancel", opened.number, "--key", "nobody", "--yes", code=ExitCode.USAGE)
    assert place.council.proposal(opened.number).state.name == "OPEN"


def test_there_is_no_proposal_of_another_number(place):
    place.refused("proposal_unknown", "show", 10_000)
    place.refused("proposal_unknown", "execute", 10_000, "--yes")
