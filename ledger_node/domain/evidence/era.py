"""Eras of a network: blocks of one genesis, who may seal them, and where they end."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, Self

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject, member_of, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address

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
class Checkpoint:
    """A block that was there, and the root of the tree over the hashes of all blocks up to it."""

    block: int
    hash: bytes
    root: bytes

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {"block": self.block, "hash": to_hex(self.hash), "root": to_hex(self.root)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "checkpoint") as record:
            return cls(record.integer("block"), record.blob("hash"), record.blob("root"))


@dataclass(frozen=True, slots=True)
class EraEnd(Checkpoint):
    """The last block of an era, and the root of the state that the next era begins with."""

    state_root: bytes

    @override
    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {**Checkpoint.to_json(self), "state_root": to_hex(self.state_root)}

    @override
    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form; raises like ``Checkpoint``."""
        with JsonObject(value, "end of an era") as record:
            return cls(record.integer("block"), record.blob("hash"), record.blob("root"), record.blob("state_root"))


@dataclass(frozen=True, slots=True)
class Era:
    """Blocks of one genesis. ``sets`` is the history of sealers or validators, from the first on.

    ``state_root``: of the genesis, in every era but the first; ``ends``: None while it goes on.
    """

    genesis: bytes
    finality: FinalityKind
    sets: tuple[SealerSet, ...]
    state_root: bytes | None = None
    ends: EraEnd | None = None

    def __post_init__(self) -> None:
        """Refuse a history without order, and sets that nobody could meet."""
        if not self.sets or any(one.from_block >= two.from_block for one, two in pairwise(self.sets)):
            raise invalid("the sets of sealers begin at rising block numbers, and there is at least one")
        for each in self.sets:
            if not each.addresses or list(each.addresses) != sorted(set(each.addresses)):
                raise invalid("a set of sealers lists one address or more, rising, each once")
            if self.finality is FinalityKind.SEALER and len(each.addresses) != 1:
                raise invalid("an embedded chain has one sealer at a time")

    def sealers_at(self, block: int) -> SealerSet:
        """Return the set that seals this block.

        Raises:
            VerificationError: ``era_ended``, or ``block_not_final``; the file's history begins later.
        """
        if self.ends is not None and block > self.ends.block:
            raise VerificationError(
                Reason.ERA_ENDED, f"this era of the network ended with block {self.ends.block}; nothing after it counts"
            )
        for each in reversed(self.sets):
            if each.from_block <= block:
                return each
        raise VerificationError(
            Reason.BLOCK_NOT_FINAL, f"the trust file knows who seals from block {self.sets[0].from_block} on only"
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        begins: dict[str, JSON] = {} if self.state_root is None else {"state_root": to_hex(self.state_root)}
        ends: dict[str, JSON] = {} if self.ends is None else {"ends": self.ends.to_json()}
        sets: list[JSON] = [
            {"from_block": each.from_block, "addresses": [to_hex(one) for one in each.addresses]} for each in self.sets
        ]
        finality: dict[str, JSON] = {"kind": self.finality.value, "sets": sets}
        return {"genesis": to_hex(self.genesis), **begins, "finality": finality, **ends}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: ``trust_invalid``, or a member is missing, unknown or malformed.
        """
        with JsonObject(value, "era") as record:
            genesis = record.blob("genesis")
            state_root = record.blob("state_root") if "state_root" in record else None
            with record.record("finality") as finality:
                unknown = invalid("the finality is neither sealer nor qbft")
                kind = member_of(FinalityKind, finality.text("kind"), unknown)
                sets = tuple(_set(JsonObject(item, "set")) for item in finality.items("sets", max_items=MAX_SETS))
            ends = EraEnd.from_json(record.take("ends")) if "ends" in record else None
            return cls(genesis, kind, sets, state_root, ends)


def _set(record: JsonObject) -> SealerSet:
    with record:
        addresses = record.items("addresses", max_items=MAX_SEALERS)
        return SealerSet(record.integer("from_block"), tuple(parse_address(item, "addresses") for item in addresses))


def invalid(message: str) -> InvalidInputError:
    """Return the refusal of a trust file that nobody could meet, or that contradicts itself."""
    return InvalidInputError(Reason.TRUST_INVALID, message)
