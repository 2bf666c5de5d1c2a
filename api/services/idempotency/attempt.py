"""One try of a call under an Idempotency-Key, and the result of a lease."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from api.services.idempotency.stored_response import StoredResponse
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes


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
