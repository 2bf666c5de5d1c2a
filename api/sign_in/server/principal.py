"""Who calls, and why a call is not taken for anybody's."""

from dataclasses import dataclass
from enum import StrEnum

from ledger_node.chain.port import Role


class Kind(StrEnum):
    """In which capacity somebody signs in."""

    DEPARTMENT = "department"
    REGISTRAR = "registrar"
    BANK = "bank"
    OPERATOR = "operator"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a member's or a subject's id, and in which capacity."""

    kind: Kind
    id: bytes
    label: str


def kind_of(roles: Role) -> Kind | None:
    """Return the capacity that a member with these roles signs in with, or None if it has none."""
    kinds = (
        (Role.REGISTRAR, Kind.REGISTRAR),
        (Role.DEPARTMENT, Kind.DEPARTMENT),
        (Role.BANK, Kind.BANK),
        (Role.RELAYER, Kind.OPERATOR),
    )
    return next((kind for role, kind in kinds if role in roles), None)
