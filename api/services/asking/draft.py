"""Requests that a bank makes up step by step: firm and purpose, questions, bounds, and a last look as the firm has it.

Salt and keys of the request follow from the draft, so sending one draft twice makes one request.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from api.catalogue.datatype import schemas
from api.catalogue.question_choice import combine
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_scope import MAX_QUESTIONS
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.purpose import Purpose, Purposes
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

MAX_OPEN: Final = 100
_ID_BYTES: Final = 16
_KEPT_S: Final = 30 * 86_400
_USUAL_DAYS: Final = 31
_DAY: Final = 86_400
_MINUTE: Final = 60
_DRAFT: Final = table.request_draft.c


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """A request that is being made up.

    ``questions``: in text form. ``begins_at``, ``language``: as it was looked at last, None before that and after a
    change. ``request``: what was sent.
    """

    id: bytes
    bank: bytes
    staff: bytes
    subject: bytes
    purpose: str
    questions: tuple[str, ...]
    days: int
    uses: int
    retention_days: int
    salt: bytes = field(repr=False)
    created_at: int
    language: Language | None = None
    begins_at: int | None = None
    request: bytes | None = None

    @property
    def expires_at(self) -> int:
        """When the consent would end, of a draft that was looked at."""
        return (self.begins_at or self.created_at) + self.days * _DAY


class RequestDrafts:
    """Keeps the drafts of banks. Nobody but its bank learns that a draft is there."""

    def __init__(self, store: Store, purposes: Purposes) -> None:
        self._store = store
        self._purposes = purposes

    def start(self, bank: bytes, subject: bytes, purpose: str, *, staff: bytes, now: int) -> RequestDraft:
        """Begin a request to a firm, with the bounds that its purpose allows at most.

        Raises:
            InvalidInputError: ``purpose_unknown``; or ``overloaded``, the bank has too many drafts.
        """
        ceilings = self._purposes.named(purpose)
        days = min(ceilings.max_days, _USUAL_DAYS)
        uses = ceilings.max_uses if ceilings.max_uses_a_month is None else ceilings.max_uses_a_month
        retention = min(ceilings.max_retention_days, _USUAL_DAYS)
        draft = RequestDraft(
            id=random_bytes(_ID_BYTES),
            bank=bank,
            staff=staff,
            subject=subject,
            purpose=purpose,
            questions=(),
            days=days,
            uses=min(uses, ceilings.max_uses),
            retention_days=retention,
            salt=random_bytes(32),
            created_at=now,
        )
        unsent = (_DRAFT.bank == bank) & _DRAFT.request.is_(None)
        with self._store.begin() as connection:
            connection.execute(delete(table.request_draft).where(unsent, _DRAFT.created_at <= now - _KEPT_S))
            open_ids = connection.execute(select(_DRAFT.id).where(unsent).limit(MAX_OPEN)).all()
            if len(open_ids) == MAX_OPEN:
                raise InvalidInputError(
                    Reason.OVERLOADED, "too many requests are being made up; send or drop some of them"
                )
            connection.execute(insert(table.request_draft).values(_row_of(draft)))
        return draft

    def find(self, bank: bytes, draft_id: bytes) -> RequestDraft:
        """Return a draft of a bank.

        Raises:
            InvalidInputError: ``not_found``, also for that of another bank.
        """
        with self._store.connect() as connection:
            return _find(connection, bank, draft_id)

    def open_of(self, bank: bytes) -> list[RequestDraft]:
        """Return the drafts of a bank that were not sent, the newest first."""
        unsent = (_DRAFT.bank == bank) & _DRAFT.request.is_(None)
        query = select(table.request_draft).where(unsent).order_by(_DRAFT.created_at.desc(), _DRAFT.id).limit(MAX_OPEN)
        return [_draft_of(row) for row in self._store.rows(query)]

    def drop(self, bank: bytes, draft_id: bytes) -> None:
        """Forget a draft that was not sent, if it is there."""
        mine = (_DRAFT.id == draft_id) & (_DRAFT.bank == bank) & _DRAFT.request.is_(None)
        self._store.write(delete(table.request_draft).where(mine))

    def add(self, bank: bytes, draft_id: bytes, claim: Claim) -> RequestDraft:
        """Add a question; one that is there already is not added twice.

        Raises:
            InvalidInputError: ``purpose_ceiling``, or as ``find`` and ``change``.
        """
        text = claim.text(schemas())
        return self.change(
            bank, draft_id, lambda draft: (*draft.questions, *(() if text in draft.questions else (text,)))
        )

    def remove(self, bank: bytes, draft_id: bytes, text: str) -> RequestDraft:
        """Take a question out, if it is there."""
        return self.change(bank, draft_id, lambda draft: tuple(one for one in draft.questions if one != text))

    def combine(self, bank: bytes, draft_id: bytes, needed: int, texts: Sequence[str]) -> RequestDraft:
        """Make several questions one: at least ``needed`` of them are answered yes.

        Raises:
            InvalidInputError: they cannot be combined, or as ``change``.
        """
        claim = combine(needed, texts, schemas()).text(schemas())

        def combined(draft: RequestDraft) -> tuple[str, ...]:
            others = tuple(one for one in draft.questions if one not in texts)
            return (*others, *(() if claim in others else (claim,)))

        return self.change(bank, draft_id, combined)

    def change(
        self, bank: bytes, draft_id: bytes, questions: Callable[[RequestDraft], tuple[str, ...]]
    ) -> RequestDraft:
        """Give a draft other questions.

        Raises:
            InvalidInputError: ``request_answered``, it was sent; ``purpose_ceiling``; ``not_found``.
        """

        def changed(draft: RequestDraft, purpose: Purpose) -> RequestDraft:
            listed = questions(draft)
            if len(listed) > MAX_QUESTIONS:
                raise InvalidInputError(Reason.PURPOSE_CEILING, "too many questions", field="questions")
            purpose.require_questions([Claim.parse(text, schemas()) for text in listed])
            return replace(draft, questions=listed)

        return self._update(bank, draft_id, changed)

    def set_bounds(self, bank: bytes, draft_id: bytes, *, days: int, uses: int, retention_days: int) -> RequestDraft:
        """Say for how long, how often, and how long answers are kept.

        Raises:
            InvalidInputError: ``purpose_ceiling``, naming the bound; ``value_out_of_range``; ``not_found``.
        """

        def changed(draft: RequestDraft, purpose: Purpose) -> RequestDraft:
            if days < 1 or uses < 1 or retention_days < 0:
                raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, "at least one day and one check")
            purpose.require_within(seconds=days * _DAY, uses=uses, retention_days=retention_days)
            return replace(draft, days=days, uses=uses, retention_days=retention_days)

        return self._update(bank, draft_id, changed)

    def look_at(self, bank: bytes, draft_id: bytes, language: Language, now: int) -> RequestDraft:
        """Fix times and language, so that what is shown is what will be sent.

        Raises:
            InvalidInputError: ``field_missing``, there is no question; or as ``find``.
        """

        def looked(draft: RequestDraft, _: Purpose) -> RequestDraft:
            if not draft.questions:
                raise InvalidInputError(Reason.FIELD_MISSING, "a request has at least one question", field="questions")
            return replace(draft, language=language, begins_at=now // _MINUTE * _MINUTE)

        return self._update(bank, draft_id, looked)

    def note_sent(self, draft: RequestDraft, request: bytes) -> None:
        """Take note that a draft was sent."""
        self._store.write(update(table.request_draft).where(_DRAFT.id == draft.id).values(request=request))

    def _update(
        self, bank: bytes, draft_id: bytes, changed: Callable[[RequestDraft, Purpose], RequestDraft]
    ) -> RequestDraft:
        with self._store.begin() as connection:
            draft = _find(connection, bank, draft_id)
            if draft.request is not None:
                raise InvalidInputError(Reason.REQUEST_ANSWERED, "this request was sent already; begin another one")
            # whoever changed something looks again before sending
            after = changed(replace(draft, language=None, begins_at=None), self._purposes.named(draft.purpose))
            connection.execute(update(table.request_draft).where(_DRAFT.id == draft_id).values(_row_of(after)))
        return after


def _find(connection: Connection, bank: bytes, draft_id: bytes) -> RequestDraft:
    row = connection.execute(select(table.request_draft).where(_DRAFT.id == draft_id, _DRAFT.bank == bank)).first()
    if row is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such draft of yours")
    return _draft_of(row)


def _draft_of(row: Any) -> RequestDraft:  # noqa: ANN401 - a row of the table
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to the columns of a row
    values["questions"] = tuple(json.loads(row.questions))
    values["language"] = None if row.language is None else Language(row.language)
    return RequestDraft(**values)


def _row_of(draft: RequestDraft) -> dict[str, object]:
    return {
        "id": draft.id,
        "bank": draft.bank,
        "staff": draft.staff,
        "subject": draft.subject,
        "purpose": draft.purpose,
        "questions": json.dumps(draft.questions, ensure_ascii=False),
        "days": draft.days,
        "uses": draft.uses,
        "retention_days": draft.retention_days,
        "salt": draft.salt,
        "created_at": draft.created_at,
        "language": None if draft.language is None else draft.language.value,
        "begins_at": draft.begins_at,
        "request": draft.request,
    }
