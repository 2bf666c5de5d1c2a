"""Calls under an Idempotency-Key: claimed before their effect, answered with it, and then answered alike.

A call is claimed in a transaction of its own and draws ``seed``, from which its effect takes what would else be
drawn at random. Its answer is stored before it leaves, in the transaction of the effect where the store holds the
effect. A call that was claimed and never answered (the process died, the ledger did not answer) is taken up by
whoever asks again: with the same seed, and told that an earlier try may have had the effect. So whatever dies
when, there is one effect and one answer.

No key, caller, route or body is kept in clear, and answers are sealed, as they may hold values: under the registrar's
key, and under the data keys of all attestations that they were made from, so that none outlives what it tells.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.services.idempotency.stored_response import KeptAnswer, SealedAnswer, store_answers
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, KeyRing, VaultKey, joint_key, names_of, seal, unseal
from api.work.batching import GroupWork
from ledger_node.domain.error import CredenceError, InvalidInputError, StoreError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

RETENTION_S: Final = 48 * 3600
"""Answers are kept this long from the first try on; a key may be used anew after it."""
LEASE_S: Final = 300
"""A call that another process claimed is taken to be under way for so long, if that process lives."""
_EXPIRE_EVERY_S: Final = 60
_GROUP: Final = 32
"""Calls that are claimed together at most."""
_LABEL: Final = b"credence/answer"
_CALL: Final = table.idempotent_call.c
_EXPIRE: Final = delete(table.idempotent_call).where(_CALL.expires_at <= bindparam("now"))
_BY_IDS: Final = select(table.idempotent_call).where(_CALL.id.in_(bindparam("calls", expanding=True)))
_ADD: Final = insert(table.idempotent_call)
_log = logging.getLogger(__name__)


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
    def tolerating(self, *done_already: Reason) -> Iterator[None]:
        """Take a refusal that says that the effect is there already for success, if an earlier try may have had it."""
        try:
            yield
        except CredenceError as error:
            if not self.again or error.reason not in done_already:
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


class UnderWay:
    """The call is under way and has no answer yet."""


def attempt_without_key() -> Attempt:
    """Return the one try of a call that names no key."""
    return Attempt(random_bytes(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A call as the store knows it."""

    id: bytes
    route: bytes
    body: bytes | None
    key: str = field(repr=False)


Claimed: TypeAlias = Attempt | KeptAnswer | UnderWay


class IdempotentCalls:
    """Claims calls and keeps their answers. ``kek`` seals them; ``finish`` ends removals of keys that are under way.

    ``now``: the clock, in seconds.
    """

    def __init__(
        self,
        store: Store,
        kek: KeyEncryptionKey,
        ring: KeyRing,
        finish: Callable[[], None],
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._kek = kek
        self._ring = ring
        self._finish = finish
        self._own_key = kek.derive_key(_LABEL)
        self._locks = store.locks
        self._lock = threading.Lock()
        self._mine: set[bytes] = set()
        self._expire_at = 0
        self._claims: GroupWork[Call, Claimed] = GroupWork(
            lambda calls: self.claim_all(calls, now()), name="calls", threads=1, most=_GROUP
        )

    def start(self) -> None:
        """Start claiming. What earlier runs of a process claimed that works with its store alone is given up.

        Of processes that share a store each says itself that it lives.
        """
        self._claims.start()
        if not self._locks.is_shared:
            with self._store.begin() as connection:
                connection.execute(update(table.idempotent_call).values(lease_until=0))

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work with the store, to whom calls are given up."""
        return self._locks.is_shared

    def stop(self) -> None:
        """Answer what waits, then stop."""
        self._claims.stop()

    def submit(self, call: Call) -> Future[Claimed]:
        """Have a call claimed together with those that come meanwhile, and return what will have what it comes to.

        The answer to one without body is UnderWay as long as the body of an earlier try was not compared.

        Raises (in the future):
            InvalidInputError: ``idempotency_key_reused`` for another route or body than before.
            CredenceError: ``idempotency_answer_erased``.
        """
        return self._claims.submit(call, call.caller)

    def claim_all(self, calls: Sequence[Call], now: int) -> list[Claimed | Exception]:
        """Claim calls, in their order, and return for each its attempt or its answer, or why it has none."""
        named = [self._named(call) for call in calls]
        try:
            found = self._claim(named, now)
        except IntegrityError:
            # another process claimed one of them in the same moment
            if len(calls) == 1:
                return [UnderWay()]
            return [one for call in calls for one in self.claim_all([call], now)]
        return [self._given(one) if isinstance(one, KeptAnswer) else one for one in found]

    def _given(self, kept: KeptAnswer) -> KeptAnswer | Exception:
        """Return an answer that may leave: that to an erasure is kept before the keys are gone, and leaves after it."""
        try:
            self._finish()
        except Exception as error:  # noqa: BLE001 - whoever asked for it gets it; what else was claimed stands
            return error
        return kept

    def _named(self, call: Call) -> "_Named":
        return _Named(
            id=self._kek.keyed_digest(b"call" + call.caller + call.key.encode()),
            route=self._kek.keyed_digest(b"route" + call.route),
            body=None if call.body is None else self._body_digest(call.key, call.body),
            key=call.key,
        )

    def _claim(self, named: Sequence["_Named"], now: int) -> list[Claimed | Exception]:
        found: list[Claimed | Exception] = []
        mine: set[bytes] = set()
        new = []
        with self._lock:
            with self._store.begin() as connection:
                rows = {row.id: row for row in connection.execute(_BY_IDS, {"calls": [one.id for one in named]})}
                expired = {call_id for call_id, row in rows.items() if row.expires_at <= now}
                if expired or now >= self._expire_at:
                    connection.execute(_EXPIRE, {"now": now})
                    self._expire_at = now + _EXPIRE_EVERY_S
                    rows = {call_id: row for call_id, row in rows.items() if call_id not in expired}
                for one in named:
                    claimed: Claimed | Exception
                    if one.id in mine:
                        claimed = UnderWay()
                    elif one.id in rows:
                        claimed = self._again(connection, rows[one.id], one, now)
                    else:
                        claimed = Attempt(random_bytes(32), id=one.id, key=one.key)
                        new.append(self._row(one, claimed.seed, now))
                    if isinstance(claimed, Attempt):
                        mine.add(one.id)
                    found.append(claimed)
                if new:
                    connection.execute(_ADD, new)
            self._mine |= mine
        return found

    def _row(self, one: "_Named", seed: bytes, now: int) -> dict[str, Any]:
        return {
            "id": one.id,
            "route": one.route,
            "body": one.body,
            "seed": seed,
            "owner": self._locks.process_id,
            "lease_until": now + LEASE_S,
            "expires_at": now + RETENTION_S,
        }

    def _again(
        self,
        connection: Connection,
        row: Any,  # noqa: ANN401 - a row of the table
        one: "_Named",
        now: int,
    ) -> Claimed | Exception:
        try:
            return self._claim_again(connection, row, one, now)
        except CredenceError as error:
            return error

    def _claim_again(
        self,
        connection: Connection,
        row: Any,  # noqa: ANN401 - a row of the table
        one: "_Named",
        now: int,
    ) -> Claimed:
        if row.route != one.route or (one.body is not None and row.body is not None and row.body != one.body):
            raise InvalidInputError(
                Reason.IDEMPOTENCY_KEY_REUSED,
                "this Idempotency-Key was used for another request; draw a new key for every new request",
                field="idempotency-key",
            )
        if row.answered:
            return UnderWay() if one.body is None else self._kept(row)
        if row.owner == self._locks.process_id:
            under_way = row.id in self._mine
        else:
            under_way = row.lease_until > now and self._locks.is_alive(row.owner)
        if under_way:
            return UnderWay()
        connection.execute(
            update(table.idempotent_call)
            .where(_CALL.id == row.id)
            .values(owner=self._locks.process_id, lease_until=now + LEASE_S, body=one.body)
        )
        return Attempt(row.seed, again=True, id=row.id, key=one.key)

    def _kept(self, row: Any) -> KeptAnswer:  # noqa: ANN401 - a row of the table
        if row.sealed is None:
            raise _answer_erased()
        keys = self._ring.find(row.data_keys)
        if keys is None:
            raise _answer_erased()
        key = joint_key([self._own_key, *keys], _LABEL)
        head, _, body = unseal(key, row.sealed, row.id).partition(b"\n")
        status, headers = json.loads(head)
        return KeptAnswer(status, [(name, value) for name, value in headers], body)

    def seal(
        self,
        attempt: Attempt,
        answer: KeptAnswer,
        *,
        subject: bytes | None = None,
        keys: Sequence[VaultKey] = (),
        body: bytes | None = None,
    ) -> SealedAnswer | None:
        """Return the answer of a call as ``store_answers`` takes it, or None for a call without a key.

        ``subject``: whom the answer says something about; erasing it erases the answer. ``keys``: of all attestations
        that it was made from; without any one of them no copy of it can be opened. ``body``: digest of a body that
        streamed in.
        """
        if attempt.id is None:
            return None
        key = joint_key([self._own_key, *(each.key for each in keys)], _LABEL)
        head = json.dumps([answer.status, list(answer.headers)]).encode()
        return SealedAnswer(
            call=attempt.id,
            owner=self._locks.process_id,
            subject=subject,
            keys=names_of(keys),
            sealed=seal(key, head + b"\n" + answer.body, attempt.id),
            body=None if body is None else self._body_digest(attempt.key, body),
        )

    def _body_digest(self, key: str, body: bytes) -> bytes:
        # the caller's key is kept nowhere: without it nobody, nor whoever has the vault's key, tells what a body was
        # by trying bodies out, after what it held was erased
        return self._kek.keyed_digest(b"body" + self._kek.keyed_digest(key.encode()) + body)

    def keep_now(self, attempt: Attempt, answer: KeptAnswer) -> None:
        """Store the answer of a call whose effect is not in the store, or is there already."""
        sealed = self.seal(attempt, answer)
        with self._store.begin() as connection:
            store_answers(connection, [] if sealed is None else [sealed])

    def release(self, attempt: Attempt) -> None:
        """Say that this try is over; a call without answer may be tried again."""
        if attempt.id is None:
            return
        self._mine.discard(attempt.id)

    def give_up(self, attempt: Attempt) -> None:
        """Let other processes of a shared store try a call that has got no answer."""
        call_id = attempt.id
        if call_id is None:
            return
        mine = (_CALL.id == call_id) & (_CALL.owner == self._locks.process_id) & (_CALL.answered == 0)
        try:
            with self._store.connect() as connection:
                if connection.execute(select(_CALL.id).where(mine)).first() is None:
                    return
            with self._store.begin() as connection:
                connection.execute(update(table.idempotent_call).where(mine).values(lease_until=0))
        except StoreError as error:
            # the claim ends by itself, later
            _log.warning("a call is given up late: %s", error.reason)


def _answer_erased() -> CredenceError:
    return CredenceError(
        Reason.IDEMPOTENCY_ANSWER_ERASED,
        "this request was answered, and the firm that the answer was about has been erased since",
    )
