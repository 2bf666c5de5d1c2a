"""The access log: who asked what, and where the log stands on the ledger."""

from typing import Annotated

from pydantic import Field

from api.http.model.base import AnswerModel, Count, Cursor, HexText, Time, absent
from api.http.model.controllers import KeptOfficer
from api.http.model.proof import Anchor, Path
from api.http.model.verification import Verdict
from ledger_node.domain.reason import Reason


class AskedQuestion(AnswerModel):
    """One question that was asked. ``purpose`` is null where the bank has no such consent.

    ``officer`` is left out where a program asked.
    """

    time: Time
    bank: HexText
    operator: Annotated[str | None, Field(description="who or what asked", examples=["credit desk 7"])]
    consent: HexText
    purpose: Annotated[str | None, Field(examples=["loan_application"])]
    question: Annotated[str, Field(examples=["tax_credit_rating.grade in {A, B}"])]
    verdict: Verdict
    reason: Reason | None
    use: HexText | None
    officer: KeptOfficer = absent()


class Checkpoint(AnswerModel):
    """An interval of the log that was closed."""

    number: Count
    since: Time
    until: Time
    root: HexText
    tally: HexText


class Place(AnswerModel):
    """Where a row stands: its slot, the way to the checkpoint, and the checkpoint's anchor."""

    slot: Count
    path: Path
    checkpoint: Checkpoint
    anchor: Anchor


class AccessRow(AnswerModel):
    """A row. ``place`` is null until the next anchoring; ``row`` and ``salt`` are null once they were erased."""

    leaf: HexText
    salt: HexText | None
    row: AskedQuestion | None
    place: Place | None


class AccessLog(AnswerModel):
    """A page of rows, oldest first. ``keeper``: the member that keeps the log."""

    keeper: HexText
    rows: list[AccessRow]
    next: Cursor
