"""Committing to rows in worker processes: pure computation, so that cores and not a lock set the pace."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias

from api.catalogue.datatype import schemas
from api.work.worker_pool import WorkerPool
from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.commitment import Committer, subject_key, subject_tag
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.value import Value
from ledger_node.randomness import random_seeds

_CHUNK: Final = 256
_WORTH_A_PROCESS: Final = 512

CommitRow: TypeAlias = tuple[str, Sequence[Value]]
"""A credit code and the values of one attestation."""


@dataclass(frozen=True, slots=True)
class RowCommitment:
    """The commitment of one row: its seed, fieldsRoot and subject tag."""

    seed: bytes = field(repr=False)
    fields_root: bytes
    subject_tag: bytes


@cache
def committer_of(schema_id: bytes) -> Committer:
    """Return the committer of a schema of the catalogue, in whatever version.

    Raises:
        VerificationError: ``schema_unknown``.
    """
    schema = schemas().find(schema_id)
    if schema is None:
        raise VerificationError(
            Reason.SCHEMA_UNKNOWN, "this program does not know the schema of an attestation it holds"
        )
    return Committer(schema)


def commit_rows(committer: Committer, rows: Sequence[CommitRow]) -> list[RowCommitment]:
    """Commit to (credit code, values) rows with fresh seeds."""
    return [
        RowCommitment(seed, committer.commit(seed, values).root, subject_tag(subject_key(seed), credit_code))
        for seed, (credit_code, values) in zip(random_seeds(), rows, strict=False)
    ]


def _commit_in_worker(spec: bytes, rows: Sequence[CommitRow]) -> list[RowCommitment]:
    return commit_rows(_committer_of_spec(spec), rows)


@cache
def _committer_of_spec(spec: bytes) -> Committer:
    return Committer(Schema.from_json(decode(spec)))


class CommitPool:
    """Commits to rows in ``workers``."""

    def __init__(self, workers: WorkerPool) -> None:
        self._workers = workers

    def commit(self, committer: Committer, rows: Sequence[CommitRow]) -> list[RowCommitment]:
        """Commit to rows, in their order; small blocks are not worth a process."""
        if not self._workers.has_workers or len(rows) < _WORTH_A_PROCESS:
            return commit_rows(committer, rows)
        spec = encode(committer.schema.spec)
        chunks = [(spec, rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
        return [one for committed in self._workers.do_all(_commit_in_worker, chunks) for one in committed]
