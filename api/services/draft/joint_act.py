"""What a firm's signers do beside granting: refuse, pause, resume and withdraw, one after the other where several must.

The act itself is the business of the services of consents. Here signatures wait until enough persons have signed.
"""

from collections.abc import Callable

from api.services.consent.lifecycle import ConsentService
from api.services.consent.request import ConsentRequestService
from api.services.consent.stored_consent import StoredConsent
from api.services.draft.signature_collection import SignatureCollection
from api.services.subject.controller_history import ControllerHistory
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature


class JointActs:
    """Takes the signatures of persons on acts. ``find_secret``: what withdraws a consent that was drawn up here."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        history: ControllerHistory,
        consents: ConsentService,
        requests: ConsentRequestService,
        find_secret: Callable[[StoredConsent], bytes | None],
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._consents = consents
        self._requests = requests
        self._find_secret = find_secret
        self._signatures = SignatureCollection(store)

    def refuse(self, request: bytes, subject: bytes, signature: Signature) -> bool:
        """Take the signature of a person on the refusal of a request; return whether it is refused by now.

        Raises:
            VerificationError: ``request_unknown``, ``request_answered``, ``signer_repeated``, or the signature does not
                check.
            ChainError: the ledger does not answer.
        """
        if self._requests.find(request).asked.subject != subject:
            raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
        digest = refusal_digest(request, self._ledger.consent_domain)
        with self._history.locked(subject) as current:
            (state,) = self._ledger.request_states([request])
            if state is RequestState.REFUSED:
                return True
            if state is RequestState.GRANTED:
                raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered already")
            signatures = self._signatures.collect(current, digest, signature)
            if signatures is not None:
                self._requests.refuse(request, signatures, asker=subject)
            return signatures is not None

    def change(
        self, consent: bytes, subject: bytes, change: Change, number: int, signature: Signature, *, now: int
    ) -> bool:
        """Take the signature of a person on a pause or its end; return whether it counts by now.

        Raises:
            VerificationError: ``consent_unknown``, ``signer_repeated``, or the signature does not check.
            ChainError: as ``ConsentService.change``.
        """
        self._consent_of(consent, subject)
        digest = change_digest(consent, change, number, self._ledger.consent_domain)
        with self._history.locked(subject) as current:
            signatures = self._signatures.collect(current, digest, signature)
            if signatures is not None:
                self._consents.change(consent, change, number, signatures, now=now, asker=subject)
            return signatures is not None

    def withdraw(self, consent: bytes, subject: bytes, signature: Signature | None = None) -> bool:
        """Withdraw a consent, and return whether it is withdrawn by now.

        One that was drawn up here needs no signature: the instance knows its secret. ``signature``: of a person, for
        one that was drawn up elsewhere.

        Raises:
            VerificationError: ``consent_unknown``, ``consent_wrong_secret`` where a signature is needed,
                ``signer_repeated``, or the signature does not check.
            ChainError: the ledger does not answer.
        """
        held = self._consent_of(consent, subject)
        try:
            if signature is None:
                secret = self._find_secret(held)
                if secret is None:
                    raise VerificationError(
                        Reason.CONSENT_WRONG_SECRET, "this instance has no secret of this consent; sign its withdrawal"
                    )
                self._consents.withdraw(consent, secret=secret, signatures=(), asker=subject)
                return True
            digest = withdrawal_digest(consent, self._ledger.consent_domain)
            with self._history.locked(subject) as current:
                signatures = self._signatures.collect(current, digest, signature)
                if signatures is not None:
                    self._consents.withdraw(consent, secret=None, signatures=signatures, asker=subject)
                return signatures is not None
        except ChainError as error:
            # a second click, or a slip that somebody used meanwhile
            if error.reason is not Reason.CONSENT_WITHDRAWN:
                raise
            return True

    def persons(self, subject: bytes, digest: bytes) -> tuple[int, ...]:
        """Return which persons of those who sign for a firm now have signed a digest, and wait for others."""
        return self._signatures.persons([digest], self._history.current(subject).entry)[digest]

    def _consent_of(self, consent: bytes, subject: bytes) -> StoredConsent:
        held = self._consents.find(consent)
        if held is None or held.shown.terms.subject != subject:
            raise VerificationError(Reason.CONSENT_UNKNOWN, "there is no such consent of yours")
        return held
