"""Compiled contracts as committed in contracts/artifacts, and their ABIs as callables' types."""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import (
    collapse_if_tuple,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.json_object import JsonObject


@dataclass(frozen=True)
class Artifact:
    """One compiled contract: ABI, creation and runtime bytecode."""

    name: str
    abi: Any
    bytecode: bytes
    runtime: bytes

    @cached_property
    def _functions(self) -> dict[str, Any]:
        return {entry["name"]: entry for entry in self.abi if entry["type"] == "function"}

    @cached_property
    def _selectors(self) -> dict[bytes, Any]:
        return {bytes(function_abi_to_4byte_selector(entry)): entry for entry in self._functions.values()}

    @cached_property
    def _events(self) -> dict[bytes, Any]:
        return {event_abi_to_log_topic(entry): entry for entry in self.abi if entry["type"] == "event"}

    @cached_property
    def errors(self) -> dict[bytes, Any]:
        """Custom errors by their four-byte selector."""
        return {function_abi_to_4byte_selector(entry): entry for entry in self.abi if entry["type"] == "error"}

    def topic(self, event: str) -> str:
        """Return topic 0 of ``event`` as 0x hexadecimal digits."""
        return next("0x" + topic.hex() for topic, entry in self._events.items() if entry["name"] == event)

    def encode(self, function: str, *args: object) -> bytes:
        """Return call data."""
        entry = self._functions[function]
        return bytes(function_abi_to_4byte_selector(entry)) + abi_encode(get_abi_input_types(entry), args)

    def decode(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Return the decoded results of a call."""
        return abi_decode(get_abi_output_types(self._functions[function]), data)

    def call(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Return function and arguments of call data, or None if they are not exactly a call of this contract.

        No byte is left over: what encodes to other call data than ``data`` is none.
        """
        entry = self._selectors.get(data[:4])
        return None if entry is None else _arguments(entry["name"], entry["inputs"], data[4:])

    def construction(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Return the arguments of this contract's constructor, or None if ``data`` does not create it."""
        if not data.startswith(self.bytecode):
            return None
        inputs: Any = next((entry["inputs"] for entry in self.abi if entry["type"] == "constructor"), [])
        return _arguments("constructor", inputs, data[len(self.bytecode) :])

    def construct(self, *args: object) -> bytes:
        """Return creation bytecode with its constructor's arguments."""
        constructor = next((entry for entry in self.abi if entry["type"] == "constructor"), None)
        if constructor is None:
            return self.bytecode
        return self.bytecode + abi_encode(get_abi_input_types(constructor), args)

    def event(self, topics: list[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Return name and arguments of a log, or None for an event of another contract."""
        entry = self._events.get(topics[0]) if topics else None
        if entry is None:
            return None
        indexed = [item for item in entry["inputs"] if item["indexed"]]
        plain = [item for item in entry["inputs"] if not item["indexed"]]
        values: dict[str, Any] = {}
        for item, topic in zip(indexed, topics[1:], strict=True):
            values[item["name"]] = abi_decode([item["type"]], topic)[0]
        decoded = abi_decode([collapse_if_tuple(item) for item in plain], data)
        values.update(zip((item["name"] for item in plain), decoded, strict=True))
        return entry["name"], values


def _arguments(name: str, inputs: Any, data: bytes) -> tuple[str, dict[str, Any]] | None:
    types = [collapse_if_tuple(item) for item in inputs]
    try:
        values = abi_decode(types, data)
    except DecodingError:
        return None
    if abi_encode(types, values) != data:
        return None
    return name, {item["name"]: value for item, value in zip(inputs, values, strict=True)}


@cache
def artifact(name: str) -> Artifact:
    """Return the committed artifact of the contract ``name``."""
    content = (files("contracts") / "artifacts" / f"{name}.json").read_bytes()
    record = JsonObject(decode(content), "artifact")
    abi: JSON = record.take("abi")
    return Artifact(name, abi, _code(record, "bytecode"), _code(record, "deployedBytecode"))


def _code(record: JsonObject, name: str) -> bytes:
    value = record.take(name)
    assert isinstance(value, str)  # noqa: S101 - artifacts are ours and checked by CI
    return bytes.fromhex(value.removeprefix("0x"))
