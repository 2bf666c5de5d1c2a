"""Grants that are stored and not known to be on the ledger: they are sent again until they are, or are refused."""

from typing import Final

from sqlalchemy import select

from api.services.consent.grant import ConsentGrants
from api.services.consent.stored_consent import WAITS, HeldConsent, stored_consent
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ConsentLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

_CONSENT: Final = table.consent.c


class PendingGrants:
    """Sends grants that wait for the ledger."""

    def __init__(self, store: Store, ledger: ConsentLedger, history: ControllerHistory, grants: ConsentGrants) -> None:
        self._store = store
        self._ledger = ledger
        self._history = history
        self._grants = grants

    def waiting(self) -> list[bytes]:
        """Return grants that are stored, not refused, and not known to be on the ledger."""
        return self._store.scalars(select(_CONSENT.id).where(WAITS))

    def resume(self, consent_id: bytes) -> None:
        """Record a grant that an earlier try stored and did not see on the ledger, or close it as refused.

        Raises:
            ChainError: the ledger does not answer, or not to this instance; nothing is lost.
        """
        with self._history.locked(stored_consent(self._store, consent_id).shown.terms.subject) as current:
            held = stored_consent(self._store, consent_id)
            if held.on_ledger or held.refusal is not None:
                return
            if held.entry != current.entry and self._ledger.consents([consent_id])[0][0] is None:
                # its signers control the subject no longer
                self._grants.refuse(held, Reason.CONTROLLERS_CHANGED)
                return
            self._send(held)

    def send_pending(self, current: ControllerState) -> None:
        """Record the grants of a subject that are not known to be on the ledger, under the subject's lock.

        Those that other controllers than the current ones signed grant nothing any more, and stay off the ledger.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        of_them = (_CONSENT.subject == current.subject) & (_CONSENT.entry == current.entry)
        waiting = self._store.scalars(select(_CONSENT.id).where(of_them, WAITS))
        for consent_id in waiting:
            try:
                self._send(stored_consent(self._store, consent_id))
            except ContractRevertError as error:
                # where the ledger refuses this instance as a sender, its subjects may hand over all the same
                if error.reason is Reason.LEDGER_UNAVAILABLE:
                    raise

    def record_first(self, held: HeldConsent) -> None:
        """Record a grant that waits before its consent is changed, or it would be granted when it was withdrawn.

        Where it is refused the change goes on: whatever the ledger holds under its id can be withdrawn.

        Raises:
            ChainError: the ledger does not answer.
        """
        if not held.on_ledger and held.refusal is None:
            self._send(held)

    def _send(self, held: HeldConsent) -> None:
        """Record a grant for nobody who waits: a refusal is told to its parties, and is no error."""
        signers = next((one for one in self._history.of(held.shown.terms.subject) if one.entry == held.entry), None)
        try:
            self._grants.record(held, None if signers is None else signers.since)
        except CredenceError:
            if stored_consent(self._store, held.shown.id).refusal is None:
                raise
