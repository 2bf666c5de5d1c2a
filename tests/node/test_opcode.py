"""The quicker opcodes do what py-evm's do, to the last unit of gas: both execute the same programs side by side."""

import gc
import tracemalloc
from itertools import product
from unittest.mock import MagicMock

import pytest
from eth.vm import opcode_values as code_of
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.message import Message
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger_node.node.embedded.call import CallTimeoutError, TimedComputation, TimedContext
from ledger_node.node.embedded.state.computation import NodeComputation
from ledger_node.node.embedded.state.opcode import FREQUENT

ADDRESS = b"\x11" * 20
GAS = 3_000
EDGES = (0, 1, 2, 31, 32, 33, 255, 256, 257, 2**64, 2**255, 2**256 - 1)
OTHERS = (code_of.MUL, code_of.NOT, code_of.MSTORE8, code_of.SHA3, code_of.GAS, code_of.PC, code_of.MSIZE, code_of.STOP)


def executed(kind, program, data=b"", gas=GAS, context=None):
    """Return all that a program leaves behind under a kind of computation."""
    message = Message(gas=gas, to=ADDRESS, sender=ADDRESS, value=0, data=data, code=program)
    # no program here reads a state
    done = kind.apply_computation(
        MagicMock(), message, context or CancunTransactionContext(gas_price=0, origin=ADDRESS)
    )
    values = [int.from_bytes(one, "big") if isinstance(one, bytes) else one for one in done._stack.values]
    memory = bytes(done._memory._bytes)
    return done.is_error, done.get_gas_remaining(), None if done.is_error else (values, memory, done.output)


def push(value):
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([code_of.PUSH0 + size]) + value.to_bytes(size, "big")


NUMBERS = st.one_of(st.sampled_from(EDGES), st.integers(0, 400), st.integers(0, 2**256 - 1))
# a push without its data would make opcodes of what follows, and some of those need a state
ALONE = [opcode for opcode in sorted(FREQUENT) if not code_of.PUSH1 <= opcode <= code_of.PUSH32]
PIECES = st.one_of(
    NUMBERS.map(push),
    st.sampled_from(ALONE).map(lambda opcode: bytes([opcode])),
    st.sampled_from(OTHERS).map(lambda opcode: bytes([opcode])),
    st.sampled_from([code_of.JUMP, code_of.JUMPI, code_of.JUMPDEST]).map(lambda opcode: bytes([opcode])),
)
STACK = st.lists(NUMBERS.map(push), max_size=18).map(b"".join)


def same(program, data=b"", gas=GAS):
    assert executed(NodeComputation, program, data, gas) == executed(CancunComputation, program, data, gas)


@settings(max_examples=600)
@given(stack=STACK, pieces=st.lists(PIECES, max_size=40), data=st.binary(max_size=70), gas=st.integers(0, GAS))
def test_programs_leave_the_same_stack_memory_and_gas_behind(stack, pieces, data, gas):
    same(stack + b"".join(pieces), data, gas)


@settings(max_examples=300)
@given(st.binary(max_size=80))
@example(bytes([code_of.PUSH32, 1]))  # a program that ends amid the data of a push
@example(bytes([code_of.PUSH1, 0, code_of.PUSH1]))
def test_any_bytes_are_executed_alike(program):
    # what reads a state, or calls, is not for a computation without one
    same(bytes(byte for byte in program if byte in FREQUENT or byte in OTHERS))


@pytest.mark.parametrize("opcode", sorted(FREQUENT))
def test_an_opcode_meets_every_height_of_the_stack_alike(opcode):
    for height in (0, 1, 2, 15, 16, 17, 1022, 1023, 1024):
        same(bytes([code_of.PUSH0]) * height + bytes([opcode]), gas=10_000)


@pytest.mark.parametrize("opcode", sorted(FREQUENT))
def test_an_opcode_takes_its_gas_to_the_last_unit(opcode):
    program = push(32) * 17 + bytes([opcode])
    for gas in range(17 * 3, 17 * 3 + 14):
        same(program, gas=gas)


@pytest.mark.parametrize("opcode", [code for code in sorted(FREQUENT) if code < code_of.POP])
def test_arithmetic_is_the_same_at_the_edges(opcode):
    for first, second in product(EDGES, EDGES):
        same(push(second) + push(first) + bytes([opcode]), data=bytes(range(40)), gas=10_000)


def test_a_jump_lands_on_a_destination_alone():
    """The byte of a JUMPDEST within the data of a push is none."""
    hidden = bytes([code_of.PUSH1, code_of.JUMPDEST, code_of.JUMPDEST])
    for target in range(8):
        same(push(target) + bytes([code_of.JUMP]) + hidden)
        same(push(1) + push(target + 2) + bytes([code_of.JUMPI]) + hidden)
    jumps = [push(target) + bytes([code_of.JUMP]) + hidden for target in range(8)]
    assert [target for target, program in enumerate(jumps) if not executed(NodeComputation, program)[0]] == [5]


def test_large_programs_of_strangers_leave_nothing_in_memory():
    """Calls may override code, and a node executes what anybody sends it."""
    tracemalloc.start()
    for number in range(10):
        program = push(5 + number) + bytes([code_of.JUMP]) + bytes([code_of.JUMPDEST]) * 300_000
        executed(NodeComputation, program)
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 2_000_000


def test_a_call_that_loops_ends_by_its_time():
    """No program runs for long without a jump, and jumps ask the clock."""
    context = TimedContext(gas_price=0, origin=ADDRESS, end=0.0)
    loop = bytes([code_of.JUMPDEST]) + push(0) + bytes([code_of.JUMP])
    with pytest.raises(CallTimeoutError):
        executed(TimedComputation, loop, gas=10**9, context=context)
