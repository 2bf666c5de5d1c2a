"""The Ledger port: what the rest of the system may ask of a chain, whichever engine runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property
from typing import Final, Protocol

from ledger_node.domain.batch import Anchor, Batch
from ledger_node.domain.consent import NO_REQUEST, Change, RequestState, Terms
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.event import ConsentEvent, LedgerEvent
from ledger_node.domain.evidence.bundle import SealedBlock, node_set
from ledger_node.domain.evidence.contract import Contract
from ledger_node.domain.evidence.slot import Slot, StorageWords
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.fact import ConsentRecord, FactQuery, KeyRecord, LedgerFacts
from ledger_node.domain.status import StatusChange

RECOVERY_DELAY_S: Final = 72 * 3600
"""How long controllers have to cancel a recovery; the SubjectRegistry enforces it."""


class Role(IntFlag):
    """What a member may do."""

    DEPARTMENT = 1
    BANK = 2
    REGISTRAR = 4
    RELAYER = 8


@dataclass(frozen=True, slots=True)
class Block:
    """A block to read at; ``time`` in seconds since 1970-01-01 UTC."""

    number: int
    hash: bytes
    time: int


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


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a member's stream stands: last batch number (0 for none), positions used, last root."""

    number: int
    total: int
    last_root: bytes


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that is in a block."""

    transaction: bytes
    block: Block
    gas_used: int


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    """Who controls a subject from ``since`` on, as the SubjectRegistry holds it: a commitment, and who recorded it."""

    commitment: bytes
    since: int
    registrar: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """The last recovery that was requested of a subject; number 0 for none, ``commitment`` only while it is pending."""

    commitment: bytes | None
    number: int
    requested_at: int

    @property
    def completable_at(self) -> int:
        """When it may take effect, in block time."""
        return self.requested_at + RECOVERY_DELAY_S


@dataclass(frozen=True, slots=True)
class UseResult:
    """Whether one use was recorded; ``refusal`` is the registry's reason where it was not."""

    recorded: bool
    uses: int
    refusal: int | None
    mined: Mined


@dataclass(frozen=True)
class StateProof:
    """What storage slots hold at one block: the words, the trie nodes that prove them, and the sealed header.

    ``accounts`` and ``storage``: RLP of the nodes from the state's root to a contract, and from its root to a slot.
    """

    block: SealedBlock
    words: StorageWords
    accounts: Mapping[Contract, Sequence[bytes]]
    storage: Mapping[Slot, Sequence[bytes]]

    def nodes_of(self, slots: Mapping[Contract, Sequence[int]]) -> tuple[bytes, ...]:
        """Return the nodes that prove ``slots``, of those that were read, as a bundle carries them."""
        paths = [self.accounts[contract] for contract in slots]
        paths += [self.storage[contract, slot] for contract, listed in slots.items() for slot in listed]
        needed = {node for path in paths for node in path}
        return tuple(node for node in self._nodes if node in needed)

    @cached_property
    def _nodes(self) -> tuple[bytes, ...]:
        # many answers are made of one proof, and putting its nodes into their order is most of each one's work
        return node_set(node for paths in (self.accounts, self.storage) for path in paths.values() for node in path)


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """A signed batch with the status words that it supersedes."""

    batch: Batch
    signature: bytes = field(repr=False)
    words: Sequence[int]
    masks: Sequence[int]


@dataclass(frozen=True, slots=True)
class SignedChange:
    """A status change as a transaction asks for it, and the address of the key that signed it."""

    change: StatusChange
    key: bytes


class Ledger(Protocol):
    """Reads at a pinned block and relayed writes. Every method may raise ChainError."""

    @property
    def anchor_domain(self) -> SigningDomain:
        """Where signatures on batches and status changes count."""

    @property
    def consent_domain(self) -> SigningDomain:
        """Where signatures on consent terms count."""

    @property
    def member_domain(self) -> SigningDomain:
        """Where signatures of members on their sign-in keys count."""

    @property
    def subject_domain(self) -> SigningDomain:
        """Where signatures on rotations and on cancellations of recoveries count."""

    def require_same_chain(self) -> None:
        """Require that the endpoint serves the chain of the address book, contracts included."""

    def head(self) -> Block:
        """Return the newest block."""

    def require_block(self, block: Block) -> None:
        """Require that the chain has exactly this block, by number, hash and time."""

    def facts(self, query: FactQuery, at: Block | None = None) -> LedgerFacts:
        """Return facts at ``at`` (default: the newest block)."""

    def state_proof(self, slots: Mapping[Contract, Sequence[int]], at: Block) -> StateProof:
        """Return what proves the contents of storage slots at ``at``, as the node shows it."""

    def trust(self) -> Trust:
        """Return the trust file of this network as the node knows it now."""

    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        """Return what the newest block holds of these consents, in their order."""

    def members(self) -> Sequence[Member]:
        """Return all members."""

    def member_of(self, key: bytes) -> bytes | None:
        """Return the member that a key address belongs to."""

    def standing(self, member: bytes, key: bytes) -> Standing:
        """Return what the newest block holds of a member and of one key; a key of another member is never valid."""

    def document(self, name: str) -> bytes:
        """Return the digest of what the consortium agreed on under this name, zeros for nothing."""

    def issuers(self) -> Mapping[bytes, frozenset[bytes]]:
        """Return by schema id the ids of the members that may issue it, at the newest block."""

    def stream_head(self, member: bytes, stream: int) -> StreamHead:
        """Return where a stream stands."""

    def find_anchor(self, member: bytes, stream: int, number: int) -> tuple[Anchor, Mined] | None:
        """Return an anchored batch from its event."""

    def anchor(self, order: BatchOrder) -> tuple[Anchor, Mined]:
        """Anchor a signed batch and return it as the chain holds it."""

    def status_number(self, member: bytes) -> int:
        """Return the number of the member's last status change (0 for none)."""

    def change_status(
        self, change: StatusChange, signature: bytes, words: Sequence[int], masks: Sequence[int]
    ) -> Mined:
        """Set positions of one plane."""

    def signed_change(self, transaction: bytes) -> SignedChange | None:
        """Return the status change that a transaction itself asks the registry for, or None."""

    def register_subject(self, subject: bytes, commitment: bytes) -> Mined:
        """Register a subject id with the commitment to its controllers."""

    def controller_entry(self, subject: bytes, number: int) -> ControllerEntry | None:
        """Return an entry of a subject's controllers, counted from 0, or None beyond the last."""

    def rotate(self, subject: bytes, commitment: bytes) -> Mined:
        """Append a commitment on the present controllers' signatures, which the caller has checked."""

    def recovery(self, subject: bytes) -> Recovery:
        """Return the last recovery that was requested of a subject."""

    def request_recovery(self, subject: bytes, commitment: bytes) -> Mined:
        """Begin to wait for other controllers."""

    def cancel_recovery(self, subject: bytes, number: int, *, by: Role) -> Mined:
        """Cancel a pending recovery: the relayer on a controller's signature, which the caller has checked.

        ``by`` is RELAYER, or REGISTRAR where the registrar itself calls it off.
        """

    def complete_recovery(self, subject: bytes, number: int) -> Mined:
        """Append the commitment of a recovery whose time has come."""

    def request_consent(self, request: bytes) -> Mined:
        """Record that a bank asks for a consent."""

    def refuse_consent(self, request: bytes) -> Mined:
        """Record that a request is refused, on the controllers' signed word, which the caller has checked."""

    def request_states(self, ids: Sequence[bytes]) -> Sequence[RequestState]:
        """Return where requests stand at the newest block, in their order."""

    def grant(self, consent: bytes, terms: Terms, *, request: bytes = NO_REQUEST) -> Mined:
        """Record a grant, as the answer to a request if there is one."""

    def change_consent(self, consent: bytes, change: Change, number: int) -> Mined:
        """Pause or resume on the controllers' signed request ``number``, which the caller has checked."""

    def withdraw(self, consent: bytes, secret: bytes) -> Mined:
        """Withdraw by showing the secret."""

    def withdraw_by_request(self, consent: bytes) -> Mined:
        """Withdraw on the controllers' signed request, which the caller has checked."""

    def record_uses(self, uses: Sequence[tuple[bytes, bytes]]) -> Sequence[UseResult]:
        """Record uses, (consent id, use id) each, in one transaction; the results come in their order."""

    def recorded_uses(self, consents: Sequence[bytes]) -> Mapping[bytes, Sequence[bytes]]:
        """Return the ids of all uses that were recorded under each of ``consents``, in their order."""

    def is_on_way(self, word: bytes) -> bool:
        """Return whether a transaction that names this use, or this subject, is sent and may still be mined."""

    def recorded_use(self, consent: bytes, use: bytes) -> UseResult | None:
        """Return what recording this use of ``consent`` returned, or None if it is not recorded."""

    def uses_since(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        """Return (consent id, use id) of all uses that were recorded in this block or later, in their order."""

    def subjects_since(self, block: int) -> Sequence[bytes]:
        """Return the ids of all subjects that were registered in this block or later, in their order."""

    def consent_events(self, consent: bytes) -> Sequence[ConsentEvent]:
        """Return everything that happened to a consent, or to a request, in order."""

    def events_between(self, first: int, last: int) -> Sequence[LedgerEvent]:
        """Return everything that happened in the blocks from ``first`` to ``last``, in order."""

    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        """Return the secret that a transaction shows the registry, or None if it does not call it so."""
