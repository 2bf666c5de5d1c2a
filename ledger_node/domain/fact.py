"""What the chain says at one pinned block: the only facts that verification takes from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger_node.domain.consent import ConsentRecord
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """When a member's signing key is valid, in seconds; ``compromised_from`` 0 means never."""

    valid_from: int
    valid_until: int
    compromised_from: int

    def fault_at(self, time: int) -> Reason | None:
        """Return why the key did not count at ``time``, or None if it did."""
        if not self.valid_from <= time < self.valid_until:
            return Reason.KEY_NOT_VALID
        if self.compromised_from and self.compromised_from <= time:
            return Reason.KEY_COMPROMISED
        return None

    def is_over_at(self, time: int) -> bool:
        """Return whether the key counts at ``time`` no more and never again: both an end and a compromise are final."""
        return self.valid_until <= time or 0 < self.compromised_from <= time


@dataclass(frozen=True, slots=True)
class IssuerPeriod:
    """When a member may issue a schema, in seconds; (0, 0) means never."""

    since: int
    until: int


ACTIVE_STATE: Final = 1
"""The state of the MemberRegistry in which a member may act; others are none, suspended and left."""
RELAYER_ROLE: Final = 8
"""The bit of a member that records consents and their uses, keeps the access log and signs receipts."""


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Roles (bits) and state of a member, as one word of the MemberRegistry holds them; zeros for nobody."""

    roles: int
    state: int

    @property
    def may_sign_receipts(self) -> bool:
        """Whether the member is active and records consents: it alone can say what it answered."""
        return self.state == ACTIVE_STATE and bool(self.roles & RELAYER_ROLE)


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """Facts at block ``block_number`` whose time is ``block_time``. What is missing was not so."""

    block_number: int
    block_hash: bytes
    block_time: int
    anchor_domain: SigningDomain
    consent_domain: SigningDomain
    anchor_digests: Mapping[tuple[bytes, int, int], bytes] = field(default_factory=dict)
    """(member, stream, number) -> digest of the anchored batch."""
    keys: Mapping[tuple[bytes, bytes], KeyRecord] = field(default_factory=dict)
    """(member, key address) -> validity."""
    issuers: Mapping[tuple[bytes, bytes], IssuerPeriod] = field(default_factory=dict)
    """(schema id, member) -> period."""
    status: Mapping[tuple[bytes, Plane, int], int] = field(default_factory=dict)
    """(member, plane, word) -> 256 bits."""
    standings: Mapping[bytes, MemberStanding] = field(default_factory=dict)
    """member -> roles and state."""
    consent: ConsentRecord | None = None
    controllers: bytes | None = None
    """The subject's commitment to its controllers at the time of the grant."""
