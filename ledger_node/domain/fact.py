"""What the chain says at one pinned block: the only facts that verification takes from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Final

from ledger_node.domain.controller_entry import ControllerHistory, ControllerQuery
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import VerificationError
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane


class KeyPurpose(IntFlag):
    """What a member's key is for, as the MemberRegistry numbers it; a key may be for several things."""

    ATTEST = 1
    """Signs batches of attestations."""
    STATUS = 2
    """Signs changes of status that say nothing of why."""
    ERASE = 4
    """Signs changes of status that say that what was attested is erased."""
    LOG = 8
    """Signs batches of the access log."""
    RECEIPT = 16
    """Signs receipts, off the chain."""
    RELAY = 32
    """Sends what others signed."""
    REGISTER = 64
    """Registers subjects and asks for their recovery."""
    SIGN_IN = 128
    """Signs in at an instance, off the chain."""


NO_PURPOSE: Final = KeyPurpose(0)
"""That of a key which is not the member's."""
EVERY_PURPOSE: Final = ~NO_PURPOSE


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """When a member's signing key is valid, in seconds, and what it is for; ``compromised_from`` 0 means never."""

    valid_from: int
    valid_until: int
    compromised_from: int
    purposes: KeyPurpose

    def fault_at(self, time: int, purpose: KeyPurpose) -> Reason | None:
        """Return why the key did not count at ``time`` for what it did, or None if it counted.

        The times come first; ``purpose`` of several bits asks for one of them, as the contracts do.
        """
        if not self.valid_from <= time < self.valid_until:
            return Reason.KEY_NOT_VALID
        if self.compromised_from and self.compromised_from <= time:
            return Reason.KEY_COMPROMISED
        return None if self.purposes & purpose else Reason.KEY_PURPOSE_WRONG

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
DEPARTMENT_ROLE: Final = 1
"""The bit of a member that attests to what its own records say."""
RELAYER_ROLE: Final = 8
"""The bit of a member that records consents and their uses, and keeps the access log."""


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Roles (bits) and state of a member, as one word of the MemberRegistry holds them; zeros for nobody."""

    roles: int
    state: int

    @property
    def may_sign_receipts(self) -> bool:
        """Whether the member is active and answers: from its own records, or as the operator of an instance."""
        return self.state == ACTIVE_STATE and bool(self.roles & (DEPARTMENT_ROLE | RELAYER_ROLE))


class ConsentState(IntEnum):
    """The states of the ConsentRegistry; which may follow which stands in IConsentRegistry."""

    NONE = 0
    LIVE = 1
    WITHDRAWN = 2
    PAUSED = 3


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """What the ConsentRegistry holds of one consent at one block; ``granted_at`` 0: withdrawn before it was granted.

    ``used``: bit n - 1 is set once number n was used. ``changes``: how many the steward key signed; ``word_digest``
    binds what controllers signed for the last of them. ``changed_at``: when it was last paused, resumed or withdrawn.
    """

    state: ConsentState
    granted_at: int
    not_before: int
    expires_at: int
    max_uses: int
    changes: int
    changed_at: int
    spend_key: bytes
    used: int
    uses_digest: bytes
    grant_digest: bytes
    word_digest: bytes

    @property
    def uses(self) -> int:
        """How many uses were counted."""
        return self.used.bit_count()

    def is_used(self, number: int) -> bool:
        """Return whether a use of this number was counted."""
        return bool(self.used >> number - 1 & 1)

    @property
    def free_numbers(self) -> tuple[int, ...]:
        """The numbers that can still be used, rising."""
        return tuple(number for number in range(1, self.max_uses + 1) if not self.is_used(number))


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
    controllers: ControllerHistory | None = None
    """The subject's entries and holds that were asked for; what they say is for ``controller_rule``."""


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts to read, all at one block."""

    anchors: frozenset[tuple[bytes, int, int]] = frozenset()
    """(member, stream, number) of batches."""
    keys: frozenset[tuple[bytes, bytes]] = frozenset()
    """(member, key address); those that the entries of ``subject`` rest on are added by themselves."""
    issuers: frozenset[tuple[bytes, bytes]] = frozenset()
    """(schema id, member)."""
    positions: frozenset[tuple[bytes, int]] = frozenset()
    """(member, position on its status bitmaps)."""
    standings: frozenset[bytes] = frozenset()
    """Members whose roles and state."""
    grantee: bytes | None = None
    """The bank: nothing of it is read but its name."""
    consent: bytes | None = None
    subject: ControllerQuery | None = None
    """Which entries of its controllers, and which holds."""

    def __post_init__(self) -> None:
        """Add the keys that the subject's entries rest on, so that nobody forgets them."""
        if self.subject is not None:
            object.__setattr__(self, "keys", self.keys | self.subject.keys)


def members_of(query: FactQuery) -> set[bytes]:
    """Return ids of the members whose keys, issuing or standing a query is about, and of the bank."""
    bank = set() if query.grantee is None else {query.grantee}
    return {member for member, _ in query.keys} | {member for _, member in query.issuers} | query.standings | bank


def query_of(presentation: Presentation, controllers: ControllerQuery | None) -> FactQuery:
    """Return the facts that checking a presentation needs; ``controllers``: those about who controls its subject."""
    shown = list(presentation.attestations.values())
    if presentation.subject is not None:
        shown.append(presentation.subject.registration)
    consent = presentation.consent
    return FactQuery(
        anchors=frozenset((item.anchor.member, item.anchor.stream, item.anchor.number) for item in shown),
        keys=frozenset((item.anchor.member, item.anchor.key) for item in shown),
        issuers=frozenset((item.header.schema_id, item.header.issuer) for item in shown),
        positions=frozenset((item.anchor.member, item.position) for item in shown),
        grantee=None if consent is None else consent.terms.grantee,
        consent=None if consent is None else consent.id,
        subject=None if consent is None else controllers,
    )


def require_key(facts: LedgerFacts, member: bytes, key: bytes, time: int, purpose: KeyPurpose) -> None:
    """Require that a member's key was valid at ``time``, not compromised before, and for this purpose.

    Raises:
        VerificationError: ``key_not_valid``, ``key_compromised`` or ``key_purpose_wrong``.
    """
    record = facts.keys.get((member, key))
    fault = Reason.KEY_NOT_VALID if record is None else record.fault_at(time, purpose)
    if fault is not None:
        raise VerificationError(fault, f"this was signed {_KEY_FAULTS[fault]}")


_KEY_FAULTS: Final = {
    Reason.KEY_NOT_VALID: "by a key that was not valid then",
    Reason.KEY_COMPROMISED: "after its key was compromised",
    Reason.KEY_PURPOSE_WRONG: "by a key that is not for this",
}
