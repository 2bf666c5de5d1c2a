"""Consents: granted by the controllers' signatures, recorded on the ledger, listed, withdrawn."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import ColumnElement, insert, select, update

from api.catalogue.datatype import schemas
from api.catalogue.wording import wording
from api.services.consent.grant import GrantRecorder
from api.services.consent.signed_act import keep_word
from api.services.consent.stored_consent import HeldConsent, consent_to_json, find_consents, held_of, stored_consent
from api.services.subject.controller_history import ControllerHistory, ControllerState
from api.services.subject.oracle_guard import unknown_to_strangers
from api.services.subject.registration import SubjectService
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger, Role
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import (
    NO_REQUEST,
    Change,
    ConsentRequest,
    Terms,
    change_digest,
    revocation_hash,
    withdrawal_digest,
)
from ledger_node.domain.consent_text import consent_text, language_named, text_digest
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.grant_rule import require_askable, require_parties
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, SignedAct
from ledger_node.domain.subject import Controllers, Signature, signature_to_json

MAX_LISTED = 200
_NOBODY: Final = bytes(HASH_BYTES)
_ACTS: Final = {Change.PAUSE: Act.PAUSED, Change.RESUME: Act.RESUMED}


class ConsentService:
    """Grants, lists and withdraws consents."""

    def __init__(
        self, store: Store, ledger: Ledger, subjects: SubjectService, history: ControllerHistory, purposes: Purposes
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._subjects = subjects
        self._history = history
        self._purposes = purposes
        self.grants = GrantRecorder(store, ledger, history)

    def grant(
        self, terms: Terms, signatures: tuple[Signature, ...], *, now: int, request: bytes = NO_REQUEST
    ) -> HeldConsent:
        """Check the terms and signatures, store the consent, and record it on the ledger.

        ``request``: the open request that this answers.

        Raises:
            InvalidInputError: naming the part of the terms that cannot be granted.
            VerificationError: the signatures do not grant these terms.
            ChainError: the ledger refuses, which is final, or does not answer: then it goes on by itself.
        """
        if self._subjects.find(terms.subject) is None:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject is registered", field="subject")
        consent_id = terms.digest(self._ledger.consent_domain)
        with self._history.turn(terms.subject) as present:
            # first of all, so that whoever cannot sign costs the ledger no reads
            signatures = present.controllers.in_one_form(consent_id, signatures)
            text = self._require_sense(terms, now)
            self._require_request(request, terms)
            known = self.find(consent_id)
            if known is not None and known.on_ledger:
                raise InvalidInputError(Reason.CONSENT_EXISTS, "exactly this consent was granted already")
            # one that is stored but was not seen on the ledger is granted by asking again; one that was refused, or was
            # signed while others controlled the subject, is granted anew
            if known is None or known.entry != present.entry or known.refusal is not None:
                self._keep(consent_id, terms, signatures, present, text, request, again=known is not None)
            self.grants.record(stored_consent(self._store, consent_id), present.since)
        return stored_consent(self._store, consent_id)

    def withdraw(
        self, consent_id: bytes, *, secret: bytes | None, signatures: tuple[Signature, ...], asker: bytes | None = None
    ) -> None:
        """Withdraw by the secret, or by the present controllers' signatures on the withdrawal statement.

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
            word = _word(controllers, digest, signatures)
            keep_word(self._store, self._ledger, consent_id, Act.WITHDRAWN, word)
            self.grants.record_first(held)
            self._ledger.withdraw_by_request(consent_id)

    def _withdraw_by_secret(self, consent_id: bytes, secret: bytes, asker: bytes | None) -> None:
        # it says enough: who controls the subject now, and what waits for it, does not matter
        held = self.find(consent_id)
        with unknown_to_strangers(_unknown(), is_party=_is_party(held, asker)):
            if revocation_hash(secret) != (_NOBODY if held is None else held.shown.terms.revocation_hash):
                raise VerificationError(Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent")
            if held is None:
                raise _unknown()
        self.grants.record_first(held)
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
        """Pause or resume, on the present controllers' signatures over the change and its number.

        Raises:
            VerificationError: ``consent_unknown``; or, for its own subject and bank, why signatures do not count.
            ChainError: ``consent_withdrawn``, ``consent_paused`` or ``consent_not_paused``,
                ``consent_changed_already`` for another number than the next one, or no answer.
        """
        digest = change_digest(consent_id, change, number, self._ledger.consent_domain)
        # a key that was rotated out, perhaps because it was stolen, neither pauses nor resumes
        with self._authority(consent_id, asker, digest, signatures) as (held, controllers):
            keep_word(
                self._store,
                self._ledger,
                consent_id,
                _ACTS[change],
                _word(controllers, digest, signatures),
                number=number,
            )
            self.grants.record_first(held)
            self._ledger.change_consent(consent_id, change, number)

    @contextmanager
    def _authority(
        self, consent_id: bytes, asker: bytes | None, digest: bytes, signatures: tuple[Signature, ...]
    ) -> Iterator[tuple[HeldConsent, Controllers]]:
        """Give a consent and its subject's present controllers, within its turn, if these signed ``digest``."""
        held = self.find(consent_id)
        with self._history.turn_or_decoy(_NOBODY if held is None else held.shown.terms.subject) as controllers:
            with unknown_to_strangers(_unknown(), is_party=_is_party(held, asker)):
                controllers.require_signatures(digest, signatures)
                if held is None:
                    raise _unknown()
            yield held, controllers

    def find(self, consent_id: bytes) -> HeldConsent | None:
        """Return a stored consent."""
        return self.find_all([consent_id]).get(consent_id)

    def find_all(self, consents: Collection[bytes]) -> dict[bytes, HeldConsent]:
        """Return those of ``consents`` that are stored, by id."""
        return find_consents(self._store, consents)

    def of_subject(self, subject: bytes) -> list[HeldConsent]:
        """Return the newest consents that a subject granted."""
        return self._select(table.consent.c.subject == subject)

    def of_grantee(self, member: bytes) -> list[HeldConsent]:
        """Return the newest consents that a bank was granted."""
        return self._select(table.consent.c.grantee == member)

    def show(self, consents: Sequence[HeldConsent], *, now: int) -> list[dict[str, JSON]]:
        """Return consents as the API shows them, with what the newest block holds of them.

        The block may be old on a quiet ledger, so time is the later of its time and ``now``.
        """
        records, block = self._ledger.consents([held.shown.id for held in consents])
        at = max(now, block.time)
        return [consent_to_json(held, record, at) for held, record in zip(consents, records, strict=True)]

    def _keep(
        self,
        consent_id: bytes,
        terms: Terms,
        signatures: tuple[Signature, ...],
        present: ControllerState,
        text: str,
        request: bytes,
        *,
        again: bool,
    ) -> None:
        row = {
            "id": consent_id,
            "subject": terms.subject,
            "grantee": terms.grantee,
            "entry": present.entry,
            "terms": json.dumps(terms.to_json(), ensure_ascii=False),
            "signatures": json.dumps([signature_to_json(signature) for signature in signatures]),
            "controllers": json.dumps(present.controllers.to_json()),
            "text": text,
            "request": request,
            "refusal": None,
        }
        kept = update(table.consent).where(table.consent.c.id == consent_id) if again else insert(table.consent)
        with self._store.begin() as connection:
            connection.execute(kept.values(row))

    def require_sense(self, asked: ConsentRequest, now: int) -> Mapping[bytes, str]:
        """Require that what is asked for could be granted, and return the names of all members.

        Raises:
            InvalidInputError: naming the part that cannot be granted.
        """
        claims = require_askable(asked, schemas(), now=now)
        asked.require_within_purpose(self._purposes, claims)
        members = self._ledger.members()
        banks = {member.id: member.name for member in members if Role.BANK in member.roles}
        departments = {member.id for member in members if Role.DEPARTMENT in member.roles}
        require_parties(asked, claims, banks=banks, departments=departments)
        return {member.id: member.name for member in members}

    def _require_sense(self, terms: Terms, now: int) -> str:
        names = self.require_sense(terms, now)
        language = language_named(terms.language)
        if terms.purpose_text != self._purposes.named(terms.purpose).text(language):
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the words of the purpose are not those of the consortium in this language",
                field="purpose_text",
            )
        text = consent_text(terms, wording(language, names))
        if text_digest(text) != terms.text_digest:
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the terms were signed over another text than they say; show the text of POST /v1/consent-texts",
                field="text_digest",
            )
        return text

    def _require_request(self, request: bytes, terms: Terms) -> None:
        if request == NO_REQUEST:
            return
        query = select(table.consent_request).where(table.consent_request.c.id == request)
        with self._store.connect() as connection:
            row = connection.execute(query).first()
        if row is None or (row.subject, row.grantee) != (terms.subject, terms.grantee):
            raise InvalidInputError(Reason.REQUEST_UNKNOWN, "there is no such request of this bank", field="request")

    def _select(self, condition: ColumnElement[bool]) -> list[HeldConsent]:
        with self._store.connect() as connection:
            rows = connection.execute(select(table.consent).where(condition).limit(MAX_LISTED)).all()
        return [held_of(row) for row in rows]


def _word(controllers: Controllers, digest: bytes, signatures: tuple[Signature, ...]) -> SignedAct:
    """Return what was signed as receipts show it: as many signatures as must be, in their order."""
    return SignedAct(controllers, controllers.in_one_form(digest, signatures))


def _unknown() -> VerificationError:
    return VerificationError(
        Reason.CONSENT_UNKNOWN, "there is no such consent of yours, and none that this secret or signature acts on"
    )


def _is_party(held: HeldConsent | None, asker: bytes | None) -> bool:
    return held is not None and asker in {held.shown.terms.subject, held.shown.terms.grantee}
