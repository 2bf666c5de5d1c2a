"""Consents: requested, granted or refused, used, paused, withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from ledger_node.chain.port.chain import Block, ChainLedger, Mined
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_order import AnswerOrder, ChangeOrder, GrantOrder, SecretOrder
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.event import ConsentEvent, Inclusion
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.ticket import CountedUse, SignedUse

MAX_USES_AT_A_TIME: Final = 500


class UseRefusal(IntEnum):
    """Why a use was not counted. The first two say nothing of the bank; of every other one the spend key did sign."""

    UNKNOWN = 1
    SIGNATURE_WRONG = 2
    WITHDRAWN = 3
    PAUSED = 4
    NOT_YET_VALID = 5
    EXPIRED = 6
    TOO_LATE = 7
    NUMBER_INVALID = 8
    NUMBER_USED = 9


@dataclass(frozen=True, slots=True)
class UseResult:
    """Whether one use was counted; ``refusal`` says why not."""

    refusal: UseRefusal | None
    mined: Mined

    @property
    def recorded(self) -> bool:
        """Whether the use was counted."""
        return self.refusal is None


class ConsentLedger(ChainLedger, Protocol):
    """Requests, consents and their uses. Keys of a consent sign; only requests and grants need a relayer's key."""

    consent_domain: SigningDomain
    """Where what is signed of consents counts."""

    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        """Return what the newest block holds of these consents, in their order."""

    def request_consent(self, request: bytes) -> Mined:
        """Record that a bank asks for a consent; for relayers only."""

    def refuse_consent(self, order: AnswerOrder) -> Mined:
        """Record that a request is refused."""

    def request_states(self, ids: Sequence[bytes]) -> Sequence[RequestState]:
        """Return where requests stand at the newest block, in their order."""

    def grant(self, order: GrantOrder) -> Mined:
        """Record a grant, as the answer to a request if there is one; for relayers only."""

    def change_consent(self, order: ChangeOrder) -> Mined:
        """Pause or resume a consent, or withdraw it by its steward key, granted or not."""

    def withdraw(self, order: SecretOrder) -> Mined:
        """Withdraw by showing the secret, granted or not."""

    def record_uses(self, uses: Sequence[SignedUse]) -> Sequence[UseResult]:
        """Record at most 500 uses in one transaction; the results come in their order."""

    def counted_uses(self, consents: Sequence[bytes], *, since: int = 0) -> Mapping[bytes, Sequence[CountedUse]]:
        """Return all uses of each of ``consents`` that were counted at ``since`` or later, in their order.

        ``since``: seconds since 1970, of the time of blocks. Where it is known, blocks before it are not looked at.
        """

    def counted_use(self, consent: bytes, ticket: bytes) -> tuple[CountedUse, Inclusion] | None:
        """Return the use of ``consent`` that was counted for this ticket, or None if none was."""

    def uses_since(self, block: int) -> Sequence[tuple[bytes, CountedUse]]:
        """Return (consent id, use) of all uses that were counted in this block or later, in their order."""

    def consent_events(self, consent: bytes) -> Sequence[ConsentEvent]:
        """Return everything that happened to a consent, or to a request, in order."""

    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        """Return the secret that a transaction shows the registry, or None if it does not call it so."""

    def signed_use(self, transaction: bytes, ticket: bytes) -> SignedUse | None:
        """Return the use for this ticket that a transaction itself shows the registry, or None if it shows none."""

    def uses_frozen(self) -> bool:
        """Return whether no use is counted, since the council has stopped everything."""

    def follow_freeze(self) -> Mined:
        """Let uses go by what the council decided last."""
