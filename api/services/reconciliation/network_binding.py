"""Which network a store belongs to: an address that names the wrong database must not mix up two of them."""

from typing import Final

from sqlalchemy import insert, select

from api.storage import table
from api.storage.database import Store
from ledger_node.chain.address_book import AddressBook
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_ONLY: Final = 1
_NETWORK: Final = table.network.c


def require_network(store: Store, book: AddressBook) -> None:
    """Require that a store is of the network of ``book``; one that was never used becomes so.

    Raises:
        InvalidInputError: ``configuration``.
    """
    with store.begin() as connection:
        held = connection.execute(select(_NETWORK.chain_id, _NETWORK.genesis)).first()
        if held is None:
            connection.execute(insert(table.network).values(row=_ONLY, chain_id=book.chain_id, genesis=book.genesis))
        elif (held.chain_id, held.genesis) != (book.chain_id, book.genesis):
            raise InvalidInputError(
                Reason.CONFIGURATION,
                "the store belongs to another network than this folder; name the right folder or the right database",
            )
