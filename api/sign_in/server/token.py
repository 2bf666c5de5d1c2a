"""Access tokens: 256 random bits, kept as their digest with whose they are and the key that they are bound to."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from api.sign_in.protocol.error import SignInError
from api.sign_in.server.principal import Kind, Principal
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

LIFETIME_S: Final = 300


@dataclass(frozen=True, slots=True)
class Granted:
    """Whom a token is for, and the thumbprint of the key that its holder proves to have."""

    principal: Principal
    thumbprint: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just made; it is kept nowhere else."""

    value: str = field(repr=False)
    lifetime_s: int


class Tokens:
    """Issues tokens against assertions, each of which counts once, and recognises them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[bytes, tuple[Granted, int]] = {}
        self._found_at = 0

    def issue(self, granted: Granted, identifier: str, *, until: int, now: int) -> IssuedToken:
        """Return a new token, against the assertion ``identifier`` that would count until ``until``.

        Raises:
            SignInError: ``assertion_replayed``.
        """
        principal, used = granted.principal, table.assertion_used
        value = random_bytes(32).hex()
        digest = sha256_digest(principal.id + identifier.encode("utf-8", "replace"))
        try:
            with self._store.begin() as connection:
                connection.execute(delete(used).where(used.c.until <= now))
                connection.execute(delete(table.access_token).where(table.access_token.c.expires_at <= now))
                connection.execute(insert(used).values(digest=digest, until=until))
                connection.execute(
                    insert(table.access_token).values(
                        digest=sha256_digest(value.encode()),
                        kind=principal.kind.value,
                        principal=principal.id,
                        label=principal.label,
                        thumbprint=granted.thumbprint,
                        expires_at=now + LIFETIME_S,
                    )
                )
        except IntegrityError as error:
            raise SignInError(
                Reason.ASSERTION_REPLAYED, "this assertion was used before; make one for each token"
            ) from error
        return IssuedToken(value, LIFETIME_S)

    def find(self, value: str, now: int) -> Granted:
        """Return whom a token is for.

        Raises:
            SignInError: ``token_unknown``.
        """
        digest = sha256_digest(value.encode("utf-8", "replace"))
        if self._found_at != now:
            # the store is asked once a second and token, so that what another process ended ends here as well
            self._found, self._found_at = {}, now
        found = self._found.get(digest) or self._read(digest)
        if found is None or found[1] <= now:
            raise SignInError(Reason.TOKEN_UNKNOWN, "this access token has expired or never was one; get a new one")
        self._found[digest] = found
        return found[0]

    def end(self, principal: bytes) -> None:
        """End all tokens of a principal."""
        with self._store.begin() as connection:
            connection.execute(delete(table.access_token).where(table.access_token.c.principal == principal))
        self._found = {}

    def _read(self, digest: bytes) -> tuple[Granted, int] | None:
        held = table.access_token
        with self._store.connect() as connection:
            row = connection.execute(select(held).where(held.c.digest == digest)).first()
        if row is None:
            return None
        return Granted(Principal(Kind(row.kind), row.principal, row.label), row.thumbprint), row.expires_at
