"""Consents: granted by the controllers' signatures, recorded on the ledger, listed, withdrawn."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.catalogue.datatype import schemas
from api.services.subject import Subject, SubjectService
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger, Role
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import (
    ConsentRecord,
    ConsentState,
    Terms,
    revocation_hash,
    signatures_from_json,
    withdrawal_digest,
)
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex
from ledger_node.domain.subject import Controllers

MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """A stored consent: what was signed, by whom, and the index of the controllers' entry."""

    shown: ShownConsent
    entry: int
    on_ledger: bool


class ConsentService:
    """Grants, lists and withdraws consents."""

    def __init__(self, store: Store, ledger: Ledger, subjects: SubjectService) -> None:
        self._store = store
        self._ledger = ledger
        self._subjects = subjects
        self._lock = threading.Lock()

    def grant(self, terms: Terms, signatures: tuple[bytes, ...], *, now: int) -> HeldConsent:
        """Check the terms and signatures, store the consent, and record it on the ledger.

        Raises:
            InvalidInputError: naming the part of the terms that cannot be granted.
            VerificationError: the signatures do not grant these terms.
            ChainError: the ledger refuses (``consent_exists``) or does not answer.
        """
        subject = self._subjects.find(terms.subject)
        if subject is None:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject is registered", field="subject")
        consent_id = terms.digest(self._ledger.consent_domain)
        # first of all, so that whoever cannot sign costs the ledger no reads
        subject.controllers.require_signatures(consent_id, signatures)
        self._require_sense(terms, now)
        with self._lock:
            known = self.find(consent_id)
            if known is not None and known.on_ledger:
                raise InvalidInputError(Reason.CONSENT_EXISTS, "exactly this consent was granted already")
            if known is None:
                self._keep(consent_id, terms, signatures, subject)
            # one that is stored but was not seen on the ledger is granted by asking again
            self._record(consent_id, terms)
        held = self.find(consent_id)
        assert held is not None  # noqa: S101 - it was just stored
        return held

    def complete_pending(self) -> None:
        """Record grants that an earlier run stored and did not see on the ledger.

        Raises:
            ChainError: the ledger does not answer; nothing is lost.
        """
        for held in self._select(table.consent.c.transaction.is_(None)):
            try:
                self._record(held.shown.id, held.shown.terms)
            except ContractRevertError as error:
                # for instance expired while the node was down: it stays off the ledger and grants nothing
                if error.reason is Reason.LEDGER_UNAVAILABLE:
                    raise

    def withdraw(self, consent_id: bytes, *, secret: bytes | None, signatures: tuple[bytes, ...]) -> None:
        """Withdraw by the secret, or by the controllers' signatures on the withdrawal statement.

        Raises:
            VerificationError: ``consent_unknown``, ``consent_wrong_secret``, or the signatures do not count.
            ChainError: ``consent_withdrawn`` for one that was withdrawn before, or no answer.
        """
        held = self.find(consent_id)
        if held is None:
            raise VerificationError(Reason.CONSENT_UNKNOWN, "no such consent")
        if secret is not None:
            if revocation_hash(secret) != held.shown.terms.revocation_hash:
                raise VerificationError(Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent")
        else:
            digest = withdrawal_digest(consent_id, self._ledger.consent_domain)
            held.shown.controllers.require_signatures(digest, signatures)
        if not held.on_ledger:
            # or the next start would grant what was withdrawn
            self._record(consent_id, held.shown.terms)
        if secret is not None:
            self._ledger.withdraw(consent_id, secret)
        else:
            self._ledger.withdraw_by_request(consent_id)

    def find(self, consent_id: bytes) -> HeldConsent | None:
        """Return a stored consent."""
        return next(iter(self._select(table.consent.c.id == consent_id)), None)

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

    def _keep(self, consent_id: bytes, terms: Terms, signatures: tuple[bytes, ...], subject: Subject) -> None:
        row = {
            "id": consent_id,
            "subject": terms.subject,
            "grantee": terms.grantee,
            "entry": subject.entry,
            "terms": json.dumps(terms.to_json(), ensure_ascii=False),
            "signatures": json.dumps([to_hex(signature) for signature in signatures]),
            "controllers": json.dumps(subject.controllers.to_json()),
        }
        try:
            with self._store.begin() as connection:
                connection.execute(insert(table.consent).values(row))
        except IntegrityError as error:
            raise InvalidInputError(Reason.CONSENT_EXISTS, "exactly this consent is being granted already") from error

    def _record(self, consent_id: bytes, terms: Terms) -> None:
        transaction = b"\x00" * 32
        try:
            transaction = self._ledger.grant(consent_id, terms).transaction
        except ContractRevertError as error:
            if error.reason is not Reason.CONSENT_EXISTS:
                raise
        with self._store.begin() as connection:
            connection.execute(
                update(table.consent).where(table.consent.c.id == consent_id).values(transaction=transaction)
            )

    def _require_sense(self, terms: Terms, now: int) -> None:
        if terms.expires_at <= now:
            raise InvalidInputError(Reason.CONSENT_EXPIRED, "this consent would be over already", field="expires_at")
        terms.require_within_purpose()
        members = {member.id: member for member in self._ledger.members()}
        grantee = members.get(terms.grantee)
        if grantee is None or Role.BANK not in grantee.roles or grantee.name != terms.grantee_name:
            raise InvalidInputError(
                Reason.MEMBER_UNKNOWN,
                "the grantee is no bank of this consortium under this name",
                field="grantee",
            )
        for department in terms.departments:
            if department not in members or Role.DEPARTMENT not in members[department].roles:
                raise InvalidInputError(
                    Reason.MEMBER_UNKNOWN,
                    "a listed department is none of this consortium",
                    field="departments",
                )
        for text in terms.questions:
            claim = Claim.parse(text, schemas())
            claim.require_askable(schemas())
            if claim.text(schemas()) != text:
                raise InvalidInputError(
                    Reason.QUESTION_MALFORMED,
                    f"write this question in its one form: {claim.text(schemas())}",
                    field="questions",
                )

    def _select(self, condition: ColumnElement[bool]) -> list[HeldConsent]:
        with self._store.connect() as connection:
            rows = connection.execute(select(table.consent).where(condition).limit(MAX_LISTED)).all()
        return [_held(row) for row in rows]


def _held(row: Any) -> HeldConsent:  # noqa: ANN401 - a row of the consent table
    signatures = decode(row.signatures.encode())
    assert isinstance(signatures, list)  # noqa: S101 - written by grant()
    shown = ShownConsent(
        row.id,
        Terms.from_json(decode(row.terms.encode())),
        signatures_from_json(signatures),
        Controllers.from_json(decode(row.controllers.encode())),
    )
    return HeldConsent(shown, row.entry, row.transaction is not None)


def state_name(record: ConsentRecord | None, now: int) -> str:
    """Return the state of a consent in one word: pending, live, early, expired, exhausted or withdrawn."""
    if record is None:
        return "pending"
    if record.state is ConsentState.WITHDRAWN:
        return "withdrawn"
    if now >= record.expires_at:
        return "expired"
    if record.uses >= record.max_uses:
        return "exhausted"
    return "early" if now < record.not_before else "live"


def _to_json(held: HeldConsent, record: ConsentRecord | None, now: int) -> dict[str, JSON]:
    return {
        **held.shown.to_json(),
        "state": state_name(record, now),
        "uses": 0 if record is None else record.uses,
        "granted_at": None if record is None else record.granted_at,
    }
