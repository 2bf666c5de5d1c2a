"""Execution that ends at a time: gas says little of how long this engine works for it."""

import time
from typing import Any, Final

from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.gas_meter import GasMeter, allow_negative_refund_strategy
from typing_extensions import override

CALL_SECONDS: Final = 30
"""How long a call or an estimate is worked on; its caller has given up by then."""


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


class TimedComputation(CancunComputation):
    """Executes the messages of a :class:`TimedContext`; what it calls inherits the time."""

    @override
    def _configure_gas_meter(self) -> GasMeter:
        context = self.transaction_context
        assert isinstance(context, TimedContext)  # noqa: S101 - what calls are executed with
        return _TimedGasMeter(self.msg.gas, context.end)


def end_of_call() -> float:
    """Return when a call that begins now must have ended, on the monotonic clock."""
    return time.monotonic() + CALL_SECONDS
