"""Calls under an Idempotency-Key: leased before their effect, answered with it, and from then on answered alike.

A call is leased in a transaction of its own. The lease draws ``seed``; the effect takes its random bytes from it. The
answer is stored before it leaves, in the transaction of the effect if the store holds the effect.

A lease may end without an answer: the process died, or the ledger did not answer. Then the next try leases the call
again, with the same seed, and knows that an earlier try may have had the effect. So there is one effect and one answer.

No key, caller, route or body is stored in clear.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.services.idempotency.attempt import (
    Attempt,
    Call,
    CallInProgress,
    LeaseResult,
    ResponseSeal,
    SealedResponse,
    StoredResponse,
    store_responses,
)
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, KeyRing, VaultKey
from api.work.batching import GroupWork
from ledger_node.domain.error import CredenceError, InvalidInputError, StoreError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

RETENTION_S: Final = 48 * 3600
"""Answers are stored this long from the first try on; a key may be used anew after it."""
LEASE_S: Final = 300
"""A call that another process leased is taken to run for so long, if that process lives."""
_EXPIRE_EVERY_S: Final = 60
_GROUP: Final = 32
"""Calls that are leased together at most."""
_CALL: Final = table.idempotent_call.c
_EXPIRE: Final = delete(table.idempotent_call).where(_CALL.expires_at <= bindparam("now"))
_BY_IDS: Final = select(table.idempotent_call).where(_CALL.id.in_(bindparam("calls", expanding=True)))
_ADD: Final = insert(table.idempotent_call)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CallDigests:
    """A call as the store names it."""

    id: bytes
    route: bytes
    body: bytes | None
    key: str = field(repr=False)


class IdempotentCalls:
    """Leases calls and stores their answers.

    ``kek`` names and seals them. ``finish_removals`` ends removals of keys that have begun. ``now``: the clock, in
    seconds.
    """

    def __init__(
        self,
        store: Store,
        kek: KeyEncryptionKey,
        ring: KeyRing,
        finish_removals: Callable[[], None],
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._kek = kek
        self._seal = ResponseSeal(kek, ring)
        self._finish_removals = finish_removals
        self._locks = store.locks
        self._lock = threading.Lock()
        self._running: set[bytes] = set()
        self._expire_at = 0
        self._leases: GroupWork[Call, LeaseResult] = GroupWork(
            lambda calls: self.lease_all(calls, now()),
            name="calls",
            threads=1,
            most=_GROUP,
            busy=lambda: len(self._running),
        )

    def start(self) -> None:
        """Start leasing. A process that works with its store alone ends all leases of earlier runs.

        Of processes that share a store each says itself that it lives.
        """
        self._leases.start()
        if not self._locks.is_shared:
            self._store.write(update(table.idempotent_call).values(lease_until=0))

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work with the store, and may lease what this one does not finish."""
        return self._locks.is_shared

    def stop(self) -> None:
        """Answer what waits, then stop."""
        self._leases.stop()

    def submit(self, call: Call) -> Future[LeaseResult]:
        """Have a call leased together with those that come meanwhile, and return what will have the result.

        The result for one without body is CallInProgress as long as the body of an earlier try was not compared.

        Raises (in the future):
            InvalidInputError: ``idempotency_key_reused`` for another route or body than before.
            CredenceError: ``idempotency_answer_erased``.
        """
        return self._leases.submit(call, call.caller)

    def lease_all(self, calls: Sequence[Call], now: int) -> list[LeaseResult | Exception]:
        """Lease calls, in their order, and return for each its attempt or its answer, or why it has none."""
        try:
            found = self._lease([self._digests(call) for call in calls], now)
        except IntegrityError:
            # another process leased one of them in the same moment
            if len(calls) == 1:
                return [CallInProgress()]
            return [one for call in calls for one in self.lease_all([call], now)]
        return [self._releasable(one) if isinstance(one, StoredResponse) else one for one in found]

    def _releasable(self, response: StoredResponse) -> StoredResponse | Exception:
        """Return an answer that may leave: that to an erasure is stored before the keys go, and leaves after it."""
        try:
            self._finish_removals()
        except Exception as error:  # noqa: BLE001 - whoever asked for it gets it; what else was leased stands
            return error
        return response

    def _digests(self, call: Call) -> _CallDigests:
        return _CallDigests(
            id=self._kek.keyed_digest(b"call" + call.caller + call.key.encode()),
            route=self._kek.keyed_digest(b"route" + call.route),
            body=None if call.body is None else self._body_digest(call.key, call.body),
            key=call.key,
        )

    def _lease(self, calls: Sequence[_CallDigests], now: int) -> list[LeaseResult | Exception]:
        found: list[LeaseResult | Exception] = []
        leased: set[bytes] = set()
        new = []
        with self._lock:
            with self._store.begin() as connection:
                rows = {row.id: row for row in connection.execute(_BY_IDS, {"calls": [one.id for one in calls]})}
                expired = {call_id for call_id, row in rows.items() if row.expires_at <= now}
                if expired or now >= self._expire_at:
                    connection.execute(_EXPIRE, {"now": now})
                    self._expire_at = now + _EXPIRE_EVERY_S
                    rows = {call_id: row for call_id, row in rows.items() if call_id not in expired}
                for one in calls:
                    result: LeaseResult | Exception
                    if one.id in leased:
                        result = CallInProgress()
                    elif one.id in rows:
                        try:
                            result = self._lease_again(connection, rows[one.id], one, now)
                        except CredenceError as error:
                            result = error
                    else:
                        result = Attempt(random_bytes(32), id=one.id, key=one.key)
                        new.append(self._row(one, result.seed, now))
                    if isinstance(result, Attempt):
                        leased.add(one.id)
                    found.append(result)
                if new:
                    connection.execute(_ADD, new)
            self._running |= leased
        return found

    def _row(self, one: _CallDigests, seed: bytes, now: int) -> dict[str, Any]:
        return {
            "id": one.id,
            "route": one.route,
            "body": one.body,
            "seed": seed,
            "owner": self._locks.process_id,
            "lease_until": now + LEASE_S,
            "expires_at": now + RETENTION_S,
        }

    def _lease_again(
        self,
        connection: Connection,
        row: Any,  # noqa: ANN401 - a row of the table
        one: _CallDigests,
        now: int,
    ) -> LeaseResult:
        """Return the result for a call that the store knows.

        Raises:
            InvalidInputError: ``idempotency_key_reused``.
            CredenceError: ``idempotency_answer_erased``.
        """
        if row.route != one.route or (one.body is not None and row.body is not None and row.body != one.body):
            raise InvalidInputError(
                Reason.IDEMPOTENCY_KEY_REUSED,
                "this Idempotency-Key was used for another request; draw a new key for every new request",
                field="idempotency-key",
            )
        if row.answered:
            return CallInProgress() if one.body is None else self._seal.open(row)
        if row.owner == self._locks.process_id:
            is_running = row.id in self._running
        else:
            is_running = row.lease_until > now and self._locks.is_alive(row.owner)
        if is_running:
            return CallInProgress()
        connection.execute(
            update(table.idempotent_call)
            .where(_CALL.id == row.id)
            .values(owner=self._locks.process_id, lease_until=now + LEASE_S, body=one.body)
        )
        return Attempt(row.seed, again=True, id=row.id, key=one.key)

    def seal(
        self,
        attempt: Attempt,
        response: StoredResponse,
        *,
        subject: bytes | None = None,
        keys: Sequence[VaultKey] = (),
        body: bytes | None = None,
    ) -> SealedResponse | None:
        """Return the answer of a call as ``store_responses`` stores it, or None for a call without a key.

        ``subject``: whom the answer says something about; erasing it erases the answer. ``keys``: of all attestations
        that it was made from; without any one of them no copy of it can be opened. ``body``: digest of a body that
        streamed in.
        """
        if attempt.id is None:
            return None
        names, sealed = self._seal.seal(attempt.id, response, keys)
        return SealedResponse(
            call=attempt.id,
            owner=self._locks.process_id,
            subject=subject,
            keys=names,
            sealed=sealed,
            body=None if body is None else self._body_digest(attempt.key, body),
        )

    def _body_digest(self, key: str, body: bytes) -> bytes:
        # the caller's key is stored nowhere: without it nobody, nor whoever has the vault's key, tells what a body was
        # by trying bodies out, after what it held was erased
        return self._kek.keyed_digest(b"body" + self._kek.keyed_digest(key.encode()) + body)

    def store_now(self, attempt: Attempt, response: StoredResponse) -> None:
        """Store the answer of a call whose effect is not in the store, or is there already."""
        sealed = self.seal(attempt, response)
        with self._store.begin() as connection:
            store_responses(connection, [] if sealed is None else [sealed])

    def release(self, attempt: Attempt) -> None:
        """Say that this try is over; a call without answer may be tried again."""
        if attempt.id is not None:
            self._running.discard(attempt.id)

    def end_lease(self, attempt: Attempt) -> None:
        """Let other processes of a shared store try a call that has got no answer."""
        if attempt.id is None:
            return
        unanswered = (_CALL.id == attempt.id) & (_CALL.owner == self._locks.process_id) & (_CALL.answered == 0)
        try:
            if self._store.row(select(_CALL.id).where(unanswered)) is not None:
                self._store.write(update(table.idempotent_call).where(unanswered).values(lease_until=0))
        except StoreError as error:
            # the lease ends by itself, later
            _log.warning("a lease of a call ends late: %s", error.reason)
