"""Thresholds that move with the data: so many months before the day that an attestation's data is of."""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Field, Mode
from ledger_node.domain.value import EPOCH, FieldType, add_months

MAX_MONTHS: Final = 1200
_TEXT: Final = re.compile(r"as_of - (?P<months>[0-9]{1,4}) months\Z")
_MEMBER: Final = "as_of_minus_months"


@dataclass(frozen=True, slots=True)
class MonthsBefore:
    """``as_of - N months``: of a month field, that month; of a date field, that day or the month's last one."""

    months: int

    @classmethod
    def parse(cls, field: Field, words: str) -> Self:
        """Read the text form.

        Raises:
            InvalidInputError: ``question_malformed`` or ``operator_unsupported``.
        """
        match = _TEXT.match(" ".join(words.split()))
        if match is None:
            raise InvalidInputError(
                Reason.QUESTION_MALFORMED, "write a moving threshold as: as_of - 24 months", field="operand"
            )
        return cls._checked(field, int(match["months"]))

    @classmethod
    def from_json(cls, field: Field, value: Mapping[str, JSON]) -> Self:
        """Read the JSON form ``{"as_of_minus_months": N}``.

        Raises:
            InvalidInputError: a member is wrong, or ``operator_unsupported``.
        """
        record = JsonObject(value, "operand")
        months = record.integer(_MEMBER, high=MAX_MONTHS)
        record.done()
        return cls._checked(field, months)

    @classmethod
    def _checked(cls, field: Field, months: int) -> Self:
        if field.mode is not Mode.LADDER or field.type not in {FieldType.DATE, FieldType.MONTH}:
            raise InvalidInputError(
                Reason.OPERATOR_UNSUPPORTED,
                f"'{field.name}' is no date or month on a ladder, so it has no moving threshold",
                field=field.name,
            )
        if months > MAX_MONTHS:
            raise InvalidInputError(
                Reason.VALUE_OUT_OF_RANGE, f"a moving threshold goes back at most {MAX_MONTHS} months", field="operand"
            )
        return cls(months)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {_MEMBER: self.months}

    @override
    def __str__(self) -> str:
        return f"as_of - {self.months} months"

    def before(self, kind: FieldType, as_of: int) -> int:
        """Return the threshold, in days from 1970-01-01, for data of the day ``as_of``."""
        first = add_months(as_of, -self.months)
        if kind is FieldType.MONTH:
            return first
        month = EPOCH + dt.timedelta(days=first)
        last = monthrange(month.year, month.month)[1]
        return first + min((EPOCH + dt.timedelta(days=as_of)).day, last) - 1
