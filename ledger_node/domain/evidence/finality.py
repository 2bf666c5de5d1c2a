"""When a block is final: sealed by those whom the trust file names for its number."""

from dataclasses import dataclass
from typing import Final, assert_never

from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence import qbft
from ledger_node.domain.evidence.bundle import SealedBlock
from ledger_node.domain.evidence.trust import FinalityKind, SealerSet, Trust
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import recover

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
            ``seal_repeated`` or ``header_malformed``.
    """
    sealers = trust.sealers_at(block.header.number)
    match trust.finality:
        case FinalityKind.SEALER:
            return _sealed(block, sealers)
        case FinalityKind.QBFT:
            return _committed(block, sealers)
        case _:
            assert_never(trust.finality)


def _sealed(block: SealedBlock, sealers: SealerSet) -> FinalBlock:
    if block.seal is None:
        raise VerificationError(Reason.BLOCK_NOT_FINAL, "the sealer's seal of this block is missing")
    digest = block.header.hash
    return FinalBlock(digest, _signers(digest, (block.seal,), sealers), 1)


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
    return FinalBlock(qbft.block_hash(block.header), signers, of)


def _signers(digest: bytes, seals: tuple[bytes, ...], sealers: SealerSet) -> frozenset[bytes]:
    signers: set[bytes] = set()
    for seal in seals:
        signer = _signer(digest, seal)
        if signer not in sealers.addresses:
            raise VerificationError(
                Reason.SEAL_BY_OUTSIDER, "a seal is by a key that does not seal this block, or is of another block"
            )
        if signer in signers:
            raise VerificationError(Reason.SEAL_REPEATED, "a validator sealed twice; one counts")
        signers.add(signer)
    return frozenset(signers)


def _signer(digest: bytes, seal: bytes) -> bytes:
    try:
        return recover(digest, seal[:-1] + bytes([seal[-1] + _V_OFFSET & _MAX_BYTE]))
    except VerificationError as error:
        raise VerificationError(
            Reason.SEAL_MALFORMED, "a seal is r, s and v with low s and v 0 or 1, and this one is not"
        ) from error
