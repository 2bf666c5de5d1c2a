"""The browser works out a change of signers from its lines alone; every attack gives another digest."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from api.portal.firm.signers.view import hold_data, rotation_page
from api.portal.shell.static_file import FOLDER
from api.services.signer.rotation_draft import NamedController
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import CANCELLATION_STATEMENT, HOLD_STATEMENT, ROTATION_STATEMENT, Cancellation
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.rotation_text import KeyName, check_digits
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import Controller
from tests.kit.portal import new_phone

SCRIPT = Path(__file__).with_name("rotation_vectors.mjs")
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node, which only tests and builds use")


def run(*cases):
    """Return what rotation.js answers to calls of its functions."""
    asked = [{"kind": kind, "arguments": arguments} for kind, *arguments in cases]
    done = subprocess.run(
        [NODE, str(SCRIPT), str(FOLDER / "js")], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture(params=list(Language), ids=[language.value for language in Language])
def draft(request, instance):
    """A change to two persons with a phone, a computer and a key of a program."""
    shop = instance.new_shop()
    keys = [shop.phones[0].passkey, new_phone().passkey, address_of(b"k" * 32), new_phone().passkey]
    names = [KeyName(f"王小{number}", "phone") for number in range(len(keys))]
    wanted = [
        NamedController(Controller(person, key), name)
        for person, key, name in zip((1, 1, 2, 12), keys, names, strict=True)
    ]
    call = instance.rotation_drafts.start
    return call(shop.subject, wanted, 2, {keys[0]: names[0]}, request.param, now=instance.now())


def asked(instance, draft, change=None, lines=None):
    """Return a call of the script for what a page holds, or what somebody made of it."""
    data = rotation_page(draft, instance.ledger.subject_domain, 1, []).data
    texts = [line.text for line in draft.lines]
    return "rotationDigest", texts if lines is None else lines, data["change"] | (change or {}), data["domain"]


def test_no_line_or_key_can_be_another_one(instance, draft):
    texts, keys = [line.text for line in draft.lines], asked(instance, draft)[2]["keys"]
    digits = check_digits(new_phone().passkey)
    other = to_hex(new_phone().passkey.encoded)
    changed = [
        [*texts[:at], text.replace("1", "7", 1), *texts[at + 1 :]] for at, text in enumerate(texts) if "1" in text
    ]
    attacks = [
        *(asked(instance, draft, lines=lines) for lines in changed),
        *(asked(instance, draft, lines=[*texts[:at], *texts[at + 1 :]]) for at in range(len(texts))),
        asked(instance, draft, lines=[texts[0], texts[1], texts[3], texts[2], *texts[4:]]),
        asked(instance, draft, lines=[*texts, texts[2].replace(texts[2][-25:-8], digits)]),
        asked(instance, draft, {"keys": [other, *keys[1:]]}),
        asked(instance, draft, {"salt": "0x" + "01" * 32}),
        asked(instance, draft, {"entry": 2}),
        asked(instance, draft, {"subject": "0x" + "01" * 32}),
    ]
    answers = run(*attacks)
    assert draft.digest.hex() not in answers
    assert len(answers) > len(texts)


def test_more_keys_than_lines_change_nothing_of_what_is_signed(instance, draft):
    keys = asked(instance, draft)[2]["keys"]
    more = [to_hex(new_phone().passkey.encoded), *reversed(keys)]
    assert run(asked(instance, draft), asked(instance, draft, {"keys": more})) == [draft.digest.hex()] * 2


def test_digits_and_statements_are_those_of_the_domain():
    phone, address = new_phone().passkey, address_of(b"k" * 32)
    digits = run(("checkDigits", to_hex(phone.encoded)), ("checkDigits", to_hex(b"\1" + address)))
    assert digits == [check_digits(phone), check_digits(address)]
    script = (FOLDER / "js" / "rotation.js").read_text("utf-8")
    for statement in (ROTATION_STATEMENT, CANCELLATION_STATEMENT, HOLD_STATEMENT):
        assert f'"{statement}"' in script


def test_cancelling_and_holding_are_those_of_the_domain(instance):
    shop, domain = instance.new_shop(), instance.ledger.subject_domain
    made = Cancellation(shop.subject, 3, b"c" * 32, 1_800_000_000)
    recovery = {
        "subject": to_hex(made.subject),
        "number": made.number,
        "commitment": to_hex(made.commitment),
        "deadline": made.deadline,
    }
    hold, digest = instance.alarms.next_hold(shop.subject, 1_800_000_000)
    data = hold_data(hold, digest, domain, [])
    cases = ("cancellationDigest", recovery, data["domain"]), ("holdDigest", data["hold"], data["domain"])
    assert run(*cases) == [made.digest(domain).hex(), digest.hex()]
