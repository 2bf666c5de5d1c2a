"""Requests for consent: a bank asks a subject, who grants or refuses; each step is recorded on the ledger."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.services.consent.lifecycle import ConsentService
from api.services.consent.signed_act import signed_act, store_signed_act
from api.services.consent.stored_consent import MAX_LISTED
from api.services.staff.officer import find_officers
from api.services.subject.controller_history import ControllerHistory
from api.services.subject.registered_subject import SubjectReader, unknown_to_strangers
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import ConsentLedger
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.consent import ConsentRequest, RequestState
from ledger_node.domain.consent_act import refusal_digest
from ledger_node.domain.consent_order import AnswerOrder
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.officer import MEMBER as OFFICER
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import Signature

MOST_A_DAY: Final = 20
"""So many requests a bank sends to one firm within a day."""
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A stored request. ``answer_key``: the address of the key that answers it.

    ``sealed_key``: the private one, sealed under the subject's data key.
    """

    id: bytes
    asked: ConsentRequest
    requested_at: int
    answer_key: bytes
    sealed_key: bytes = field(repr=False)


class ConsentRequestService:
    """Takes, lists and refuses requests. Granting one is granting a consent that names it."""

    def __init__(
        self,
        store: Store,
        ledger: ConsentLedger,
        subjects: SubjectReader,
        history: ControllerHistory,
        consents: ConsentService,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._subjects = subjects
        self._history = history
        self._consents = consents

    def ask(self, asked: ConsentRequest, answer_key: bytes, *, bank: bytes, now: int) -> StoredRequest:
        """Store a bank's request and record it on the ledger; asking the same again changes nothing.

        ``answer_key``: the private key that the bank drew for this request, and that answers it.

        Raises:
            InvalidInputError: naming the part that could not be granted, or ``not_allowed`` for another bank's.
            VerificationError: ``rate_limited``; the bank asked this firm often enough today.
            ChainError: the ledger does not answer; asking again finishes it, and it goes on by itself.
        """
        if asked.grantee != bank:
            raise InvalidInputError(Reason.REQUEST_INVALID, "a bank asks for itself", field="grantee")
        if self._subjects.find(asked.subject) is None:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject is registered", field="subject")
        self._consents.rules.require_grantable(asked, now)
        request = asked.digest(address_of(answer_key), self._ledger.consent_domain)
        row = {
            "id": request,
            "subject": asked.subject,
            "grantee": asked.grantee,
            "asked": json.dumps(asked.to_json(), ensure_ascii=False),
            "requested_at": now,
            "answer_address": address_of(answer_key),
            "answer_key": self._consents.keys.seal_answer_key(asked.subject, request, answer_key),
        }
        self._require_seldom(request, asked, now)
        # one that was asked before is perhaps not finished
        with suppress(IntegrityError):
            self._store.write(insert(table.consent_request).values(row))
        self.resume(request)
        return self.find(request)

    def _require_seldom(self, request: bytes, asked: ConsentRequest, now: int) -> None:
        """Require that the bank does not flood the firm. What was asked before is not counted again."""
        held = table.consent_request.c
        ours = (held.subject == asked.subject) & (held.grantee == asked.grantee) & (held.requested_at > now - _DAY_S)
        today = self._store.scalars(select(held.id).where(ours))
        if len(today) >= MOST_A_DAY and request not in today:
            raise VerificationError(
                Reason.RATE_LIMITED, f"a bank asks a firm at most {MOST_A_DAY} times a day; ask again tomorrow"
            )

    def refuse(self, request: bytes, signatures: tuple[Signature, ...], *, asker: bytes | None = None) -> None:
        """Refuse on the controllers' signatures. ``asker``: who is signed in, if anybody is; nobody needs to be.

        Raises:
            VerificationError: ``request_unknown``; or, for its own subject and bank, why signatures do not count.
            ChainError: ``request_answered``, or no answer.
        """
        held = next(iter(self._select(table.consent_request.c.id == request)), None)
        subject = bytes(HASH_BYTES) if held is None else held.asked.subject
        erased = self._subjects.find(subject) is None
        digest = refusal_digest(request, self._ledger.consent_domain)
        parties = () if held is None else (held.asked.subject, held.asked.grantee)
        with self._history.locked_or_decoy(subject) as controllers:
            with unknown_to_strangers(_unknown(), is_party=asker in parties):
                controllers.require_signatures(digest, signatures)
                if held is None:
                    raise _unknown()
                if erased:
                    raise VerificationError(Reason.ERASED, "the registrar has erased this subject")
            store_signed_act(
                self._store, self._ledger, request, Act.REFUSED, signed_act(controllers, digest, signatures)
            )
            self._ledger.refuse_consent(self._refusal_of(held))

    def _refusal_of(self, held: StoredRequest) -> AnswerOrder:
        answer_key = self._consents.keys.open_answer_key(held.asked.subject, held.id, held.sealed_key)
        return AnswerOrder.sign(held.asked, answer_key, self._ledger.consent_domain)

    def waiting(self) -> list[bytes]:
        """Return requests that are stored and not known to be on the ledger."""
        held = table.consent_request.c
        return self._store.scalars(select(held.id).where(held.transaction.is_(None)).order_by(held.requested_at))

    def resume(self, request: bytes) -> None:
        """Record a request that an earlier try stored and did not see on the ledger.

        Raises:
            ChainError: the ledger refuses or does not answer; nothing is lost.
        """
        transaction = b"\x00" * 32
        try:
            transaction = self._ledger.request_consent(request).transaction
        except ContractRevertError as error:
            if error.error != "RequestExists":
                raise
        self._store.write(
            update(table.consent_request).where(table.consent_request.c.id == request).values(transaction=transaction)
        )

    def find(self, request: bytes) -> StoredRequest:
        """Return a stored request.

        Raises:
            VerificationError: ``request_unknown``.
        """
        for held in self._select(table.consent_request.c.id == request):
            return held
        raise _unknown()

    def of_subject(self, subject: bytes) -> list[StoredRequest]:
        """Return the newest requests to a subject."""
        return self._select(table.consent_request.c.subject == subject)

    def of_grantee(self, member: bytes) -> list[StoredRequest]:
        """Return the newest requests of a bank."""
        return self._select(table.consent_request.c.grantee == member)

    def show(self, requests: Sequence[StoredRequest]) -> list[dict[str, JSON]]:
        """Return requests as the API shows them, with where they stand on the ledger."""
        ids = [held.id for held in requests]
        states, officers = self._ledger.request_states(ids), find_officers(self._store, ids)
        return [_to_json(held, state, officers.get(held.id)) for held, state in zip(requests, states, strict=True)]

    def _select(self, condition: ColumnElement[bool]) -> list[StoredRequest]:
        newest = table.consent_request.c.requested_at.desc()
        query = select(table.consent_request).where(condition).order_by(newest).limit(MAX_LISTED)
        return [_held(row) for row in self._store.rows(query)]


def _unknown() -> VerificationError:
    return VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")


def _held(row: Any) -> StoredRequest:  # noqa: ANN401 - a row of the request table
    asked = ConsentRequest.from_json(decode(row.asked.encode()))
    return StoredRequest(row.id, asked, row.requested_at, row.answer_address, row.answer_key)


def _to_json(held: StoredRequest, state: RequestState, officer: OfficerSignature | None) -> dict[str, JSON]:
    return {
        "id": to_hex(held.id),
        "request": held.asked.to_json(),
        "answer_key": to_hex(held.answer_key),
        "requested_at": held.requested_at,
        "state": "pending" if state is RequestState.NONE else state.name.lower(),
        OFFICER: None if officer is None else officer.to_json(),
    }
