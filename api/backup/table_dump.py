"""Tables as JSON lines, the same whichever database holds them: one object a row, bytes in base64."""

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, func, insert, select, text

from api.backup.archive import ArchiveEntry
from api.storage.table import metadata, store_identity
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

FOLDER: Final = "store/"
_PORTION: Final = 1 << 20
_ROWS_AT_ONCE: Final = 200


def store_tables() -> list[Table]:
    """Return the tables of the store that are copied, each after those that it refers to."""
    # which store it is stays with each database
    return [table for table in metadata.sorted_tables if table is not store_identity]


def dump_tables(connection: Connection, counts: dict[str, int]) -> Iterator[ArchiveEntry]:
    """Yield all rows in the order of their keys, in portions of about a megabyte; ``counts``: gets rows by table.

    Memory does not grow with the store.
    """
    for table in store_tables():
        counts[table.name] = 0
        for number, portion in enumerate(_portions(connection, table)):
            counts[table.name] += portion.count(b"\n")
            yield ArchiveEntry.of(f"{FOLDER}{table.name}/{number:06}.jsonl", portion)


def _portions(connection: Connection, table: Table) -> Iterator[bytes]:
    rows = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS_AT_ONCE)
    lines: list[bytes] = []
    size = 0
    with connection.execute(rows) as found:
        for row in found.mappings():
            line = json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False).encode()
            lines.append(line + b"\n")
            size += len(line)
            if size >= _PORTION:
                yield b"".join(lines)
                lines, size = [], 0
    if lines:
        yield b"".join(lines)


def load_portion(connection: Connection, table: Table, content: bytes) -> list[dict[str, Any]]:
    """Insert a portion of a table's rows, and return them.

    Raises:
        InvalidInputError: ``backup_newer_format``; a column is not one of this version.
    """
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    rows = [_read(line, binary) for line in content.splitlines()]
    unknown = {name for row in rows for name in row} - {column.name for column in table.columns}
    if unknown:
        raise newer(f"the table {table.name} has a column {min(unknown)}")
    connection.execute(insert(table), rows)
    return rows


def restart_numbers(connection: Connection, tables: Iterable[Table]) -> None:
    """Let columns that number rows go on behind the rows that were loaded; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        column = table.autoincrement_column
        if column is not None:
            last = connection.execute(select(func.max(column))).scalar_one_or_none()
            if last is not None:
                sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
                connection.execute(sequence, {"table": table.name, "column": column.name, "last": last})


def newer(what: str) -> InvalidInputError:
    """Return the refusal of a backup that this version does not know enough for."""
    return InvalidInputError(Reason.BACKUP_NEWER_FORMAT, f"{what} that this version does not know; use a newer one")


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a column holds
    return b2a_base64(value, newline=False).decode("ascii") if isinstance(value, bytes) else value


def _read(line: bytes, binary: set[str]) -> dict[str, Any]:
    row: Mapping[str, Any] = json.loads(line)
    return {name: a2b_base64(value) if name in binary and value is not None else value for name, value in row.items()}
