"""How the embedded engine executes code: py-evm's Cancun, with one precompile more and quicker opcodes."""

from typing import Any, Final

from eth.abc import MessageAPI, StateAPI, TransactionContextAPI
from eth.vm.forks.cancun.computation import CancunComputation

from ledger_node.node.embedded.state.opcode import FREQUENT
from ledger_node.node.embedded.state.p256 import P256_VERIFY, p256_verify

_PRECOMPILES: Final = {**CancunComputation.get_precompiles(), P256_VERIFY: p256_verify}
_OPCODES: Final[Any] = {**CancunComputation.opcodes, **FREQUENT}


class NodeComputation(CancunComputation):
    """Cancun, with the precompile for P-256. It shows its parts to the quicker opcodes as ``Machine`` names them."""

    _precompiles = _PRECOMPILES
    opcodes = _OPCODES

    def __init__(self, state: StateAPI, message: MessageAPI, transaction_context: TransactionContextAPI) -> None:
        super().__init__(state, message, transaction_context)
        self.data = message.data_as_bytes
        self.memory = self._memory
        self.meter = self._gas_meter
        self.program = message.code
        self.values = self._stack.values  # type: ignore[attr-defined] # StackAPI says less than Stack is
