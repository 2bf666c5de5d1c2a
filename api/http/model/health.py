"""Whether the instance lives and is ready."""

from typing import Annotated, Literal

from pydantic import Field

from api.http.model.base import AnswerModel, Count, Time


class Live(AnswerModel):
    """The process runs."""

    status: Literal["live"] = "live"


class Endpoint(AnswerModel):
    """An endpoint of the chain, in the order of configuration. ``fault``: why it is not asked, if it is not."""

    fault: str | None
    block: int | None


class Outbox(AnswerModel):
    """Transactions of one account that are on their way."""

    on_way: Count
    oldest_s: Annotated[float, Field(examples=[0.0])]


class Waiting(AnswerModel):
    """What waits for the ledger, by kind; notifications count the seconds that they have failed for."""

    kind: Annotated[str, Field(examples=["grants"])]
    count: Count
    oldest_s: Count
    reason: Annotated[str | None, Field(examples=["ledger_unavailable"])]


class Messages(AnswerModel):
    """Messages to firms outside the pages. ``given_up``: of the last 30 days; somebody should tell these firms."""

    waiting: Count
    given_up: Count


class Ready(AnswerModel):
    """How things stand. ``quarantines``: changes on the ledger that wait for the operator's word."""

    status: Literal["ready"] = "ready"
    block: Count
    block_time: Time
    head_age_s: Annotated[int, Field(examples=[1])]
    quarantines: Count
    endpoints: list[Endpoint]
    outbox: list[Outbox]
    pending: list[Waiting]
    messages: Messages
