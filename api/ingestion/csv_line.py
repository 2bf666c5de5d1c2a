"""One line of CSV to its cells (RFC 4180), strictly: a quote where none belongs costs that line, and no other.

A quoted cell does not go on in the next line. What departments export has no such cells, and if it did, one stray
quote could swallow every row after it.
"""

import re
from typing import Final

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_CELL: Final = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^",]*))(?P<end>,|\Z)')


def cells_of(line: str) -> list[str]:
    """Return the cells of a line.

    Raises:
        InvalidInputError: ``row_malformed``; a quote stands inside a cell, is not closed, or text follows it.
    """
    if '"' not in line:
        return line.split(",")
    cells: list[str] = []
    at = 0
    while True:
        match = _CELL.match(line, at)
        if match is None:
            raise InvalidInputError(
                Reason.ROW_MALFORMED, f"the row is not CSV: cell {len(cells) + 1} has a quote where none belongs"
            )
        quoted = match["quoted"]
        cells.append(match["plain"] if quoted is None else quoted.replace('""', '"'))
        if not match["end"]:
            return cells
        at = match.end()
