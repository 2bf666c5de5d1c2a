"""The measurements behind scripts/bench. Figures are of this machine; compare them within one run."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from api.catalogue.synthetic import credit_code
from api.client.asking import Asker, spend_seed
from api.lab.bench.api import api
from api.lab.bench.consent import consent
from api.lab.bench.evidence import evidence
from api.lab.bench.portal import portal
from api.lab.bench.proofs import proofs
from api.lab.demo.actor import DEPARTMENTS, attest, attest_all, export_of, grant, register
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import BANK, QUESTIONS, SHOP
from api.services.issuing.worker import BLOCK

_USES_A_CONSENT: Final = 36


def issue(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Issue the three demo types end to end: upload, parse, commit, vault, chain."""
    blocks = 1 if quick else 8
    with InstanceProcess(folder) as served:
        total, elapsed, processor = 0, 0.0, 0.0
        # the first batch of a stream writes fresh slots; what is measured is every later one
        attest_all(served, folder.parent, BLOCK, 2)
        peaks = [_peak_mb(served.pid)]
        gas: list[float] = []
        for schema, department in DEPARTMENTS.items():
            file = export_of(folder.parent, schema, blocks * BLOCK, 3)
            began, used = time.monotonic(), _processor_s(served)
            job = attest(served.client(department), file, schema, lambda _: None)
            seconds, cores = time.monotonic() - began, _processor_s(served) - used
            total, elapsed, processor = total + job["issued"], elapsed + seconds, processor + cores
            gas.append(job["gas_used"] / job["issued"])
            say(f"{schema}: {job['issued'] / seconds:.0f} attestations/s, {job['issued'] / cores:.0f} a core")
        peaks.append(_peak_mb(served.pid))
    say(f"memory of the API: {peaks[0]:.0f} MB after {3 * BLOCK} rows, {peaks[1]:.0f} MB after {total + 3 * BLOCK}")
    return {
        "attestations_per_s": round(total / elapsed),
        "attestations_per_s_per_core": round(total / processor),
        "gas_per_attestation": round(max(gas), 2),
        "peak_rss_mb": round(peaks[1]),
    }


def verify(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Ask four questions again and again through the API, each time recorded before it is answered."""
    rounds = 72 if quick else 720
    with InstanceProcess(folder) as served:
        attest_all(served, folder.parent, BLOCK, 1)
        register(served.client("market-regulator"), served.home, SHOP, credit_code(0, 1))
        shop, bank = served.client(SHOP), served.client("demo-bank")
        key, seed = served.home.read_key(SHOP), spend_seed(served.home, "demo-bank")
        times: list[float] = []
        for _ in range(rounds // _USES_A_CONSENT):
            consent, _secret = grant(
                shop,
                key,
                BANK,
                QUESTIONS,
                purpose="post_loan_monitoring",
                uses=_USES_A_CONSENT,
                days=31 * _USES_A_CONSENT,
                seed=seed,
            )
            asker = Asker(bank, seed, consent)
            for _ in range(_USES_A_CONSENT):
                began = time.monotonic()
                asker.ask(list(QUESTIONS))
                times.append(1000 * (time.monotonic() - began))
    say(f"{len(times)} verifications of {len(QUESTIONS)} questions, one after the other")
    return {
        "api_p50_ms": round(statistics.median(times), 1),
        "api_p99_ms": round(statistics.quantiles(times, n=100)[98], 1),
    }


def restart(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Open the node again after a kill -9: from starting its process to answering requests."""
    blocks = 5 if quick else 25
    with InstanceProcess(folder) as served:
        schema = "tax_credit_rating"
        file = export_of(folder.parent, schema, blocks * BLOCK, 4)
        job = attest(served.client("tax-bureau"), file, schema, lambda _: None)
        say(f"a chain of {job['issued']} attestations in {job['batches']} batches; killing its node")
        served.kill_node()
    times = [_open_s(folder) for _ in range(3)]
    return {"attestations": job["issued"], "open_s": round(statistics.median(times), 2)}


def _open_s(folder: Path) -> float:
    command = [sys.executable, "-m", "api.cli.main", "node", "run", "--home", str(folder), "--port", "0", "--json"]
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as node:  # noqa: S603
        assert node.stdout is not None  # noqa: S101 - it was asked for
        node.stdout.readline()
        opened = time.monotonic() - began
        node.terminate()
    return opened


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return float(dict(line.split(":", 1) for line in lines)["VmHWM"].split()[0]) / 1024


def _processor_s(served: InstanceProcess) -> float:
    """Return processor seconds of the API, its workers and its node so far."""
    ticks = 0
    for pid in _family(served.pid):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text("ascii").split():
            found += _family(int(child))
    return found


BENCHES: Final[dict[str, Any]] = {
    "api": api,
    "issue": issue,
    "verify": verify,
    "restart": restart,
    "proofs": proofs,
    "consent": consent,
    "evidence": evidence,
    "portal": portal,
}
