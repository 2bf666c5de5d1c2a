"""Calls of the council in words: which contract, which function, with what, for people who vote on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import CouncilCall, DelayClass, Role
from ledger_node.domain.canonical import JSON
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.json_object import to_hex

_FOREVER: Final = 2**64 - 1
_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60
_WORDS: Final = {
    ("MemberRegistry", "addMember"): "add a member",
    ("MemberRegistry", "addRoles"): "give a member further roles",
    ("MemberRegistry", "removeRoles"): "take roles from a member",
    ("MemberRegistry", "suspend"): "suspend a member",
    ("MemberRegistry", "reactivate"): "let a suspended member act again",
    ("MemberRegistry", "retire"): "end a member for good",
    ("MemberRegistry", "setSuccessor"): "name the successor of a member",
    ("MemberRegistry", "setServiceUrl"): "set the address of a member's service",
    ("MemberRegistry", "addKey"): "give a member a key",
    ("MemberRegistry", "endKey"): "end a key",
    ("MemberRegistry", "markCompromised"): "mark a key as compromised",
    ("MemberRegistry", "addValidator"): "admit a validator",
    ("MemberRegistry", "removeValidator"): "remove a validator",
    ("MemberRegistry", "setFrozen"): "stop everybody, or let everybody act again",
    ("SchemaRegistry", "register"): "register a schema",
    ("SchemaRegistry", "allowIssuer"): "let a member issue a schema",
    ("SchemaRegistry", "disallowIssuer"): "end a member's issuing of a schema",
    ("SchemaRegistry", "setDocument"): "agree on a document",
    ("AnchorRegistry", "changeStatusFor"): "revoke or supersede for a member",
    ("AnchorRegistry", "restore"): "clear what was marked under a key",
    ("SubjectRegistry", "nameRegistrar"): "name the registrar of a firm",
    ("ConsentRegistry", "followFreeze"): "let uses of consents follow the freeze",
    ("Council", "addGovernor"): "add a governor",
    ("Council", "removeGovernor"): "remove a governor",
    ("Council", "setThreshold"): "change how many governors must approve",
    ("Council", "setDelays"): "change the delays",
    ("Council", "setRule"): "change the delay of a function",
}
_UNDECODED: Final = "NOT DECODED: approve it only if you know what it does"


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """One call in words. ``function`` is empty where the call could not be decoded; ``raw`` is its data then.

    ``target``: the contract's name, or its address where it is none of the network's.
    """

    target: str
    function: str
    arguments: Mapping[str, str]
    words: str
    delay_class: DelayClass
    raw: bytes

    @property
    def is_decoded(self) -> bool:
        """Whether contract, function and arguments are known."""
        return bool(self.function)

    @property
    def line(self) -> str:
        """Return the call in one line."""
        given = ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        return f"{self.target}.{self.function}({given})" if self.is_decoded else f"{self.target}: {to_hex(self.raw)}"

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "target": self.target,
            "function": self.function or None,
            "arguments": dict[str, JSON](self.arguments),
            "words": self.words,
            "class": self.delay_class.name.lower(),
            "data": to_hex(self.raw),
        }


class CallDecoder:
    """Decodes calls of the contracts of one network. ``names``: what members are called, by id."""

    def __init__(self, book: AddressBook, names: Mapping[bytes, str]) -> None:
        self._contracts = {address: name for name, address in book.contracts.items()}
        self._names = names

    def decode(self, call: CouncilCall, delay_class: DelayClass) -> DecodedCall:
        """Return a call in words; one that is not exactly a call of a contract of the network is marked as such."""
        contract = self._contracts.get(call.target)
        named = None if contract is None else artifact(contract).call(call.data)
        if contract is None or named is None:
            return DecodedCall(contract or to_hex(call.target), "", {}, _UNDECODED, delay_class, call.data)
        function, arguments = named
        told = {name.rstrip("_"): self._text(function, name.rstrip("_"), value) for name, value in arguments.items()}
        words = _WORDS.get((contract, function), "a function that no rule of the council names")
        return DecodedCall(contract, function, told, words, delay_class, call.data)

    def _text(self, function: str, name: str, value: Any) -> str:  # noqa: ANN401 - as the ABI has it
        if isinstance(value, bytes):
            known = self._names.get(value)
            return to_hex(value) if known is None else f"{known} ({to_hex(value)})"
        if isinstance(value, int) and not isinstance(value, bool) and (form := _FORMS.get(name)) is not None:
            return form(function, value)
        if isinstance(value, list | tuple):
            return "[" + ", ".join(self._text(function, "", one) for one in value) + "]"
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)


def duration_text(seconds: int) -> str:
    """Return a length of time, such as 3 d 4 h."""
    parts = []
    for unit, length in (("d", _DAY_S), ("h", _HOUR_S), ("min", _MINUTE_S), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "none"


def _time_text(function: str, value: int) -> str:
    if value == _FOREVER:
        return "no end"
    if value == 0:
        return "the beginning" if function == "addKey" else "the time of the decision"
    try:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OSError, OverflowError, ValueError):
        return str(value)


def _flag_names(kind: type[Role] | type[KeyPurpose], value: int) -> str:
    names = [flag.name.lower().replace("_", "-") for flag in kind if value & flag.value and flag.name]
    rest = value & ~sum(flag.value for flag in kind)
    return " + ".join([*names, *([str(rest)] if rest else [])]) or "none"


_FORMS: Final[Mapping[str, Callable[[str, int], str]]] = {
    "roles": lambda _, value: _flag_names(Role, value),
    "purposes": lambda _, value: _flag_names(KeyPurpose, value),
    "validFrom": _time_text,
    "validUntil": _time_text,
    "from": _time_text,
    "give": lambda _, value: duration_text(value),
    "change": lambda _, value: duration_text(value),
}
"""How numbers of these names are told."""
