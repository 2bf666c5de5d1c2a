"""The trust file: what a verifier believes before it looks at any evidence.

It names the network, where its contracts are and what their code is, and who may seal its blocks. Two people
who hold the same file hear the same fingerprint over the telephone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, member_of, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address


class Contract(StrEnum):
    """Named as in the address book."""

    MEMBERS = "MemberRegistry"
    SCHEMAS = "SchemaRegistry"
    SUBJECTS = "SubjectRegistry"
    ANCHORS = "AnchorRegistry"
    CONSENTS = "ConsentRegistry"


FORMAT: Final = "credence-trust/v1"
_TAG: Final = b"\x62"
_GROUPS: Final = 8
_GROUP_DIGITS: Final = 5
MAX_SETS: Final = 4096
MAX_SEALERS: Final = 256


class FinalityKind(StrEnum):
    """How a block becomes final."""

    SEALER = "sealer"
    """The embedded chain: one sealer signs the block's hash."""
    QBFT = "qbft"
    """A consortium: at least ceil(2n/3) of n validators seal the header."""


@dataclass(frozen=True, slots=True)
class SealerSet:
    """Who seals from block ``from_block`` on, until the next set begins; addresses of 20 bytes, rising."""

    from_block: int
    addresses: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ContractCode:
    """Where a contract is, and the keccak256 of its code."""

    address: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """A network as a verifier knows it. ``sets`` is the history of sealers or validators, from the first on."""

    chain_id: int
    genesis: bytes
    contracts: Mapping[Contract, ContractCode]
    finality: FinalityKind
    sets: tuple[SealerSet, ...]

    def __post_init__(self) -> None:
        """Refuse a history without order, and sets that nobody could meet."""
        if not self.sets or any(one.from_block >= two.from_block for one, two in pairwise(self.sets)):
            raise _invalid("the sets of sealers begin at rising block numbers, and there is at least one")
        for each in self.sets:
            if not each.addresses or list(each.addresses) != sorted(set(each.addresses)):
                raise _invalid("a set of sealers lists one address or more, rising, each once")
            if self.finality is FinalityKind.SEALER and len(each.addresses) != 1:
                raise _invalid("an embedded chain has one sealer at a time")

    @property
    def anchor_domain(self) -> SigningDomain:
        """Where signatures on batches count."""
        return SigningDomain(self.chain_id, self.contracts[Contract.ANCHORS].address)

    @property
    def consent_domain(self) -> SigningDomain:
        """Where signatures on consent terms and receipts count."""
        return SigningDomain(self.chain_id, self.contracts[Contract.CONSENTS].address)

    @property
    def fingerprint(self) -> str:
        """40 decimal digits in groups of five, to compare by telephone in any language (132 bits)."""
        number = int.from_bytes(keccak(_TAG + encode(self.to_json())), "big")
        digits = str(number % 10 ** (_GROUPS * _GROUP_DIGITS)).zfill(_GROUPS * _GROUP_DIGITS)
        return " ".join(digits[at : at + _GROUP_DIGITS] for at in range(0, len(digits), _GROUP_DIGITS))

    def require_network(self, chain_id: int, genesis: bytes) -> None:
        """Require that a file is of this network.

        Raises:
            VerificationError: ``other_network``.
        """
        if (chain_id, genesis) != (self.chain_id, self.genesis):
            raise VerificationError(Reason.OTHER_NETWORK, "this is of another network than the trust file")

    def sealers_at(self, block: int) -> SealerSet:
        """Return the set that seals this block.

        Raises:
            VerificationError: ``block_not_final``; the file's history begins later.
        """
        for each in reversed(self.sets):
            if each.from_block <= block:
                return each
        raise VerificationError(
            Reason.BLOCK_NOT_FINAL, f"the trust file knows who seals from block {self.sets[0].from_block} on only"
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "format": FORMAT,
            "chain_id": self.chain_id,
            "genesis": to_hex(self.genesis),
            "contracts": {
                name.value: {"address": to_hex(held.address), "code_hash": to_hex(held.code_hash)}
                for name, held in self.contracts.items()
            },
            "finality": {
                "kind": self.finality.value,
                "sets": [
                    {"from_block": each.from_block, "addresses": [to_hex(one) for one in each.addresses]}
                    for each in self.sets
                ],
            },
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: ``trust_invalid``, a member is missing, unknown or malformed, or (``not_canonical``) an
                address is not in lower case.
        """
        with JsonObject(value, "trust file") as record:
            if record.text("format") != FORMAT:
                raise _invalid(f"this is no {FORMAT}")
            chain_id, genesis = record.integer("chain_id", low=1), record.blob("genesis")
            with record.record("contracts") as contracts:
                codes = {name: _code(JsonObject(contracts.take(name.value), f"the {name.value}")) for name in Contract}
            with record.record("finality") as finality:
                unknown = _invalid("the finality is neither sealer nor qbft")
                kind = member_of(FinalityKind, finality.text("kind"), unknown)
                sets = tuple(_set(JsonObject(item, "set")) for item in finality.items("sets", max_items=MAX_SETS))
        trust = cls(chain_id, genesis, codes, kind, sets)
        if trust.to_json() != value:
            raise InvalidInputError(Reason.NOT_CANONICAL, "a trust file writes its addresses in lower case")
        return trust


def _code(record: JsonObject) -> ContractCode:
    with record:
        return ContractCode(parse_address(record.take("address"), "address"), record.blob("code_hash"))


def _set(record: JsonObject) -> SealerSet:
    with record:
        addresses = record.items("addresses", max_items=MAX_SEALERS)
        return SealerSet(record.integer("from_block"), tuple(parse_address(item, "addresses") for item in addresses))


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.TRUST_INVALID, message)
