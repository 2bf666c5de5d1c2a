"""Filters of templates for times and days in tables."""

from collections.abc import Callable, Mapping
from typing import Final

from api.language.table_time import iso_day, iso_time
from ledger_node.domain.value import format_date

TABLE_FILTERS: Final[Mapping[str, Callable[[int], str]]] = {
    "iso_time": iso_time,
    "iso_day": iso_day,
    "iso_date": format_date,
}
"""Of seconds: the time, and the day alone; of days since 1970-01-01: the day."""
