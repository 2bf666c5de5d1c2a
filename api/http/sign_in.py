"""Sign-in: the one place where an API key becomes a principal.

Keys are 256 random bits, kept as their SHA-256 digest. (Later replaced by OAuth client credentials; nothing
else in the API knows how a caller was recognised.)
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, insert, select

from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import CredenceError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_SCHEME: Final = "Bearer "


class Kind(StrEnum):
    """What kind of principal signs in."""

    DEPARTMENT = "department"
    REGISTRAR = "registrar"
    BANK = "bank"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a member's or a subject's id, and in which capacity."""

    kind: Kind
    id: bytes
    label: str


class SignInError(CredenceError):
    """The caller is not who the route needs."""


class SignIn:
    """Issues API keys and recognises them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def issue(self, kind: Kind, principal: bytes, label: str) -> str:
        """Return a new API key; it cannot be shown again."""
        key = f"credence_{kind}_{random_bytes(32).hex()}"
        with self._store.begin() as connection:
            connection.execute(
                insert(table.api_key).values(
                    key_digest=sha256_digest(key.encode()), kind=kind.value, principal=principal, label=label
                )
            )
        return key

    def replace(self, kind: Kind, principal: bytes, label: str) -> str:
        """Return a new API key; the ones that this principal had are no longer recognised."""
        with self._store.begin() as connection:
            connection.execute(delete(table.api_key).where(table.api_key.c.principal == principal))
        return self.issue(kind, principal, label)

    def principal(self, authorization: str | None) -> Principal:
        """Return who the Authorization header names.

        Raises:
            SignInError: ``sign_in_needed``.
        """
        if authorization is not None and authorization.startswith(_SCHEME):
            digest = sha256_digest(authorization.removeprefix(_SCHEME).encode("utf-8", "replace"))
            with self._store.connect() as connection:
                row = connection.execute(select(table.api_key).where(table.api_key.c.key_digest == digest)).first()
            if row is not None:
                return Principal(Kind(row.kind), row.principal, row.label)
        raise SignInError(
            Reason.SIGN_IN_NEEDED, "sign in: send the header 'Authorization: Bearer' with the API key you were given"
        )


def require_kind(principal: Principal, *kinds: Kind) -> Principal:
    """Return ``principal`` if it is of one of ``kinds``.

    Raises:
        SignInError: ``not_allowed``.
    """
    if principal.kind not in kinds:
        allowed = " or ".join(kinds)
        raise SignInError(Reason.NOT_ALLOWED, f"only a {allowed} may do this; you are signed in as {principal.kind}")
    return principal
