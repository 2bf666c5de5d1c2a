"""What each verdict rests on, in words that people compare: whose data, of which period, as of which day."""

from dataclasses import dataclass

from ledger_node.domain.canonical import JSON
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.period import Period
from ledger_node.domain.presentation import ShownClaim
from ledger_node.domain.value import format_date


@dataclass(frozen=True, slots=True)
class Basis:
    """One attestation under a verdict. ``part``: of the claim, from 0; ``as_of``: days since 1970-01-01."""

    part: int
    schema: str
    department: bytes
    name: str
    period: Period
    as_of: int

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "part": self.part,
            "schema": self.schema,
            "department": to_hex(self.department),
            "name": self.name,
            "period": str(self.period),
            "as_of": format_date(self.as_of),
        }


def basis_of(shown: ShownClaim, bundle: Bundle) -> tuple[Basis, ...]:
    """Return what a claim of a bundle that checked rests on, in the order of its parts; nothing for no proof."""
    found = []
    for part in shown.parts:
        header = bundle.presentation.attestations[part.attestation].header
        schema, name = shown.claim.parts[part.part].schema, bundle.names[header.issuer]
        found.append(Basis(part.part, schema, header.issuer, name, header.period, header.as_of))
    return tuple(found)
