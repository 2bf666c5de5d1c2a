"""Rows of one file about one firm, period and kind: the same one again, or another one that contradicts it.

A file is read as a whole before any row of it is issued. So the result of its rows depends on the file alone, and not
on their order. Digests of all rows wait in a temporary database on disk, under a key that only this process has. That
takes about 70 bytes a row there, and 8 MiB of memory for a file of any size.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import Final, Self

from api.ingestion.row import Rejection, Row, kind_of
from ledger_node.domain.error import StoreError
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.randomness import random_bytes

_DIGEST_BYTES: Final = 16
_NAMED: Final = 5
"""Lines that a rejection names; a row of the kind may stand there a thousand times."""


def row_bytes(row: Row) -> bytes:
    """Return all that a row says, in bytes."""
    said = [
        row.credit_code,
        row.period.first,
        row.period.last,
        row.as_of,
        [repr(value) for value in row.values],
    ]
    return json.dumps(said, ensure_ascii=False).encode()


class RepeatedRows:
    """The rows of a file that stand for a firm, period and kind together."""

    def __init__(self, rows: Iterable[Row], schema: Schema) -> None:
        """Look through the rows of a file, which are read by ``schema``.

        Raises:
            StoreError: ``store_unavailable``; there is no room for the digests.
        """
        self._schema = schema
        self._secret = random_bytes(HASH_BYTES)
        # without a name SQLite keeps it in a file that it has unlinked already: a kill leaves nothing
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            self._has_any = self._look_through(rows)
        except sqlite3.Error as error:
            self.close()
            raise _no_room() from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the digests."""
        self._database.close()

    def rejection(self, row: Row) -> Rejection | None:
        """Return why a row of the file is not issued, or None where nothing else of the file is about its key.

        Raises:
            StoreError: ``store_unavailable``.
        """
        if not self._has_any:
            return None
        key, content = self._digests(row)
        try:
            found = self._database.execute("SELECT first, conflicts FROM repeated WHERE key = ?", (key,)).fetchone()
            if found is None:
                return None
            first, conflicts = found
            if not conflicts:
                return None if row.line == first else _repeated(row.line, first)
            others = self._database.execute(
                "SELECT line FROM seen WHERE key = ? AND content != ? ORDER BY line LIMIT ?",
                (key, content, _NAMED + 1),
            ).fetchall()
        except sqlite3.Error as error:
            raise _no_room() from error
        return _conflicting(row.line, [line for (line,) in others])

    def _look_through(self, rows: Iterable[Row]) -> bool:
        run = self._database.execute
        for pragma in ("cache_size = -8192", "temp_store = FILE", "journal_mode = OFF", "synchronous = OFF"):
            run(f"PRAGMA {pragma}")
        run("CREATE TABLE seen (key BLOB NOT NULL, content BLOB NOT NULL, line INTEGER NOT NULL)")
        run("BEGIN")
        digests = ((*self._digests(row), row.line) for row in rows)
        self._database.executemany("INSERT INTO seen VALUES (?, ?, ?)", digests)
        run("CREATE INDEX seen_by_key ON seen (key, line)")
        run(
            "CREATE TABLE repeated AS SELECT key, min(line) AS first, min(content) != max(content) AS conflicts"
            " FROM seen GROUP BY key HAVING count(*) > 1"
        )
        run("CREATE INDEX repeated_by_key ON repeated (key)")
        run("COMMIT")
        return bool(run("SELECT EXISTS (SELECT 1 FROM repeated)").fetchone()[0])

    def _digests(self, row: Row) -> tuple[bytes, bytes]:
        of = [row.credit_code, row.period.first, row.period.last, kind_of(row, self._schema)]
        key = json.dumps(of, ensure_ascii=False).encode()
        return self._digest(key), self._digest(row_bytes(row))

    def _digest(self, part: bytes) -> bytes:
        return hmac_sha256(self._secret, part)[:_DIGEST_BYTES]


def _repeated(line: int, first: int) -> Rejection:
    return Rejection(line, None, Reason.ROW_REPEATED, f"line {first} says the same; this one counts for nothing")


def _conflicting(line: int, others: list[int]) -> Rejection:
    named = ", ".join(str(other) for other in others[:_NAMED])
    more = " and others" if len(others) > _NAMED else ""
    message = f"the file says something else of this firm and period in line {named}{more}; leave the row that is right"
    return Rejection(line, None, Reason.ROW_CONFLICT, message)


def _no_room() -> StoreError:
    return StoreError(Reason.STORE_UNAVAILABLE, "there is no room to look for rows that repeat; it is tried again")
