"""Granting consents: on the signatures of a subject's controllers, stored, and recorded on the ledger.

A grant that is stored and not known to be on the ledger is sent again until it is there, or is refused.
"""

import json
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from api.services.consent.steward import ConsentKeys
from api.services.consent.stored_consent import WAITS, ConsentReader, StoredConsent
from api.services.consent.terms_rule import TermsRules
from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from api.services.subject.first_wait import FirstWait
from api.services.subject.registered_subject import SubjectReader
from api.storage import table
from api.storage.database import Store
from api.storage.table import consent_deadline
from ledger_node.chain.port import Ledger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.consent import NO_REQUEST, Consent, ConsentRequest
from ledger_node.domain.consent_order import AnswerOrder, GrantOrder
from ledger_node.domain.consent_rule import require_grant_digest, require_recorded
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import Signature, signature_to_json

_CONSENT: Final = table.consent.c
_REQUEST: Final = table.consent_request.c
_GRANTED_BEFORE: Final = frozenset({Reason.CONSENT_WITHDRAWN, Reason.CONSENT_PAUSED})
_FINAL: Final = frozenset(
    {
        "ConsentExpired",
        "ConsentGrantLate",
        "ConsentKeyZero",
        "ConsentPeriodInvalid",
        "ConsentSignatureWrong",
        "ConsentUsesInvalid",
        "ConsentWithdrawalHashZero",
        "RequestNotOpen",
        "RequestSignatureWrong",
    }
)
"""Errors of the ConsentRegistry about the grant itself. Any other one may be gone on another day, such as a key's."""


class ConsentGrants(ConsentReader):
    """Grants consents, or closes a grant as refused for good, with a reason that its parties are told."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        subjects: SubjectReader,
        history: ControllerHistory,
        rules: TermsRules,
        keys: ConsentKeys,
        first_wait: FirstWait | None = None,
    ) -> None:
        super().__init__(store, ledger)
        self._first_wait = FirstWait(store, 0) if first_wait is None else first_wait
        self.keys = keys
        self._subjects = subjects
        self._history = history
        self.rules = rules

    def grant(
        self, consent: Consent, signatures: tuple[Signature, ...], *, now: int, request: bytes = NO_REQUEST
    ) -> StoredConsent:
        """Check a consent and the signatures, store it, and record it on the ledger.

        ``request``: the open request that this answers.

        Raises:
            InvalidInputError: naming the part of the consent that cannot be granted.
            VerificationError: the signatures do not grant it.
            ChainError: the ledger refuses, which is final, or does not answer: then it goes on by itself.
        """
        subject = consent.terms.subject
        if self._subjects.find(subject) is None:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject is registered", field="subject")
        consent_id = consent.digest(self._ledger.consent_domain)
        with self._history.locked(subject) as current:
            # first of all, so that whoever cannot sign costs the ledger no reads
            signatures = current.controllers.in_one_form(consent_id, signatures)
            text = self.rules.require_text(consent, now)
            self._history.require_no_hold(subject, now)
            self._first_wait.require_over(subject, now)
            self._require_steward(consent)
            self._require_request(request, consent)
            known = self.find(consent_id)
            if known is not None and known.on_ledger:
                raise InvalidInputError(Reason.CONSENT_EXISTS, "exactly this consent was granted already")
            # one that is stored but was not seen on the ledger is granted by asking again; one that was refused, or was
            # signed while others controlled the subject, is granted anew
            if known is None or known.entry != current.entry or known.refusal is not None:
                self._store_grant(consent_id, consent, signatures, current, text, request, again=known is not None)
            self.record(self.stored(consent_id), current.since)
        return self.stored(consent_id)

    def record(self, held: StoredConsent, since: int | None) -> None:
        """Record a grant. ``since``: when those who signed it came into force, if that is known.

        Raises:
            ChainError: the ledger refuses or does not answer, or it holds something else under this id. What never will
                be a grant is closed as refused.
        """
        consent_id, transaction = held.shown.id, b"\x00" * 32
        try:
            transaction = self._ledger.grant(self._grant_order(held)).transaction
        except InvalidInputError as error:
            # the steward key went with the subject's data key
            self.refuse(held, error.reason)
            raise
        except ContractRevertError as error:
            if error.reason in {Reason.CONSENT_EXISTS, Reason.CONSENT_WITHDRAWN}:
                self._require_ours(held, since)
            else:
                if error.error in _FINAL:
                    self.refuse(held, error.reason)
                raise
        self._store.write(update(table.consent).where(_CONSENT.id == consent_id).values(transaction=transaction))

    def _grant_order(self, held: StoredConsent) -> GrantOrder:
        """Return the grant as the ledger takes it, signed by the steward key, and by the answer key if it answers."""
        shown, domain, answer = held.shown, self._ledger.consent_domain, None
        if held.request != NO_REQUEST:
            row: Any = self._store.row(select(table.consent_request).where(_REQUEST.id == held.request))
            asked = ConsentRequest.from_json(decode(row.asked.encode()))
            answer_key = self.keys.open_answer_key(row.subject, row.id, row.answer_key)
            answer = AnswerOrder.sign(asked, answer_key, domain, consent=shown.id)
        steward = self.keys.steward(shown.terms)
        return GrantOrder.sign(shown.consent, shown.signatures, steward, domain, answer=answer)

    def _require_ours(self, held: StoredConsent, since: int | None) -> None:
        """Require that the ledger holds this very grant: an earlier try of ours, or somebody relayed the same.

        One that was withdrawn since was ours all the same; a tombstone, or other signatures, never will be.
        """
        (record,), _ = self._ledger.consents([held.shown.id])
        if record is None:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show this consent yet; ask again")
        try:
            require_recorded(held.shown.bounds, held.shown.signatures, record, since=since)
        except VerificationError as error:
            if error.reason in _GRANTED_BEFORE and record.granted_at and self._is_ours(held, record):
                return
            self.refuse(held, error.reason)
            message = f"the ledger holds this id already, and not as it is granted here: {error.message}"
            raise ChainError(error.reason, message) from None

    @staticmethod
    def _is_ours(held: StoredConsent, record: ConsentRecord) -> bool:
        with suppress(VerificationError):
            require_grant_digest(held.shown.bounds, held.shown.signatures, record)
            return True
        return False

    def refuse(self, held: StoredConsent, reason: Reason) -> None:
        """Close a grant that never will be, and tell its parties."""
        terms, at = held.shown.terms, self._ledger.head().time
        data: dict[str, JSON] = {"consent": to_hex(held.shown.id), "reason": reason.value}
        parties = (terms.subject, terms.grantee)
        with self._store.begin() as connection:
            closed = update(table.consent).where(_CONSENT.id == held.shown.id, WAITS).values(refusal=reason.value)
            if connection.execute(closed).rowcount:
                notices = [Notice(party, NoticeKind.NOT_GRANTED, at, data) for party in parties]
                write_notices(connection, notices)
                ends = consent_deadline.c.consent == held.shown.id
                connection.execute(delete(consent_deadline).where(ends))

    def waiting(self) -> list[bytes]:
        """Return grants that are stored, not refused, and not known to be on the ledger."""
        return self._store.scalars(select(_CONSENT.id).where(WAITS))

    def resume(self, consent_id: bytes) -> None:
        """Record a grant that an earlier try stored and did not see on the ledger, or close it as refused.

        Raises:
            ChainError: the ledger does not answer, or not to this instance; nothing is lost.
        """
        with self._history.locked(self.stored(consent_id).shown.terms.subject) as current:
            held = self.stored(consent_id)
            if held.on_ledger or held.refusal is not None:
                return
            if held.entry != current.entry and self._ledger.consents([consent_id])[0][0] is None:
                # its signers control the subject no longer
                self.refuse(held, Reason.CONTROLLERS_CHANGED)
                return
            self.send(held)

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
                self.send(self.stored(consent_id))
            except ContractRevertError as error:
                # where the ledger refuses this instance as a sender, its subjects may hand over all the same
                if error.reason is Reason.LEDGER_UNAVAILABLE:
                    raise

    def record_first(self, held: StoredConsent) -> None:
        """Record a grant that waits before its consent is changed, or it would be granted when it was withdrawn.

        Where it is refused the change goes on: whatever the ledger holds under its id can be withdrawn.

        Raises:
            ChainError: the ledger does not answer.
        """
        if not held.on_ledger and held.refusal is None:
            self.send(held)

    def send(self, held: StoredConsent) -> None:
        """Record a grant for nobody who waits: a refusal is told to its parties, and is no error."""
        signers = next((one for one in self._history.of(held.shown.terms.subject) if one.entry == held.entry), None)
        try:
            self.record(held, None if signers is None else signers.since)
        except CredenceError:
            if self.stored(held.shown.id).refusal is None:
                raise

    def _require_steward(self, consent: Consent) -> None:
        if consent.bounds.steward_key != address_of(self.keys.steward(consent.terms)):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                "this is not the steward key of these terms here; ask POST /v1/steward-keys for it, and sign again",
                field="steward_key",
            )

    def _require_request(self, request: bytes, consent: Consent) -> None:
        if request == NO_REQUEST:
            return
        terms = consent.terms
        row: Any = self._store.row(select(table.consent_request).where(_REQUEST.id == request))
        if row is None or (row.subject, row.grantee) != (terms.subject, terms.grantee):
            raise InvalidInputError(Reason.REQUEST_UNKNOWN, "there is no such request of this bank", field="request")
        if ConsentRequest.from_json(decode(row.asked.encode())).spend_key != consent.bounds.spend_key:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, "the bank spends uses by the key that it asked with", field="spend_key"
            )

    def _store_grant(
        self,
        consent_id: bytes,
        consent: Consent,
        signatures: tuple[Signature, ...],
        current: ControllerState,
        text: str,
        request: bytes,
        *,
        again: bool,
    ) -> None:
        terms = consent.terms
        row = {
            "id": consent_id,
            "subject": terms.subject,
            "grantee": terms.grantee,
            "entry": current.entry,
            "terms": json.dumps(terms.to_json(), ensure_ascii=False),
            "bounds": json.dumps(consent.bounds.to_json()),
            "signatures": json.dumps([signature_to_json(signature) for signature in signatures]),
            "controllers": json.dumps(current.controllers.to_json()),
            "text": text,
            "request": request,
            "refusal": None,
        }
        stored = update(table.consent).where(table.consent.c.id == consent_id) if again else insert(table.consent)
        self._store.write(stored.values(row))
