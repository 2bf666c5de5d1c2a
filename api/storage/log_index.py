"""The index of the ledger's events in the store: what one process has read, all of them have."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select
from typing_extensions import override

from api.storage.store import Store
from api.storage.table.ledger_log import ledger_log, ledger_log_mark
from ledger_node.chain.log_index import BlockMark, LogStore, StoredLog

_ONLY: Final = 1
_TOPICS: Final = tuple(ledger_log.c[f"topic_{place}"] for place in range(4))


class StoredLogs(LogStore):
    """Logs and the last block that was read, in the store of an instance."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    def mark(self) -> BlockMark | None:
        with self._store.connect() as connection:
            return _mark(connection)

    @override
    def append(self, before: BlockMark | None, logs: Sequence[StoredLog], mark: BlockMark) -> bool:
        with self._store.begin() as connection:
            # writers wait for each other, so what is read here is still so when this ends
            if _mark(connection) != before:
                return False
            if logs:
                connection.execute(insert(ledger_log), [_row(one) for one in logs])
            connection.execute(delete(ledger_log_mark))
            connection.execute(insert(ledger_log_mark).values(row=_ONLY, block=mark.number, hash=mark.hash))
        return True

    @override
    def find(self, topics: Sequence[bytes]) -> Sequence[Any]:
        query = select(ledger_log.c.log).order_by(ledger_log.c.block, ledger_log.c.position)
        for column, topic in zip(_TOPICS, topics, strict=False):
            query = query.where(column == topic)
        return [json.loads(log) for log in self._store.scalars(query)]

    @override
    def clear(self) -> None:
        with self._store.begin() as connection:
            connection.execute(delete(ledger_log))
            connection.execute(delete(ledger_log_mark))


def _mark(connection: Connection) -> BlockMark | None:
    row = connection.execute(select(ledger_log_mark.c.block, ledger_log_mark.c.hash)).first()
    return None if row is None else BlockMark(row.block, row.hash)


def _row(one: StoredLog) -> dict[str, object]:
    topics = (*one.topics, *[None] * len(_TOPICS))
    named = {column.name: topic for column, topic in zip(_TOPICS, topics, strict=False)}
    return {"block": one.block, "position": one.position, **named, "log": json.dumps(one.log)}
