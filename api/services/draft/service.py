"""Drafts: a firm's signers grant on pages what a bank asks for, one after the other where several must sign.

A draft that nobody signed is stored nowhere: it follows from its request, its language and the minute in which a page
showed it. The first signature stores it, if more are needed. From then on its request has this one draft until the
time when it could be recorded no more, or until a signer cancels it. What the last signature completes is granted
by ``ConsentService``, which stores consent and signatures in one transaction: so a crash leaves a grant or none.
"""

import json
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from api.services.consent.lifecycle import ConsentService
from api.services.consent.request import ConsentRequestService, StoredRequest
from api.services.consent.steward import ConsentKeys
from api.services.consent.stored_consent import StoredConsent
from api.services.draft.draft import MINUTE_S, Draft, ShownDraft
from api.services.draft.signature_collection import SignatureCollection
from api.services.draft.writer import DraftWriter
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent import Bounds, Consent, RequestState, Terms
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_order import SecretOrder, ShownConsentId
from ledger_node.domain.consent_text import Language, language_named
from ledger_node.domain.error import ChainError, CredenceError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature

_DRAFT: Final = table.draft.c


class Drafts:
    """Draws up consents for the requests to a firm, and takes the signatures of its persons."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        history: ControllerHistory,
        consents: ConsentService,
        requests: ConsentRequestService,
        writer: DraftWriter,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._history = history
        self._consents = consents
        self._requests = requests
        self._writer = writer
        self._signatures = SignatureCollection(store)

    def start(self, request: bytes, subject: bytes, language: Language, *, now: int) -> Draft:
        """Return the draft of a request to a firm: the one that somebody signed, or one drawn up now. Stores nothing.

        Raises:
            VerificationError: ``request_unknown``; or ``request_answered``.
            ChainError: the ledger does not answer.
        """
        held, current = self._open_request(request, subject), self._history.current(subject)
        signed = self._signed_draft(held, current, now)
        return signed or self._write(held, current, language, now - now % MINUTE_S)

    def sign(self, request: bytes, subject: bytes, shown: ShownDraft, signature: Signature, *, now: int) -> Draft:
        """Take the signature of a person on a draft, and grant the consent if enough persons signed.

        Signing what is granted already changes nothing.

        Raises:
            InvalidInputError: ``draft_expired``, ``consent_text_differs``, ``consent_terms_differ``, or as
                ``ConsentService.grant``.
            VerificationError: ``request_unknown``, ``request_answered``, ``draft_superseded``, ``signer_repeated``, or
                the signature does not check.
            ChainError: the ledger does not answer. A grant that is stored goes on by itself.
        """
        held, current = self._request_of(request, subject), self._history.current(subject)
        if current.controllers.threshold == 1:
            # the grant takes the lock itself, and does all that is done under it
            return self._sign(held, current, shown, signature, now)
        with self._history.locked(subject) as locked:
            return self._sign(held, locked, shown, signature, now)

    def _sign(
        self, held: StoredRequest, current: ControllerState, shown: ShownDraft, signature: Signature, now: int
    ) -> Draft:
        draft = self._signed_draft(held, current, now)
        if draft is None:
            draft = self._write(held, current, language_named(shown.terms.language), shown.drawn_up_at)
        granted = self._consents.find(draft.id)
        if granted is not None and granted.on_ledger and granted.refusal is None:
            # a second click, or the same page in another tab
            return draft.with_signers(draft.signed, is_granted=True)
        self._require_open(held)
        draft.require_in_force(shown)
        draft.require_time(now)
        draft.require_same(shown)
        person, signatures = self._signatures.with_new(current, draft.id, signature)
        is_granted = len(signatures) >= draft.needed
        if is_granted:
            self._grant(draft, tuple(signatures), now)
        else:
            self._store_signature(draft, current, person, signature)
        return draft.with_signers((*draft.signed, person), is_granted=is_granted)

    def _grant(self, draft: Draft, signatures: tuple[Signature, ...], now: int) -> None:
        try:
            self._consents.grant(draft.consent, signatures, now=now, request=draft.request)
        except CredenceError as error:
            if error.reason is not Reason.CONSENT_EXISTS:
                raise

    def _store_signature(self, draft: Draft, current: ControllerState, person: int, signature: Signature) -> None:
        with self._store.begin() as connection:
            # those of earlier controllers, and those that could be recorded no more
            stale = (_DRAFT.request == draft.request) & _DRAFT.cancelled.is_(False) & (_DRAFT.id != draft.id)
            connection.execute(delete(table.draft).where(stale))
            if not draft.signed:
                connection.execute(delete(table.draft).where(_DRAFT.id == draft.id))
                connection.execute(insert(table.draft).values(_row(draft, current)))
            self._signatures.add(connection, current, draft.id, person, signature)

    def of(self, subject: bytes, *, now: int) -> list[Draft]:
        """Return the drafts of a firm that somebody signed and that wait for others.

        Raises:
            ChainError: the ledger does not answer.
        """
        rows = self._store.rows(select(table.draft).where(_DRAFT.subject == subject, _DRAFT.cancelled.is_(False)))
        if not rows:
            return []
        current = self._history.current(subject)
        states = self._ledger.request_states([row.request for row in rows])
        drafts = [
            self._read(row, current) for row, state in zip(rows, states, strict=True) if state is RequestState.OPEN
        ]
        return [draft for draft in drafts if draft.signed and now < draft.good_until]

    def cancel(self, request: bytes, subject: bytes, *, now: int) -> None:
        """Close the draft of a request that somebody signed, for good; the request stays open.

        Raises:
            VerificationError: ``request_unknown``; ``draft_unknown``, nothing of it waits for signatures.
            ChainError: the ledger does not answer, and nothing has changed.
        """
        held = self._request_of(request, subject)
        with self._history.locked(subject) as current:
            draft = self._signed_draft(held, current, now)
            if draft is None or self._consents.find(draft.id) is not None:
                raise VerificationError(Reason.DRAFT_UNKNOWN, "nothing of this request waits for signatures")
            secret = self._keys.withdrawal_secret(draft.consent.terms, self._attempt(request))
            order = SecretOrder(ShownConsentId.of(draft.consent, self._ledger.consent_domain), secret)
            try:
                self._consents.relay_withdrawal(order)
            except ChainError as error:
                # an earlier try closed it
                if error.reason is not Reason.CONSENT_WITHDRAWN:
                    raise
            self._store.write(update(table.draft).where(_DRAFT.id == draft.id).values(cancelled=True))

    def find_secret(self, held: StoredConsent) -> bytes | None:
        """Return the secret that withdraws a consent, or None where it was drawn up elsewhere."""
        for attempt in range(self._attempt(held.request) + 1):
            secret = self._keys.withdrawal_secret(held.shown.terms, attempt)
            if withdrawal_hash(secret) == held.shown.bounds.withdrawal_hash:
                return secret
        return None

    @property
    def _keys(self) -> ConsentKeys:
        return self._consents.keys

    def _request_of(self, request: bytes, subject: bytes) -> StoredRequest:
        held = self._requests.find(request)
        if held.asked.subject != subject:
            raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
        return held

    def _open_request(self, request: bytes, subject: bytes) -> StoredRequest:
        held = self._request_of(request, subject)
        self._require_open(held)
        return held

    def _require_open(self, held: StoredRequest) -> None:
        (state,) = self._ledger.request_states([held.id])
        if state in {RequestState.GRANTED, RequestState.REFUSED}:
            raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered already")

    def _write(self, held: StoredRequest, current: ControllerState, language: Language, drawn_up_at: int) -> Draft:
        return self._writer.write(
            held, language, drawn_up_at, attempt=self._attempt(held.id), needed=current.controllers.threshold
        )

    def _attempt(self, request: bytes) -> int:
        return len(self._store.scalars(select(_DRAFT.id).where(_DRAFT.request == request, _DRAFT.cancelled.is_(True))))

    def _signed_draft(self, held: StoredRequest, current: ControllerState, now: int) -> Draft | None:
        """Return the draft of a request that persons signed who still control the firm, and that can be granted yet."""
        open_one: ColumnElement[bool] = (_DRAFT.request == held.id) & _DRAFT.cancelled.is_(False)
        for row in self._store.rows(select(table.draft).where(open_one, _DRAFT.entry == current.entry)):
            draft = self._read(row, current)
            if draft.signed and now < draft.good_until:
                return draft
        return None

    def _read(self, row: Any, current: ControllerState) -> Draft:  # noqa: ANN401 - a row of the table
        consent = Consent(Terms.from_json(decode(row.terms.encode())), Bounds.from_json(decode(row.bounds.encode())))
        draft = self._writer.read(row.request, consent, row.drawn_up_at, needed=current.controllers.threshold)
        return draft.with_signers(self._signatures.persons([draft.id], current.entry)[draft.id])


def _row(draft: Draft, current: ControllerState) -> dict[str, Any]:
    return {
        "id": draft.id,
        "request": draft.request,
        "subject": current.subject,
        "entry": current.entry,
        "drawn_up_at": draft.drawn_up_at,
        "terms": json.dumps(draft.consent.terms.to_json(), ensure_ascii=False),
        "bounds": json.dumps(draft.consent.bounds.to_json()),
        "cancelled": False,
    }
