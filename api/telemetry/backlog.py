"""What waits in the store: bounded looks by index, so that asking costs the same whatever the store holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from api.storage import table
from api.storage.table import MessageState, WebhookState, chain_cursor, message, notification, webhook

MOST: Final = 10_000
"""Counting stops here: whoever has so much waiting needs no exact number."""
_NEWEST: Final = 256
"""Batches, intervals and jobs are worked off in their order, so that those that wait are among the newest."""
_WAITING_JOBS: Final = ("receiving", "queued", "running")


@dataclass(frozen=True, slots=True)
class Backlog:
    """``next_block``: whose events are not notifications yet. Times are in seconds since 1970-01-01 UTC.

    ``messages``: to firms, that wait to be sent; ``given_up``: of the last 30 days.
    """

    next_block: int
    access_rows: int
    oldest_access_row: int | None
    batches: int
    intervals: int
    jobs: Mapping[str, int]
    oldest_job: int | None
    webhooks: Mapping[str, int]
    notices: int
    oldest_notice: int | None
    messages: int
    oldest_message: int | None
    given_up: int


def read_backlog(connection: Connection, members: Iterable[bytes]) -> Backlog:
    """Return what waits. ``members``: the departments whose batches are signed here."""
    row, batch = table.access_row.c, table.batch.c
    waiting_rows = select(row.time).where(row.interval.is_(None)).order_by(row.number)
    jobs = connection.execute(
        select(table.job.c.state, table.job.c.created_at).order_by(table.job.c.sequence.desc()).limit(_NEWEST)
    ).all()
    hooks = connection.execute(select(webhook.c.member, webhook.c.delivered, webhook.c.state)).all()
    told = [hook for hook in hooks if hook.state != WebhookState.STOPPED.value]
    notice = notification.c
    untold = [
        select(notice.time)
        .where(notice.recipient == hook.member, notice.number > hook.delivered)
        .order_by(notice.number)
        for hook in told
    ]
    sent = message.c
    unsent = select(sent.time).where(sent.state == MessageState.WAITING.value).order_by(sent.number)
    return Backlog(
        next_block=connection.execute(select(chain_cursor.c.next_block)).scalar_one_or_none() or 0,
        access_rows=_count(connection, waiting_rows),
        oldest_access_row=connection.execute(waiting_rows.limit(1)).scalar_one_or_none(),
        batches=sum(
            _count_none(connection, select(batch.start).where(batch.member == member).order_by(batch.number.desc()))
            for member in members
        ),
        intervals=_count_none(
            connection, select(table.access_interval.c.start).order_by(table.access_interval.c.number.desc())
        ),
        jobs={state: sum(job.state == state for job in jobs) for state in _WAITING_JOBS},
        oldest_job=min((job.created_at for job in jobs if job.state in _WAITING_JOBS), default=None),
        webhooks={state.value: sum(hook.state == state.value for hook in hooks) for state in WebhookState},
        notices=sum(_count(connection, query) for query in untold),
        oldest_notice=min(
            (time for query in untold for time in connection.execute(query.limit(1)).scalars()), default=None
        ),
        messages=_count(connection, unsent),
        oldest_message=connection.execute(unsent.limit(1)).scalar_one_or_none(),
        given_up=_count(connection, select(sent.number).where(sent.state == MessageState.GIVEN_UP.value)),
    )


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.limit(MOST).subquery())).scalar_one()


def _count_none(connection: Connection, query: Select[Any]) -> int:
    return sum(start is None for start in connection.execute(query.limit(_NEWEST)).scalars())
