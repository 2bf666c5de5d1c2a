"""What a verification costs under load: how many a second, how long they take at half of it, and beside a flood."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Final

from api.bench.load import Load, Loaded, Signer, require_wrk
from api.catalogue.synthetic import credit_code, write_export
from api.client.session import Session
from api.credential_of import credential_named
from api.demo.actor import attest, grant, register
from api.demo.server import Served
from api.demo.story import BANK, QUESTIONS
from api.services.job import BLOCK
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

_DEPARTMENTS: Final = {
    "tax_payment": "tax-bureau",
    "tax_credit_rating": "tax-bureau",
    "penalty_summary": "market-regulator",
}
_USES: Final = 36
_FIRMS: Final = 24
_CALLERS: Final = 8
_CONNECTIONS: Final = 32
_HALF_CONNECTIONS: Final = 16
_OTHER: Final = "other-bank"
_OTHER_NAME: Final = "Other bank"
_PATH: Final = "/v1/verifications"
_HIGHEST: Final = 450
"""More verifications a second than any machine that this runs on has answered."""


def api(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Measure with wrk against uvicorn, on the embedded chain, every access recorded before it is answered."""
    require_wrk()
    seconds = 4 if quick else 20
    served = Served(folder, banks={BANK_SLUG: BANK, _OTHER: _OTHER_NAME})
    try:
        bench = _Bench(served, folder.parent, say)
        bench.prepare(_HIGHEST * seconds * 2, 40 * seconds)
        bench.load("demo-bank", seconds=2, connections=_CONNECTIONS, highest=_HIGHEST)
        full = bench.load("demo-bank", seconds=seconds, connections=_CONNECTIONS, highest=_HIGHEST)
        say(f"{full.per_s:.0f} verifications/s by {_CONNECTIONS} connections: {_times(full)}")
        half = bench.load("demo-bank", seconds=seconds, connections=_HALF_CONNECTIONS, per_s=100)
        say(f"at {half.per_s:.0f}/s: {_times(half)}")
        quiet = bench.load(_OTHER, seconds=seconds, connections=4, per_s=20)
        say(f"another bank, alone, at {quiet.per_s:.0f}/s: {_times(quiet)}")
        flood = bench.begin("demo-bank", seconds=seconds + 2, connections=4 * _CONNECTIONS, highest=_HIGHEST)
        beside = bench.load(_OTHER, seconds=seconds, connections=4, per_s=20)
        flooding = flood.result()
        say(f"beside a flood of {flooding.per_s:.0f}/s ({flooding.limited} refused): {_times(beside)}")
    finally:
        served.stop()
    return {
        "verifications_per_s": round(full.per_s, 1),
        "p50_ms": round(half.p50_ms, 1),
        "p99_ms": round(half.p99_ms, 1),
        "p99_other_bank_ratio_under_flood": round(beside.p99_ms / quiet.p99_ms, 2),
    }


class _Bench:
    def __init__(self, served: Served, folder: Path, say: Callable[[str], None]) -> None:
        self._served = served
        self._folder = folder
        self._say = say
        self._bodies: dict[str, Iterator[bytes]] = {}
        self._sessions = {
            name: Session(served.url, credential_named(served.home, name)) for name in (BANK_SLUG, _OTHER)
        }
        self._count = 0

    def prepare(self, uses: int, other_uses: int) -> None:
        """Attest, register firms and have them grant consents for so many uses by the two banks."""
        for schema, department in _DEPARTMENTS.items():
            file = self._folder / f"{schema}.csv"
            write_export(file, schema, BLOCK, seed=1)
            attest(self._served.client(department), file, schema, lambda _: None)
        for number in range(_FIRMS):
            client = self._served.client("market-regulator")
            register(client, self._served.home, f"firm-{number}", credit_code(number, 1))
        for slug, name, wanted in ((BANK_SLUG, BANK, uses), (_OTHER, _OTHER_NAME, other_uses)):
            with ThreadPoolExecutor(_CALLERS) as callers:
                grants = callers.map(
                    lambda n, to=name: self._granted(n, to), range(wanted // (_USES * _FIRMS) * _FIRMS + _FIRMS)
                )
                consents = list(grants)
            self._say(f"{len(consents)} consents of {_FIRMS} firms for {name}")
            bodies = [json.dumps({"consent": consent, "claims": list(QUESTIONS)}).encode() for consent in consents]
            self._bodies[slug] = chain.from_iterable(repeat(bodies, _USES))

    def _granted(self, number: int, bank: str) -> str:
        firm = f"firm-{number % _FIRMS}"
        bounds = {"uses": _USES, "days": 31 * _USES}
        client = self._served.client(firm)
        key = self._served.home.read_key(firm)
        consent, _ = grant(client, key, bank, QUESTIONS, purpose="post_loan_monitoring", **bounds)
        client.close()
        return consent

    def begin(self, bank: str, *, seconds: int, connections: int, highest: int = 0, per_s: int = 0) -> Load:
        """Begin asking for a bank: as fast as its connections can, or ``per_s`` a second."""
        session = self._sessions[bank]
        with_client = self._served.client(bank)
        with_client.close()
        bodies = list(islice(self._bodies[bank], seconds * (per_s or highest)))
        session.sign_in()
        requests = Signer(self._served.url, session).post(_PATH, bodies)
        self._count += 1
        pause = 1000 * connections / per_s if per_s else 0
        file = self._folder / f"load-{self._count}"
        return Load(self._served.url, requests, file, connections=connections, seconds=seconds, pause_ms=pause)

    def load(self, bank: str, **how: int) -> Loaded:
        """Ask for a bank until the time is over.

        Raises:
            CredenceError: ``internal``; an answer was none, so that the figures mean nothing.
        """
        loaded = self.begin(bank, **how).result()
        if loaded.refused or loaded.broken or loaded.missing or loaded.told != loaded.answered:
            raise CredenceError(Reason.INTERNAL, f"not all were answered: {loaded}")
        return loaded


BANK_SLUG: Final = "demo-bank"


def _times(loaded: Loaded) -> str:
    return f"p50 {loaded.p50_ms:.1f} ms, p99 {loaded.p99_ms:.1f} ms, longest {loaded.max_ms:.1f} ms"
