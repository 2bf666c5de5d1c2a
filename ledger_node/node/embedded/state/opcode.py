"""The opcodes that contracts execute most, each in one Python call.

py-evm makes about eight calls for each of them, and one use of a consent executes 460. What they do to the stack, the
program counter and the gas is what py-evm's do (tests/node/test_opcode.py); all others are py-evm's own. An exception
ends a computation and takes its gas, whichever it is, so their words are not py-evm's. Jumps ask the gas meter itself,
which may count time as well: no program runs for long without one.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from eth.exceptions import FullStack, InsufficientStack, InvalidJumpDestination, OutOfGas
from eth.vm import opcode_values as code_of
from eth.vm.code_stream import CodeStream
from eth.vm.gas_meter import GasMeter
from eth.vm.memory import Memory

_WORD: Final = (1 << 256) - 1
_WORD_BITS: Final = 256
_WORD_BYTES: Final = 32
_MOST_VALUES: Final = 1024
_PUSHED: Final = 32
_REACHED: Final = 16
_BASE, _VERY_LOW, _MID, _HIGH, _JUMPDEST = 2, 3, 8, 10, 1


class Machine(Protocol):
    """What an opcode works on. ``program``: the code's bytes; ``values``: of the stack, the last one is the top.

    ``data``: of the call.
    """

    code: CodeStream
    data: bytes
    memory: Memory
    meter: GasMeter
    program: bytes
    values: list[int | bytes]

    def extend_memory(self, start_position: int, size: int) -> None:
        """Pay for memory up to there, and make it."""


Opcode: TypeAlias = Callable[[Machine], None]


def _out_of_gas(meter: GasMeter, cost: int) -> OutOfGas:
    return OutOfGas(f"Out of gas: Needed {cost} - Remaining {meter.gas_remaining}")


def _number(value: int | bytes) -> int:
    return int.from_bytes(value, "big") if isinstance(value, bytes) else value


def _push(size: int) -> Opcode:
    cost = _VERY_LOW if size else _BASE

    def push(computation: Machine) -> None:
        meter, code, values = computation.meter, computation.code, computation.values
        if meter.gas_remaining < cost:
            raise _out_of_gas(meter, cost)
        meter.gas_remaining -= cost
        if len(values) >= _MOST_VALUES:
            raise FullStack("Stack limit reached")
        start = code.program_counter
        code.program_counter = end = start + size
        # a program that ends amid its data goes on with zeros
        values.append(int.from_bytes(computation.program[start:end].ljust(size, b"\0"), "big"))

    return push


def _dup(place: int) -> Opcode:
    def dup(computation: Machine) -> None:
        meter, values = computation.meter, computation.values
        if meter.gas_remaining < _VERY_LOW:
            raise _out_of_gas(meter, _VERY_LOW)
        meter.gas_remaining -= _VERY_LOW
        if len(values) >= _MOST_VALUES:
            raise FullStack("Stack limit reached")
        if len(values) < place:
            raise InsufficientStack("DUP")
        values.append(values[-place])

    return dup


def _swap(place: int) -> Opcode:
    other = -place - 1

    def swap(computation: Machine) -> None:
        meter, values = computation.meter, computation.values
        if meter.gas_remaining < _VERY_LOW:
            raise _out_of_gas(meter, _VERY_LOW)
        meter.gas_remaining -= _VERY_LOW
        if len(values) <= place:
            raise InsufficientStack("SWAP")
        values[-1], values[other] = values[other], values[-1]

    return swap


def _of_two(compute: Callable[[int, int], int]) -> Opcode:
    """Return an opcode that computes a word of the two on top, the topmost first."""

    def compute_of_two(computation: Machine) -> None:
        meter, values = computation.meter, computation.values
        if meter.gas_remaining < _VERY_LOW:
            raise _out_of_gas(meter, _VERY_LOW)
        meter.gas_remaining -= _VERY_LOW
        if len(values) < 2:  # noqa: PLR2004 - two
            raise InsufficientStack("two")
        top, second = values.pop(), values[-1]
        if isinstance(top, bytes):
            top = int.from_bytes(top, "big")
        if isinstance(second, bytes):
            second = int.from_bytes(second, "big")
        values[-1] = compute(top, second)

    return compute_of_two


def _is_zero(computation: Machine) -> None:
    meter, values = computation.meter, computation.values
    if meter.gas_remaining < _VERY_LOW:
        raise _out_of_gas(meter, _VERY_LOW)
    meter.gas_remaining -= _VERY_LOW
    if not values:
        raise InsufficientStack("ISZERO")
    values[-1] = 0 if _number(values[-1]) else 1


def _pop(computation: Machine) -> None:
    meter, values = computation.meter, computation.values
    if meter.gas_remaining < _BASE:
        raise _out_of_gas(meter, _BASE)
    meter.gas_remaining -= _BASE
    if not values:
        raise InsufficientStack("POP")
    values.pop()


def _jump_destination(computation: Machine) -> None:
    meter = computation.meter
    if meter.gas_remaining < _JUMPDEST:
        raise _out_of_gas(meter, _JUMPDEST)
    meter.gas_remaining -= _JUMPDEST


def _jump(computation: Machine) -> None:
    computation.meter.consume_gas(_MID, "JUMP")
    values = computation.values
    if not values:
        raise InsufficientStack("JUMP")
    _go_on(computation, values.pop())


def _jump_if(computation: Machine) -> None:
    computation.meter.consume_gas(_HIGH, "JUMPI")
    values = computation.values
    if len(values) < 2:  # noqa: PLR2004 - two
        raise InsufficientStack("JUMPI")
    where, condition = values.pop(), values.pop()
    if _number(condition):
        _go_on(computation, where)


def _go_on(computation: Machine, where: int | bytes) -> None:
    code = computation.code
    code.program_counter = destination = _number(where)
    # py-evm remembers of this computation alone what it found, so no program fills the memory of the node
    if code.peek() != code_of.JUMPDEST or not code.is_valid_opcode(destination):
        raise InvalidJumpDestination("Invalid Jump Destination")


def _store(computation: Machine) -> None:
    meter, values = computation.meter, computation.values
    if meter.gas_remaining < _VERY_LOW:
        raise _out_of_gas(meter, _VERY_LOW)
    meter.gas_remaining -= _VERY_LOW
    if len(values) < 2:  # noqa: PLR2004 - two
        raise InsufficientStack("MSTORE")
    start, value = _number(values.pop()), values.pop()
    memory = _memory_to(computation, start + _WORD_BYTES)
    memory[start : start + _WORD_BYTES] = (
        value.rjust(_WORD_BYTES, b"\0") if isinstance(value, bytes) else value.to_bytes(_WORD_BYTES, "big")
    )


def _load(computation: Machine) -> None:
    meter, values = computation.meter, computation.values
    if meter.gas_remaining < _VERY_LOW:
        raise _out_of_gas(meter, _VERY_LOW)
    meter.gas_remaining -= _VERY_LOW
    if not values:
        raise InsufficientStack("MLOAD")
    start = _number(values[-1])
    memory = _memory_to(computation, start + _WORD_BYTES)
    values[-1] = int.from_bytes(memory[start : start + _WORD_BYTES], "big")


def _memory_to(computation: Machine, end: int) -> bytearray:
    """Return the memory, which is as long as this, and paid for."""
    memory: bytearray = computation.memory._bytes  # noqa: SLF001 - its methods check again what was checked
    if end > len(memory):
        computation.extend_memory(end - _WORD_BYTES, _WORD_BYTES)
        return computation.memory._bytes  # noqa: SLF001 - it may be another one then
    return memory


def _load_of_call(computation: Machine) -> None:
    meter, values = computation.meter, computation.values
    if meter.gas_remaining < _VERY_LOW:
        raise _out_of_gas(meter, _VERY_LOW)
    meter.gas_remaining -= _VERY_LOW
    if not values:
        raise InsufficientStack("CALLDATALOAD")
    start = _number(values[-1])
    # what lies behind the end is zeros
    values[-1] = int.from_bytes(computation.data[start : start + _WORD_BYTES].ljust(_WORD_BYTES, b"\0"), "big")


FREQUENT: Final[Mapping[int, Opcode]] = {
    code_of.ADD: _of_two(lambda top, second: top + second & _WORD),
    code_of.SUB: _of_two(lambda top, second: top - second & _WORD),
    code_of.LT: _of_two(lambda top, second: int(top < second)),
    code_of.GT: _of_two(lambda top, second: int(top > second)),
    code_of.EQ: _of_two(lambda top, second: int(top == second)),
    code_of.AND: _of_two(lambda top, second: top & second),
    code_of.OR: _of_two(lambda top, second: top | second),
    code_of.SHL: _of_two(lambda top, second: second << top & _WORD if top < _WORD_BITS else 0),
    code_of.SHR: _of_two(lambda top, second: second >> top if top < _WORD_BITS else 0),
    code_of.ISZERO: _is_zero,
    code_of.MLOAD: _load,
    code_of.MSTORE: _store,
    code_of.CALLDATALOAD: _load_of_call,
    code_of.POP: _pop,
    code_of.JUMP: _jump,
    code_of.JUMPI: _jump_if,
    code_of.JUMPDEST: _jump_destination,
    **{code_of.PUSH0 + size: _push(size) for size in range(_PUSHED + 1)},
    **{code_of.DUP1 + place - 1: _dup(place) for place in range(1, _REACHED + 1)},
    **{code_of.SWAP1 + place - 1: _swap(place) for place in range(1, _REACHED + 1)},
}
"""By the byte of the opcode."""
