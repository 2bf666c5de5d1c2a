"""How fast pages are, and how much they weigh, with many attestations and consents (portal.md, B20)."""

import re
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx

from api.catalogue.synthetic import credit_code
from api.client.asking import Asker, spend_seed
from api.client.client import Client
from api.lab.bench.inside import InsideInstance
from api.lab.bench.security_key import InsecureSoftwareKey
from api.lab.demo.actor import DEPARTMENTS, attest, export_of, grant, register
from api.lab.demo.story import BANK, BANK_SLUG, QUESTIONS
from api.services.session.session import SessionHolder, Sessions
from api.services.staff.person import StaffMember
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from ledger_node import clock
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.signature import sign
from ledger_node.domain.staff_release import StaffAct, new_staff_document

_COOKIE: Final = "__Host-credence"
_ROUNDS: Final = 30
_CALLERS: Final = 8
_FIRMS: Final = 20
_SCRIPT: Final = re.compile(r'<script[^>]* src="([^"]+)"')
_STYLE: Final = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
_ICON: Final = re.compile(r'<link rel="icon" href="([^"]+)"')
_IMPORT: Final = re.compile(rb'from "\./([^"]+)"')


def portal(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Measure the pages of a bank's officer, each from asking to its last byte, over HTTP on this machine."""
    attestations, consents = (600, 60) if quick else (10_002, 1_000)
    with InsideInstance(folder) as served:
        bench = _Bench(served, folder.parent)
        bench.attest(attestations // len(DEPARTMENTS))
        say(f"{attestations} attestations")
        held = bench.grant(consents)
        say(f"{len(held)} consents of one bank")
        use = bench.check(held[0])
        bench.sign_in()
        pages = {
            "requests": "/bank/requests",
            "consents": "/bank/consents",
            "consent": f"/bank/consents/{held[0]}",
            "answer": f"/bank/answers/{use}",
            "portfolio": "/bank/portfolio",
            "changes": "/bank/changes",
            "new": "/bank/new",
        }
        times: list[float] = []
        figures: dict[str, float] = {"attestations": attestations, "consents": len(held)}
        for name, path in pages.items():
            taken = bench.times(path)
            times += taken
            figures[f"{name}_p50_ms"] = round(statistics.median(taken), 1)
            weight, requests = bench.weigh(path)
            figures[f"{name}_cold_kb"] = round(weight / 1024, 1)
            figures[f"{name}_requests"] = requests
            say(f"{path[:24]:24} {statistics.median(taken):6.1f} ms  {weight / 1024:5.1f} KB in {requests} requests")
        bench.close()
    return figures | {
        "pages_p50_ms": round(statistics.median(times), 1),
        "pages_p95_ms": round(statistics.quantiles(times, n=20)[18], 1),
    }


class _Bench:
    """A bank with an officer, and many consents of some firms."""

    def __init__(self, served: InsideInstance, folder: Path) -> None:
        self._served, self._folder, self._instance = served, folder, served.instance
        self._http = httpx.Client(base_url=f"http://localhost:{served.port}", trust_env=False, timeout=60)
        self._seed = spend_seed(served.home, BANK_SLUG)
        bank = served.client(BANK_SLUG)
        self._bank = from_hex(bank.get("/v1/me")["id"], "bank")
        bank.close()
        self._instance.spend_seeds.hand_over(self._bank, self._seed)

    def attest(self, rows: int) -> None:
        """Have each department attest to so many firms."""
        for schema, department in DEPARTMENTS.items():
            attest(self._served.client(department), export_of(self._folder, schema, rows, 1), schema, lambda _: None)

    def grant(self, count: int) -> list[str]:
        """Let firms grant so many consents, and return their ids."""
        registrar = self._served.client("market-regulator")
        for number in range(_FIRMS):
            register(registrar, self._served.home, f"firm-{number}", credit_code(number, 1))
        clients = [self._served.client(f"firm-{number}") for number in range(_FIRMS)]
        with ThreadPoolExecutor(_CALLERS) as callers:
            return list(callers.map(lambda number: self._granted(clients[number % _FIRMS], number), range(count)))

    def _granted(self, client: Client, number: int) -> str:
        firm = f"firm-{number % _FIRMS}"
        key = self._served.home.read_key(firm)
        consent, _ = grant(client, key, BANK, QUESTIONS, seed=self._seed, days=1 + number % 31)
        return consent

    def check(self, consent: str) -> str:
        """Check once under a consent, and return the use."""
        client = self._served.client(BANK_SLUG)
        answer = Asker(client, self._seed, consent).ask(list(QUESTIONS))
        client.close()
        return str(answer["use"]["id"])

    def sign_in(self) -> None:
        """Hire an officer, and begin a session of that person."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            key = InsecureSoftwareKey("localhost", f"http://localhost:{self._served.port}")
        person = self._hire(key)
        holder = SessionHolder(Kind.BANK, self._bank, person.id, key.credential, BANK)
        with self._instance.store.begin() as connection:
            value = Sessions.start(connection, holder, now=clock.now())
        self._http.headers["Cookie"] = f"{_COOKIE}={value}"
        self._http.headers["Accept"] = "text/html"

    def _hire(self, key: InsecureSoftwareKey) -> StaffMember:
        roles, now = frozenset({StaffRole.OFFICER}), clock.now()
        draft = self._instance.releases.draft(self._bank, StaffAct.ADD_STAFF, new_staff_document("Officer", roles))
        signature = sign(self._instance.releases.digest(draft), self._served.home.read_key(BANK_SLUG))
        invited = self._instance.roster.invite_by_member(
            self._bank, "Officer", roles, number=draft.number, signature=signature, now=now
        )
        return self._instance.roster.enrol(invited.code, key.credential, key.passkey, is_synced=False)

    def times(self, path: str) -> Sequence[float]:
        """Return milliseconds of some rounds; the first one, which fills memories, is among them."""
        taken = []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            self._get(path)
            taken.append(1000 * (time.perf_counter() - began))
        return taken

    def weigh(self, path: str) -> tuple[int, int]:
        """Return the bytes and the requests of a page that a browser sees for the first time."""
        html, size = self._get(path)
        text = html.decode()
        found = {*_STYLE.findall(text), *_SCRIPT.findall(text), *_ICON.findall(text)}
        waiting, seen = list(found), set(found)
        while waiting:
            address = waiting.pop()
            body, weight = self._get(address)
            size += weight
            for name in _IMPORT.findall(body):
                other = f"{address.rsplit('/', 1)[0]}/{name.decode()}"
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return size, 1 + len(seen)

    def _get(self, path: str) -> tuple[bytes, int]:
        with self._http.stream("GET", path) as response:
            raw = b"".join(response.iter_raw())
            response.raise_for_status()
            if response.is_redirect:
                raise RuntimeError(f"{path} leads elsewhere: {response.headers['location']}")
            encoding = response.headers.get("content-encoding")
        body = httpx.Response(200, headers={"content-encoding": encoding} if encoding else {}, content=raw).content
        return body, len(raw)

    def close(self) -> None:
        """End the client."""
        self._http.close()
