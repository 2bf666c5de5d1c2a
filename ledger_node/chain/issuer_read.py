"""Who may issue what at the newest block: the SchemaRegistry's events, of which new ones are read each time."""

import threading
from collections.abc import Mapping
from typing import Any

from ledger_node.chain.abi_call import block_of
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason


class IssuerReads:
    """Reads who may issue on one network."""

    def __init__(self, book: AddressBook, rpc: Rpc) -> None:
        self._rpc = rpc
        self._registry = to_hex(book.contracts["SchemaRegistry"])
        self._allowed = artifact("SchemaRegistry").topic("IssuerAllowed")
        self._disallowed = artifact("SchemaRegistry").topic("IssuerDisallowed")
        self._lock = threading.Lock()
        self._from = 0
        self._issuers: dict[bytes, frozenset[bytes]] = {}

    def read(self) -> Mapping[bytes, frozenset[bytes]]:
        """Return by schema id the ids of the members that may issue it, at the newest block.

        Raises:
            ChainError: the endpoint does not answer.
        """
        with self._lock:
            topics = [[self._allowed, self._disallowed]]
            query = {"address": self._registry, "fromBlock": hex(self._from), "toBlock": "latest", "topics": topics}
            head, logs = self._rpc.batch([("eth_getBlockByNumber", ["latest", False]), ("eth_getLogs", [query])])
            try:
                issuers = dict(self._issuers)
                for log in logs:
                    self._apply(log, issuers)
                # the last block is read again, so that there always is one; an event that counts twice changes nothing
                self._from, self._issuers = block_of(head).number, issuers
            except (InvalidInputError, KeyError, TypeError, ValueError) as error:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no event of our contracts"
                ) from error
            return issuers

    def _apply(self, log: Any, issuers: dict[bytes, frozenset[bytes]]) -> None:
        topic, schema_id, member = (from_hex(each, "topic") for each in log["topics"])
        known = issuers.get(schema_id, frozenset())
        issuers[schema_id] = known | {member} if to_hex(topic) == self._allowed else known - {member}
