"""When a block is final: sealed by those whom the trust file names for its number.

The embedded chain's sealer signs beside the header. QBFT, as Besu writes it, has validators, vote, round and seals in
the header's extra data:

extraData = RLP([vanity32, [validators…], vote or [], round, [seals…]])
what a validator seals = keccak(RLP(header with no seals, in the real round))
block hash = keccak(RLP(header with no seals, in round 0))
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias, assert_never

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence import rlp
from ledger_node.domain.evidence.block_header import MAX_HEADER_BYTES, BlockHeader
from ledger_node.domain.evidence.era import Era, FinalityKind, SealerSet
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, in_low_form, recover

_VANITY_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_MAX_ROUND_BYTES: Final = 4
Vote: TypeAlias = tuple[bytes, bytes]
"""The address voted on, and 0xff for in or nothing for out."""


@dataclass(frozen=True, slots=True)
class ExtraData:
    """The extra data of a header; seals are 65 bytes r || s || v, v 0 or 1."""

    vanity: bytes
    validators: tuple[bytes, ...]
    vote: Vote | None
    round: int
    seals: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the RLP form."""
        number = self.round.to_bytes((self.round.bit_length() + 7) // 8, "big")
        return rlp.encode([self.vanity, list(self.validators), list(self.vote or ()), number, list(self.seals)])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the one RLP form.

        Raises:
            VerificationError: ``header_malformed``.
        """
        try:
            read = cls._of(rlp.decode(data))
        except ValueError as error:
            raise _malformed("it is not a list of five parts") from error
        lengths = [(read.vanity, _VANITY_BYTES), *((one, _ADDRESS_BYTES) for one in read.validators)]
        lengths += [(seal, SIGNATURE_BYTES) for seal in read.seals]
        if not all(len(part) == length for part, length in lengths):
            raise _malformed("a vanity has 32 bytes, an address 20, a seal 65")
        if read.encode() != data:
            raise _malformed("it is not RLP in its shortest form")
        return read

    @classmethod
    def _of(cls, item: rlp.Item) -> Self:
        match item:
            case [bytes() as vanity, validators, vote, bytes() as number, seals]:
                if len(number) > _MAX_ROUND_BYTES:
                    raise _malformed("a round has at most 4 bytes")
                number_read = int.from_bytes(number, "big")
                return cls(vanity, rlp.texts(validators), _vote(rlp.texts(vote)), number_read, rlp.texts(seals))
            case _:
                raise ValueError


def _vote(parts: tuple[bytes, ...]) -> Vote | None:
    match parts:
        case ():
            return None
        case (address, (b"\xff" | b"") as direction) if len(address) == _ADDRESS_BYTES:
            return address, direction
        case _:
            raise _malformed("a vote is an address, and 0xff or nothing")


def block_hash(header: BlockHeader) -> bytes:
    """Return the hash that the chain knows a block by.

    Raises:
        VerificationError: ``header_malformed``; its extra data is not that of QBFT.
    """
    extra = replace(ExtraData.decode(header.extra_data), round=0, seals=())
    return header.with_extra_data(extra.encode()).hash


def sealed_digest(header: BlockHeader) -> bytes:
    """Return what validators sign to seal a block.

    Raises:
        VerificationError: ``header_malformed``; its extra data is not that of QBFT.
    """
    extra = replace(ExtraData.decode(header.extra_data), seals=())
    return keccak(header.with_extra_data(extra.encode()).encoded)


def _malformed(why: str) -> VerificationError:
    return VerificationError(Reason.HEADER_MALFORMED, f"the extra data of this header is not that of QBFT: {why}")


_V_OFFSET: Final = 27
_MAX_BYTE: Final = 0xFF


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A header and, on the embedded chain, the sealer's 65-byte seal; QBFT seals inside the header."""

    header: BlockHeader
    seal: bytes | None

    @property
    def hash(self) -> bytes:
        """The hash that the chain knows the block by."""
        return self.header.hash if self.seal is not None else block_hash(self.header)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "header": to_hex(self.header.encoded),
            "seal": None if self.seal is None else to_hex(self.seal),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
            VerificationError: ``header_malformed``.
        """
        with JsonObject(value, "block") as record:
            encoded = record.text("header", max_length=2 * MAX_HEADER_BYTES + 2)
            seal = record.take("seal")
        return cls(
            BlockHeader.from_rlp(from_hex(encoded, "header", length=None)),
            None if seal is None else from_hex(seal, "seal", length=SIGNATURE_BYTES),
        )


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """The hash of a final block, and who sealed it out of how many."""

    hash: bytes
    signers: frozenset[bytes]
    of: int


def quorum(validators: int) -> int:
    """Return ceil(2n/3), the fewest validators that make a block final."""
    return -(-2 * validators // 3)


def require_final(block: SealedBlock, trust: Trust, genesis: bytes) -> FinalBlock:
    """Require that the sealers of the trust file sealed this block of the era that begins with ``genesis``.

    Raises:
        VerificationError: ``other_network``, ``era_ended``, ``block_not_final``, ``validators_differ``,
            ``seal_malformed``, ``seal_by_outsider``, ``seal_repeated``, ``not_canonical``, ``header_malformed`` or
            ``block_path_needed``.
    """
    era = trust.era_of(genesis)
    final = _final_in(era, block)
    trust.require_present(era, block.header.number, final.hash)
    return final


def _final_in(era: Era, block: SealedBlock) -> FinalBlock:
    sealers = era.sealers_at(block.header.number)
    match era.finality:
        case FinalityKind.SEALER:
            return _sealed(block, sealers)
        case FinalityKind.QBFT:
            return _committed(block, sealers)
        case _:
            assert_never(era.finality)


def in_one_form(block: SealedBlock) -> SealedBlock:
    """Return a block as evidence carries it: of QBFT, a quorum of its validators' seals, by rising address.

    A node may show the seals in any order, more of them, and with high s. No hash is over them, so the block stays the
    same. A validator that sealed in two forms sealed once.

    Raises:
        VerificationError: ``header_malformed`` or ``seal_malformed``.
    """
    if block.seal is not None:
        return replace(block, seal=in_low_form(block.seal))
    extra, digest = ExtraData.decode(block.header.extra_data), sealed_digest(block.header)
    by_signer: dict[bytes, bytes] = {}
    for seal in map(in_low_form, extra.seals):
        signer = _signer(digest, seal)
        by_signer[signer] = min(seal, by_signer.get(signer, seal))
    signers = sorted(by_signer.keys() & set(extra.validators))[: quorum(len(extra.validators))]
    extra = replace(extra, seals=tuple(by_signer[signer] for signer in signers))
    return replace(block, header=block.header.with_extra_data(extra.encode()))


def _sealed(block: SealedBlock, sealers: SealerSet) -> FinalBlock:
    if block.seal is None:
        raise VerificationError(Reason.BLOCK_NOT_FINAL, "the sealer's seal of this block is missing")
    digest = block.header.hash
    signers = _signers(digest, (block.seal,), sealers)
    _require_low((block.seal,))
    return FinalBlock(digest, frozenset(signers), 1)


def _committed(block: SealedBlock, validators: SealerSet) -> FinalBlock:
    if block.seal is not None:
        raise VerificationError(Reason.SEAL_MALFORMED, "validators seal inside the header, not beside it")
    extra = ExtraData.decode(block.header.extra_data)
    if sorted(extra.validators) != list(validators.addresses):
        raise VerificationError(
            Reason.VALIDATORS_DIFFER, "the header names other validators than the trust file does for this block"
        )
    signers = _signers(sealed_digest(block.header), extra.seals, validators)
    of = len(validators.addresses)
    if len(signers) < quorum(of):
        raise VerificationError(
            Reason.BLOCK_NOT_FINAL, f"{quorum(of)} of {of} validators must seal a block, {len(signers)} did"
        )
    if len(signers) > quorum(of) or signers != sorted(signers):
        raise VerificationError(
            Reason.NOT_CANONICAL, f"evidence carries exactly {quorum(of)} seals, by rising address of the validators"
        )
    _require_low(extra.seals)
    return FinalBlock(block_hash(block.header), frozenset(signers), of)


def _signers(digest: bytes, seals: Sequence[bytes], sealers: SealerSet) -> list[bytes]:
    """Return who made the seals, in their order."""
    signers: list[bytes] = []
    for seal in seals:
        signer = _signer(digest, seal)
        if signer not in sealers.addresses:
            raise VerificationError(
                Reason.SEAL_BY_OUTSIDER, "a seal is by a key that does not seal this block, or is of another block"
            )
        if signer in signers:
            raise VerificationError(Reason.SEAL_REPEATED, "a validator sealed twice; one counts")
        signers.append(signer)
    return signers


def _signer(digest: bytes, seal: bytes) -> bytes:
    low = in_low_form(seal)
    try:
        return recover(digest, low[:-1] + bytes([low[-1] + _V_OFFSET & _MAX_BYTE]))
    except VerificationError as error:
        raise VerificationError(Reason.SEAL_MALFORMED, "a seal is r, s and v, and no key made this one") from error


def _require_low(seals: Sequence[bytes]) -> None:
    """Require that seals are written the one way; who wrote them otherwise sealed all the same."""
    if any(seal != in_low_form(seal) for seal in seals):
        raise VerificationError(Reason.NOT_CANONICAL, "evidence carries seals with low s, and v 0 or 1")
