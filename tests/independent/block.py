"""Headers of blocks and their seals (clause 16)."""

from dataclasses import dataclass
from typing import cast

from .crypto import ORDER, Rlp, keccak, recover, rlp_decode, rlp_encode, rlp_int
from .errors import need
from .strict import rising
from .trust import Era, Trust

MALFORMED = "header_malformed"
# the fields in the order of the Yellow Paper: bytes of a fixed size, -bits of a number, 0 for any bytes
FIELDS = (32, 32, 20, 32, 32, 32, 256, -256, -256, -256, -256, -256, 0, 32, 8, -256, 32, -256, -256, 32, 32)
LEAST, MOST = 15, 21
MAX_NUMBER, MAX_TIME = 2**53 - 1, 253_402_300_799
MAX_HEADER = 16384


@dataclass(frozen=True)
class Block:
    """A header that was read, and its seal."""

    fields: list[bytes]
    seal: bytes | None

    @property
    def number(self) -> int:
        """Its number."""
        return int.from_bytes(self.fields[8])

    @property
    def time(self) -> int:
        """Its time, in seconds."""
        return int.from_bytes(self.fields[11])

    @property
    def state_root(self) -> bytes:
        """The root of the state."""
        return self.fields[3]

    def with_extra(self, extra: Rlp) -> bytes:
        """The hash of this header with another extraData."""
        return keccak(rlp_encode([*self.fields[:12], rlp_encode(extra), *self.fields[13:]]))


def read(data: bytes, seal: bytes | None) -> Block:
    """The header of these bytes, as many fields as its fork has."""
    need(len(data) <= MAX_HEADER, "too_large")
    fields = rlp_decode(data, MALFORMED)
    need(isinstance(fields, list) and LEAST <= len(fields) <= MOST, MALFORMED)
    for size, value in zip(FIELDS, fields, strict=False):
        need(isinstance(value, bytes), MALFORMED)
        assert isinstance(value, bytes)
        if size < 0:
            rlp_int(value, -size, MALFORMED)
        need(size <= 0 or len(value) == size, MALFORMED)
    block = Block(cast("list[bytes]", fields), seal)
    need(block.number <= MAX_NUMBER and block.time <= MAX_TIME, MALFORMED)
    return block


def check(block: Block, trust: Trust, genesis: bytes) -> bytes:
    """The hash of a block that was sealed by those that the trust file names for its number in its era."""
    era = trust.era(genesis)
    assert era is not None
    need(era.ends is None or block.number <= era.ends[0], "era_ended")
    digest = _sealed(block, era)
    for mark in trust.marks_of(era):
        need(block.number > mark[0] or (block.number, digest) == mark, "block_path_needed")
    return digest


def _sealed(block: Block, era: Era) -> bytes:
    sealers = era.sealers(block.number)
    need(sealers, "block_not_final", "before the first set")
    if era.kind == "qbft":
        return _qbft(block, sealers)
    digest = keccak(rlp_encode(cast("Rlp", block.fields)))
    need(block.seal is not None, "block_not_final")
    assert block.seal is not None
    need(recover(digest, low_form(block.seal), 0, "seal_malformed") == sealers[0], "seal_by_outsider")
    need(block.seal == low_form(block.seal), "not_canonical")
    return digest


def _qbft(block: Block, validators: list[bytes]) -> bytes:
    need(block.seal is None, "seal_malformed")
    extra = rlp_decode(block.fields[12], MALFORMED)
    need(isinstance(extra, list) and len(extra) == 5, MALFORMED)
    vanity, named, vote, round_, seals = cast("list[Rlp]", extra)
    need(isinstance(vanity, bytes) and len(vanity) == 32, MALFORMED)
    need(isinstance(named, list) and all(isinstance(a, bytes) and len(a) == 20 for a in named), MALFORMED)
    need(isinstance(vote, list) and _vote(vote), MALFORMED)
    rlp_int(round_, 32, MALFORMED)
    need(isinstance(seals, list) and all(isinstance(s, bytes) for s in seals), MALFORMED)
    need(named == validators, "validators_differ")
    signed = block.with_extra([vanity, named, vote, round_, []])
    _seals(cast("list[bytes]", seals), signed, validators)
    return block.with_extra([vanity, named, vote, b"", []])


def _vote(vote: list[Rlp]) -> bool:
    """[] or [address, 0xff or nothing]."""
    if not vote:
        return True
    return len(vote) == 2 and isinstance(vote[0], bytes) and len(vote[0]) == 20 and vote[1] in (b"\xff", b"")


def _seals(seals: list[bytes], digest: bytes, validators: list[bytes]) -> None:
    found: list[bytes] = []
    for seal in seals:
        address = recover(digest, low_form(seal), 0, "seal_malformed")
        need(address in validators, "seal_by_outsider")
        need(address not in found, "seal_repeated")
        found.append(address)
    wanted = (2 * len(validators) + 2) // 3
    need(len(found) >= wanted, "block_not_final")
    need(len(found) == wanted, "not_canonical")
    rising(found)
    need(all(seal == low_form(seal) for seal in seals), "not_canonical")


def low_form(seal: bytes) -> bytes:
    """The one writing of a seal: the smaller s, and v 0 or 1."""
    need(len(seal) == 65, MALFORMED)
    s, v = int.from_bytes(seal[32:64]), seal[64]
    v -= 27 if v in (27, 28) else 0
    if ORDER // 2 < s < ORDER:
        s, v = ORDER - s, v ^ 1
    return seal[:32] + s.to_bytes(32) + bytes([v])
