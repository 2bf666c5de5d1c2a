"""State overrides: what a call sees instead of what the chain holds. Nothing of it is ever stored."""

from dataclasses import dataclass
from typing import Any, Final

from eth_typing import Address

from ledger_node.node.embedded import param
from ledger_node.node.embedded.error import invalid_params
from ledger_node.node.embedded.state.state import NodeState

MAX_ACCOUNTS: Final = 1_024
MAX_SLOTS: Final = 10_000
_NONCES: Final = 2**64
_MEMBERS: Final = frozenset({"balance", "nonce", "code", "state", "stateDiff"})


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """What replaces members of one account; None leaves a member as it is.

    Attributes:
        slots: storage slots and their values.
        only_slots: whether all other slots are empty (``state``) or as they are (``stateDiff``).
    """

    address: bytes
    balance: int | None
    nonce: int | None
    code: bytes | None
    slots: dict[int, int]
    only_slots: bool

    def apply(self, state: NodeState) -> None:
        """Alter a state."""
        address = Address(self.address)
        if self.balance is not None:
            state.set_balance(address, self.balance)
        if self.nonce is not None:
            state.set_nonce(address, self.nonce)
        if self.code is not None:
            state.set_code(address, self.code)
        if self.only_slots:
            state.delete_storage(address)
        for slot, value in self.slots.items():
            state.set_storage(address, slot, value)


Overrides = tuple[AccountOverride, ...]


def read_overrides(value: object) -> Overrides:
    """Read the state overrides of eth_call and eth_estimateGas; null is none.

    Raises:
        RpcError: -32602, naming the member.
    """
    if value is None:
        return ()
    overrides: dict[bytes, AccountOverride] = {}
    for key, members in param.record(value, "overrides").items():
        address = param.address(key, "overrides' address")
        if address in overrides:
            raise invalid_params("overrides holds an address twice")
        overrides[address] = _account(address, members)
    if len(overrides) > MAX_ACCOUNTS:
        raise invalid_params(f"overrides has {len(overrides)} members, more than {MAX_ACCOUNTS}")
    if sum(len(one.slots) for one in overrides.values()) > MAX_SLOTS:
        raise invalid_params(f"overrides holds more than {MAX_SLOTS} slots")
    return tuple(overrides.values())


def apply_overrides(state: NodeState, overrides: Overrides) -> NodeState:
    """Alter a state and return it: gas is counted as if all of it had stood there before."""
    for override in overrides:
        override.apply(state)
    if overrides:
        state.lock_changes()
    return state


def _account(address: bytes, value: object) -> AccountOverride:
    name = f"overrides[0x{address.hex()}]"
    given = param.mapping(value, name, _MEMBERS)
    if "state" in given and "stateDiff" in given:
        raise invalid_params(f"{name} must hold either state or stateDiff")
    nonce = param.quantity(given["nonce"], f"{name}.nonce") if "nonce" in given else None
    if nonce is not None and nonce >= _NONCES:
        raise invalid_params(f"{name}.nonce must be less than 2^64")
    return AccountOverride(
        address=address,
        balance=param.quantity(given["balance"], f"{name}.balance") if "balance" in given else None,
        nonce=nonce,
        code=param.data(given["code"], f"{name}.code") if "code" in given else None,
        slots=_slots(given, name),
        only_slots="state" in given,
    )


def _slots(given: dict[str, Any], name: str) -> dict[int, int]:
    member = "state" if "state" in given else "stateDiff"
    name = f"{name}.{member}"
    return {
        int.from_bytes(param.hash32(slot, name), "big"): int.from_bytes(param.hash32(value, name), "big")
        for slot, value in param.record(given.get(member, {}), name).items()
    }
