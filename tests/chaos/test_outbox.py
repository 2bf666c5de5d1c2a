"""A process is killed at every step of sending: what it kept is mined once after the restart, what it did not never."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.storage.database import open_store
from api.storage.outbox import StoredOutbox
from ledger_node.chain.deployment import Founder, FounderKey, deploy
from ledger_node.chain.port import Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.node.embedded import Engine
from ledger_node.randomness import random_bytes
from tests.kit.chain import COMMITMENT, registration
from tests.kit.node import CHAIN_ID, SEALER_KEY, NodeProcess, genesis

GOVERNOR, RELAYER = b"\x01" * 32, b"\x02" * 32
ADDRESS = address_of(RELAYER)
GAS = 400_000
ROOT = Path(__file__).parents[2]
NOTHING_KEPT = ("accepted", "signed")
"""Steps at which a kill leaves nothing behind."""
KEPT = ("queued", "sent", "mined", "answered", "noted")
"""Steps from which the restart goes on."""

PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from api.storage.database import open_store
from api.storage.outbox import StoredOutbox
from ledger_node.chain.pending_transaction import PendingTransactions, TransactionSigner
from ledger_node.chain.outbox import TransactionDraft
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender

task = json.loads(sys.stdin.readline())

def at(step):
    if step == task["die_at"]:
        os.kill(os.getpid(), signal.SIGKILL)

def hooked(kind, name, before=None, after=None):
    true = getattr(kind, name)
    def call(self, *args, **kwargs):
        if before:
            before(*args)
        answer = true(self, *args, **kwargs)
        if after:
            after(*args)
        return answer
    setattr(kind, name, call)

def when_sending(step):
    return lambda calls: at(step) if any(call[0] == "eth_sendRawTransaction" for call in calls) else None

hooked(TransactionSigner, "sign", after=lambda *_: at("signed"))
hooked(Rpc, "outcomes", before=when_sending("queued"), after=when_sending("sent"))
hooked(PendingTransactions, "remove", before=lambda *_: at("mined"))
store = open_store(Path(task["store"]))
sender = Sender(Rpc(task["url"]), task["chain_id"], bytes.fromhex(task["key"]), store=StoredOutbox(store))
sender.finish()
account = sender.accounts[0]
to, calls = bytes.fromhex(task["to"]), map(bytes.fromhex, task["calls"])
pending = [account.transactions.add(TransactionDraft(to, data, task["gas"])) for data in calls]
at("accepted")
account.wait(pending[-1])
at("answered")
sender.push()
at("noted")
store.dispose()
"""


class Place:
    """A node with the contracts, and a store; its sending process comes and goes."""

    def __init__(self, folder):
        self.store = folder / "store.sqlite3"
        chain = folder / "chain.sqlite"
        Engine.create(chain, genesis(), SEALER_KEY).close()
        self.node = NodeProcess(chain)
        self.rpc = Rpc(self.node.url)
        founder = Founder(b"\x0e" * 32, "Relayer", Role.RELAYER | Role.REGISTRAR, (FounderKey(ADDRESS, EVERY_PURPOSE),))
        self.book = deploy(self.rpc, Sender(self.rpc, CHAIN_ID, GOVERNOR), [founder], [], {})

    def die(self, calls, step):
        """Send from a process that finishes what was left, sends ``calls``, and is killed at ``step``."""
        task = {
            "url": self.node.url,
            "store": str(self.store),
            "chain_id": CHAIN_ID,
            "key": RELAYER.hex(),
            "to": self.book.contracts["SubjectRegistry"].hex(),
            "gas": GAS,
            "calls": [call.hex() for call in calls],
            "die_at": step,
        }
        command = [sys.executable, "-W", "error", "-c", PROGRAM]
        body = json.dumps(task).encode() + b"\n"
        done = subprocess.run(command, input=body, capture_output=True, cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    def restart(self, calls=()):
        """Finish what was left, and send ``calls``."""
        store = open_store(self.store)
        sender = Sender(self.rpc, CHAIN_ID, RELAYER, store=StoredOutbox(store))
        sender.finish()
        for call in calls:
            sender.send(self.book.contracts["SubjectRegistry"], call, gas=GAS)
        sender.push()
        store.dispose()

    def count(self, salt):
        """How many entries of controllers the subject of this salt has."""
        ledger = Web3Ledger(self.book, self.rpc)
        (subject,) = ledger._read("SubjectRegistry", "subjectIdOf", b"\x0e" * 32, COMMITMENT, salt)
        return ledger._read("SubjectRegistry", "count", subject)[0]

    @property
    def nonce(self):
        return int(self.rpc.request("eth_getTransactionCount", to_hex(ADDRESS), "latest"), 16)

    def waiting(self):
        store = open_store(self.store)
        entries = StoredOutbox(store).pending(ADDRESS)
        store.dispose()
        return entries


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("outbox"))
    yield made
    made.node.end()


def registrations(subjects):
    return [registration(salt) for salt in subjects]


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("step", [*NOTHING_KEPT, *KEPT])
def test_n1_killed_at_any_step_of_sending_a_transaction_is_mined_once_or_was_never_kept(place, step):
    subjects = [random_bytes(32) for _ in range(3)]
    calls = registrations(subjects)
    before = place.nonce
    place.die(calls, step)
    place.restart()
    kept = step in KEPT
    assert [place.count(subject) for subject in subjects] == [int(kept)] * 3
    assert place.nonce == before + 3 * kept
    assert place.waiting() == []
    if not kept:
        # whoever was not told that it happened asks again, and it happens once as in a run that nobody killed
        place.restart(calls)
        assert [place.count(subject) for subject in subjects] == [1] * 3
        assert place.nonce == before + 3


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("second", ["queued", "sent", "mined"])
def test_n1_killed_again_while_it_finishes_it_still_sends_nothing_twice(place, second):
    subject, more = random_bytes(32), random_bytes(32)
    before = place.nonce
    place.die(registrations([subject]), "queued")
    place.die(registrations([more]), second)
    place.restart()
    assert place.count(subject) == 1
    assert place.nonce == before + place.count(subject) + place.count(more)
    assert place.waiting() == []
