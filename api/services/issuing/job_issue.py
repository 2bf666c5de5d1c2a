"""Issuing a job: its upload is looked through, then read again and issued block by block, each line once."""

from collections.abc import Callable
from itertools import takewhile
from typing import Any, Final

from api.catalogue.datatype import DataType, data_types
from api.ingestion.line import Chunks
from api.ingestion.reader import Format, read_lines, read_rows
from api.ingestion.row import NoRow, Rejection, Row
from api.services.issuing.issuer import Issuer
from api.services.issuing.job_progress import Progress
from api.services.issuing.repeated_rows import RepeatedRows
from api.services.issuing.row_classifier import Permission
from ledger_node.domain.schema import day_in_china

BLOCK: Final = 4096


def issue_job(
    issuer: Issuer,
    job: Any,  # noqa: ANN401 - a row of the job table
    chunks: Chunks,
    clock: Callable[[], int],
    is_stopped: Callable[[], bool],
) -> bool:
    """Issue what is left of a job; return False where this process is to stop before its end.

    Raises:
        InvalidInputError: the upload as a whole cannot be read.
        ChainError: a block is stored and not anchored yet; call this again.
        StoreError: the store takes nothing now; call this again.
    """
    data_type, form = data_types()[job.schema], Format(job.format)
    # the day of the upload, so that a row comes to the same whenever it is read again
    today = day_in_china(job.created_at)
    whole = read_rows(data_type, form, chunks, today=today)
    rows = (item for item in takewhile(lambda _: not is_stopped(), whole) if isinstance(item, Row))
    with RepeatedRows(rows, data_type.schema) as repeated:
        block = _Block(issuer, data_type, job, clock)
        for item in read_lines(data_type, form, chunks, today=today):
            if item.line <= job.lines_read:
                continue
            if is_stopped():
                return False
            block.add((repeated.rejection(item) or item) if isinstance(item, Row) else item)
        block.issue()
    return True


class _Block:
    """Lines of a job that are issued, or rejected, together."""

    def __init__(self, issuer: Issuer, data_type: DataType, job: Any, clock: Callable[[], int]) -> None:  # noqa: ANN401 - a row of the job table
        self._issuer = issuer
        self._data_type = data_type
        self._job = job
        self._clock = clock
        self._permission = Permission(corrects=bool(job.corrects), restores=bool(job.restores))
        self._rows: list[Row] = []
        self._rejections: list[Rejection] = []
        self._blank = 0
        self._before = self._read = job.lines_read

    def add(self, item: Row | Rejection | NoRow) -> None:
        """Add the next line; what was added is issued when it is a block."""
        self._read = item.line
        match item:
            case Row():
                self._rows.append(item)
            case Rejection():
                self._rejections.append(item)
            case NoRow():
                self._blank += not item.is_heading
        if max(len(self._rows), len(self._rejections)) >= BLOCK:
            self.issue()

    def issue(self) -> None:
        """Issue what was added."""
        self._issuer.issue(
            self._data_type,
            self._rows,
            now=self._clock(),
            permission=self._permission,
            rejections=self._rejections,
            progress=Progress(self._job.id, self._before, self._read, self._blank),
        )
        self._rows, self._rejections, self._blank, self._before = [], [], 0, self._read
