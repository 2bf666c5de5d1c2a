"""Filters of templates for times and days in tables."""

from collections.abc import Callable, Mapping
from typing import Final

from api.language.moment import table_day, table_minute
from ledger_node.domain.value import format_date

TABLE_FILTERS: Final[Mapping[str, Callable[[int], str]]] = {
    "table_minute": table_minute,
    "table_day": table_day,
    "day_of_data": format_date,
}
"""Of seconds: the time, and the day alone; of days since 1970-01-01: the day."""
