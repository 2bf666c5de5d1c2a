"""A node that refuses what Besu refuses by default, in front of the embedded one; and a chain that is long enough."""

from contextlib import suppress

import rlp
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from tests.kit.engine_rpc import EngineRpc

LOG_RANGE, TRANSACTION_GAS = 5_000, 16_777_216
BLOCKS = LOG_RANGE + 500
CODE_GAS = 200


class Limits:
    """What a node allows at most. ``refusals``: what it refused, in words."""

    def __init__(self, *, log_range=LOG_RANGE, transaction_gas=TRANSACTION_GAS, block_gas=None, code_bytes=None):
        self.log_range, self.transaction_gas = log_range, transaction_gas
        self.block_gas, self.code_bytes = block_gas, code_bytes
        self.refusals = []
        self.widest = self.most_gas = 0

    def refusal(self, method, params, head):
        """Return the error that Besu gives to a call, or None where it is answered."""
        error = None
        if method == "eth_getLogs":
            criteria = params[0]
            first, last = (block_of(criteria.get(name, "latest"), head) for name in ("fromBlock", "toBlock"))
            self.widest = max(self.widest, last - first + 1)
            if last - first >= self.log_range:
                error = (-32005, "Requested range exceeds maximum range limit")
        elif method == "eth_sendRawTransaction":
            gas = gas_of(params[0])
            self.most_gas = max(self.most_gas, gas)
            if gas > self.transaction_gas:
                error = (-32003, "Transaction gas limit exceeds the cap")
        elif method == "eth_call" and "to" not in params[0] and self.code_bytes is not None:
            error = (-32000, "Code size exceeds the limit")
        if error is not None:
            self.refusals.append(error[1])
        return error


def block_of(tag, head):
    """The number of a block that a filter names."""
    return {"latest": head, "earliest": 0}.get(tag) if not tag.startswith("0x") else int(tag, 16)


def gas_of(raw):
    """The gas limit of a raw transaction, legacy or typed."""
    data = bytes(HexBytes(raw))
    if data[0] < 0x80:
        return TypedTransaction.from_bytes(HexBytes(data)).as_dict()["gas"]
    return int.from_bytes(rlp.decode(data)[2], "big")


class LimitedRpc(EngineRpc):
    """The embedded node behind the limits of another one; ``blocks`` empty blocks come before anything else."""

    def __init__(self, folder, chain_id, keys, now, *, limits=None, blocks=0):
        super().__init__(folder, chain_id, keys, now)
        self.limits = limits or Limits()
        for _ in range(blocks):
            self._engine._store(self._engine._start_block().finish())

    def ask(self, calls, *, must_succeed):
        head = self._engine.head.number
        refused = {}
        for place, (method, params) in enumerate(calls):
            with suppress(KeyError, TypeError):
                if error := self.limits.refusal(method, params, head):
                    refused[place] = {"code": error[0], "message": error[1]}
        answers = super().ask(
            [("eth_chainId", []) if place in refused else call for place, call in enumerate(calls)],
            must_succeed=must_succeed,
        )
        for place, answer in enumerate(answers):
            if place in refused:
                answer.pop("result", None)
                answer["error"] = refused[place]
            elif calls[place][0] == "eth_getBlockByNumber" and self.limits.block_gas and answer["result"]:
                answer["result"]["gasLimit"] = hex(self.limits.block_gas)
        return answers
