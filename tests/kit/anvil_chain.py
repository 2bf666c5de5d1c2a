"""anvil behind the same interface as the chain in memory: one block a transaction, one second a block."""

import gzip
import json

from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError
from web3.middleware import SignAndSendRawMiddlewareBuilder

from tests.kit.anvil import running_anvil
from tests.kit.contract_set import GENESIS_TIME, Chain, Refused

CHAIN_ID = 7_359


class AnvilChain(Chain):
    """A running anvil; leaving the context ends it. Each snapshot serves as often as it is wanted."""

    failures = (ContractCustomError, ContractLogicError)

    def __init__(self):
        self._running = running_anvil(CHAIN_ID, "--timestamp", str(GENESIS_TIME))
        self._ask = self._running.__enter__()
        self.accounts = [Account.from_key(bytes([number]) * 32) for number in range(1, 11)]
        for account in self.accounts:
            self._ask("anvil_setBalance", account.address, hex(10**24))
        self._ask("anvil_setBlockTimestampInterval", 1)
        self.w3 = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{self._ask.args[0]}"))
        self.w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(self.accounts), layer=0)
        self._snapshots = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._running.__exit__(*error)

    @property
    def next_time(self):
        return self.w3.eth.get_block("pending")["timestamp"]

    def at(self, time):
        self._ask("evm_setNextBlockTimestamp", time)

    def receipt(self, sent):
        # it comes a moment after the transaction was taken
        return self.w3.eth.wait_for_transaction_receipt(sent, timeout=20, poll_latency=0.005)

    def snapshot(self):
        name = len(self._snapshots)
        self._snapshots[name] = self._ask("evm_snapshot")
        return name

    def revert(self, snapshot):
        assert self._ask("evm_revert", self._snapshots[snapshot])
        self._snapshots[snapshot] = self._ask("evm_snapshot")

    def storage_of(self, contract):
        """Every slot of a contract that holds something."""
        state = json.loads(gzip.decompress(bytes.fromhex(self._ask("anvil_dumpState")[2:])))
        held = state["accounts"][contract.address.lower()]["storage"]
        return {int(slot, 16): int(value, 16) for slot, value in held.items()}

    def refusal(self, error):
        return Refused.of(bytes.fromhex(error.data[2:])) if isinstance(error.data, str) else error
