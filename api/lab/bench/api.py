"""What a verification costs under load: how many a second, how long they take at half of it, and beside a flood."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Final

from api.catalogue.synthetic import credit_code
from api.client.asking import Asker, spend_seed
from api.client.credential import credential_named
from api.client.session import Session
from api.lab.bench.load import Load, LoadResult, require_wrk, signed_posts
from api.lab.bench.timing import keccak_us
from api.lab.demo.actor import attest_all, grant, register
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import BANK, QUESTIONS
from api.services.issuing.worker import BLOCK
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

_USES: Final = 36
_FIRMS: Final = 24
_CALLERS: Final = 8
_CONNECTIONS: Final = 112
_FLOOD_CONNECTIONS: Final = 320
_HALF_CONNECTIONS: Final = 64
BANK_SLUG: Final = "demo-bank"
_OTHER: Final = "other-bank"
_OTHER_NAME: Final = "Other bank"
_PATH: Final = "/v1/verifications"
_WARM_PER_S: Final = 500
_TARGET_PER_S: Final = 200
_OTHER_PER_S: Final = 20
_OTHER_CONNECTIONS: Final = 16


def api(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Measure with wrk against uvicorn, on the embedded chain, every access recorded before it is answered.

    Times are those at half the target, or of half of what this machine does if that is less.
    """
    require_wrk()
    seconds = 4 if quick else 20
    with InstanceProcess(folder, banks={BANK_SLUG: BANK, _OTHER: _OTHER_NAME}) as served:
        bench = _Bench(served, folder.parent)
        bench.prepare()
        warm = bench.load(BANK_SLUG, seconds=3, connections=_CONNECTIONS, per_s_at_most=_WARM_PER_S)
        most = round(2 * warm.per_s)
        full = bench.load(BANK_SLUG, seconds=seconds, connections=_CONNECTIONS, per_s_at_most=most)
        say(f"{full.per_s:.0f} verifications/s of one question by {_CONNECTIONS} connections: {_times(full)}")
        four = bench.load(BANK_SLUG, QUESTIONS, seconds=seconds, connections=_CONNECTIONS, per_s_at_most=most)
        say(f"{four.per_s:.0f} verifications/s of {len(QUESTIONS)} questions: {_times(four)}")
        pace = min(_TARGET_PER_S, full.per_s) / 2
        half = bench.load(BANK_SLUG, seconds=seconds, connections=_HALF_CONNECTIONS, per_s=pace)
        say(f"at {half.per_s:.0f}/s: {_times(half)}")
        quiet = bench.load(_OTHER, seconds=seconds, connections=_OTHER_CONNECTIONS, per_s=_OTHER_PER_S)
        say(f"another bank, alone, at {quiet.per_s:.0f}/s: {_times(quiet)}")
        flood = bench.ready(BANK_SLUG, seconds=seconds + 2, connections=_FLOOD_CONNECTIONS, per_s_at_most=most)
        asking = bench.ready(_OTHER, seconds=seconds, connections=_OTHER_CONNECTIONS, per_s=_OTHER_PER_S)
        with ThreadPoolExecutor() as both:
            begun = both.submit(flood.run)
            time.sleep(1)
            beside = _all_answered(asking.run())
            flooding = begun.result()
        say(f"beside a flood of {flooding.per_s:.0f}/s ({flooding.limited} refused): {_times(beside)}")
    return {
        "verifications_per_s": round(full.per_s, 1),
        "p50_ms": round(half.p50_ms, 1),
        "p99_ms": round(half.p99_ms, 1),
        "p99_other_bank_ratio_under_flood": round(beside.p99_ms / quiet.p99_ms, 2),
        "half_load_per_s": round(half.per_s, 1),
        "of_four_questions_per_s": round(four.per_s, 1),
        "keccak_us": round(keccak_us(), 2),
    }


class _Bench:
    def __init__(self, served: InstanceProcess, folder: Path) -> None:
        self._served = served
        self._folder = folder
        self._members = {BANK_SLUG: BANK, _OTHER: _OTHER_NAME}
        self._sessions = {slug: Session(served.url, credential_named(served.home, slug)) for slug in self._members}
        self._loads = 0

    def prepare(self) -> None:
        """Attest, and register firms."""
        attest_all(self._served, self._folder, BLOCK, 1)
        for number in range(_FIRMS):
            client = self._served.client("market-regulator")
            register(client, self._served.home, f"firm-{number}", credit_code(number, 1))
            client.close()

    def _granted(self, number: int, bank: str) -> str:
        firm = f"firm-{number % _FIRMS}"
        client, key = self._served.client(firm), self._served.home.read_key(firm)
        seed = spend_seed(self._served.home, bank)
        consent, _ = grant(
            client,
            key,
            self._members[bank],
            QUESTIONS,
            seed=seed,
            purpose="post_loan_monitoring",
            uses=_USES,
            days=31 * _USES,
        )
        client.close()
        return consent

    def ready(
        self,
        bank: str,
        claims: Sequence[str] = QUESTIONS[:1],
        *,
        seconds: int,
        connections: int,
        per_s: float = 0,
        per_s_at_most: int = 0,
    ) -> Load:
        """Return load that asks for a bank ``per_s`` times a second, or as fast as its connections can.

        The consents of a number of firms are used in turn, each until its uses are spent.
        """
        count = round(seconds * (per_s or per_s_at_most))
        with ThreadPoolExecutor(_CALLERS) as callers:
            granted = callers.map(lambda number: self._granted(number, bank), range(-(-count // _USES)))
            consents = list(granted)
        session = self._sessions[bank]
        session.sign_in()
        bodies = islice(self._bodies(bank, consents, claims), count)
        requests = signed_posts(session, self._served.url, _PATH, bodies)
        self._loads += 1
        pause = 1000 * connections / per_s if per_s else 0
        file = self._folder / f"load-{self._loads}"
        return Load(self._served.url, requests, file, connections=connections, seconds=seconds, pause_ms=pause)

    def _bodies(self, bank: str, consents: Sequence[str], claims: Sequence[str]) -> Iterator[bytes]:
        """Yield requests whose uses are signed, of all consents in turn, number by number."""
        client, seed = self._served.client(bank), spend_seed(self._served.home, bank)
        askers = [Asker(client, seed, consent) for consent in consents]
        for number in range(1, _USES + 1):
            for asker in askers:
                yield json.dumps(asker.body(claims, number)).encode()

    def load(self, bank: str, claims: Sequence[str] = QUESTIONS[:1], **how: Any) -> LoadResult:  # noqa: ANN401 - see ready
        """Ask for a bank until the time is over, and return what was seen if all was answered."""
        return _all_answered(self.ready(bank, claims, **how).run())


def _all_answered(loaded: LoadResult) -> LoadResult:
    """Return ``loaded`` if every answer was one that cost a use.

    Raises:
        CredenceError: ``internal``; an answer was none, so that the figures mean nothing.
    """
    faults = loaded.refused or loaded.broken or loaded.missing or loaded.limited
    if faults or not loaded.answered or loaded.told != loaded.answered:
        raise CredenceError(Reason.INTERNAL, f"not all were answered: {loaded}")
    return loaded


def _times(loaded: LoadResult) -> str:
    return f"p50 {loaded.p50_ms:.1f} ms, p99 {loaded.p99_ms:.1f} ms, longest {loaded.max_ms:.1f} ms"
