"""The proof core alone: committing, verifying a bundle, the size of a proof; and peers in the same run."""

import json
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.catalogue.datatype import schemas
from api.lab.bench.sample import bundle, proven, sample_schema, sample_values
from api.lab.bench.timing import keccak_us, median_ms
from api.lab.demo.server import InstanceProcess
from api.services.attestation.commitment_pool import CommitPool, commit_rows
from api.work.worker_pool import WorkerPool
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.canonical import encode
from ledger_node.domain.commitment import AtLeastOpening, Committer, proof_to_json
from ledger_node.domain.proof import Prover
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, lower

_QUESTION: Final = "tax_payment.paid_amount >= 500000 CNY"
_GAS: Final = 16_000_000
_PEERS: Final = ("anoncreds_peer", "sd_jwt_peer")
_BLOCK: Final = 128
_CODE: Final = "91990000MABYF3008C"


def proofs(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float | None]:
    """Measure the proof core on one core, its scaling on two, and the peers that install."""
    rows = 512 if quick else 4096
    one, two = sample_schema("one_digit"), sample_schema("two_digits")
    checked = bundle()
    say("a bundle: three predicates, two reveals, the header, and its path in a batch of 10,000")
    figures: dict[str, float | None] = {
        "verify_bundle_ms": round(median_ms(checked.verify, 200 if quick else 2000), 3),
        "keccak_step_us": keccak_us(),
        "issue_per_s_two_digit": _commits_per_s(two, rows),
        "issue_per_s_one_digit": _commits_per_s(one, rows),
        "two_core_scaling": _scaling(two, 4 * rows),
        "predicate_proof_bytes": len(encode(proof_to_json(checked.proofs[0], checked.fields[0]))),
        "onchain_gas_500k": _onchain_gas(folder),
        "anoncreds_verify_ms": None,
        "anoncreds_prove_ms": None,
        "sd_jwt_verify_ms": None,
    }
    for peer in _PEERS:
        figures |= _peer(peer, say)
    return figures


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


def _onchain_gas(folder: Path) -> int:
    """Return what settling the question on a fresh chain costs: one transaction, calldata and the base 21,000."""
    question = Question.parse(_QUESTION, schemas())
    schema = schemas()[question.schema]
    field = schema.field(question.field)
    statement = lower(question, field)
    committer, seed = Committer(schema), bytes(range(32))
    values = ("10101", 128_640_050, 20_000, 1_860_000_000, 12)
    proof = proven(Prover(committer, seed, values), field, statement, may_disclose=False)
    opening = proof.opening
    if not isinstance(statement, AtLeast) or not isinstance(opening, AtLeastOpening):
        raise TypeError("the question holds")
    with InstanceProcess(folder) as served:
        book = served.home.address_book()
        rpc = Rpc(str(served.node()["url"]))
        governor = Sender(rpc, book.chain_id, served.home.read_key("governor"))
        verifier = artifact("DisputeVerifier")
        anchors = "0x" + book.contracts["AnchorRegistry"].hex()
        contract = governor.send(None, verifier.construct(anchors), gas=_GAS).created
        shown = (schema.id, field.index, schema.depth, proof.salt, list(proof.path))
        heads = (opening.head_up, opening.tip_down, committer.commit(seed, values).root)
        call = verifier.encode("checkAtLeast", shown, statement.j, len(field.require_ladder()), *heads)
        return governor.send(contract, call, gas=_GAS).mined.gas_used


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
