"""A consent after its grant: paused, resumed and withdrawn by the controllers of that day, or by its secret.

What controllers sign is stored for receipts before it is sent to the ledger.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.services.consent.grant import ConsentGrants
from api.services.consent.stored_consent import StoredConsent
from api.services.subject.registered_subject import unknown_to_strangers
from api.storage.database import Store
from api.storage.table import consent_word
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent_act import Change, SignedAct, change_digest, withdrawal_digest, withdrawal_hash
from ledger_node.domain.error import VerificationError
from ledger_node.domain.event import Step
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act
from ledger_node.domain.subject import Controllers, Signature

_NOBODY: Final = bytes(HASH_BYTES)
_ACTS: Final = {Change.PAUSE: Act.PAUSED, Change.RESUME: Act.RESUMED}
_ACT = consent_word.c


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
            signed = signed_act(controllers, digest, signatures)
            store_signed_act(self._store, self._ledger, consent_id, Act.WITHDRAWN, signed)
            self.record_first(held)
            self._ledger.withdraw_by_request(consent_id)

    def _withdraw_by_secret(self, consent_id: bytes, secret: bytes, asker: bytes | None) -> None:
        # it says enough: who controls the subject now, and what waits for it, does not matter
        held = self.find(consent_id)
        with unknown_to_strangers(_unknown(), is_party=_is_party(held, asker)):
            if withdrawal_hash(secret) != (_NOBODY if held is None else held.shown.terms.withdrawal_hash):
                raise VerificationError(Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent")
            if held is None:
                raise _unknown()
        self.record_first(held)
        self._ledger.withdraw(consent_id, secret)

    def change(
        self,
        consent_id: bytes,
        change: Change,
        number: int,
        signatures: tuple[Signature, ...],
        *,
        asker: bytes | None = None,
    ) -> None:
        """Pause or resume, on the current controllers' signatures over the change and its number.

        Raises:
            VerificationError: ``consent_unknown``; or, for its own subject and bank, why signatures do not count.
            ChainError: ``consent_withdrawn``, ``consent_paused`` or ``consent_not_paused``,
                ``consent_changed_already`` for another number than the next one, or no answer.
        """
        digest = change_digest(consent_id, change, number, self._ledger.consent_domain)
        # a key that was rotated out, perhaps because it was stolen, neither pauses nor resumes
        with self._authority(consent_id, asker, digest, signatures) as (held, controllers):
            signed = signed_act(controllers, digest, signatures)
            store_signed_act(self._store, self._ledger, consent_id, _ACTS[change], signed, number=number)
            self.record_first(held)
            self._ledger.change_consent(consent_id, change, number)

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


def signed_act(controllers: Controllers, digest: bytes, signatures: tuple[Signature, ...]) -> SignedAct:
    """Return what was signed as receipts show it: as many signatures as must be, in their order."""
    return SignedAct(controllers, controllers.in_one_form(digest, signatures))


def store_signed_act(
    store: Store, ledger: ConsentLedger, target: bytes, act: Act, signed: SignedAct, *, number: int = 0
) -> None:
    """Store what was signed and checked, under the lock of the subject, before it is sent to the ledger.

    One that is stored already belongs to an act that took place, or to an attempt that did not. Only the ledger
    knows, so it is asked then.

    Raises:
        ChainError: the ledger does not answer.
    """
    text = json.dumps(signed.to_json())
    try:
        store.write(insert(consent_word).values(target=target, act=act.value, number=number, word=text))
    except IntegrityError:
        if any((event.step, event.number) == (Step[act.name], number) for event in ledger.consent_events(target)):
            return
        stored = (_ACT.target == target) & (_ACT.act == act.value) & (_ACT.number == number)
        store.write(update(consent_word).where(stored).values(word=text))


def find_signed_act(store: Store, target: bytes, act: Act, *, number: int = 0) -> SignedAct | None:
    """Return what was signed for an act, or None where nothing is stored."""
    query = select(_ACT.word).where(_ACT.target == target, _ACT.act == act.value, _ACT.number == number)
    text = store.scalar(query)
    return None if text is None else SignedAct.from_json(decode(text.encode()))
