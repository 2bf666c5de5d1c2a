"""Webhooks: where members want to be told, with which secret, and how it stands with the endpoint."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from api.services.webhook.address import AddressRules, Resolver, parse_url, require_address
from api.storage.database import Store
from api.storage.table import WebhookState, notification, webhook
from api.vault.cipher import KeyEncryptionKey, seal, unseal
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from api.vault.key_removal import KeyRemovals
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

SECRET_BYTES: Final = 32
BOTH_SIGN_S: Final = 86_400
"""How long the secret before a rotation signs as well."""
_PREFIX: Final = "whsec_"
_HOOK: Final = webhook.c


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that sign at a time: the newest first."""

    texts: tuple[str, ...] = field(repr=False)


class Webhooks:
    """Keeps the endpoints of members, one each. ``kek`` seals the secrets."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        removals: KeyRemovals,
        kek: KeyEncryptionKey,
        rules: AddressRules,
        resolve: Resolver,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._keys = keys
        self._removals = removals
        self._kek = kek
        self._rules = rules
        self._resolve = resolve
        self._now = now

    def register(self, member: bytes, url: str) -> dict[str, JSON]:
        """Register or change an endpoint, and return it with a fresh secret, which is never shown again.

        The secret before it signs as well for a day, so that a receiver can change over. An endpoint that was
        stopped goes on where it stood; a new one begins with what happens from now on.

        Raises:
            InvalidInputError: ``webhook_url_refused``, ``webhook_address_unknown`` or ``webhook_address_refused``.
        """
        require_address(parse_url(url, self._rules), self._rules, self._resolve)
        secret = random_bytes(SECRET_BYTES)
        values = {"url": url, "state": WebhookState.ACTIVE.value, "attempts": 0, "next_at": 0}
        values |= {"failing_since": None, "last_failure": None}
        key_id, (key, wrapped) = random_bytes(KEY_ID_BYTES), self._kek.new_data_key()
        self._keys.put({key_id: wrapped})
        with self._removals.removing() as connection:
            held = connection.execute(select(webhook).where(_HOOK.member == member)).first()
            values |= {"data_key": key_id, "sealed": seal(key, secret, member)}
            if held is None:
                newest = select(func.max(notification.c.number)).where(notification.c.recipient == member)
                delivered = connection.execute(newest).scalar_one_or_none() or 0
                values |= {"member": member, "sealed_before": None, "before_until": 0, "delivered": delivered}
                connection.execute(insert(webhook).values(values))
            else:
                before = self._secret(held.data_key, held.sealed, member)
                values |= {"sealed_before": seal(key, before, member), "before_until": self._now() + BOTH_SIGN_S}
                connection.execute(update(webhook).where(_HOOK.member == member).values(values))
                self._removals.schedule(connection, [held.data_key])
        return {**self.show(member), "secret": _text(secret)}

    def show(self, member: bytes) -> dict[str, JSON]:
        """Return a member's endpoint and how it stands with it.

        Raises:
            InvalidInputError: ``not_found``.
        """
        waiting = (
            select(func.count())
            .where(notification.c.recipient == _HOOK.member, notification.c.number > _HOOK.delivered)
            .scalar_subquery()
        )
        row = self._store.row(select(webhook, waiting.label("waiting")).where(_HOOK.member == member))
        if row is None:
            raise _missing()
        return {
            "url": row.url,
            "state": row.state,
            "waiting": row.waiting,
            "attempts": row.attempts,
            "next_at": row.next_at if row.state == WebhookState.FAILING else None,
            "failing_since": row.failing_since,
            "last_failure": row.last_failure,
        }

    def remove(self, member: bytes) -> None:
        """Forget a member's endpoint and its secrets.

        Raises:
            InvalidInputError: ``not_found``.
        """
        with self._removals.removing() as connection:
            held = connection.execute(select(_HOOK.data_key).where(_HOOK.member == member)).scalar_one_or_none()
            if held is None:
                raise _missing()
            connection.execute(delete(webhook).where(_HOOK.member == member))
            self._removals.schedule(connection, [held])

    def secrets(self, row: Any) -> Secrets:  # noqa: ANN401 - a row of the webhook table
        """Return the secrets that sign now.

        Raises:
            InvalidInputError: ``not_found``; they are of an endpoint that was changed or removed.
        """
        sealed = [row.sealed]
        if row.sealed_before is not None and self._now() < row.before_until:
            sealed.append(row.sealed_before)
        return Secrets(tuple(_text(self._secret(row.data_key, one, row.member)) for one in sealed))

    def forget_lost(self) -> None:
        """Remove endpoints whose key is gone: a copy of the store brought back what was removed after it."""
        rows = self._store.rows(select(_HOOK.member, _HOOK.data_key))
        known = self._keys.get([row.data_key for row in rows])
        lost = [row.data_key for row in rows if row.data_key not in known]
        if lost:
            # by their keys, since another process may have given a member a new secret meanwhile
            self._store.write(delete(webhook).where(_HOOK.data_key.in_(lost)))

    def _secret(self, key_id: bytes, sealed: bytes, member: bytes) -> bytes:
        wrapped = self._keys.get([key_id]).get(key_id)
        if wrapped is None:
            raise _missing()
        return unseal(self._kek.unwrap(wrapped), sealed, member)


def _text(secret: bytes) -> str:
    return _PREFIX + base64.b64encode(secret).decode("ascii")


def _missing() -> InvalidInputError:
    return InvalidInputError(Reason.NOT_FOUND, "you have no webhook; PUT one")
