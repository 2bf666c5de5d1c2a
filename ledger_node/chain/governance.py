"""How long the council's calls wait: the class of each function that only the council may call.

The table is given to the Council at founding; contracts/README.md has it in words. A function that is missing here
waits as long as the slowest one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ledger_node.chain.artifact import artifact
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


class DelayClass(IntEnum):
    """What a call of the council does with power, as ICouncil numbers it; how long it waits follows from that."""

    UNKNOWN = 0
    """No rule: the longer of both delays."""
    GIVE = 1
    """Gives power: the delay for giving."""
    CHANGE = 2
    """Changes the council: the delay for changing."""
    TAKE = 3
    """Takes power: none."""
    TAKE_ONE = 4
    """Takes: none, but a second one within the delay for giving waits so long."""
    TAKE_FORWARD = 5
    """Takes from a time on: none, but with a time before now it waits as what gives."""
    TAKE_IF_TRUE = 6
    """Takes with true; with false it waits as what gives."""


RULES: Final[Mapping[str, Mapping[str, DelayClass]]] = {
    "MemberRegistry": {
        "addMember": DelayClass.GIVE,
        "addRoles": DelayClass.GIVE,
        "removeRoles": DelayClass.TAKE,
        "suspend": DelayClass.TAKE,
        "reactivate": DelayClass.GIVE,
        "retire": DelayClass.TAKE,
        "setSuccessor": DelayClass.GIVE,
        "setServiceUrl": DelayClass.GIVE,
        "addKey": DelayClass.GIVE,
        "endKey": DelayClass.TAKE,
        "markCompromised": DelayClass.TAKE_FORWARD,
        "addValidator": DelayClass.GIVE,
        "removeValidator": DelayClass.TAKE_ONE,
        "setFrozen": DelayClass.TAKE_IF_TRUE,
    },
    "SchemaRegistry": {
        "register": DelayClass.GIVE,
        "allowIssuer": DelayClass.GIVE,
        "disallowIssuer": DelayClass.TAKE,
        "setDocument": DelayClass.GIVE,
    },
    "AnchorRegistry": {"changeStatusFor": DelayClass.GIVE, "restore": DelayClass.GIVE},
    "SubjectRegistry": {"nameRegistrar": DelayClass.GIVE},
    # anyone may call it; with a rule it goes into the proposal that freezes, and does not hold it up
    "ConsentRegistry": {"followFreeze": DelayClass.TAKE},
}
"""Contract -> function -> class."""
MAX_DELAY_S: Final = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Delays:
    """How long what gives power, and what changes the council, waits after it is decided, in seconds."""

    give: int = 0
    change: int = 0

    def __post_init__(self) -> None:
        """Refuse what the Council refuses."""
        if not (0 <= self.give <= MAX_DELAY_S and 0 <= self.change <= MAX_DELAY_S):
            raise InvalidInputError(Reason.CONFIGURATION, "a delay of the council is at most 30 days", field="delay")


NO_DELAYS: Final = Delays()


def rules(contracts: Mapping[str, str]) -> Iterator[tuple[str, bytes, int]]:
    """Yield (target, selector, class) of every rule as the Council takes them. ``contracts``: name -> address."""
    for name, functions in RULES.items():
        for function, delay_class in functions.items():
            yield contracts[name], artifact(name).selector(function), int(delay_class)
