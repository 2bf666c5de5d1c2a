"""Deploying a network's contracts and founding its council's first members and schemas.

The Council is made first, and its table of delays names contracts that come after it: their addresses follow from the
account that makes them and the number of its transaction. The founding's own proposals run without delay; the delays
are set by the last one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger_node.chain.address_book import CONTRACTS, AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.governance import rules
from ledger_node.chain.node_limit import MAX_TRANSACTION_GAS, require_limits
from ledger_node.chain.port import NO_DELAYS, Delays, Role
from ledger_node.chain.rpc import Rpc, count_of
from ledger_node.chain.sender import Sender
from ledger_node.domain.error import ChainError
from ledger_node.domain.evidence import rlp
from ledger_node.domain.fact import NO_PURPOSE, KeyPurpose
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

GAS: Final = MAX_TRANSACTION_GAS
_CALLS: Final = 16
"""Calls of one founding proposal: each takes up to half a million gas, as a proposal stores its calls."""
_FOREVER: Final = 2**64 - 1
_THRESHOLD: Final = 1
_NO_RECOVERY: Final = 0
_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "MemberRegistry": ("Council",),
    "SchemaRegistry": ("Council",),
    "SubjectRegistry": ("MemberRegistry", "Council"),
    "AnchorRegistry": ("Council", "MemberRegistry"),
    "ConsentRegistry": ("MemberRegistry",),
    "DisputeVerifier": ("AnchorRegistry", "MemberRegistry", "SchemaRegistry"),
}
"""Contract -> the contracts that its constructor takes."""
_PURPOSES: Final[Mapping[Role, KeyPurpose]] = {
    Role.DEPARTMENT: KeyPurpose.ATTEST
    | KeyPurpose.STATUS
    | KeyPurpose.ERASE
    | KeyPurpose.LOG
    | KeyPurpose.RECEIPT
    | KeyPurpose.SIGN_IN,
    Role.REGISTRAR: KeyPurpose.ATTEST
    | KeyPurpose.STATUS
    | KeyPurpose.ERASE
    | KeyPurpose.LOG
    | KeyPurpose.REGISTER
    | KeyPurpose.SIGN_IN,
    Role.RELAYER: KeyPurpose.LOG | KeyPurpose.RECEIPT | KeyPurpose.RELAY | KeyPurpose.SIGN_IN,
    Role.BANK: KeyPurpose.SIGN_IN,
}


@dataclass(frozen=True, slots=True)
class FounderKey:
    """A key of a first member: its address, and what it is for."""

    address: bytes
    purposes: KeyPurpose


@dataclass(frozen=True, slots=True)
class Founder:
    """A first member: id, name, roles and keys."""

    id: bytes
    name: str
    roles: Role
    keys: tuple[FounderKey, ...]
    service_url: str = ""


@dataclass(frozen=True, slots=True)
class FoundingSchema:
    """A first schema: its name, its id, and the ids of the members that answer for it, who alone may issue it."""

    name: str
    id: bytes
    issuers: tuple[bytes, ...]


def purposes_of(roles: Role) -> KeyPurpose:
    """Return what the one key of a member with these roles is for, if it has no others."""
    found = NO_PURPOSE
    for role, purposes in _PURPOSES.items():
        if role in roles:
            found |= purposes
    return found


def deploy(
    rpc: Rpc,
    governor: Sender,
    founders: Sequence[Founder],
    schemas: Sequence[FoundingSchema],
    documents: Mapping[str, bytes],
    *,
    delays: Delays = NO_DELAYS,
) -> AddressBook:
    """Deploy all contracts under a council of one, register the founders, what they may issue, and what is agreed.

    ``documents``: name -> digest. ``delays``: in force from the end of the founding on. Nothing else is to be sent
    from the governor's account meanwhile.

    Raises:
        ChainError: the node does not answer, refuses, or (``node_limit``) allows less than the contracts need.
    """
    require_limits(rpc)
    contracts = _contracts(rpc, governor)
    calls = [("MemberRegistry", data) for founder in founders for data in _found_member(founder)]
    calls += [("SchemaRegistry", data) for schema in schemas for data in _found_schema(schema)]
    calls += [
        ("SchemaRegistry", artifact("SchemaRegistry").encode("setDocument", document_name(name), digest))
        for name, digest in documents.items()
    ]
    if delays != NO_DELAYS:
        calls.append(("Council", artifact("Council").encode("setDelays", delays.give, delays.change)))
    for start in range(0, len(calls), _CALLS):
        proposal = [(to_hex(contracts[name]), data) for name, data in calls[start : start + _CALLS]]
        governor.send(contracts["Council"], artifact("Council").encode("proposeAndExecute", proposal), gas=GAS)
    chain_id, genesis = rpc.batch([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])
    return AddressBook(int(chain_id, 16), from_hex(genesis["hash"], "genesis"), contracts)


def _contracts(rpc: Rpc, governor: Sender) -> dict[str, bytes]:
    """Create all contracts, and return their addresses by name."""
    account = governor.address
    first = count_of(rpc.request("eth_getTransactionCount", to_hex(account), "pending"))
    contracts = {name: created_at(account, first + number) for number, name in enumerate(CONTRACTS)}
    for name, expected in contracts.items():
        args = tuple(_arguments(name, {known: to_hex(address) for known, address in contracts.items()}, account))
        if governor.send(None, artifact(name).construct(*args), gas=GAS).created != expected:
            raise ChainError(Reason.LEDGER_REFUSED, "the governor's account sent something else during the founding")
    return contracts


def _arguments(name: str, contracts: Mapping[str, str], governor: bytes) -> Iterator[Any]:
    if name != "Council":
        yield from (contracts[each] for each in _TAKES[name])
        return
    yield from ([to_hex(governor)], _THRESHOLD, _NO_RECOVERY, (NO_DELAYS.give, NO_DELAYS.change))
    yield list(rules(contracts))


def created_at(account: bytes, nonce: int) -> bytes:
    """Return the address of what the transaction ``nonce`` of an account creates."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    return keccak(rlp.encode([account, number]))[-len(account) :]


def _found_member(founder: Founder) -> list[bytes]:
    registry = artifact("MemberRegistry")
    added = registry.encode("addMember", founder.id, int(founder.roles), founder.name, founder.service_url)
    keys = (
        registry.encode("addKey", founder.id, to_hex(key.address), int(key.purposes), 0, _FOREVER)
        for key in founder.keys
    )
    return [added, *keys]


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
