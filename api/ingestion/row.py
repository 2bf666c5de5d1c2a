"""Lines of an export: what one row attests to, what is wrong with one that cannot be issued, and what is no row."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.value import Period, Value


@dataclass(frozen=True, slots=True)
class Row:
    """One attestation to be. ``line`` counts from 1 and includes the heading."""

    line: int
    credit_code: str = field(repr=False)
    period: Period
    as_of: int
    values: Sequence[Value] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the row at ``line`` is not issued; ``field`` is the column or member to blame."""

    line: int
    field: str | None
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class NoRow:
    """A line that says nothing of a firm: the heading, or a blank one."""

    line: int
    is_heading: bool


def kind_of(row: Row, schema: Schema) -> list[tuple[str, str]]:
    """Return the fields and values that tell a row from others of its firm and period (``per`` of the schema)."""
    return [(per.field.name, str(row.values[per.field.index])) for per in schema.per]
