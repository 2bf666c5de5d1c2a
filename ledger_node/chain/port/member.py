"""Members of the consortium, their keys, what they may issue, and what they agreed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Protocol

from ledger_node.chain.port.chain import ChainLedger
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.fact import KeyRecord


class Role(IntFlag):
    """What a member may do."""

    DEPARTMENT = 1
    BANK = 2
    REGISTRAR = 4
    RELAYER = 8


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the MemberRegistry holds it."""

    id: bytes
    name: str
    roles: Role
    active: bool
    service_url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What one block holds of a member and of a key that is said to be its. ``time``: that block's."""

    member: Member | None
    key: KeyRecord
    time: int


class MemberLedger(ChainLedger, Protocol):
    """Members, and what the council decided of schemas and documents. It only reads: the council writes."""

    member_domain: SigningDomain
    """Where signatures of members on their sign-in keys count."""

    def members(self) -> Sequence[Member]:
        """Return all members."""

    def standing(self, member: bytes, key: bytes) -> Standing:
        """Return what the newest block holds of a member and of one key; a key of another member is never valid."""

    def document(self, name: str) -> bytes:
        """Return the digest of what the consortium agreed on under this name, zeros for nothing."""

    def issuers(self) -> Mapping[bytes, frozenset[bytes]]:
        """Return by schema id the ids of the members that may issue it, at the newest block."""
