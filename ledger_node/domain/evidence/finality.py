"""When a block is final: sealed by those whom the trust file names for its number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence import qbft
from ledger_node.domain.evidence.bundle import SealedBlock
from ledger_node.domain.evidence.trust import FinalityKind, SealerSet, Trust
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import in_low_form, recover

_V_OFFSET: Final = 27
_MAX_BYTE: Final = 0xFF


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """The hash of a final block, and who sealed it out of how many."""

    hash: bytes
    signers: frozenset[bytes]
    of: int


def quorum(validators: int) -> int:
    """Return ceil(2n/3), the fewest validators that make a block final."""
    return -(-2 * validators // 3)


def require_final(block: SealedBlock, trust: Trust) -> FinalBlock:
    """Require that the sealers of the trust file sealed this block.

    Raises:
        VerificationError: ``block_not_final``, ``validators_differ``, ``seal_malformed``, ``seal_by_outsider``,
            ``seal_repeated``, ``not_canonical`` or ``header_malformed``.
    """
    sealers = trust.sealers_at(block.header.number)
    match trust.finality:
        case FinalityKind.SEALER:
            return _sealed(block, sealers)
        case FinalityKind.QBFT:
            return _committed(block, sealers)
        case _:
            assert_never(trust.finality)


def in_one_form(block: SealedBlock) -> SealedBlock:
    """Return a block as evidence carries it: of QBFT, a quorum of its validators' seals, by rising address.

    A node may show the seals in any order, and more of them. No hash is over them, so the block stays the same.

    Raises:
        VerificationError: ``header_malformed`` or ``seal_malformed``.
    """
    if block.seal is not None:
        return block
    extra, digest = qbft.ExtraData.decode(block.header.extra_data), qbft.sealed_digest(block.header)
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
    return FinalBlock(digest, frozenset(_signers(digest, (block.seal,), sealers)), 1)


def _committed(block: SealedBlock, validators: SealerSet) -> FinalBlock:
    if block.seal is not None:
        raise VerificationError(Reason.SEAL_MALFORMED, "validators seal inside the header, not beside it")
    extra = qbft.ExtraData.decode(block.header.extra_data)
    if sorted(extra.validators) != list(validators.addresses):
        raise VerificationError(
            Reason.VALIDATORS_DIFFER, "the header names other validators than the trust file does for this block"
        )
    signers = _signers(qbft.sealed_digest(block.header), extra.seals, validators)
    of = len(validators.addresses)
    if len(signers) < quorum(of):
        raise VerificationError(
            Reason.BLOCK_NOT_FINAL, f"{quorum(of)} of {of} validators must seal a block, {len(signers)} did"
        )
    if len(signers) > quorum(of) or signers != sorted(signers):
        raise VerificationError(
            Reason.NOT_CANONICAL, f"evidence carries exactly {quorum(of)} seals, by rising address of the validators"
        )
    return FinalBlock(qbft.block_hash(block.header), frozenset(signers), of)


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
    try:
        return recover(digest, seal[:-1] + bytes([seal[-1] + _V_OFFSET & _MAX_BYTE]))
    except VerificationError as error:
        raise VerificationError(
            Reason.SEAL_MALFORMED, "a seal is r, s and v with low s and v 0 or 1, and this one is not"
        ) from error
