"""How long the council's calls wait: the class of each function that only the council may call.

The table is given to the Council at founding; contracts/README.md has it in words. A function that is missing here
waits as long as the slowest one.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import DelayClass

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


def rules(contracts: Mapping[str, str]) -> Iterator[tuple[str, bytes, int]]:
    """Yield (target, selector, class) of every rule as the Council takes them. ``contracts``: name -> address."""
    for name, functions in RULES.items():
        for function, delay_class in functions.items():
            yield contracts[name], artifact(name).selector(function), int(delay_class)
