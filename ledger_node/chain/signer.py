"""The key of one account, and the transactions that it signs."""

from typing import Any, Final

from eth_account import Account

from ledger_node.chain.outbox import OutboxEntry, TransactionDraft
from ledger_node.domain.signature import address_of

_FILLER_GAS: Final = 21_000


class TransactionSigner:
    """Signs zero-fee transactions. The same draft and nonce give the same bytes (RFC 6979)."""

    def __init__(self, chain_id: int, private_key: bytes) -> None:
        self.address = address_of(private_key)
        self._chain_id = chain_id
        self._key = private_key

    def sign(self, draft: TransactionDraft, nonce: int) -> OutboxEntry:
        """Return ``draft`` as a signed transaction under ``nonce``."""
        transaction: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": draft.gas,
            "gasPrice": 0,
            "value": 0,
            "data": draft.data,
        }
        if draft.to is not None:
            transaction["to"] = draft.to
        signed = Account.sign_transaction(transaction, self._key)
        return OutboxEntry(self.address, nonce, draft, bytes(signed.raw_transaction), bytes(signed.hash))

    def filler(self, nonce: int) -> OutboxEntry:
        """Return a transaction of the account to itself that does nothing but take ``nonce``."""
        return self.sign(TransactionDraft(self.address, b"", _FILLER_GAS), nonce)
