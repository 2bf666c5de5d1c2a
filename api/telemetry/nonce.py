"""Nonces that were given out, are not mined, and that nobody carries: transactions behind one can never be mined."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from api.storage import table

_NEWEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class GivenOut:
    """The next nonce of an account, and those of its entries in the outbox from ``first`` on."""

    next_nonce: int
    first: int
    kept: frozenset[int]


def given_out(connection: Connection) -> Mapping[bytes, GivenOut]:
    """Return what the store says of every account: to be read *before* the chain's counts.

    Whatever leaves the outbox meanwhile was mined, and counts for the chain; the other way round it could seem lost.
    """
    account, row = table.outbox_account.c, table.outbox.c
    found = {}
    for one in connection.execute(select(account.account, account.next_nonce)).all():
        newest = select(row.nonce).where(row.account == one.account).order_by(row.nonce.desc()).limit(_NEWEST)
        kept = frozenset(connection.execute(newest).scalars())
        first = min(kept) if len(kept) == _NEWEST else 0
        found[one.account] = GivenOut(one.next_nonce, first, kept)
    return found


def gaps(known: GivenOut, count: int) -> int:
    """Return how many nonces are lost. ``count``: the transactions of the account that are mined."""
    lowest = max(count, known.first)
    return max(0, known.next_nonce - lowest - sum(nonce >= lowest for nonce in known.kept))
