"""The outbox in the store. A nonce is given out in the transaction that keeps what is signed with it."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from api.storage import table
from api.storage.database import Store
from ledger_node.chain.outbox import OutboxEntry, OutboxStore, TransactionDraft

_ROW = table.outbox.c
_ACCOUNT = table.outbox_account.c
_LOCK = select(_ACCOUNT.next_nonce).where(_ACCOUNT.account == bindparam("account")).with_for_update()
_SET_NEXT_NONCE = (
    update(table.outbox_account).where(_ACCOUNT.account == bindparam("which")).values(next_nonce=bindparam("nonce"))
)
_FORGET = delete(table.outbox).where(_ROW.digest.in_(bindparam("done", expanding=True)))
_ADD = insert(table.outbox)


class StoredOutbox(OutboxStore):
    """Locks an account's row while it gives out nonces, so that processes that share a store take turns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks = store.locks

    @override
    def open(self, account: bytes, count: int) -> Sequence[OutboxEntry]:
        # two processes may open a new account at once; the one that comes second finds it there
        with suppress(IntegrityError), self._store.begin() as connection:
            if _next_nonce(connection, account) is None:
                connection.execute(insert(table.outbox_account).values(account=account, next_nonce=count))
        with self._store.begin() as connection:
            known = _known_nonce(connection, account)
            is_pending = bool(_entries(connection, account))
            # what the chain said is old by now if another process sends as well
            _set_next_nonce(connection, account, max(known, count) if is_pending or self._locks.has_peers() else count)
        self._adopt(account)
        with self._store.connect() as connection:
            return _entries(connection, account, _ROW.owner == self._locks.process_id)

    @override
    def pending(self, account: bytes) -> Sequence[OutboxEntry]:
        with self._store.connect() as connection:
            return _entries(connection, account)

    @override
    def left_behind(self, account: bytes) -> Sequence[OutboxEntry]:
        # a process that works with its store alone has taken over everything as it began
        return self._adopt(account) if self._locks.is_shared else []

    @override
    def add(
        self, account: bytes, sign: Callable[[int], Sequence[OutboxEntry]], done: Collection[bytes] = ()
    ) -> Sequence[OutboxEntry]:
        with self._store.begin() as connection:
            _forget(connection, done)
            return self._save(connection, account, sign(_known_nonce(connection, account)))

    @override
    def renew(self, entry: OutboxEntry, count: int, sign: Callable[[int], OutboxEntry]) -> OutboxEntry | None:
        with self._store.begin() as connection:
            nonce = max(_known_nonce(connection, entry.account), count)
            if _forget(connection, [entry.digest]) == 0:
                return None
            return self._save(connection, entry.account, [sign(nonce)])[0]

    @override
    def release(self, entry: OutboxEntry, placeholder: OutboxEntry) -> bool:
        with self._store.begin() as connection:
            is_last = _known_nonce(connection, entry.account) == entry.nonce + 1
            if _forget(connection, [entry.digest]) == 0:
                return False
            if is_last:
                _set_next_nonce(connection, entry.account, entry.nonce)
            else:
                connection.execute(insert(table.outbox), [_row(placeholder, self._locks.process_id)])
            return not is_last

    @override
    def forget(self, account: bytes, done: Collection[bytes]) -> None:
        with self._store.begin() as connection:
            _forget(connection, done)

    def _save(self, connection: Connection, account: bytes, entries: Sequence[OutboxEntry]) -> Sequence[OutboxEntry]:
        connection.execute(_ADD, [_row(entry, self._locks.process_id) for entry in entries])
        _set_next_nonce(connection, account, entries[-1].nonce + 1)
        return entries

    def _adopt(self, account: bytes) -> list[OutboxEntry]:
        """Write this process's name on what nobody who lives carries, so that no other one takes it as well."""
        owners = select(_ROW.owner).where(_ROW.account == account).distinct()
        with self._store.connect() as connection:
            found = connection.execute(owners).scalars().all()
        dead = [owner for owner in found if owner is not None and not self._locks.is_alive(owner)]
        if not dead and None not in found:
            return []
        left = (_ROW.account == account) & (_ROW.owner.is_(None) | _ROW.owner.in_(dead))
        with self._store.begin() as connection:
            entries = _entries(connection, account, left)
            connection.execute(update(table.outbox).where(left).values(owner=self._locks.process_id))
        return entries


def _next_nonce(connection: Connection, account: bytes) -> int | None:
    return connection.execute(_LOCK, {"account": account}).scalar_one_or_none()


def _known_nonce(connection: Connection, account: bytes) -> int:
    nonce = _next_nonce(connection, account)
    assert nonce is not None  # noqa: S101 - an account is opened before anything else
    return nonce


def _set_next_nonce(connection: Connection, account: bytes, nonce: int) -> None:
    connection.execute(_SET_NEXT_NONCE, {"which": account, "nonce": nonce})


def _forget(connection: Connection, done: Collection[bytes]) -> int:
    return connection.execute(_FORGET, {"done": list(done)}).rowcount if done else 0


def _entries(connection: Connection, account: bytes, condition: ColumnElement[bool] | None = None) -> list[OutboxEntry]:
    query: Select[Any] = select(table.outbox).where(_ROW.account == account).order_by(_ROW.nonce)
    if condition is not None:
        query = query.where(condition)
    return [
        OutboxEntry(row.account, row.nonce, TransactionDraft(row.recipient, row.data, row.gas), row.raw, row.digest)
        for row in connection.execute(query)
    ]


def _row(entry: OutboxEntry, owner: bytes) -> dict[str, object]:
    return {
        "owner": owner,
        "digest": entry.digest,
        "account": entry.account,
        "nonce": entry.nonce,
        "recipient": entry.draft.to,
        "data": entry.draft.data,
        "gas": entry.draft.gas,
        "raw": entry.raw,
    }
