"""Executes calls that change nothing: eth_call and eth_estimateGas.

A call ends at a time: gas says little of how long this engine works for it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from eth._utils.address import generate_contract_address
from eth.abc import ComputationAPI
from eth.constants import CREATE_CONTRACT_ADDRESS, GAS_CALLSTIPEND
from eth.exceptions import OutOfGas, Revert
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.gas_meter import GasMeter, allow_negative_refund_strategy
from eth.vm.message import Message
from eth_typing import Address
from eth_utils.exceptions import ValidationError
from typing_extensions import override

from ledger_node.node.embedded.error import EXECUTION_REVERTED, RpcError, refused
from ledger_node.node.embedded.state.computation import NodeComputation
from ledger_node.node.embedded.state.state import NodeState
from ledger_node.node.embedded.transaction import intrinsic_gas

CALL_SECONDS: Final = 30
"""How long a call or an estimate is worked on; its caller has given up by then."""
CALL_GAS_CAP: Final = 50_000_000
_ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")


class CallTimeoutError(Exception):
    """A call took too long. No error of the EVM: no contract can catch it."""


class TimedContext(CancunTransactionContext):
    """The transaction of a call, with the end of its time on the monotonic clock."""

    def __init__(self, *, end: float, **members: Any) -> None:  # noqa: ANN401 - those of py-evm
        super().__init__(**members)
        self.end = end


class _TimedGasMeter(GasMeter):
    """Looks at the clock whenever an opcode pays."""

    def __init__(self, start_gas: int, end: float) -> None:
        super().__init__(start_gas, allow_negative_refund_strategy)
        self._end = end

    @override
    def consume_gas(self, amount: int, reason: str) -> None:
        if time.monotonic() > self._end:
            raise CallTimeoutError
        super().consume_gas(amount, reason)


class TimedComputation(NodeComputation):
    """Executes the messages of a :class:`TimedContext`; what it calls inherits the time."""

    @override
    def _configure_gas_meter(self) -> GasMeter:
        context = self.transaction_context
        assert isinstance(context, TimedContext)  # noqa: S101 - what calls are executed with
        return _TimedGasMeter(self.msg.gas, context.end)


def end_of_call() -> float:
    """Return when a call that begins now must have ended, on the monotonic clock."""
    return time.monotonic() + CALL_SECONDS


@dataclass(frozen=True, slots=True)
class Call:
    """A message to execute; ``to`` None creates a contract."""

    sender: bytes
    to: bytes | None
    gas: int
    value: int
    data: bytes
    access_list: tuple[tuple[bytes, tuple[int, ...]], ...] = ()

    @property
    def intrinsic(self) -> int:
        """The gas that a transaction with this message costs before any opcode runs."""
        return intrinsic_gas(self.data, self.access_list, creates=self.to is None)


def _message(state: NodeState, call: Call) -> Message:
    sender = Address(call.sender)
    initcode_words = (len(call.data) + 31) // 32
    if call.to is None:  # the executing code charges for initcode itself
        gas = call.gas - (call.intrinsic - 2 * initcode_words)
        created = generate_contract_address(sender, state.get_nonce(sender))
        return Message(gas, CREATE_CONTRACT_ADDRESS, sender, call.value, b"", call.data, create_address=created)
    to = Address(call.to)
    return Message(call.gas - call.intrinsic, to, sender, call.value, call.data, state.get_code(to))


def execute(state: NodeState, call: Call, end: float) -> ComputationAPI:
    """Run a call on a state that is thrown away afterwards, until ``end`` on the monotonic clock.

    Raises:
        RpcError: the call cannot start, with too little gas or balance; or it takes too long.
    """
    if call.gas < call.intrinsic:
        raise refused(f"intrinsic gas too low: have {call.gas}, want {call.intrinsic}")
    balance = state.get_balance(Address(call.sender))
    if balance < call.value:
        raise refused(f"insufficient funds for gas * price + value: balance {balance}, tx cost {call.value}")
    try:
        return _run(state, call, end)
    except CallTimeoutError as error:
        raise refused(f"execution aborted (timeout = {CALL_SECONDS}s)") from error
    except ValidationError as error:
        raise refused(f"the call cannot be executed: {error}") from error


def _run(state: NodeState, call: Call, end: float) -> ComputationAPI:
    sender = Address(call.sender)
    message = _message(state, call)
    state.increment_nonce(sender)
    for address in (sender, message.storage_address):
        state.mark_address_warm(address)
    for account, slots in call.access_list:
        state.mark_address_warm(Address(account))
        for key in slots:
            state.mark_storage_warm(Address(account), key)
    context = TimedContext(gas_price=0, origin=sender, end=end)
    run = TimedComputation.apply_create_message if message.is_create else TimedComputation.apply_message
    return run(state, message, context)


def call_output(computation: ComputationAPI) -> bytes:
    """Return what a call returned.

    Raises:
        RpcError: code 3 with the revert bytes, or -32000 for any other failure, as geth answers.
    """
    if computation.is_success:
        return bytes(computation.output)
    if isinstance(computation.error, Revert):
        output = bytes(computation.output)
        reason = _revert_reason(output)
        message = f"execution reverted: {reason}" if reason else "execution reverted"
        raise RpcError(EXECUTION_REVERTED, message, "0x" + output.hex())
    if isinstance(computation.error, OutOfGas):
        raise refused("out of gas")
    raise refused(f"execution failed: {type(computation.error).__name__}")


def _revert_reason(output: bytes) -> str | None:
    """Return the text of Solidity's ``Error(string)``, if that is what a call reverted with."""
    if output[:4] != _ERROR_SELECTOR or len(output) < 68:  # noqa: PLR2004 - selector, offset, length
        return None
    length = int.from_bytes(output[36:68], "big")
    if length > len(output) - 68:
        return None
    return output[68 : 68 + length].decode("utf-8", "replace")


def estimate(fresh_state: Callable[[], NodeState], call: Call) -> int:
    """Return a gas limit with which a call was seen to succeed.

    The first guess is the gas used plus what a nested call must leave behind (1/64, EIP-150) and the
    stipend; it is tried, and if it does not do, bisection between it and the cap finds one within 2 %.

    Raises:
        RpcError: the call fails with all the gas it may have.
    """
    end = end_of_call()

    def attempt(gas: int) -> ComputationAPI:
        return execute(fresh_state(), replace(call, gas=gas), end)

    computation = attempt(call.gas)
    call_output(computation)
    used = call.gas - computation.get_gas_remaining()
    if used == call.intrinsic:
        return used
    guess = min((used + GAS_CALLSTIPEND) * 64 // 63 + 1, call.gas)
    if attempt(guess).is_success:
        return guess
    low, high = guess, call.gas
    while high - low > high // 64:
        middle = min((low + high) // 2, low * 2)
        if attempt(middle).is_success:
            high = middle
        else:
            low = middle
    return high
