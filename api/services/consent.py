"""Consents: granted by the controllers' signatures, recorded on the ledger, listed, withdrawn."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, insert, select, update

from api.catalogue.datatype import schemas
from api.catalogue.wording import wording
from api.services.consent_word import keep_word
from api.services.controller import Control, ControllerHistory
from api.services.stranger import unknown_to_strangers
from api.services.subject import SubjectService
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger, Role
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import (
    NO_REQUEST,
    Change,
    ConsentRecord,
    ConsentRequest,
    ConsentState,
    Terms,
    change_digest,
    revocation_hash,
    signatures_from_json,
    withdrawal_digest,
)
from ledger_node.domain.consent_text import consent_text, language_named, text_digest
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Word
from ledger_node.domain.record import to_hex
from ledger_node.domain.schema import day_in_china
from ledger_node.domain.subject import Controllers, Signature, signature_to_json

MAX_LISTED = 200
_REMEMBERED: Final = 4096
"""Consents that are kept as they were read; their words never change."""
_BY_ID: Final = select(table.consent).where(table.consent.c.id.in_(bindparam("ids", expanding=True)))
_ACTS: Final = {Change.PAUSE: Act.PAUSED, Change.RESUME: Act.RESUMED}


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """A stored consent: what was signed, by whom, and the index of the controllers' entry."""

    shown: ShownConsent
    entry: int
    on_ledger: bool
    text: str
    request: bytes


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

    def grant(
        self, terms: Terms, signatures: tuple[Signature, ...], *, now: int, request: bytes = NO_REQUEST
    ) -> HeldConsent:
        """Check the terms and signatures, store the consent, and record it on the ledger.

        ``request``: the open request that this answers.

        Raises:
            InvalidInputError: naming the part of the terms that cannot be granted.
            VerificationError: the signatures do not grant these terms.
            ChainError: the ledger refuses (``consent_exists``) or does not answer.
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
            # one that is stored but was not seen on the ledger is granted by asking again; one that the ledger refused
            # while others controlled the subject is granted anew
            if known is None or known.entry != present.entry:
                self._keep(consent_id, terms, signatures, present, text, request, again=known is not None)
            else:
                request = known.request
            self._record(consent_id, terms, request)
        held = self.find(consent_id)
        assert held is not None  # noqa: S101 - it was just stored
        return held

    def complete_pending(self) -> None:
        """Record grants that an earlier run stored and did not see on the ledger.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        with self._store.connect() as connection:
            query = select(table.consent.c.subject).where(table.consent.c.transaction.is_(None)).distinct()
            subjects = connection.execute(query).scalars().all()
        for subject in subjects:
            with self._history.turn(subject) as present:
                self.settle(present)

    def settle(self, present: Control) -> None:
        """Record the grants of a subject that are not known to be on the ledger, within the subject's turn.

        Those that other controllers than the present ones signed grant nothing any more, and stay off the ledger.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        consent = table.consent.c
        waiting = (consent.subject == present.subject) & (consent.entry == present.entry)
        for held in self._select(waiting & consent.transaction.is_(None)):
            try:
                self._record(held.shown.id, held.shown.terms, held.request)
            except ContractRevertError as error:
                # for instance expired while the node was down: it stays off the ledger and grants nothing
                if error.reason is Reason.LEDGER_UNAVAILABLE:
                    raise

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
        digest = withdrawal_digest(consent_id, self._ledger.consent_domain)

        def check(controllers: Controllers, hashed: bytes) -> None:
            if secret is None:
                controllers.require_signatures(digest, signatures)
            elif revocation_hash(secret) != hashed:
                raise VerificationError(Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent")

        # not those of the time of the grant: whoever could grant it now can withdraw it now, and nobody else
        with self._authority(consent_id, asker, check) as (held, controllers):
            if secret is None:
                keep_word(self._store, self._ledger, consent_id, Act.WITHDRAWN, _word(controllers, digest, signatures))
            if not held.on_ledger:
                # or the next start would grant what was withdrawn
                self._record(consent_id, held.shown.terms, held.request)
            if secret is not None:
                self._ledger.withdraw(consent_id, secret)
            else:
                self._ledger.withdraw_by_request(consent_id)

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

        def check(controllers: Controllers, _: bytes) -> None:
            controllers.require_signatures(digest, signatures)

        # a key that was rotated out, perhaps because it was stolen, neither pauses nor resumes
        with self._authority(consent_id, asker, check) as (_, controllers):
            keep_word(
                self._store,
                self._ledger,
                consent_id,
                _ACTS[change],
                _word(controllers, digest, signatures),
                number=number,
            )
            self._ledger.change_consent(consent_id, change, number)

    @contextmanager
    def _authority(
        self, consent_id: bytes, asker: bytes | None, check: Callable[[Controllers, bytes], None]
    ) -> Iterator[tuple[HeldConsent, Controllers]]:
        """Give a consent and its subject's present controllers, if these and the revocation hash pass ``check``."""
        held = self.find(consent_id)
        unknown = VerificationError(
            Reason.CONSENT_UNKNOWN, "there is no such consent of yours, and none that this secret or signature acts on"
        )
        parties = () if held is None else (held.shown.terms.subject, held.shown.terms.grantee)
        nobody = bytes(HASH_BYTES)
        with self._history.turn_or_decoy(nobody if held is None else held.shown.terms.subject) as controllers:
            with unknown_to_strangers(unknown, is_party=asker in parties):
                check(controllers, nobody if held is None else held.shown.terms.revocation_hash)
                if held is None:
                    raise unknown
            yield held, controllers

    def find(self, consent_id: bytes) -> HeldConsent | None:
        """Return a stored consent."""
        return self.find_all([consent_id]).get(consent_id)

    def find_all(self, consents: Collection[bytes]) -> dict[bytes, HeldConsent]:
        """Return those of ``consents`` that are stored, by id."""
        with self._store.connect() as connection:
            rows = connection.execute(_BY_ID, {"ids": list(consents)}).all()
        return {row.id: _held(row) for row in rows}

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
        return [_to_json(held, record, at) for held, record in zip(consents, records, strict=True)]

    def _keep(
        self,
        consent_id: bytes,
        terms: Terms,
        signatures: tuple[Signature, ...],
        present: Control,
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
        }
        kept = update(table.consent).where(table.consent.c.id == consent_id) if again else insert(table.consent)
        with self._store.begin() as connection:
            connection.execute(kept.values(row))

    def _record(self, consent_id: bytes, terms: Terms, request: bytes) -> None:
        transaction = b"\x00" * 32
        try:
            transaction = self._ledger.grant(consent_id, terms, request=request).transaction
        except ContractRevertError as error:
            if error.reason is not Reason.CONSENT_EXISTS:
                raise
        with self._store.begin() as connection:
            connection.execute(
                update(table.consent).where(table.consent.c.id == consent_id).values(transaction=transaction)
            )

    def require_sense(self, asked: ConsentRequest, now: int) -> Mapping[bytes, str]:
        """Require that what is asked for could be granted, and return the names of all members.

        Raises:
            InvalidInputError: naming the part that cannot be granted.
        """
        if asked.expires_at <= now:
            raise InvalidInputError(Reason.CONSENT_EXPIRED, "this consent would be over already", field="expires_at")
        claims = _claims(asked.questions, now)
        asked.require_within_purpose(self._purposes, claims)
        members = {member.id: member for member in self._ledger.members()}
        grantee = members.get(asked.grantee)
        if grantee is None or Role.BANK not in grantee.roles or grantee.name != asked.grantee_name:
            raise InvalidInputError(
                Reason.MEMBER_UNKNOWN,
                "the grantee is no bank of this consortium under this name",
                field="grantee",
            )
        for department in asked.departments:
            if department not in members or Role.DEPARTMENT not in members[department].roles:
                raise InvalidInputError(
                    Reason.MEMBER_UNKNOWN,
                    "a listed department is none of this consortium",
                    field="departments",
                )
        named = [part.selector.issuer for claim in claims for part in claim.parts]
        for issuer in (each for each in named if each is not None):
            if issuer not in members or Role.DEPARTMENT not in members[issuer].roles:
                raise InvalidInputError(
                    Reason.MEMBER_UNKNOWN,
                    "a question names a department that is none of this consortium",
                    field="questions",
                )
            if asked.departments and issuer not in asked.departments:
                raise InvalidInputError(
                    Reason.CONSENT_OTHER_DEPARTMENT,
                    "a question names a department that the consent does not cover",
                    field="questions",
                )
        return {member.id: member.name for member in members.values()}

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
        return [_held(row) for row in rows]


def _claims(questions: Sequence[str], now: int) -> list[Claim]:
    """Read questions, each of which must stand in its one form and be askable."""
    claims = []
    for text in questions:
        claim = Claim.parse(text, schemas())
        claim.require_askable(schemas(), today=day_in_china(now))
        if claim.text(schemas()) != text:
            raise InvalidInputError(
                Reason.QUESTION_MALFORMED,
                f"write this question in its one form: {claim.text(schemas())}",
                field="questions",
            )
        claims.append(claim)
    return claims


def _word(controllers: Controllers, digest: bytes, signatures: tuple[Signature, ...]) -> Word:
    """Return what was signed as receipts show it: as many signatures as must be, in their order."""
    return Word(controllers, controllers.in_one_form(digest, signatures))


def _held(row: Any) -> HeldConsent:  # noqa: ANN401 - a row of the consent table
    shown = _shown(row.id, row.terms, row.signatures, row.controllers)
    return HeldConsent(shown, row.entry, row.transaction is not None, row.text, row.request)


@lru_cache(_REMEMBERED)
def _shown(consent: bytes, terms: str, signatures: str, controllers: str) -> ShownConsent:
    # whatever process wrote them, the same texts mean the same
    listed = decode(signatures.encode())
    assert isinstance(listed, list)  # noqa: S101 - written by grant()
    return ShownConsent(
        consent,
        Terms.from_json(decode(terms.encode())),
        signatures_from_json(listed),
        Controllers.from_json(decode(controllers.encode())),
    )


def state_name(record: ConsentRecord | None, now: int) -> str:
    """Return the state of a consent in one word: pending, live, early, paused, expired, exhausted or withdrawn."""
    if record is None:
        return "pending"
    if record.state is ConsentState.WITHDRAWN:
        return "withdrawn"
    if record.state is ConsentState.PAUSED and now < record.expires_at:
        return "paused"
    if now >= record.expires_at:
        return "expired"
    if record.uses >= record.max_uses:
        return "exhausted"
    return "early" if now < record.not_before else "live"


def _to_json(held: HeldConsent, record: ConsentRecord | None, now: int) -> dict[str, JSON]:
    return {
        **held.shown.to_json(),
        "state": state_name(record, now),
        "text": held.text,
        "request": None if held.request == NO_REQUEST else to_hex(held.request),
        "uses": 0 if record is None else record.uses,
        "changes": 0 if record is None else record.changes,
        "granted_at": None if record is None else record.granted_at,
    }
