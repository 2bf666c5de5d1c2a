"""docs/operating.md, "At night": a stranger with the four files runs exactly what is written there, and it is well."""

import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from api.backup.restore import next_generation
from api.catalogue.synthetic import credit_code
from api.home.home import Home
from api.home.settings import environment_of_child
from api.vault.key_copy import MAC_LABEL, read_key_copy
from ledger_node.chain.port import Role
from ledger_node.domain.batch import ACCESS_LOG
from tests.kit.backup import GOOD, Life
from tests.kit.chaos.place import PATIENCE_S
from tests.kit.served import SEED

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
NIGHT = PAGE.partition("## At night")[2].partition("\n## ")[0]
# each step of the list has its blocks, as deep as the list
BLOCKS = re.findall(r"^ {3}```(sh night[a-z-]*|text)\n(.*?)^ {3}```$", NIGHT, re.MULTILINE | re.DOTALL)
# the stranger does not stay: what was started ends with the script
LEAVE = "trap 'kill $! 2> /dev/null; wait' EXIT\n"


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    made = Life(tmp_path_factory.mktemp("night"))
    yield made
    made.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_d2_what_the_page_says_for_the_night_brings_a_killed_instance_back_and_what_is_erased_stays_so(life):
    place, safe = life.place, life.folder / "safe"
    consent = place.grant(GOOD)
    victim = place.new_taxpayer()
    of_victim = place.grant(GOOD, firm=victim)
    backup = life.backup("20261126T0100Z.age")
    late = place.new_taxpayer()
    place.grant(GOOD, firm=late)
    place.tax.post("/v1/erasures", {"credit_code": credit_code(victim.number, SEED)})
    wait_for_an_interval(place)
    life.kill()
    safe.mkdir()
    for file in (life.identity, life.passphrase):
        shutil.move(file, safe / file.name)
    lost = place.home.path.rename(life.folder / "lost")
    places = {
        "BACKUP": backup,
        "KEYS": life.copy,
        "IDENTITY": safe / "identity",
        "PASSPHRASE": safe / "passphrase",
        "CHAIN": lost / "chain.sqlite3",
        "FOLDER": life.folder / "back",
        "PORT": free_port(),
        "RECIPIENT": life.recipient,
        "BANK": "demo-bank",
        "CONSENT": consent,
        "QUESTION": GOOD,
    }
    assert re.findall(r"^([A-Z]+)=", blocks("sh night-places"), re.MULTILINE) == list(places)
    script = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in places.items())
    script += blocks("sh night")
    # and that which is not in the page: a question about the firm that was erased
    script += f'credence verify "$QUESTION" --consent {of_victim} --as "$BANK" --home "$FOLDER" || echo "code $?"\n'
    environment = environment_of_child(None, None)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", "-c", LEAVE + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=200,
        env=environment,
    )
    assert done.returncode == 0, done.stdout
    assert "cannot_tell    tax_payment.paid_amount >= 1000000 CNY during 2025  erased: " in done.stdout
    assert done.stdout.rstrip().endswith("code 3")
    said = plain(done.stdout)
    for line in shown():
        assert plain(line) in said, (line, done.stdout)
    assert (life.folder / "back-first.age").is_file()
    # the copy of the keys is that of the restored instance now
    copied = read_key_copy(life.copy, Home(places["FOLDER"]).derived_key(MAC_LABEL))
    assert copied.version >= next_generation(0)


def wait_for_an_interval(place):
    """Wait until one more interval of the access log is anchored, as the page shows one that is lost."""
    (keeper,) = (member.id for member in place.home.members() if Role.RELAYER in member.roles)
    before = place.ledger.stream_head(keeper, ACCESS_LOG).number
    deadline = time.monotonic() + PATIENCE_S
    while place.ledger.stream_head(keeper, ACCESS_LOG).number == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def blocks(kind):
    """Return all blocks of a kind, one after the other."""
    return "".join(dedent(block) for of, block in BLOCKS if of == kind)


def shown():
    """Return the lines that the page shows as the output of the steps."""
    return blocks("text").splitlines()


def plain(text):
    """Return text without what differs from run to run: numbers, places, and how lines are broken."""
    text = re.sub(r"\S*/\S*", "PATH", text)
    text = re.sub(r"\d[\d:.-]*", "0", text)
    return re.sub(r"\s+", " ", text)
