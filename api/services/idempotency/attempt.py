"""One try of a call under an Idempotency-Key, and its answer: stored sealed, in the transaction of the call's effect.

Answers may hold values. So each is sealed under the registrar's key, and under the data keys of all attestations that
it was made from: none outlives what it tells.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, update

from api.storage import table
from api.vault.cipher import KeyEncryptionKey, KeyRing, VaultKey, joint_key, names_of, seal, unseal
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_LABEL: Final = b"credence/answer"
_CALL: Final = table.idempotent_call.c
_STORE: Final = (
    update(table.idempotent_call)
    .where(_CALL.id == bindparam("call"), _CALL.owner == bindparam("me"), _CALL.answered == 0)
    .values(answered=1, subject=bindparam("about"), data_keys=bindparam("names"), sealed=bindparam("answer"))
)
_STORE_STREAMED: Final = _STORE.values(body=bindparam("digest"))


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer of HTTP, byte for byte."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedResponse:
    """An answer that is ready to be stored.

    ``owner``: the process that holds the lease of the call. ``keys``: names of the keys of all attestations that the
    answer was made from. ``body``: the keyed digest of a body that streamed in.
    """

    call: bytes
    owner: bytes
    subject: bytes | None
    keys: bytes
    sealed: bytes = field(repr=False)
    body: bytes | None = None


class ResponseSeal:
    """Seals and opens answers, under the key of ``kek`` that is for answers alone, and the keys of a ``ring``."""

    def __init__(self, kek: KeyEncryptionKey, ring: KeyRing) -> None:
        self._ring = ring
        self._own_key = kek.derive_key(_LABEL)

    def seal(self, call: bytes, response: StoredResponse, keys: Sequence[VaultKey]) -> tuple[bytes, bytes]:
        """Return the names of ``keys``, and the answer of a call sealed under all of them."""
        key = joint_key([self._own_key, *(each.key for each in keys)], _LABEL)
        head = json.dumps([response.status, list(response.headers)]).encode()
        return names_of(keys), seal(key, head + b"\n" + response.body, call)

    def open(self, row: Any) -> StoredResponse:  # noqa: ANN401 - a row of the table
        """Return the answer of a row.

        Raises:
            CredenceError: ``idempotency_answer_erased``.
        """
        keys = None if row.sealed is None else self._ring.find(row.data_keys)
        if keys is None:
            raise CredenceError(
                Reason.IDEMPOTENCY_ANSWER_ERASED,
                "this request was answered, and the firm that the answer was about has been erased since",
            )
        key = joint_key([self._own_key, *keys], _LABEL)
        head, _, body = unseal(key, row.sealed, row.id).partition(b"\n")
        status, headers = json.loads(head)
        return StoredResponse(status, [(name, value) for name, value in headers], body)


def store_responses(connection: Connection, responses: Sequence[SealedResponse]) -> None:
    """Store answers in the transaction of their effects.

    Raises:
        InvalidInputError: ``idempotency_in_progress``; another process leased one of the calls meanwhile, and the
            transaction must not stand.
    """
    plain = [_row(each) for each in responses if each.body is None]
    streamed = [_row(each) | {"digest": each.body} for each in responses if each.body is not None]
    for statement, rows in ((_STORE, plain), (_STORE_STREAMED, streamed)):
        if rows and connection.execute(statement, rows).rowcount != len(rows):
            raise in_progress()


def _row(response: SealedResponse) -> dict[str, Any]:
    return {
        "call": response.call,
        "me": response.owner,
        "about": response.subject,
        "names": response.keys,
        "answer": response.sealed,
    }


def in_progress() -> InvalidInputError:
    """Return the refusal of a call whose first try still runs."""
    return InvalidInputError(
        Reason.IDEMPOTENCY_IN_PROGRESS, "a request with this Idempotency-Key is still under way; ask again later"
    )


def forget_responses_about(connection: Connection, subject: bytes) -> None:
    """Delete the answers about a subject that is erased; that they were given stays known."""
    gone = update(table.idempotent_call).where(_CALL.subject == subject)
    connection.execute(gone.values(data_keys=None, sealed=None))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an effect.

    ``seed``: 32 random bytes, the same in every try under one key; what the effect draws comes from them.
    ``again``: an earlier try may have had the effect. ``id``: the call, or None for one without a ``key``.
    """

    seed: bytes = field(repr=False)
    again: bool = False
    id: bytes | None = None
    key: str = field(default="", repr=False)

    @contextmanager
    def tolerating(self, *exists_already: Reason) -> Iterator[None]:
        """Treat a refusal as success if it says that the effect exists, and an earlier try may have had it."""
        try:
            yield
        except CredenceError as error:
            if not self.again or error.reason not in exists_already:
                raise


@dataclass(frozen=True, slots=True)
class Call:
    """What names a call: who calls, the key, where to (method, path, query, media type), and the body.

    ``body``: its digest, or None for one that streams in later.
    """

    caller: bytes
    key: str = field(repr=False)
    route: bytes
    body: bytes | None


class CallInProgress:
    """An earlier try of the call still runs, and has no answer yet."""


def attempt_without_key() -> Attempt:
    """Return the one try of a call that names no key."""
    return Attempt(random_bytes(32))


LeaseResult: TypeAlias = Attempt | StoredResponse | CallInProgress
"""A try is leased to its caller; or the call was answered before; or an earlier try still runs."""
