"""Answers of calls under Idempotency-Keys: stored sealed, in the transaction of what the call brought about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, update

from api.storage import table
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_CALL: Final = table.idempotent_call.c
_KEEP: Final = (
    update(table.idempotent_call)
    .where(_CALL.id == bindparam("call"), _CALL.owner == bindparam("me"), _CALL.answered == 0)
    .values(answered=1, subject=bindparam("about"), data_keys=bindparam("names"), sealed=bindparam("answer"))
)
_KEEP_STREAMED: Final = _KEEP.values(body=bindparam("digest"))


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer of HTTP, byte for byte."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedResponse:
    """The answer of a call.

    ``owner``: the process that has claimed the call. ``keys``: names of the keys of all attestations that it was made
    from. ``body``: the keyed digest of a body that streamed in.
    """

    call: bytes
    owner: bytes
    subject: bytes | None
    keys: bytes
    sealed: bytes = field(repr=False)
    body: bytes | None = None


def store_responses(connection: Connection, answers: Sequence[SealedResponse]) -> None:
    """Store answers in the transaction of their effects.

    Raises:
        InvalidInputError: ``idempotency_in_progress``; another process took one of the calls over meanwhile, and the
            transaction must not stand.
    """
    plain = [_row(answer) for answer in answers if answer.body is None]
    streamed = [_row(answer) | {"digest": answer.body} for answer in answers if answer.body is not None]
    for statement, rows in ((_KEEP, plain), (_KEEP_STREAMED, streamed)):
        if rows and connection.execute(statement, rows).rowcount != len(rows):
            raise in_progress()


def _row(answer: SealedResponse) -> dict[str, Any]:
    return {
        "call": answer.call,
        "me": answer.owner,
        "about": answer.subject,
        "names": answer.keys,
        "answer": answer.sealed,
    }


def in_progress() -> InvalidInputError:
    """Return the refusal of a call whose first try is still under way."""
    return InvalidInputError(
        Reason.IDEMPOTENCY_IN_PROGRESS, "a request with this Idempotency-Key is still under way; ask again later"
    )


def forget_responses_about(connection: Connection, subject: bytes) -> None:
    """Delete the answers about a subject that is erased; that they were given stays known."""
    gone = update(table.idempotent_call).where(_CALL.subject == subject)
    connection.execute(gone.values(data_keys=None, sealed=None))
