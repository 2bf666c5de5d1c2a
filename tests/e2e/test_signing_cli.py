"""Two of a firm at two machines, on the command line: exported by one, signed by each, sent with both signatures."""

import json
import subprocess

import pytest
from typer.testing import CliRunner

from api.catalogue.synthetic import credit_code
from api.cli.main import app
from api.client.unsigned_act import read_unsigned_act
from ledger_node.domain.canonical import decode
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.subject import keys_to_json, signature_to_json
from tests.kit.command import printed
from tests.kit.served import SEED, one_form
from tests.kit.subject import new_phone

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")


class Machine:
    """A folder of somebody's own, which no server knows."""

    def __init__(self, path):
        self.path = path

    def credence(self, *arguments):
        """Run a command that needs no network; in this process, as starting one takes a second."""
        done = CliRunner().invoke(app, [*map(str, arguments), "--home", str(self.path)])
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def new_key(self, name):
        made = self.credence("key", "new", name)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def sign(self, draft, name):
        """Sign and return the file of the signature."""
        out = self.path / f"{draft.stem}-{name}.json"
        done = self.credence("sign", draft, "--key", name, "--out", out, "--yes")
        assert done.returncode == 0, done.stderr
        return out


@pytest.fixture(scope="module")
def alice(tmp_path_factory):
    return Machine(tmp_path_factory.mktemp("alice") / "folder")


@pytest.fixture(scope="module")
def bob(tmp_path_factory):
    return Machine(tmp_path_factory.mktemp("bob") / "folder")


def register(place, name, controllers, threshold):
    firm = place.fresh()
    assert place.attest("tax_payment", [(firm, {})])["issued"] == 1
    options = [part for controller in controllers for part in ("--controller", str(controller))]
    made = place.credence(
        "subject", "register", "--name", name, "--code", credit_code(firm, SEED), *options,
        "--threshold", str(threshold), "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return printed(made)["subject"]


@pytest.fixture(scope="module")
def pair(place, alice, bob, tmp_path_factory):
    """The name of a firm for which Alice and Bob sign together, and which signs in with a key that Alice signed for."""
    register(place, "pair", [alice.new_key("alice"), bob.new_key("bob")], 2)
    publish(place, "pair", alice, "alice", tmp_path_factory.mktemp("pair") / "keys.json")
    return "pair"


def publish(place, name, machine, key, draft):
    """Have a controller at another machine sign for a sign-in key of this one."""
    unsigned = place.credence("sign-in", "rotate", "--as", name, "--export", str(draft))
    assert unsigned.returncode == 0, unsigned.stderr
    done = place.credence("submit", str(draft), "--signature", str(machine.sign(draft, key)))
    assert done.returncode == 0, done.stderr


def export(place, tmp_path, *command):
    """Let somebody export an act and return its file."""
    draft = tmp_path / f"{command[1]}.json"
    done = place.credence(*command, "--export", str(draft))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "not signed yet" in done.stderr
    return draft


def export_grant(place, tmp_path, name):
    """Let a firm export what it grants of its own accord, with a key that the bank printed for it."""
    key = place.credence("consent", "spend-key", "--as", "demo-bank").stdout.strip()
    wanted = ("--question", GOOD, "--bank", "Demo bank", "--spend-key", key)
    return export(place, tmp_path, "consent", "grant", *wanted, "--as", name)


def submit(place, draft, *signatures, name="pair"):
    options = [part for signature in signatures for part in ("--signature", str(signature))]
    return place.credence("submit", str(draft), *options, "--as", name)


def test_two_at_two_machines_grant_pause_and_withdraw_together(place, pair, alice, bob, tmp_path):
    draft = export_grant(place, tmp_path, pair)
    first, second = alice.sign(draft, "alice"), bob.sign(draft, "bob")
    one = submit(place, draft, first)
    assert (one.returncode, one.stdout) == (5, "")
    assert "threshold_not_met" in one.stderr
    twice = submit(place, draft, first, first)
    assert "signer_repeated" in twice.stderr
    both = submit(place, draft, first, second)
    assert both.returncode == 0, both.stderr
    consent = both.stdout.strip()
    assert place.ask(consent, GOOD) == [("holds", None)]

    draft = export(place, tmp_path, "consent", "pause", consent, "--as", pair)
    other = submit(place, draft, first, second)
    assert (other.returncode, "challenge_mismatch" in other.stderr) == (4, True)
    assert submit(place, draft, alice.sign(draft, "alice"), bob.sign(draft, "bob")).returncode == 0
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_paused")]

    draft = export(place, tmp_path, "consent", "withdraw", consent, "--as", pair)
    assert submit(place, draft, bob.sign(draft, "bob"), alice.sign(draft, "alice")).returncode == 0
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_two_at_two_machines_accept_a_request_together(place, pair, alice, bob, tmp_path):
    subject = place.home.credentials()[pair]["id"]
    asked = place.credence("consent", "ask", "--subject", subject, "--question", GOOD, "--as", "demo-bank")
    assert asked.returncode == 0, asked.stderr
    request = asked.stdout.strip()
    draft = export(place, tmp_path, "consent", "accept", request, "--as", pair)
    done = submit(place, draft, alice.sign(draft, "alice"), bob.sign(draft, "bob"))
    assert done.returncode == 0, done.stderr
    states = {held["id"]: held["state"] for held in place.bank.get("/v1/consent-requests")["requests"]}
    assert states[request] == "granted"
    assert place.ask(done.stdout.strip(), GOOD) == [("holds", None)]


def test_two_at_two_machines_refuse_a_request_together(place, pair, alice, bob, tmp_path):
    subject = place.home.credentials()[pair]["id"]
    asked = place.credence("consent", "ask", "--subject", subject, "--question", GOOD, "--as", "demo-bank")
    assert asked.returncode == 0, asked.stderr
    request = asked.stdout.strip()
    draft = export(place, tmp_path, "consent", "refuse", request, "--as", pair)
    assert submit(place, draft, alice.sign(draft, "alice"), bob.sign(draft, "bob")).returncode == 0
    states = {held["id"]: held["state"] for held in place.bank.get("/v1/consent-requests")["requests"]}
    assert states[request] == "refused"


def test_whoever_signs_sees_what_is_signed_and_nothing_else_is(place, pair, bob, tmp_path):
    draft = export_grant(place, tmp_path, pair)
    shown = bob.credence("sign", draft, "--key", "bob", "--yes")
    assert "2025 年实缴税额是否不少于 100 万元？" in shown.stderr
    assert set(printed(shown)) == {"digest", "signature"}
    content = json.loads(draft.read_text("utf-8"))
    assert read_unsigned_act(content).digest == bytes.fromhex(printed(shown)["digest"][2:])
    more = {**content, "bounds": {**content["bounds"], "max_uses": 2}}
    draft.write_text(json.dumps(more), "utf-8")
    spoilt = bob.credence("sign", draft, "--key", "bob", "--yes")
    assert (spoilt.returncode, spoilt.stdout) == (4, "")
    assert "consent_text_differs" in spoilt.stderr


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("nonsense", "json_malformed"),
        ("[]", "type_wrong"),
        ('{"act": "grant"}', "field_missing"),
        ('{"act": "dance", "domain": {"chain_id": 1, "contract": "0x' + "11" * 20 + '"}}', "request_invalid"),
    ],
)
@pytest.mark.usefixtures("pair")
def test_what_is_no_draft_is_not_signed(bob, tmp_path, content, word):
    draft = tmp_path / "draft.json"
    draft.write_text(content, "utf-8")
    done = bob.credence("sign", draft, "--key", "bob", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("pair")
def test_a_key_is_made_once_and_its_address_shown_again(alice):
    again = alice.credence("key", "new", "alice")
    assert (again.returncode, again.stdout) == (2, "")
    assert alice.credence("key", "address", "alice").stdout.startswith("0x")
    assert alice.credence("key", "address", "nobody").returncode == 2


def test_a_passkey_and_a_key_sign_an_exported_grant(place, tmp_path):
    phone = new_phone()
    (tmp_path / "phone.json").write_text(json.dumps(keys_to_json([phone.controller])[0]), "utf-8")
    assert place.credence("key", "new", "clerk").returncode == 0
    register(place, "mixed", [tmp_path / "phone.json", "clerk"], 2)
    draft = export_grant(place, tmp_path, "mixed")
    digest = read_unsigned_act(decode(draft.read_bytes())).digest
    assertion = tmp_path / "assertion.json"
    assertion.write_text(
        json.dumps({"digest": to_hex(digest), "signature": signature_to_json(phone.sign(digest))}), "utf-8"
    )
    done = place.credence("submit", str(draft), "--signature", str(assertion), "--key", "clerk", "--as", "mixed")
    assert done.returncode == 0, done.stderr
    assert place.ask(done.stdout.strip(), GOOD) == [("holds", None)]


def test_registering_again_under_a_name_keeps_its_key(place):
    firm = place.fresh()
    arguments = ("subject", "register", "--name", "again", "--code", credit_code(firm, SEED), "--json")
    first = place.credence(*arguments)
    key = place.home.read_key("again")
    second = place.credence(*arguments)
    assert printed(first)["subject"] == printed(second)["subject"]
    assert place.home.read_key("again") == key
    unknown = place.credence(*arguments, "--controller", "no-such-key")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "credence key new" in unknown.stderr


def test_a_subject_is_shown_rotated_recovered_and_the_recovery_cancelled(ahead):
    # whoever signs at a machine whose clock is slow has as long as anybody else
    ahead.wait(72 * 3600)
    for name in ("old", "young", "late"):
        assert ahead.credence("key", "new", name).returncode == 0
    subject = register(ahead, "shop", ["old"], 1)
    rotated = ahead.credence(
        "subject",
        "rotate",
        "--controller",
        "old",
        "--controller",
        "young",
        "--as",
        "shop",
        "--key",
        "old",
        "--json",
    )
    assert printed(rotated)["entry"] == 1, rotated.stderr

    asked = ahead.credence("subject", "recover", "shop", "--controller", "late", "--json")
    assert printed(asked)["number"] == 1, asked.stderr
    shown = ahead.credence("subject", "show", "--as", "shop")
    assert shown.stdout.strip() == subject
    assert "RECOVERY 1 IS PENDING" in shown.stderr
    assert "by rotation: 1 of 2 persons must sign" in shown.stderr
    cancelled = ahead.credence("subject", "cancel-recovery", "--as", "shop", "--key", "young", "--json")
    assert printed(cancelled)["state"] == "cancelled", cancelled.stderr
    nothing = ahead.credence("subject", "cancel-recovery", "--as", "shop", "--key", "young")
    assert (nothing.returncode, "recovery_not_pending" in nothing.stderr) == (5, True)

    ahead.credence("subject", "recover", "shop", "--controller", "late")
    called_off = ahead.credence("subject", "cancel-recovery", "shop", "--as", "market-regulator", "--json")
    assert printed(called_off)["number"] == 2, called_off.stderr

    ahead.credence("subject", "recover", subject, "--controller", "late")
    early = ahead.credence("subject", "complete-recovery", "shop")
    assert (early.returncode, "recovery_early" in early.stderr) == (5, True)
    # one was cancelled, so this one waits twice as long
    ahead.wait(144 * 3600)
    completed = ahead.credence("subject", "complete-recovery", "shop", "--json")
    assert completed.returncode == 0, completed.stderr
    # the key that was recovered to signs in under the subject's name
    seen = ahead.credence("subject", "show", "--as", "shop", "--json")
    history = printed(seen)["history"]
    assert [(entry["by"], entry["recovery"]) for entry in history] == [
        ("registration", None),
        ("rotation", None),
        ("recovery", 3),
    ]


def test_two_at_two_machines_rotate_together(place, pair, alice, bob, tmp_path):
    heir = bob.new_key("heir")
    draft = export(place, tmp_path, "subject", "rotate", "--controller", heir, "--as", pair)
    shown = alice.credence("sign", draft, "--key", "alice", "--yes")
    assert heir in shown.stderr
    assert submit(place, draft, bob.sign(draft, "bob")).returncode == 5
    done = submit(place, draft, alice.sign(draft, "alice"), bob.sign(draft, "bob"))
    assert done.returncode == 0, done.stderr
    # whoever Alice signed for is signed in no longer, and whoever the heir signs for is
    assert "client_unknown" in place.credence("subject", "show", "--as", pair).stderr
    publish(place, pair, bob, "heir", tmp_path / "keys.json")
    shown = place.credence("subject", "show", "--as", pair, "--json")
    assert printed(shown)["controllers"]["keys"] == [{"person": 1, "address": heir}]
