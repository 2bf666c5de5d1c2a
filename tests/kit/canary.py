"""Canaries: what tests plant in instances, noted where the search after the whole suite finds it.

Whatever a kit gives to an instance that must stay with somebody is noted in one file of the test session. The search
(tests/after) looks for all of it in what all tests left behind.
"""

import json
import re
import threading

REGISTER = "canaries.jsonl"
MONEY = re.compile(r"[0-9][0-9,]{5,}\.[0-9]{2}")
CODE = re.compile(r"[0-9A-Z]{18}")
_guard = threading.Lock()
_register = None


def open_register(folder):
    """Note canaries in this folder from now on."""
    global _register  # noqa: PLW0603 - one register a session
    _register = folder / REGISTER


def session_folder():
    """Return the folder of what kits note in this test session, or None outside of one."""
    return None if _register is None else _register.parent


def plant(kind, content):
    """Note a canary, text or bytes."""
    noted = {"hex": content.hex()} if isinstance(content, bytes) else {"text": content}
    if _register is not None:
        with _guard, _register.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **noted}) + "\n")


def plant_row(code, cells):
    """Note the credit code of a row, and the amounts that are long enough to stand nowhere by chance.

    Eighteen zeros are nobody's code, and stand wherever there is nothing.
    """
    if CODE.fullmatch(code) and len(set(code)) > 1:
        plant("a credit code", code)
    for cell in cells:
        for amount in MONEY.findall(str(cell)):
            plant("an amount", amount)
            plant("an amount", amount.replace(",", ""))


def read_register(path):
    """Yield (kind, text or bytes)."""
    for line in path.read_text("utf-8").splitlines():
        noted = json.loads(line)
        yield noted["kind"], bytes.fromhex(noted["hex"]) if "hex" in noted else noted["text"]
