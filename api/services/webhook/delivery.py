"""Delivering notifications to webhooks, in their order and at least once.

A delivery that fails is tried again after 5 seconds, and then after twice as long each time, up to an hour. After three
days the endpoint is stopped, and its state shows that. The feed loses nothing meanwhile.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import exists, select, update
from standardwebhooks import Webhook

from api.services.webhook.endpoint import Webhooks
from api.services.webhook.post import PostError, WebhookPost
from api.storage.database import Store
from api.storage.table import WebhookState, notification, webhook
from api.work.fault import fault_of
from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.error import InvalidInputError

FIRST_PAUSE_S: Final = 5
LONGEST_PAUSE_S: Final = 3_600
STOP_AFTER_S: Final = 3 * 86_400
_ENDPOINTS_AT_ONCE: Final = 32
_MESSAGES_AT_ONCE: Final = 50
_HOOK: Final = webhook.c
_NOTICE: Final = notification.c
_log = logging.getLogger(__name__)


class WebhookDeliveries:
    """Delivers what waits. ``now``: the clock, in seconds; ``stops``: whether to stop after the messages under way."""

    def __init__(
        self,
        store: Store,
        webhooks: Webhooks,
        post: WebhookPost,
        now: Callable[[], int],
        *,
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._webhooks = webhooks
        self._post = post
        self._now = now
        self._stops = stops

    def deliver_due(self) -> None:
        """Try every endpoint that has something to take and is due."""
        waits = exists().where(_NOTICE.recipient == _HOOK.member, _NOTICE.number > _HOOK.delivered)
        due = select(webhook).where(_HOOK.state != WebhookState.STOPPED.value, _HOOK.next_at <= self._now(), waits)
        rows = self._store.rows(due.order_by(_HOOK.next_at).limit(_ENDPOINTS_AT_ONCE))
        if rows:
            asyncio.run(self._deliver_all(rows))

    async def _deliver_all(self, rows: Any) -> None:  # noqa: ANN401 - rows of the webhook table
        for ended in await asyncio.gather(*(self._deliver(row) for row in rows), return_exceptions=True):
            if ended is not None:
                _log.error("fault: %s", fault_of(ended))

    async def _deliver(self, row: Any) -> None:  # noqa: ANN401 - a row of the webhook table
        waiting = select(notification).where(_NOTICE.recipient == row.member, _NOTICE.number > row.delivered)
        messages = self._store.rows(waiting.order_by(_NOTICE.number).limit(_MESSAGES_AT_ONCE))
        try:
            signers = [Webhook(secret) for secret in self._webhooks.secrets(row).texts]
        except InvalidInputError:
            return  # the member changed or removed it since the row was read
        for message in messages:
            if self._stops():
                return
            try:
                body = message_body(message)
                await self._post.post(row.url, self._headers(signers, message.id, body), body)
            except PostError as error:
                self._save_failure(row, error)
                return
            self._save(row, delivered=message.number, state=WebhookState.ACTIVE, **_WELL)

    def _headers(self, signers: list[Webhook], message_id: str, body: str) -> dict[str, str]:
        at = dt.datetime.fromtimestamp(self._now(), dt.UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "Credence",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signer.sign(message_id, at, body) for signer in signers),
        }

    def _save_failure(self, row: Any, error: PostError) -> None:  # noqa: ANN401 - a row of the webhook table
        now = self._now()
        held = self._store.row(select(webhook).where(_HOOK.member == row.member))
        if held is None:
            return
        since = now if held.failing_since is None else held.failing_since
        stops = error.final or now - since >= STOP_AFTER_S
        self._save(
            row,
            state=WebhookState.STOPPED if stops else WebhookState.FAILING,
            attempts=held.attempts + 1,
            next_at=now + pause_after(held.attempts + 1),
            failing_since=since,
            last_failure=error.why,
        )

    def _save(self, row: Any, **values: Any) -> None:  # noqa: ANN401 - a row of the webhook table
        # the member may have changed the endpoint meanwhile: a failure of the old one is none of the new one
        same = (_HOOK.member == row.member) & (_HOOK.sealed == row.sealed)
        self._store.write(update(webhook).where(same).values(values))


_WELL: Final = {"attempts": 0, "next_at": 0, "failing_since": None, "last_failure": None}


def pause_after(attempts: int) -> int:
    """Return how long an endpoint is left alone after so many failures in a row, in seconds."""
    return int(min(FIRST_PAUSE_S * 2 ** min(attempts - 1, 16), LONGEST_PAUSE_S))


def message_body(row: Any) -> str:  # noqa: ANN401 - a row of the notification table
    """Return the body of a message: kind, time and ids, in canonical JSON."""
    at = dt.datetime.fromtimestamp(row.time, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return encode({"type": row.kind, "timestamp": at, "data": decode(row.data.encode())}).decode()
