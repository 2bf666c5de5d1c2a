"""A relaying account: signs transactions, owns its nonces under one lock, takes receipts as the truth."""

import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account

from ledger_node.chain.call import block_of
from ledger_node.chain.port import Block, Mined
from ledger_node.chain.rpc import ContractRevertError, Rpc
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.signature import address_of

_ATTEMPTS: Final = 40
_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5
_SEND_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction, the contract it created (or b""), and its logs as (address, topics, data)."""

    mined: Mined
    created: bytes
    logs: list[tuple[bytes, list[bytes], bytes]]


class Sender:
    """Sends zero-fee transactions of one account, one after the other.

    A transaction that was sent without an answer is sent again byte for byte, so it is mined at most once.
    """

    def __init__(self, rpc: Rpc, chain_id: int, private_key: bytes) -> None:
        self._rpc = rpc
        self._chain_id = chain_id
        self._key = private_key
        self._lock = threading.Lock()
        self._nonce: int | None = None
        self.address = address_of(private_key)

    def send(self, to: bytes | None, data: bytes, *, gas: int) -> Receipt:
        """Send and return the receipt of a transaction that succeeded.

        Raises:
            ContractRevertError: the contract refused.
            ChainError: ``ledger_unavailable``; the transaction may still be mined, ask the ledger.
        """
        with self._lock:
            try:
                receipt, block = self._send(to, data, gas)
            except ChainError:
                self._nonce = None
                raise
        if int(receipt["status"], 16) != 1:
            raise self._why_reverted(to, data, gas, receipt)
        return _receipt(receipt, block)

    def _send(self, to: bytes | None, data: bytes, gas: int) -> tuple[Any, Block]:
        if self._nonce is None:
            self._nonce = int(self._rpc.request("eth_getTransactionCount", to_hex(self.address), "pending"), 16)
        transaction: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": self._nonce,
            "gas": gas,
            "gasPrice": 0,
            "value": 0,
            "data": data,
        }
        if to is not None:
            transaction["to"] = to
        signed = Account.sign_transaction(transaction, self._key)
        raw, digest = to_hex(signed.raw_transaction), to_hex(signed.hash)
        mined = self._broadcast(raw, digest)
        self._nonce += 1
        return mined or self._wait(digest)

    def _broadcast(self, raw: str, digest: str) -> tuple[Any, Block] | None:
        """Send, and return the receipt with its block if the node mines before it answers, as the embedded one does."""
        pause = _FIRST_PAUSE_S
        for attempt in range(_SEND_TRIES):
            try:
                _, *mined = self._rpc.batch([("eth_sendRawTransaction", [raw]), *_receipt_calls(digest)])
            except ChainError as error:
                if error.reason is not Reason.LEDGER_UNAVAILABLE:
                    if self._known(digest):
                        return None
                    raise
                if attempt == _SEND_TRIES - 1:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                return self._mined(*mined)
        return None

    def _mined(self, receipt: Any, head: Any) -> tuple[Any, Block] | None:
        if receipt is None:
            return None
        if head["hash"] != receipt["blockHash"]:
            head = self._rpc.request("eth_getBlockByHash", receipt["blockHash"], False)
        return receipt, block_of(head)

    def _known(self, digest: str) -> bool:
        return self._rpc.request("eth_getTransactionByHash", digest) is not None

    def _wait(self, digest: str) -> tuple[Any, Block]:
        pause = _FIRST_PAUSE_S
        for _ in range(_ATTEMPTS):
            mined = self._mined(*self._rpc.batch(_receipt_calls(digest)))
            if mined is not None:
                return mined
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "a transaction was sent and is not mined yet; ask again")

    def _why_reverted(self, to: bytes | None, data: bytes, gas: int, receipt: Any) -> ChainError:
        call = {"from": to_hex(self.address), "data": to_hex(data), "gas": hex(gas)}
        if to is not None:
            call["to"] = to_hex(to)
        try:
            self._rpc.request("eth_call", call, receipt["blockNumber"])
        except ContractRevertError as revert:
            return revert
        return ChainError(Reason.LEDGER_REFUSED, "the transaction reverted; its cause is no longer visible")


def _receipt_calls(digest: str) -> list[tuple[str, list[Any]]]:
    # the block is asked for with the receipt: it is nearly always the newest one
    return [("eth_getTransactionReceipt", [digest]), ("eth_getBlockByNumber", ["latest", False])]


def _receipt(receipt: Any, block: Block) -> Receipt:
    logs = [
        (
            bytes.fromhex(log["address"][2:]),
            [from_hex(topic, "topic") for topic in log["topics"]],
            bytes.fromhex(log["data"][2:]),
        )
        for log in receipt["logs"]
    ]
    digest, gas_used = from_hex(receipt["transactionHash"], "hash"), int(receipt["gasUsed"], 16)
    created = receipt.get("contractAddress")
    return Receipt(Mined(digest, block, gas_used), b"" if created is None else bytes.fromhex(created[2:]), logs)
