"""Sending for one member: tried out first, given to one of its accounts, and waited for."""

import threading
from dataclasses import dataclass

from ledger_node.chain.account_sender import AccountSender
from ledger_node.chain.node_limit import require_transaction_gas
from ledger_node.chain.outbox import MemoryOutbox, OutboxStore, TransactionDraft
from ledger_node.chain.pending_transaction import PendingTransaction, TransactionSigner
from ledger_node.chain.rpc import ContractRevertError, Rpc, TransactionReceipt
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """How many transactions of an account are on their way, and for how long the oldest one is."""

    account: bytes
    on_way: int
    oldest_s: float


class Sender:
    """Sends zero-fee transactions from accounts that may all do the same: the keys of one member.

    Without ``store`` nothing survives the process. What is sent again while it is on its way is the same transaction:
    whoever sends it waits for the same receipt.
    """

    def __init__(self, rpc: Rpc, chain_id: int, *private_keys: bytes, store: OutboxStore | None = None) -> None:
        store = store or MemoryOutbox()
        self._rpc = rpc
        self.accounts = [AccountSender(rpc, TransactionSigner(chain_id, key), store) for key in private_keys]
        self._earlier: list[PendingTransaction] | None = None
        self._guard = threading.Lock()
        self.address = self.accounts[0].address

    def send(self, to: bytes | None, data: bytes, *, gas: int, simulate: bool = True) -> TransactionReceipt:
        """Send and return the receipt of a transaction that succeeded.

        ``simulate``: try it out first, so that one that would revert takes no nonce. Not needed for a call that
        never reverts as a whole.

        Raises:
            ContractRevertError: the contract refused.
            ChainError: ``node_limit``, ``ledger_refused`` or ``ledger_unavailable``; the message says whether it may
                still be mined.
        """
        require_transaction_gas(gas)
        draft = TransactionDraft(to, data, gas)
        with self._guard:
            on_way = self._find(draft)
        if on_way is None:
            # one whose transactions are stuck is left alone while another has less to do
            account = min(self.accounts, key=lambda one: len(one.transactions))
            if simulate:
                self._call(account, draft, "pending")
            with self._guard:
                on_way = self._find(draft) or (account, account.transactions.add(draft))
        account, transaction = on_way
        receipt = account.wait(transaction)
        if not receipt.succeeded:
            raise self._why_reverted(account, draft, receipt)
        return receipt

    def finish(self) -> None:
        """See to it that what an earlier run left behind is mined, before anything else is sent.

        Raises:
            ChainError: the ledger does not answer, or not in time; ``push`` goes on with it.
        """
        for account in self.accounts:
            for transaction in account.left_behind():
                account.wait(transaction)

    def carries_earlier(self) -> bool:
        """Return whether something that an earlier run left behind may still be mined.

        Raises:
            ChainError: the ledger does not answer.
        """
        if self._earlier is None:
            self._earlier = [transaction for account in self.accounts for transaction in account.left_behind()]
        return any(not transaction.outcome.done() for transaction in self._earlier)

    def is_on_way(self, name: bytes) -> bool:
        """Return whether a transaction that holds ``name`` may still be mined, this run's or an earlier one's.

        Raises:
            ChainError: the ledger does not answer.
        """
        return any(name in draft.data for account in self.accounts for draft in account.on_way())

    def push(self) -> None:
        """Carry on what nobody waits for."""
        for account in self.accounts:
            account.push()

    def health(self) -> list[OutboxHealth]:
        """Return how much is on its way."""
        return [
            OutboxHealth(account.address, len(account.transactions), account.transactions.oldest_s)
            for account in self.accounts
        ]

    def _find(self, draft: TransactionDraft) -> tuple[AccountSender, PendingTransaction] | None:
        for account in self.accounts:
            transaction = account.transactions.find(draft)
            if transaction is not None:
                return account, transaction
        return None

    def _call(self, account: AccountSender, draft: TransactionDraft, block: str) -> None:
        call = {"from": to_hex(account.address), "data": to_hex(draft.data), "gas": hex(draft.gas)}
        if draft.to is not None:
            call["to"] = to_hex(draft.to)
        self._rpc.request("eth_call", call, block)

    def _why_reverted(self, account: AccountSender, draft: TransactionDraft, receipt: TransactionReceipt) -> ChainError:
        try:
            self._call(account, draft, hex(receipt.mined.block.number))
        except ContractRevertError as revert:
            return revert
        return ChainError(Reason.LEDGER_REFUSED, "the transaction reverted; its cause is no longer visible")
