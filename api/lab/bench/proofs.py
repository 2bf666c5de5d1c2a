"""The proof core alone: committing, verifying a bundle, the size of a proof; and peers in the same run."""

import json
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.lab.bench.dispute import onchain_gas
from api.lab.bench.keccak import keccak_us
from api.lab.bench.sample import bundle, one_digit_schema, sample_values, two_digit_schema
from api.services.attestation.commitment_pool import CommitPool, commit_rows
from api.work.worker_pool import WorkerPool
from ledger_node.domain.canonical import encode
from ledger_node.domain.commitment import Committer, proof_to_json
from ledger_node.domain.schema import Schema

_PEERS: Final = ("anoncreds_peer", "sd_jwt_peer")
_BLOCK: Final = 128
_CODE: Final = "91990000MABYF3008C"


def proofs(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float | None]:
    """Measure the proof core on one core, its scaling on two, and the peers that install."""
    rows = 512 if quick else 4096
    one, two = one_digit_schema(), two_digit_schema()
    figures: dict[str, float | None] = {"verify_bundle_ms": _verify_ms(200 if quick else 2000)}
    say("a bundle: three predicates, two reveals, the header, and its path in a batch of 10,000")
    figures["keccak_step_us"] = keccak_us()
    figures["issue_per_s_two_digit"] = _commits_per_s(two, rows)
    figures["issue_per_s_one_digit"] = _commits_per_s(one, rows)
    figures["two_core_scaling"] = _scaling(two, 4 * rows)
    checked = bundle()
    figures["predicate_proof_bytes"] = len(encode(proof_to_json(checked.proofs[0], checked.fields[0])))
    figures["onchain_gas_500k"] = onchain_gas(folder)
    figures |= dict.fromkeys(("anoncreds_verify_ms", "anoncreds_prove_ms", "sd_jwt_verify_ms"))
    for peer in _PEERS:
        figures |= _peer(peer, say)
    return figures


def _verify_ms(rounds: int) -> float:
    checked = bundle()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        checked.verify()
        times.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(times), 3)


def _commits_per_s(schema: Schema, count: int) -> int:
    """Return the median over blocks of rows, in processor time: what one core does, whoever else uses the machine."""
    committer = Committer(schema)
    rates = []
    for start in range(0, count, _BLOCK):
        rows = [(_CODE, sample_values(schema, number)) for number in range(start, start + _BLOCK)]
        began = time.process_time()
        commit_rows(committer, rows)
        rates.append(_BLOCK / (time.process_time() - began))
    return round(statistics.median(rates))


def _scaling(schema: Schema, count: int) -> float:
    rows = [(_CODE, sample_values(schema, number)) for number in range(count)]
    workers = WorkerPool(2)
    pool = CommitPool(workers)
    try:
        pool.commit(Committer(schema), rows[:1024])  # starts the processes
        began = time.perf_counter()
        commit_rows(Committer(schema), rows)
        alone = time.perf_counter() - began
        began = time.perf_counter()
        pool.commit(Committer(schema), rows)
        return round(alone / (time.perf_counter() - began), 2)
    finally:
        workers.close()


def _peer(name: str, say: Callable[[str], None]) -> dict[str, float]:
    python = Path(".venv-bench/bin/python")
    if not python.is_file():
        say(f"{name}: not measured, its environment did not install")
        return {}
    module = Path(__file__).parent / "peer" / f"{name}.py"
    done = subprocess.run([python, module], capture_output=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        say(f"{name}: not measured, it failed: {done.stderr.decode('utf-8', 'replace')[-200:]}")
        return {}
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
