"""A use as an answer shows it: what its ticket follows from, and the uses of the consent until then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_scope import MAX_SECONDS, MAX_USES
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.ticket import CountedUse, UseOrder


@dataclass(frozen=True, slots=True)
class ShownUse:
    """What the answer cost: the order that its ticket follows from, and all uses that the ledger counted, in order."""

    order: UseOrder
    uses: tuple[CountedUse, ...]

    @property
    def counted(self) -> CountedUse | None:
        """The use that the ledger counted under the order's number, if it did."""
        return next((use for use in self.uses if use.number == self.order.number), None)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        uses: list[JSON] = [{"number": use.number, "ticket": to_hex(use.ticket), "time": use.time} for use in self.uses]
        return {**self.order.to_json(), "uses": uses}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        uses = JsonObject(value, "use").items("uses", max_items=MAX_USES)
        order = {name: member for name, member in value.items() if name != "uses"} if isinstance(value, Mapping) else {}
        return cls(UseOrder.from_json(order), tuple(_counted_from_json(item) for item in uses))


def _counted_from_json(value: JSON) -> CountedUse:
    with JsonObject(value, "use") as record:
        number, ticket = record.integer("number", low=1, high=MAX_USES), record.blob("ticket")
        return CountedUse(number, ticket, record.integer("time", high=MAX_SECONDS))
