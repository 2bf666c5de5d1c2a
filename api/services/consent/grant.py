"""Grants on their way to the ledger: recorded there, or closed as refused for good, with a reason that is told."""

from typing import Final

from sqlalchemy import delete, select, update

from api.services.consent.stored_consent import HeldConsent, stored_consent
from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.services.subject.controller_history import ControllerHistory, ControllerState
from api.storage import table
from api.storage.database import Store
from api.storage.notice_table import consent_deadline
from ledger_node.chain.port import Ledger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import ChainError, CredenceError, VerificationError
from ledger_node.domain.fact import require_recorded
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_HELD: Final = table.consent.c
_WAITS: Final = _HELD.transaction.is_(None) & _HELD.refusal.is_(None)
_FINAL: Final = frozenset(
    {
        "ConsentExpired",
        "ConsentIdZero",
        "ConsentPeriodInvalid",
        "ConsentRevocationHashZero",
        "ConsentUsesZero",
        "RequestNotOpen",
    }
)
"""Errors of the ConsentRegistry about the grant itself. Any other one may be gone on another day, such as a key's."""


class GrantRecorder:
    """Records grants that are stored."""

    def __init__(self, store: Store, ledger: Ledger, history: ControllerHistory) -> None:
        self._store = store
        self._ledger = ledger
        self._history = history

    def waiting(self) -> list[bytes]:
        """Return grants that are stored, not refused, and not known to be on the ledger."""
        with self._store.connect() as connection:
            return list(connection.execute(select(_HELD.id).where(_WAITS)).scalars())

    def resume(self, consent_id: bytes) -> None:
        """Record a grant that an earlier try stored and did not see on the ledger, or close it as refused.

        Raises:
            ChainError: the ledger does not answer, or not to this instance; nothing is lost.
        """
        with self._history.turn(stored_consent(self._store, consent_id).shown.terms.subject) as present:
            held = stored_consent(self._store, consent_id)
            if held.on_ledger or held.refusal is not None:
                return
            if held.entry != present.entry and self._ledger.consents([consent_id])[0][0] is None:
                # its signers control the subject no longer
                self._refuse(held, Reason.CONTROLLERS_CHANGED)
                return
            self._finish(held)

    def settle(self, present: ControllerState) -> None:
        """Record the grants of a subject that are not known to be on the ledger, within the subject's turn.

        Those that other controllers than the present ones signed grant nothing any more, and stay off the ledger.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        of_them = (_HELD.subject == present.subject) & (_HELD.entry == present.entry)
        with self._store.connect() as connection:
            waiting = connection.execute(select(_HELD.id).where(of_them, _WAITS)).scalars().all()
        for consent_id in waiting:
            try:
                self._finish(stored_consent(self._store, consent_id))
            except ContractRevertError as error:
                # where the ledger refuses this instance as a sender, its subjects may hand over all the same
                if error.reason is Reason.LEDGER_UNAVAILABLE:
                    raise

    def _finish(self, held: HeldConsent) -> None:
        """Record a grant for nobody who waits: a refusal is told to its parties, and is no error."""
        signers = next((one for one in self._history.of(held.shown.terms.subject) if one.entry == held.entry), None)
        try:
            self.record(held, None if signers is None else signers.since)
        except CredenceError:
            if stored_consent(self._store, held.shown.id).refusal is None:
                raise

    def record_first(self, held: HeldConsent) -> None:
        """Record a grant that waits before its consent is changed, or it would be granted when it was withdrawn.

        Where it is refused the change goes on: whatever the ledger holds under its id can be withdrawn.

        Raises:
            ChainError: the ledger does not answer.
        """
        if not held.on_ledger and held.refusal is None:
            self._finish(held)

    def record(self, held: HeldConsent, since: int | None) -> None:
        """Record a grant. ``since``: when those who signed it took over, if that is known.

        Raises:
            ChainError: the ledger refuses or does not answer, or it holds something else under this id. What never will
                be a grant is closed as refused.
        """
        consent_id, terms, transaction = held.shown.id, held.shown.terms, b"\x00" * 32
        try:
            transaction = self._ledger.grant(consent_id, terms, request=held.request).transaction
        except ContractRevertError as error:
            if error.reason is Reason.CONSENT_EXISTS:
                self._require_ours(held, since)
            else:
                if error.error in _FINAL:
                    self._refuse(held, error.reason)
                raise
        with self._store.begin() as connection:
            connection.execute(update(table.consent).where(_HELD.id == consent_id).values(transaction=transaction))

    def _require_ours(self, held: HeldConsent, since: int | None) -> None:
        """Require that the ledger holds this very grant: an earlier try of ours, or somebody relayed the same terms."""
        (record,), _ = self._ledger.consents([held.shown.id])
        if record is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show this consent yet; ask again")
        try:
            require_recorded(held.shown.terms, record, since=since)
        except VerificationError as error:
            self._refuse(held, error.reason)
            words = f"the ledger holds this id already, and not as it is granted here: {error.message}"
            raise ChainError(error.reason, words) from None

    def _refuse(self, held: HeldConsent, reason: Reason) -> None:
        """Close a grant that never will be, and tell its parties."""
        terms, at = held.shown.terms, self._ledger.head().time
        data: dict[str, JSON] = {"consent": to_hex(held.shown.id), "reason": reason.value}
        parties = (terms.subject, terms.grantee)
        with self._store.begin() as connection:
            closed = update(table.consent).where(_HELD.id == held.shown.id, _WAITS).values(refusal=reason.value)
            if connection.execute(closed).rowcount:
                notices = [Notice(party, NoticeKind.NOT_GRANTED, at, data) for party in parties]
                write_notices(connection, notices)
                ends = consent_deadline.c.consent == held.shown.id
                connection.execute(delete(consent_deadline).where(ends))
