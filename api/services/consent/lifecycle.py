"""A consent after its grant: paused, resumed and withdrawn by the controllers of that day, or by its secret.

What controllers sign is the authority. It is stored before the steward key binds it on the ledger. A withdrawal needs
no grant before it: it closes the id for good, so what waits for the ledger is never granted.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from api.services.consent.grant import ConsentGrants
from api.services.consent.signed_act import signed_act, store_signed_act
from api.services.consent.stored_consent import StoredConsent
from api.services.subject.registered_subject import unknown_to_strangers
from ledger_node.domain.consent_act import (
    Change,
    ChangeKind,
    SignedAct,
    change_digest,
    withdrawal_digest,
    withdrawal_hash,
)
from ledger_node.domain.consent_order import ChangeOrder, SecretOrder, ShownConsentId
from ledger_node.domain.error import ChainError, CredenceError, VerificationError
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act
from ledger_node.domain.subject import Controllers, Signature

_NOBODY: Final = bytes(HASH_BYTES)
_ACTS: Final = {Change.PAUSE: Act.PAUSED, Change.RESUME: Act.RESUMED}


class ConsentService(ConsentGrants):
    """Changes and withdraws consents, beside granting and finding them."""

    def withdraw(
        self, consent_id: bytes, *, secret: bytes | None, signatures: tuple[Signature, ...], asker: bytes | None = None
    ) -> None:
        """Withdraw by the secret, or by the current controllers' signatures on the withdrawal statement.

        ``asker``: who is signed in, if anybody is; nobody needs to be.

        Raises:
            VerificationError: ``consent_unknown``; or, for its own subject and bank, ``consent_wrong_secret`` and why
                signatures do not count.
            ChainError: ``consent_withdrawn`` for one that was withdrawn before, or no answer.
        """
        if secret is not None:
            self._withdraw_by_secret(consent_id, secret, asker)
            return
        digest = withdrawal_digest(consent_id, self._ledger.consent_domain)
        # not those of the time of the grant: whoever could grant it now can withdraw it now, and nobody else
        with self._authority(consent_id, asker, digest, signatures) as (held, controllers):
            number = self._next_change(consent_id)
            act = self._store_act(consent_id, Act.WITHDRAWN, number, controllers, digest, signatures)
            self._ledger.change_consent(self._order(held, ChangeKind.WITHDRAW, number, act))
        self._settle(held)

    def _withdraw_by_secret(self, consent_id: bytes, secret: bytes, asker: bytes | None) -> None:
        # it says enough: who controls the subject now, and what waits for it, does not matter
        held = self.find(consent_id)
        with unknown_to_strangers(_unknown(), is_party=_is_party(held, asker)):
            if withdrawal_hash(secret) != (_NOBODY if held is None else held.shown.bounds.withdrawal_hash):
                raise VerificationError(Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent")
            if held is None:
                raise _unknown()
        self._ledger.withdraw(SecretOrder(ShownConsentId.of(held.shown.consent, self._ledger.consent_domain), secret))
        self._settle(held)

    def relay_withdrawal(self, order: SecretOrder) -> None:
        """Withdraw any consent by its secret, whoever serves its firm, and whether it was granted or not.

        Raises:
            VerificationError: ``consent_wrong_secret``.
            ChainError: ``consent_withdrawn`` for one that was withdrawn before, or no answer.
        """
        if withdrawal_hash(order.secret) != order.shown.bounds.withdrawal_hash:
            raise VerificationError(Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent")
        self._ledger.withdraw(order)
        held = self.find(order.shown.id)
        if held is not None:
            self._settle(held)

    def _settle(self, held: StoredConsent) -> None:
        """Close a grant that waits for the ledger after its consent was withdrawn."""
        if not held.on_ledger and held.refusal is None:
            # it is withdrawn whatever becomes of this, and what waits is tried again
            with suppress(CredenceError):
                self.send(held)

    def change(
        self,
        consent_id: bytes,
        change: Change,
        number: int,
        signatures: tuple[Signature, ...],
        *,
        now: int = 0,
        asker: bytes | None = None,
    ) -> None:
        """Pause or resume, on the current controllers' signatures over the change and its number.

        ``now``: where the clock is later than the newest block.

        Raises:
            VerificationError: ``consent_unknown``; or, for its own subject and bank, why signatures do not count.
            VerificationError: ``subject_on_hold``; a firm that is held resumes nothing.
            ChainError: ``consent_withdrawn``, ``consent_paused`` or ``consent_not_paused``,
                ``consent_changed_already`` for another number than the next one, or no answer.
        """
        digest = change_digest(consent_id, change, number, self._ledger.consent_domain)
        # a key that was rotated out, perhaps because it was stolen, neither pauses nor resumes
        with self._authority(consent_id, asker, digest, signatures) as (held, controllers):
            if change is Change.RESUME:
                self._history.require_no_hold(held.shown.terms.subject, now)
            act = self._store_act(consent_id, _ACTS[change], number, controllers, digest, signatures)
            self.record_first(held)
            self._ledger.change_consent(self._order(held, change.kind, number, act))

    def _order(self, held: StoredConsent, kind: ChangeKind, number: int, act: SignedAct) -> ChangeOrder:
        shown = held.shown
        return ChangeOrder.sign(
            shown.consent, kind, number, act, self.keys.steward(shown.terms), self._ledger.consent_domain
        )

    def _store_act(
        self,
        consent_id: bytes,
        act: Act,
        number: int,
        controllers: Controllers,
        digest: bytes,
        signatures: tuple[Signature, ...],
    ) -> SignedAct:
        signed = signed_act(controllers, digest, signatures)
        return store_signed_act(self._store, self._ledger, consent_id, act, signed, number=number)

    def _next_change(self, consent_id: bytes) -> int:
        """Return the number of the next change; a consent that was withdrawn has none.

        Raises:
            ChainError: ``consent_withdrawn``, before a word is stored for what never takes place; or no answer.
        """
        (record,), _ = self._ledger.consents([consent_id])
        if record is not None and record.state is ConsentState.WITHDRAWN:
            raise ChainError(Reason.CONSENT_WITHDRAWN, "this consent was withdrawn, and that is final")
        return 1 if record is None else record.changes + 1

    @contextmanager
    def _authority(
        self, consent_id: bytes, asker: bytes | None, digest: bytes, signatures: tuple[Signature, ...]
    ) -> Iterator[tuple[StoredConsent, Controllers]]:
        """Lock a consent's subject, and give the consent and the current controllers, if these signed ``digest``."""
        held = self.find(consent_id)
        with self._history.locked_or_decoy(_NOBODY if held is None else held.shown.terms.subject) as controllers:
            with unknown_to_strangers(_unknown(), is_party=_is_party(held, asker)):
                controllers.require_signatures(digest, signatures)
                if held is None:
                    raise _unknown()
            yield held, controllers


def _unknown() -> VerificationError:
    return VerificationError(
        Reason.CONSENT_UNKNOWN, "there is no such consent of yours, and none that this secret or signature acts on"
    )


def _is_party(held: StoredConsent | None, asker: bytes | None) -> bool:
    return held is not None and asker in {held.shown.terms.subject, held.shown.terms.grantee}
