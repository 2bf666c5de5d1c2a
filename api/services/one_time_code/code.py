"""One-time codes of every kind: only keyed digests are stored, wrong tries are counted, and each is spent once.

A code is found by its first half. A right first half with a wrong second half is a wrong try of that code. A wrong
first half is no code's, so it counts against where it came from, if the caller says so.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from api.services.one_time_code import form
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason

KEPT_S: Final = 30 * 86_400
"""For so long a code that is over is told apart from one that never was."""
WRONG_TRIES: Final = 60
"""So many wrong tries may come from one origin within ``TRIES_S``."""
TRIES_S: Final = 3_600
_CODE: Final = table.one_time_code.c
_TRY: Final = table.code_try.c


@dataclass(frozen=True, slots=True)
class CodeState:
    """What is known of a holder's newest code. ``spent_at``: None while it was not used."""

    expires_at: int
    tries_left: int
    spent_at: int | None


class OneTimeCodes:
    """Issues and reads codes. ``mac``: keyed digests of this instance; ``now``: the clock."""

    def __init__(self, store: Store, mac: Callable[[bytes], bytes], now: Callable[[], int]) -> None:
        self._store = store
        self._mac = mac
        self._now = now

    def issue(
        self,
        kind: str,
        holder: bytes,
        *,
        symbols: int = 10,
        lifetime_s: int,
        tries: int = 5,
        ends_others: bool = False,
        connection: Connection | None = None,
    ) -> str:
        """Return a fresh code as it is shown; nothing gives it out again.

        ``kind``: what it is for, at most 16 characters. ``holder``: whose it is; who spends it learns that.
        ``ends_others``: the earlier codes of the same kind and holder end. ``connection``: a transaction to be part of.
        """
        if connection is None:
            with self._store.begin() as own:
                return self._issue(own, kind, holder, symbols, lifetime_s, tries, ends_others=ends_others)
        return self._issue(connection, kind, holder, symbols, lifetime_s, tries, ends_others=ends_others)

    def _issue(
        self,
        connection: Connection,
        kind: str,
        holder: bytes,
        symbols: int,
        lifetime_s: int,
        tries: int,
        *,
        ends_others: bool,
    ) -> str:
        now = self._now()
        connection.execute(delete(table.one_time_code).where(_CODE.expires_at < now - KEPT_S))
        if ends_others:
            self.end(connection, kind, holder)
        code = form.draw(symbols)
        while self._find(connection, kind, code) is not None:
            code = form.draw(symbols)
        connection.execute(
            insert(table.one_time_code).values(
                kind=kind,
                place=self._place(kind, code),
                digest=self._digest(kind, code),
                holder=holder,
                expires_at=now + lifetime_s,
                tries_left=tries,
            )
        )
        return form.grouped(code)

    def end(self, connection: Connection, kind: str, holder: bytes) -> None:
        """End the codes of a holder: those that were not used are expired, and the others are no more than used."""
        ending = (_CODE.kind == kind) & (_CODE.holder == holder) & (_CODE.expires_at > self._now())
        connection.execute(update(table.one_time_code).where(ending).values(expires_at=self._now()))

    def state(self, kind: str, holder: bytes) -> CodeState | None:
        """Return what is known of a holder's newest code."""
        query = select(table.one_time_code).where(_CODE.kind == kind, _CODE.holder == holder)
        row = self._store.row(query.order_by(_CODE.expires_at.desc()).limit(1))
        return None if row is None else CodeState(row.expires_at, row.tries_left, row.spent_at)

    def look(self, kind: str, code: str, *, origin: bytes = b"", takes_spent: bool = False) -> bytes:
        """Return whose code this is, without spending it. ``origin``: where the try comes from, such as an address.

        ``takes_spent``: also of one that was spent, for who answers a lost answer again, or looks for a second try.

        Raises:
            VerificationError: ``code_unknown``, ``code_locked`` after too many wrong tries, ``code_used`` or
                ``code_expired``.
        """
        with self._store.begin() as connection:
            # a write transaction excludes others, so tries at once are counted one by one
            answer = self._try(connection, kind, code, origin, takes_spent=takes_spent)
        if isinstance(answer, VerificationError):
            raise answer
        return answer

    def spend(self, connection: Connection, kind: str, code: str) -> bytes:
        """Spend a code in a transaction, and return whose it was. Call ``look`` before, which counts wrong tries.

        Raises:
            VerificationError: as ``look``.
        """
        answer = self._check(connection, kind, code)
        if isinstance(answer, VerificationError):
            raise answer
        spent = (_CODE.kind == kind) & (_CODE.place == answer.place)
        connection.execute(update(table.one_time_code).where(spent).values(spent_at=self._now()))
        holder: bytes = answer.holder
        return holder

    def _try(
        self, connection: Connection, kind: str, code: str, origin: bytes, *, takes_spent: bool
    ) -> bytes | VerificationError:
        if origin and self._wrong_tries(connection, origin) >= WRONG_TRIES:
            return _refusal(Reason.CODE_LOCKED, "too many wrong codes came from here; try again in an hour")
        answer = self._check(connection, kind, code, takes_spent=takes_spent)
        if not isinstance(answer, VerificationError):
            holder: bytes = answer.holder
            return holder
        if answer.reason is Reason.CODE_UNKNOWN:
            self._count_wrong(connection, kind, code)
            if origin:
                self._count_origin(connection, origin)
        return answer

    def _check(self, connection: Connection, kind: str, code: str, *, takes_spent: bool = False) -> Any:  # noqa: ANN401 - a row, or the refusal
        symbols = form.read(code)
        row = None if symbols is None else self._find(connection, kind, symbols)
        if symbols is None or row is None:
            return _refusal(Reason.CODE_UNKNOWN, "there is no such code")
        is_right = hmac.compare_digest(row.digest, self._digest(kind, symbols))
        if row.tries_left <= 0:
            return _refusal(Reason.CODE_LOCKED, "this code was typed wrong too often; ask for a new one")
        if not is_right:
            return _refusal(Reason.CODE_UNKNOWN, "there is no such code")
        if row.spent_at is not None and not takes_spent:
            return _refusal(Reason.CODE_USED, "this code was used; each counts once")
        if row.expires_at <= self._now():
            return _refusal(Reason.CODE_EXPIRED, "this code is over; ask for a new one")
        return row

    def _count_wrong(self, connection: Connection, kind: str, code: str) -> None:
        symbols = form.read(code)
        if symbols is not None:
            tried = (_CODE.kind == kind) & (_CODE.place == self._place(kind, symbols)) & (_CODE.tries_left > 0)
            connection.execute(update(table.one_time_code).where(tried).values(tries_left=_CODE.tries_left - 1))

    def _wrong_tries(self, connection: Connection, origin: bytes) -> int:
        held = select(_TRY.wrong).where(_TRY.origin == self._mac(b"code origin" + origin), _TRY.until > self._now())
        return connection.execute(held).scalar_one_or_none() or 0

    def _count_origin(self, connection: Connection, origin: bytes) -> None:
        now, name = self._now(), self._mac(b"code origin" + origin)
        connection.execute(delete(table.code_try).where(_TRY.until <= now))
        counted = connection.execute(update(table.code_try).where(_TRY.origin == name).values(wrong=_TRY.wrong + 1))
        if counted.rowcount == 0:
            connection.execute(insert(table.code_try).values(origin=name, wrong=1, until=now + TRIES_S))

    def _find(self, connection: Connection, kind: str, code: str) -> Any:  # noqa: ANN401 - a row or None
        held = select(table.one_time_code).where(_CODE.kind == kind, _CODE.place == self._place(kind, code))
        return connection.execute(held).first()

    def _place(self, kind: str, code: str) -> bytes:
        return self._mac(f"code place {kind} {len(code)} {code[: len(code) // 2]}".encode())

    def _digest(self, kind: str, code: str) -> bytes:
        return self._mac(f"code {kind} {code}".encode())


def _refusal(reason: Reason, message: str) -> VerificationError:
    return VerificationError(reason, message, field="code")
