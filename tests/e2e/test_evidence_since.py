"""Valid on that day: what happens after an answer does not unmake its evidence, but for a key that was lost before."""

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import pytest

from api.catalogue.datatype import schemas
from api.catalogue.synthetic import credit_code
from api.client.change_report import ChangeKind, read_changes
from api.lab.demo.server import InstanceProcess
from ledger_node import clock
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.era import SealerSet
from ledger_node.domain.evidence.key_statement import KeyStatement
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import StatusReason
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.evidence import in_era
from tests.kit.served import PENALISED, SEED, Place, one_form
from tests.kit.signed_word import signed_change

QUESTIONS = ["tax_payment.paid_amount >= 1000000 CNY during 2025", "penalty_summary.count_24m < 1"]
SECRET = b"\x07" * 32
COMMANDED = {"nothing", "withdraw", "key lost after", "key lost before"}
"""After these the command is run as well, which takes a process each time."""
pytestmark = pytest.mark.timeout(900)


def credence(*arguments):
    """Run a command that needs no instance's folder."""
    command = [sys.executable, "-m", "api.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@dataclass(frozen=True)
class Stage:
    """What an auditor finds after one more thing happened."""

    changes: frozenset
    with_node: object
    alone: object
    keys: KeyStatement
    command: tuple | None


class Town:
    """An instance of its own: what happens here to keys would disturb the other tests."""

    def __init__(self, folder, place):
        self.folder, self.place = folder, place
        self.url = place.served.node()["url"]
        rpc, book = Rpc(self.url), place.home.address_book()
        # the governor's account sends nothing else once the consortium is founded
        self.governor = Sender(rpc, book.chain_id, place.home.read_key("governor"))
        self.ledger = Web3Ledger(book, rpc, relayer=self.governor)
        self.members = book.contracts["MemberRegistry"]
        self.council = book.contracts["Council"]
        self.firm = place.new_firm()
        self.consent = place.grant(*QUESTIONS, firm=self.firm, secret=SECRET)
        answer = place.verify(self.consent, QUESTIONS)
        self.evidence = place.bank.evidence(answer["use"]["id"])
        self.trust = self.ledger.trust()
        self.shown = {
            item["header"]["schema_id"]: item["anchor"] | {"index": item["index"]}
            for item in json.loads(self.evidence)["presentation"]["attestations"]
        }
        (folder / "evidence.json").write_bytes(self.evidence)
        (folder / "trust.json").write_text(json.dumps(self.trust.to_json()), "utf-8")

    def anchor_of(self, schema):
        return self.shown[to_hex(schemas()[schema].id)]

    def key_of(self, name):
        return self.place.home.read_key(name)

    def govern(self, *call):
        proposal = [(to_hex(self.members), artifact("MemberRegistry").encode(*call))]
        self.governor.send(self.council, artifact("Council").encode("proposeAndExecute", proposal), gas=2_000_000)

    def look(self, name):
        since = read_changes(examine(self.evidence, self.trust).require().bundle, self.trust, self.url)
        command = None
        if name in COMMANDED:
            files = (str(self.folder / "evidence.json"), "--trust", str(self.folder / "trust.json"))
            done = credence("evidence", "verify", *files, "--now", self.url, "--json")
            command = (done.returncode, printed(done), done.stderr)
        return Stage(
            frozenset(change.kind for change in since.changes),
            examine(self.evidence, self.trust, later=[since.keys]),
            examine(self.evidence, self.trust),
            since.keys,
            command,
        )

    def revoke(self):
        anchor = self.anchor_of("tax_payment")
        member = bytes.fromhex(anchor["member"][2:])
        position, key = anchor["start"] + anchor["index"], self.key_of("tax-bureau")
        change = signed_change(self.ledger, member, key, [position], reason=StatusReason.NO_LONGER_USED)
        self.ledger.change_status(*change)

    def supersede(self):
        job = self.place.attest("penalty_summary", [(self.firm.number, PENALISED)], name="newer", correct=True)
        assert job["issued"] == 1

    def withdraw(self):
        self.place.bank.post(f"/v1/consents/{self.consent}/withdrawal", {"secret": to_hex(SECRET)})

    def end_key(self, key):
        """End a key now, and return when that is."""
        self.govern("endKey", key, 0)
        return self.ledger.head().time

    def rotate_key(self):
        end = self.end_key(to_hex(address_of(self.key_of("tax-bureau"))))
        while clock.now() < end:
            time.sleep(0.1)
        member = bytes.fromhex(self.anchor_of("tax_payment")["member"][2:])
        self.govern("addKey", member, to_hex(address_of(random_bytes(32))), int(EVERY_PURPOSE), end, 2**64 - 1)

    def lose_key(self, at):
        self.govern("markCompromised", to_hex(address_of(self.key_of("tax-bureau"))), at)


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    with contextlib.closing(Place(folder, InstanceProcess(folder / "credence", processes=1))) as place:
        town = Town(folder, place)
        yield town, history(town)


def history(town):
    anchored_at = town.anchor_of("tax_payment")["anchored_at"]
    found = {"nothing": town.look("nothing")}
    for name in ("revoke", "supersede", "withdraw", "rotate_key"):
        getattr(town, name)()
        found[name] = town.look(name)
    for name, at in (("key lost after", anchored_at + 1), ("key lost before", anchored_at)):
        town.lose_key(at)
        found[name] = town.look(name)
    return found


def test_at_first_nothing_has_changed(stages):
    stage = stages[1]["nothing"]
    assert stage.changes == set()
    code, told, words = stage.command
    assert (code, told["since"]["changes"]) == (0, [])
    assert "nothing of it has changed since then" in words


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("revoke", {ChangeKind.REVOKED}),
        ("supersede", {ChangeKind.REVOKED, ChangeKind.SUPERSEDED}),
        ("withdraw", {ChangeKind.REVOKED, ChangeKind.SUPERSEDED, ChangeKind.CONSENT_WITHDRAWN}),
        ("rotate_key", {ChangeKind.REVOKED, ChangeKind.SUPERSEDED, ChangeKind.CONSENT_WITHDRAWN, ChangeKind.KEY_ENDED}),
        (
            "key lost after",
            {
                ChangeKind.REVOKED,
                ChangeKind.SUPERSEDED,
                ChangeKind.CONSENT_WITHDRAWN,
                ChangeKind.KEY_ENDED,
                ChangeKind.KEY_COMPROMISED,
            },
        ),
    ],
)
def test_what_happens_later_is_told_and_does_not_unmake_the_answer(stages, name, kinds):
    stage = stages[1][name]
    assert stage.changes == kinds
    assert (stage.alone.failed, stage.with_node.failed) == (None, None)
    if stage.command is None:
        return
    code, told, words = stage.command
    assert (code, told["valid"]) == (0, True)
    assert {change["change"] for change in told["since"]["changes"]} == set(kinds)
    for kind in kinds:
        assert f"  {kind}: " in words


def test_h9_a_key_that_was_lost_before_the_anchoring_voids_the_answer(stages):
    stage = stages[1]["key lost before"]
    failed = stage.with_node.failed
    assert (failed.name, failed.reason) == ("keys", "key_compromised")
    # without the later statement nobody can know
    assert stage.alone.failed is None
    code, told, words = stage.command
    assert (code, told["valid"], told["reason"]) == (4, False, "key_compromised")
    assert "[key_compromised]" in words


def test_h9_the_statement_of_keys_voids_it_offline_as_well(stages):
    town, found = stages
    file = town.folder / "keys.json"
    arguments = ("--trust", str(town.folder / "trust.json"))
    made = credence(
        "evidence", "keys", str(town.folder / "evidence.json"), str(file), *arguments, "--rpc-url", town.url
    )
    assert made.returncode == 0, made.stderr
    assert KeyStatement.decode(file.read_bytes()).keys == found["nothing"].keys.keys
    done = credence("evidence", "verify", str(town.folder / "evidence.json"), *arguments, "--keys", str(file))
    assert done.returncode == 4
    assert "[key_compromised]" in done.stderr
    rendered = credence(
        *("evidence", "render", str(town.folder / "evidence.json"), str(town.folder / "no.html"), *arguments),
        *("--keys", str(file)),
    )
    assert (rendered.returncode, (town.folder / "no.html").exists()) == (4, False)


def test_a_department_that_is_merged_into_another_or_suspended_is_told(stages):
    town, found = stages
    members = {member.name: member.id for member in town.ledger.members()}
    tax, regulator = members["Demo tax bureau"], members["Demo market regulation bureau"]
    earlier = found["key lost before"].changes
    try:
        town.govern("setSuccessor", tax, regulator)
        town.govern("suspend", tax)
        told = town.look("merged").changes
    finally:
        town.govern("reactivate", tax)
    assert told - earlier == {ChangeKind.MEMBER_SUCCEEDED, ChangeKind.MEMBER_SUSPENDED}


def test_an_earlier_statement_of_keys_does_not_know_of_later_marks(stages):
    town, found = stages
    assert examine(town.evidence, town.trust, later=[found["key lost after"].keys]).failed is None


def test_h9_no_new_answer_rests_on_a_key_that_was_lost(stages):
    town, _ = stages
    consent = town.place.grant(QUESTIONS[0], firm=town.firm)
    assert town.place.ask(consent, QUESTIONS[0]) == [("cannot_tell", "key_compromised")]


def test_a6_a_node_that_is_down_leaves_open_what_has_changed(stages):
    town, _ = stages
    evidence, trust = str(town.folder / "evidence.json"), str(town.folder / "trust.json")
    done = credence("evidence", "verify", evidence, "--trust", trust, "--now", "http://127.0.0.1:9", "--json")
    told = printed(done)
    assert (done.returncode, told["valid"], told["since"]["reason"]) == (3, True, "ledger_unavailable")


def test_a6_a_node_of_another_chain_or_that_is_behind_tells_nothing(stages, place):
    town, _ = stages
    bundle = examine(town.evidence, town.trust).require().bundle
    with pytest.raises(ChainError) as other:
        read_changes(bundle, town.trust, place.served.node()["url"])
    assert other.value.reason == "ledger_wrong_chain"
    header = bundle.block.header
    late = replace(header, fields=(*header.fields[:8], (10**6).to_bytes(3, "big"), *header.fields[9:]))
    with pytest.raises(ChainError) as behind:
        read_changes(replace(bundle, block=replace(bundle.block, header=late)), town.trust, town.url)
    assert behind.value.reason == "ledger_unavailable"


def test_h6_a_node_whose_newest_block_others_sealed_tells_nothing(stages):
    town, _ = stages
    bundle = examine(town.evidence, town.trust).require().bundle
    then = bundle.block.header.number
    others = in_era(town.trust, sets=(*town.trust.current.sets, SealerSet(then + 1, (b"\x01" * 20,))))
    with pytest.raises(VerificationError) as refused:
        read_changes(bundle, others, town.url)
    assert refused.value.reason == "seal_by_outsider"


def test_the_firm_has_its_credit_code_in_the_evidence_only(stages):
    town, found = stages
    code = credit_code(town.firm.number, SEED)
    assert code.encode() in town.evidence
    assert code.encode() not in found["nothing"].keys.encode()
    assert one_form(QUESTIONS[0]).encode() in town.evidence
