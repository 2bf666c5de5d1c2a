"""Consents: requested, granted or refused, used, paused, withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger_node.chain.port.chain import Block, ChainLedger, Mined
from ledger_node.domain.consent import NO_REQUEST, RequestState, Terms
from ledger_node.domain.consent_act import Change
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.event import ConsentEvent
from ledger_node.domain.fact import ConsentRecord


@dataclass(frozen=True, slots=True)
class UseResult:
    """Whether one use was recorded; ``refusal`` is the registry's reason where it was not."""

    recorded: bool
    uses: int
    refusal: int | None
    mined: Mined


class ConsentLedger(ChainLedger, Protocol):
    """Requests, consents and their uses. The relayer sends; who signs for a subject is checked by the caller."""

    consent_domain: SigningDomain
    """Where signatures on consent terms count."""

    def consents(self, ids: Sequence[bytes]) -> tuple[Sequence[ConsentRecord | None], Block]:
        """Return what the newest block holds of these consents, in their order."""

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

    def recorded_use(self, consent: bytes, use: bytes) -> UseResult | None:
        """Return what recording this use of ``consent`` returned, or None if it is not recorded."""

    def uses_since(self, block: int) -> Sequence[tuple[bytes, bytes]]:
        """Return (consent id, use id) of all uses that were recorded in this block or later, in their order."""

    def consent_events(self, consent: bytes) -> Sequence[ConsentEvent]:
        """Return everything that happened to a consent, or to a request, in order."""

    def withdrawal_secret(self, transaction: bytes) -> bytes | None:
        """Return the secret that a transaction shows the registry, or None if it does not call it so."""
