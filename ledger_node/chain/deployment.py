"""Deploying a network's contracts and founding its council's first members and schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import from_hex, to_hex

_GAS: Final = 20_000_000
_CALLS: Final = 32
_FOREVER: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Founder:
    """A first member: id, name, roles, and the addresses of its keys."""

    id: bytes
    name: str
    roles: Role
    keys: tuple[bytes, ...]
    service_url: str = ""


@dataclass(frozen=True, slots=True)
class FoundingSchema:
    """A first schema: its name, its id, and the ids of the members that answer for it, who alone may issue it."""

    name: str
    id: bytes
    issuers: tuple[bytes, ...]


def deploy(
    rpc: Rpc,
    governor: Sender,
    founders: Sequence[Founder],
    schemas: Sequence[FoundingSchema],
    documents: Mapping[str, bytes],
) -> AddressBook:
    """Deploy all contracts under a council of one, register the founders, what they may issue, and what is agreed.

    ``documents``: name -> digest.

    Raises:
        ChainError: the node does not answer or refuses.
    """
    contracts = {"Council": _create(governor, "Council", [to_hex(governor.address)], 1)}
    council = to_hex(contracts["Council"])
    for name in ("MemberRegistry", "SchemaRegistry"):
        contracts[name] = _create(governor, name, council)
    members = to_hex(contracts["MemberRegistry"])
    for name in ("SubjectRegistry", "AnchorRegistry", "ConsentRegistry"):
        contracts[name] = _create(governor, name, members)
    calls = [(contracts["MemberRegistry"], data) for founder in founders for data in _found_member(founder)]
    calls += [(contracts["SchemaRegistry"], data) for schema in schemas for data in _found_schema(schema)]
    calls += [
        (contracts["SchemaRegistry"], artifact("SchemaRegistry").encode("setDocument", document_name(name), digest))
        for name, digest in documents.items()
    ]
    for start in range(0, len(calls), _CALLS):
        proposal = [(to_hex(target), data) for target, data in calls[start : start + _CALLS]]
        governor.send(contracts["Council"], artifact("Council").encode("proposeAndExecute", proposal), gas=_GAS)
    chain_id, genesis = rpc.batch([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])
    return AddressBook(int(chain_id, 16), from_hex(genesis["hash"], "genesis"), contracts)


def _create(governor: Sender, name: str, *args: object) -> bytes:
    return governor.send(None, artifact(name).construct(*args), gas=_GAS).created


def _found_member(founder: Founder) -> list[bytes]:
    registry = artifact("MemberRegistry")
    added = registry.encode("addMember", founder.id, int(founder.roles), founder.name, founder.service_url)
    return [added, *(registry.encode("addKey", founder.id, to_hex(key), 0, _FOREVER) for key in founder.keys)]


def _found_schema(schema: FoundingSchema) -> list[bytes]:
    registry = artifact("SchemaRegistry")
    return [
        registry.encode("register", schema.id, schema.name),
        *(registry.encode("allowIssuer", schema.id, issuer) for issuer in schema.issuers),
    ]


def document_name(name: str) -> bytes:
    """Return the name of a document on the SchemaRegistry: H(name)."""
    return keccak(name.encode("ascii"))


def member_id(name: str, chain_id: int) -> bytes:
    """Return the id of a founding member: H(0x33 || u64 chain id || name)."""
    return keccak(b"\x33" + chain_id.to_bytes(8, "big") + name.encode())
