"""JSON-RPC methods about the state: accounts, storage, proofs, calls, and sending transactions."""

from collections.abc import Callable
from typing import Any, Final

from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_typing import Address

from ledger_node.node.embedded import param
from ledger_node.node.embedded.call import CALL_GAS_CAP, Call, call_output, end_of_call, estimate, execute
from ledger_node.node.embedded.engine import Engine
from ledger_node.node.embedded.error import invalid_params
from ledger_node.node.embedded.json_view import Json, hexed
from ledger_node.node.embedded.lookup import header_at
from ledger_node.node.embedded.override import apply_overrides, read_overrides
from ledger_node.node.embedded.state.account import account_proof
from ledger_node.node.embedded.transaction_pool import SubmissionResult

_MAX_SLOTS: Final = 1_024
_MAX_LIST: Final = 1_024
_ZERO_ADDRESS: Final = b"\x00" * 20
_CALL_MEMBERS: Final = frozenset(
    {
        "from",
        "to",
        "gas",
        "gasPrice",
        "maxFeePerGas",
        "maxPriorityFeePerGas",
        "value",
        "data",
        "input",
        "nonce",
        "type",
        "chainId",
        "accessList",
    }
)


class StateMethods:
    """What can be read from a block's state, and the way to change it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def table(self) -> dict[str, Callable[..., Any]]:
        """Return the methods by name."""
        return {
            "eth_getTransactionCount": self.nonce,
            "eth_getCode": self.code,
            "eth_getStorageAt": self.storage,
            "eth_getBalance": self.balance,
            "eth_getProof": self.proof,
            "eth_call": self.call,
            "eth_estimateGas": self.estimate_gas,
            "eth_sendRawTransaction": self.send,
        }

    def _header(self, block: object) -> CancunBlockHeader:
        return header_at(self._engine, param.block_tag(block, "block"))

    def nonce(self, address: object, block: object = "latest") -> str:
        """eth_getTransactionCount; ``pending`` counts the pooled transactions that follow without a gap."""
        account = Address(param.address(address, "address"))
        count = self._engine.state(self._header(block)).get_nonce(account)
        if block == "pending":
            count = self._engine.writer.pool.next_nonce(account, count)
        return hex(count)

    def balance(self, address: object, block: object = "latest") -> str:
        """eth_getBalance."""
        account = Address(param.address(address, "address"))
        return hex(self._engine.state(self._header(block)).get_balance(account))

    def code(self, address: object, block: object = "latest") -> str | None:
        """eth_getCode."""
        account = Address(param.address(address, "address"))
        return hexed(self._engine.state(self._header(block)).get_code(account))

    def storage(self, address: object, position: object, block: object = "latest") -> str:
        """eth_getStorageAt; always 32 bytes."""
        account = Address(param.address(address, "address"))
        slot = param.slot(position, "position")
        return f"0x{self._engine.state(self._header(block)).get_storage(account, slot):064x}"

    def proof(self, address: object, positions: object, block: object = "latest") -> Json:
        """eth_getProof (EIP-1186)."""
        account = param.address(address, "address")
        listed = param.listing(positions, "storageKeys", _MAX_SLOTS)
        slots = [param.slot(item, f"storageKeys[{index}]") for index, item in enumerate(listed)]
        return account_proof(self._engine.nodes.__getitem__, self._header(block).state_root, account, slots)

    def call(self, message: object, block: object = "latest", overrides: object = None) -> str | None:
        """eth_call; the block environment is the given block's, ``pending`` has the time of now."""
        wanted, altered = _call(message), read_overrides(overrides)
        state = apply_overrides(self._engine.state(self._header(block)), altered)
        return hexed(call_output(execute(state, wanted, end_of_call())))

    def estimate_gas(self, message: object, block: object = "pending", overrides: object = None) -> str:
        """eth_estimateGas; on the latest state it takes the time of now, as the next block will."""
        wanted, altered = _call(message), read_overrides(overrides)
        header = self._header("pending" if block == "latest" else block)
        return hex(estimate(lambda: apply_overrides(self._engine.state(header), altered), wanted))

    def send(self, raw: object) -> SubmissionResult:
        """eth_sendRawTransaction; the result answers once it is stored, or pooled behind a gap."""
        return self._engine.submit_later(param.data(raw, "transaction"))


def _call(message: object) -> Call:
    given = param.mapping(message, "call", _CALL_MEMBERS)
    for name in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "nonce", "type", "chainId"):
        if name in given:  # all gas is free here, so these change nothing
            param.quantity(given[name], f"call.{name}")
    data = param.data(given.get("data", "0x"), "call.data")
    if "input" in given:
        octets = param.data(given["input"], "call.input")
        if "data" in given and octets != data:
            raise invalid_params("call.data and call.input differ")
        data = octets
    gas = param.quantity(given["gas"], "call.gas") if "gas" in given else CALL_GAS_CAP
    return Call(
        sender=param.address(given["from"], "call.from") if "from" in given else _ZERO_ADDRESS,
        to=param.address(given["to"], "call.to") if "to" in given else None,
        gas=min(gas, CALL_GAS_CAP),
        value=param.quantity(given.get("value", "0x0"), "call.value"),
        data=data,
        access_list=_access_list(given.get("accessList", [])),
    )


def _access_list(value: object) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    entries = []
    for index, item in enumerate(param.listing(value, "call.accessList", _MAX_LIST)):
        name = f"call.accessList[{index}]"
        entry: dict[str, Any] = param.mapping(item, name, frozenset({"address", "storageKeys"}))
        keys = param.listing(entry.get("storageKeys", []), f"{name}.storageKeys", _MAX_LIST)
        slots = tuple(int.from_bytes(param.hash32(key, f"{name}.storageKeys"), "big") for key in keys)
        entries.append((param.address(entry.get("address"), f"{name}.address"), slots))
    return tuple(entries)
