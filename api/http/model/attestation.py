"""Attestations: jobs that issue them, results row by row, receipts, and erasures."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from api.http.model.base import AnswerModel, Count, Cursor, HexText, RequestModel, Time, text
from api.http.model.proof import Anchor, Header, Path
from api.http.model.subject import CreditCode
from ledger_node.domain.reason import Reason

JobId: TypeAlias = Annotated[str, Field(examples=["9e65b71106176aaaa9ca938a16fd4a55"])]
Line: TypeAlias = Annotated[int, Field(ge=1, description="line of the file, counted from 1", examples=[2])]


class QueuedJob(AnswerModel):
    """An upload that was taken: nothing of it is lost from here on."""

    job: JobId
    state: Literal["queued"] = "queued"


class Job(AnswerModel):
    """How far a job came. ``next_line``: from which line on a job that failed did nothing."""

    job: JobId
    schema_name: Annotated[str, Field(alias="schema", examples=["tax_payment"])]
    state: Literal["receiving", "queued", "running", "done", "failed"]
    correct: bool
    restore_erased: bool
    lines_read: Count
    heading: Count
    blank: Count
    rows_read: Count
    issued: Count
    unchanged: Count
    rejected: Count
    batches: Count
    gas_used: Count
    created_at: Time
    next_line: int | None
    reason: Reason | None
    message: Annotated[str | None, Field(description="what is wrong")]


class IssuedRow(AnswerModel):
    """A row that was attested to."""

    line: Line
    status: Literal["issued"]
    attestation: HexText
    batch: int
    index: Count


class UnchangedRow(AnswerModel):
    """A row that says what is attested already."""

    line: Line
    status: Literal["unchanged"]
    attestation: HexText


class RejectedRow(AnswerModel):
    """A row that cannot be attested to."""

    line: Line
    status: Literal["rejected"]
    field: Annotated[str | None, Field(description="the column to blame")]
    reason: Reason
    message: str


class JobResults(AnswerModel):
    """A page of results, in the order of lines."""

    results: list[Annotated[IssuedRow | UnchangedRow | RejectedRow, Field(discriminator="status")]]
    next: Cursor


class AttestationReceipt(AnswerModel):
    """Where an attestation stands on the chain; ``anchor``, ``transaction`` and ``block`` are null until it does."""

    attestation: HexText
    header: Header
    anchor: Anchor | None
    index: Count
    path: Path
    transaction: HexText | None
    block: Count | None


class ErasureRequest(RequestModel):
    """A firm whose records go; ``schema`` limits it to one type of attestation."""

    credit_code: CreditCode
    schema_name: Annotated[
        Annotated[str, text(member="schema", examples=["tax_payment"])] | None, Field(alias="schema")
    ] = None


class Erasure(AnswerModel):
    """What an erasure did; ``transaction`` is null where an earlier try revoked the attestations."""

    erased: Count
    attestations: list[HexText]
    transaction: HexText | None
