"""Block headers: RLP, JSON-RPC and hash (Yellow Paper, 4.4; EIPs 1559, 4895, 4844, 4788 and 7685)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.rlp import decode, encode, texts
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

MAX_HEADER_BYTES: Final = 16 * 1024
"""The extra data of QBFT holds 20 and 65 bytes a validator; this is enough for a hundred and more."""
_QUANTITY: Final = None
"""In the place of a length: a number, without leading zeros."""
_ANY: Final = -1
_FIELDS: Final[tuple[tuple[str, int | None], ...]] = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", _QUANTITY),
    ("number", _QUANTITY),
    ("gasLimit", _QUANTITY),
    ("gasUsed", _QUANTITY),
    ("timestamp", _QUANTITY),
    ("extraData", _ANY),
    ("mixHash", 32),
    ("nonce", 8),
    ("baseFeePerGas", _QUANTITY),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", _QUANTITY),
    ("excessBlobGas", _QUANTITY),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)
_PLACE: Final = {name: place for place, (name, _) in enumerate(_FIELDS)}
_FEWEST: Final = 15
"""Fields of a header before the London fork; each fork since then has added some at the end."""
_MAX_QUANTITY_BYTES: Final = 32
_MAX_NUMBER: Final = 2**53 - 1
_MAX_TIME: Final = 253_402_300_799
"""The last second of the year 9999: later days have no date."""


@dataclass(frozen=True)
class BlockHeader:
    """A header as the list of its fields, in their order; as many as its fork has."""

    fields: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse what is no header, whoever made it."""
        if not _FEWEST <= len(self.fields) <= len(_FIELDS):
            raise _malformed(f"it has {_FEWEST} to {len(_FIELDS)} fields")
        for (name, length), value in zip(_FIELDS, self.fields, strict=False):
            if length is _QUANTITY:
                if len(value) > _MAX_QUANTITY_BYTES or value[:1] == b"\x00":
                    raise _malformed(f"its {name} is no number")
            elif length not in {_ANY, len(value)}:
                raise _malformed(f"its {name} has another length")
        if self.number > _MAX_NUMBER or self.timestamp > _MAX_TIME:
            raise _malformed("its number or time is beyond all that blocks have")

    @classmethod
    def from_rlp(cls, data: bytes) -> Self:
        """Read a header from its one RLP form; any but the shortest is refused.

        Raises:
            VerificationError: ``header_malformed``.
        """
        if len(data) > MAX_HEADER_BYTES:
            raise _malformed(f"it is longer than {MAX_HEADER_BYTES} bytes")
        try:
            return cls(texts(decode(data)))
        except ValueError as error:
            raise _malformed("it is not the RLP of a list of fields") from error

    @classmethod
    def from_rpc(cls, block: Mapping[str, object]) -> Self:
        """Take the header out of a block as ``eth_getBlockByNumber`` returns it; all fields that are there count.

        Raises:
            VerificationError: ``header_malformed``.
            InvalidInputError: a field is not 0x and hexadecimal digits.
        """
        present = [name for name, _ in _FIELDS if block.get(name) is not None]
        if present != [name for name, _ in _FIELDS[: len(present)]]:
            raise _malformed("a field is missing")
        return cls(tuple(_from_rpc(name, length, block[name]) for name, length in _FIELDS[: len(present)]))

    @cached_property
    def encoded(self) -> bytes:
        """The RLP form."""
        return encode(list(self.fields))

    @cached_property
    def hash(self) -> bytes:
        """Keccak of the RLP: the block's hash on chains that seal outside the header (QBFT: see ``qbft``)."""
        return keccak(self.encoded)

    @property
    def number(self) -> int:
        """The block's number."""
        return int.from_bytes(self._field("number"), "big")

    @property
    def timestamp(self) -> int:
        """The block's time in seconds since 1970-01-01 UTC."""
        return int.from_bytes(self._field("timestamp"), "big")

    @property
    def state_root(self) -> bytes:
        """The root of the trie of accounts after this block."""
        return self._field("stateRoot")

    @property
    def extra_data(self) -> bytes:
        """What the consensus puts into a header."""
        return self._field("extraData")

    def with_extra_data(self, data: bytes) -> "BlockHeader":
        """Return this header with other extra data."""
        place = _PLACE["extraData"]
        return BlockHeader((*self.fields[:place], data, *self.fields[place + 1 :]))

    def _field(self, name: str) -> bytes:
        return self.fields[_PLACE[name]]


def _from_rpc(name: str, length: int | None, value: object) -> bytes:
    if length is not _QUANTITY:
        return from_hex(value, name, length=None)
    if not isinstance(value, str):
        raise InvalidInputError(Reason.TYPE_WRONG, f"'{name}' must be 0x and hexadecimal digits", field=name)
    digits = value.removeprefix("0x").lstrip("0")
    return from_hex("0x" + "0" * (len(digits) % 2) + digits, name, length=None)


def _malformed(why: str) -> VerificationError:
    return VerificationError(Reason.HEADER_MALFORMED, f"this is no block header: {why}")
