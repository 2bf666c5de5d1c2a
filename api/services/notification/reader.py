"""Reading the feed: each recipient its own notifications, oldest first."""

from typing import Any, Final

from sqlalchemy import select

from api.storage.database import Store
from api.storage.table import notification
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_HELD: Final = notification.c


class NoticeReader:
    """Reads feeds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, recipient: bytes, *, after: str | None, limit: int) -> list[dict[str, JSON]]:
        """Return the notifications of a recipient behind the one with the id ``after``.

        Raises:
            InvalidInputError: ``not_found``; the recipient has no notification of this id.
        """
        with self._store.connect() as connection:
            number = 0
            if after is not None:
                # ids are random: numbers would tell how much others are told
                query = select(_HELD.number).where(_HELD.recipient == recipient, _HELD.id == after)
                found = connection.execute(query).scalar_one_or_none()
                if found is None:
                    raise InvalidInputError(Reason.NOT_FOUND, "you have no notification of this id", field="after")
                number = found
            listed = select(notification).where(_HELD.recipient == recipient, _HELD.number > number)
            rows = connection.execute(listed.order_by(_HELD.number).limit(limit)).all()
        return [_show(row) for row in rows]


def _show(row: Any) -> dict[str, JSON]:  # noqa: ANN401 - a row of the notification table
    return {"id": row.id, "kind": row.kind, "time": row.time, "data": decode(row.data.encode())}
