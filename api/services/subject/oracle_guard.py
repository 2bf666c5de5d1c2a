"""One refusal for callers who cannot show that they may act: the same for what others own and for what does not exist.

The proof is checked in both cases, against a decoy if there is nothing, so that the work is the same too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ledger_node.domain.error import CredenceError, VerificationError


@contextmanager
def unknown_to_strangers(unknown: VerificationError, *, is_party: bool) -> Iterator[None]:
    """Let a party hear what is wrong with its proof, and anybody else only ``unknown``."""
    try:
        yield
    except CredenceError:
        if is_party:
            raise
        raise unknown from None
