"""An instance that is killed and started again, and the people who go on using it meanwhile."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError, Client
from api.client.credential import credential_named
from api.client.unsigned_act import unsigned_rotation
from api.home.home import Home
from api.home.settings import environment_of_child
from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.postgres import usual_database
from tests.kit.served import ROWS, SEED, Place, one_form, write_rows

COMMAND = (sys.executable, "-m", "api.cli.main")
QUESTION = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")
PATIENCE_S = 600
"""Only what hangs is given up: a start takes ten times as long on a machine that others work on."""
ROWS_A_FILE = 6


class Instance:
    """``credence serve`` on one folder, through many lives. Duck-typed as ``InstanceProcess``."""

    def __init__(self, folder):
        self.home = Home(folder)
        self.database_url, self.keys_url = usual_database(), usual_database()
        self._environment = environment_of_child(self.database_url, self.keys_url)
        init = [*COMMAND, "init", "--home", str(folder)]
        subprocess.run(init, check=True, capture_output=True, env=self._environment)
        self.url = ""
        self._child = None
        self.start()

    def start(self):
        """Start the API; a node of the last life may still be letting go of the chain."""
        deadline = time.monotonic() + PATIENCE_S
        line = b""
        while not line:
            assert time.monotonic() < deadline, self.words()
            with (self.home.path / "serve.log").open("ab") as log:
                command = [*COMMAND, "serve", "--home", str(self.home.path), "--port", "0", "--json"]
                command += ["--processes", "1", "--stop-with-parent", "--access-interval", "1"]
                command += ["--insecure-local-webhooks"]
                self._child = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self._environment
                )
            line = self._child.stdout.readline()
            if not line:
                self._reap()
        self.url = json.loads(line)["url"]
        self.wait_ready()

    def words(self):
        return (self.home.path / "serve.log").read_text("utf-8", "replace")[-2000:]

    def client(self, name):
        return Client(self.url, credential_named(self.home, name))

    def node(self):
        return json.loads(self.home.node_file.read_text("utf-8"))

    def wait_ready(self):
        client = Client(self.url)
        deadline = time.monotonic() + PATIENCE_S
        try:
            while True:
                try:
                    client.get("/readyz")
                except CredenceError:
                    assert time.monotonic() < deadline, self.words()
                    time.sleep(0.05)
                else:
                    return
        finally:
            client.close()

    def children(self):
        """Return the API's child processes: the node, or one that is just starting."""
        pids = []
        for task in Path(f"/proc/{self._child.pid}/task").glob("*/children"):
            with suppress(OSError):
                pids += [int(pid) for pid in task.read_text("ascii").split()]
        return pids

    def kill_node(self):
        """Kill the node, ready or still starting; return whether there was one."""
        pids = self.children()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def kill_api(self, *, node_first):
        """Kill the API, and its node with it or a moment before the node ends by itself."""
        pids = self.children() if node_first else []
        for pid in [*pids, self._child.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._reap()

    def stop(self):
        self._child.terminate()
        self._reap()

    def _reap(self):
        self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()


class People:
    """Uploads, grants, verifications, withdrawals and rotations without end; what was acknowledged is written down."""

    def __init__(self, place, seed):
        self.place = place
        self.jobs = {}  # acknowledged job -> firms in the order of its lines
        self.granted = {}  # acknowledged consent -> (terms, secret)
        self.uses = {}  # consent -> acknowledged use ids
        self.withdrawn = set()
        self.firm = place.register(place.fresh())
        self.rotated = []  # acknowledged commitments of this firm's controllers, in their order
        self.faults = []  # answers that nobody should ever get
        self._seed = seed
        self._firms = iter(range(100, 10**6))
        self._pause = threading.Event()
        self._stop = threading.Event()
        self._idle = threading.Barrier(6)
        self._threads = [
            threading.Thread(target=self._run, args=(number, step), daemon=True)
            for number, step in enumerate((self._upload, self._grant, self._verify, self._withdraw, self._rotate))
        ]
        for thread in self._threads:
            thread.start()

    def acknowledged(self):
        """Return how often each of them was told that it is done."""
        uses = sum(map(len, list(self.uses.values())))
        return len(self.jobs), len(self.granted), uses, len(self.withdrawn), len(self.rotated)

    def pause(self):
        """Wait until nobody does anything."""
        self._pause.set()
        self._idle.wait(PATIENCE_S)

    def resume(self):
        self._pause.clear()
        self._idle.wait(PATIENCE_S)

    def end(self):
        """Let paused people go home."""
        self._stop.set()
        self.resume()
        for thread in self._threads:
            thread.join()

    def _run(self, number, step):
        chance = random.Random(f"{self._seed} {number}")
        pending = {}
        while not self._stop.is_set():
            if self._pause.is_set():
                self._idle.wait(PATIENCE_S)
                self._idle.wait(PATIENCE_S)
                continue
            try:
                step(chance, pending)
            except ApiError as error:
                if error.status >= 500 and error.status != 503:
                    self.faults.append(f"{step.__name__}: {error.status} {error.message}")
                time.sleep(0.02)
            except ChainError:
                time.sleep(0.05)
            except Exception as error:  # noqa: BLE001 - a broken test must say so
                self.faults.append(f"{step.__name__}: {error!r}")
                return

    def _as(self, name):
        return self.place.served.client(name)

    def _upload(self, chance, _):
        firms = [next(self._firms) for _ in range(ROWS_A_FILE)]
        rows = [(firm, {"实缴税额（元）": f"{1_000_000 + firm}.00"}) for firm in firms]
        file = write_rows(self.place.folder / "chaos.csv", "tax_payment", rows)
        client = self._as("tax-bureau")
        try:
            self.jobs[client.upload(file, "tax_payment")] = firms
        finally:
            client.close()
        time.sleep(chance.uniform(0, 0.2))

    def _grant(self, chance, pending):
        if not pending:
            secret = random_bytes(32)
            pending["grant"] = (self.place.consent([QUESTION], secret=secret, uses=chance.choice([1, 3])), secret)
        terms, secret = pending["grant"]
        consent = to_hex(terms.digest(self.place.ledger.consent_domain))
        client = self._as("demo-bank")
        try:
            self.place.post_consent(terms, client=client)
        except ApiError as error:
            if error.reason != "consent_exists":
                raise
        finally:
            client.close()
        self.granted[consent] = (terms, secret)
        pending.clear()
        time.sleep(chance.uniform(0, 0.2))

    def _verify(self, chance, _):
        if not self.granted:
            time.sleep(0.02)
            return
        consent = chance.choice(list(self.granted)[-8:])
        client = self._as("demo-bank")
        try:
            answer = self.place.verify(consent, [QUESTION], client=client)
        finally:
            client.close()
        if answer["use"]:
            self.uses.setdefault(consent, []).append(answer["use"]["id"])
        (claim,) = answer["presentation"]["claims"]
        if (claim["verdict"], claim["reason"]) not in ANSWERS:
            self.faults.append(f"verify: {claim['verdict']} {claim['reason']}")

    def _withdraw(self, chance, pending):
        time.sleep(chance.uniform(0, 0.3))
        consent = pending.get("consent") or next(
            (consent for consent in list(self.granted)[::3] if consent not in self.withdrawn), None
        )
        if consent is None:
            return
        pending["consent"] = consent
        _, secret = self.granted[consent]
        client = self._as("demo-bank")
        try:
            client.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
        except ApiError as error:
            if error.reason != "consent_withdrawn":
                raise
        finally:
            client.close()
        self.withdrawn.add(consent)
        pending.clear()

    def _rotate(self, chance, pending):
        time.sleep(chance.uniform(0, 0.5))
        heir = pending.setdefault("heir", random_bytes(32))
        heirs = pending.setdefault("heirs", Controllers(each_person([address_of(heir)]), 1, random_bytes(32)))
        key = pending.setdefault("key", self.firm.keys[0])
        domain, entry = self.place.ledger.subject_domain, len(self.rotated) + 1
        draft = unsigned_rotation(domain, Rotation(self.firm.subject, entry, heirs, MAX_DEADLINE))
        client = self._as("demo-bank")
        try:
            draft.submit(client, [sign(draft.digest, key)])
        finally:
            client.close()
        self.rotated.append(heirs.commitment)
        pending.clear()
        pending["key"] = heir


ANSWERS = {("holds", None), ("cannot_tell", "consent_exhausted"), ("cannot_tell", "consent_withdrawn")}


def open_place(folder):
    """Return an instance with one shop, in its first life."""
    assert ROWS
    assert credit_code(0, SEED)
    return Place(folder, Instance(folder / "credence"))
