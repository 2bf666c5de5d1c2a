"""What cannot be a proof of anything is refused before anything is hashed, with the noun that is wrong."""

import pytest

from tests.kit.contract_set import Refused, word
from tests.kit.dispute import SCHEMA, ask, pure_verifier


@pytest.fixture(scope="module")
def contract():
    return pure_verifier()[1]


def at_least(contract, j=1, count=28, **changes):
    where = {"schema": SCHEMA.id, "index": 0, "depth": 4, "salt": word("salt"), "path": [bytes(32)] * 4}
    return contract.functions.checkAtLeast(
        tuple((where | changes).values()), j, count, word("head"), word("tip"), word("root")
    )


def below(contract, j, count):
    where = (SCHEMA.id, 0, 0, bytes(32), [])
    return contract.functions.checkBelow(where, j, count, word("head"), word("tip"), word("root"))


def between(contract, low, high, count=28):
    where = (SCHEMA.id, 0, 0, bytes(32), [])
    return contract.functions.checkBetween(where, low, high, count, word("up"), word("down"), word("root"))


def bits(contract, count, asked, opened, shown):
    where = (SCHEMA.id, 0, 0, bytes(32), [])
    return contract.functions.checkBits(where, count, asked, opened, [bytes(32)] * shown, word("root"))


def codes(contract, count, present, missing, shown):
    where = (SCHEMA.id, 0, 0, bytes(32), [])
    return contract.functions.checkCodes(where, count, present, missing, [bytes(32)] * shown, word("root"))


def plain(contract, type_byte, value):
    where = (SCHEMA.id, 0, 0, bytes(32), [])
    return contract.functions.checkPlain(where, type_byte, value, word("root"))


REFUSALS = {
    "position zero": (lambda c: at_least(c, j=0), "LadderPositionOutOfRange", (0, 28)),
    "position beyond": (lambda c: at_least(c, j=29), "LadderPositionOutOfRange", (29, 28)),
    "no thresholds": (lambda c: at_least(c, count=0), "LadderCountInvalid", (0, 65535)),
    "below zero": (lambda c: below(c, 0, 28), "LadderPositionOutOfRange", (0, 28)),
    "below beyond": (lambda c: below(c, 29, 28), "LadderPositionOutOfRange", (29, 28)),
    "below none": (lambda c: below(c, 1, 0), "LadderCountInvalid", (0, 65535)),
    "empty range": (lambda c: between(c, 3, 3), "LadderRangeEmpty", (3, 3)),
    "turned range": (lambda c: between(c, 4, 3), "LadderRangeEmpty", (4, 3)),
    "range from zero": (lambda c: between(c, 0, 3), "LadderPositionOutOfRange", (0, 28)),
    "range beyond": (lambda c: between(c, 3, 29), "LadderPositionOutOfRange", (29, 28)),
    "no members": (lambda c: bits(c, 0, 0, 0, 0), "BitsCountInvalid", (0, 256)),
    "too many members": (lambda c: bits(c, 257, 0, 0, 257), "BitsCountInvalid", (257, 256)),
    "a member too few": (lambda c: bits(c, 5, 1, 30, 4), "BitsShownWrong", (4, 5)),
    "an unknown member": (lambda c: bits(c, 5, 32, 63, 5), "BitsAskedUnknown", (32, 5)),
    "opened beyond": (lambda c: bits(c, 5, 1, 62, 5), "BitsNotComplement", (1, 62)),
    "opened inside": (lambda c: bits(c, 5, 1, 31, 5), "BitsNotComplement", (1, 31)),
    "a set of no members": (lambda c: codes(c, 0, 0, 0, 0), "BitsCountInvalid", (0, 256)),
    "a set of too many": (lambda c: codes(c, 257, 0, 0, 257), "BitsCountInvalid", (257, 256)),
    "a part of a set too few": (lambda c: codes(c, 5, 1, 2, 4), "BitsShownWrong", (4, 5)),
    "an unknown member present": (lambda c: codes(c, 5, 32, 1, 5), "BitsAskedUnknown", (33, 5)),
    "an unknown member missing": (lambda c: codes(c, 5, 1, 32, 5), "BitsAskedUnknown", (33, 5)),
    "present and missing": (lambda c: codes(c, 5, 3, 6, 5), "BitsOpenedTwice", (3, 6)),
    "type zero": (lambda c: plain(c, 0, b"x"), "PlainTypeUnknown", (0,)),
    "type six": (lambda c: plain(c, 6, b"x"), "PlainTypeUnknown", (6,)),
    "short integer": (lambda c: plain(c, 1, bytes(15)), "PlainValueMalformed", (1, 15)),
    "long date": (lambda c: plain(c, 2, bytes(5)), "PlainValueMalformed", (2, 5)),
    "empty text": (lambda c: plain(c, 3, b""), "PlainValueMalformed", (3, 0)),
    "long code": (lambda c: plain(c, 4, bytes(1025)), "PlainValueMalformed", (4, 1025)),
    "bool of two bytes": (lambda c: plain(c, 5, bytes(2)), "PlainValueMalformed", (5, 2)),
    "bool that is two": (lambda c: plain(c, 5, b"\x02"), "PlainValueMalformed", (5, 1)),
    "deep tree": (lambda c: at_least(c, depth=33, path=[bytes(32)] * 33), "PathTooDeep", (33, 32)),
    "depth and path": (lambda c: at_least(c, depth=5), "PathLengthWrong", (4, 5)),
    "no such slot": (lambda c: at_least(c, index=16), "PathIndexOutOfRange", (16, 16)),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_a_proof_is_refused_by_name(contract, name):
    make, error, values = REFUSALS[name]
    with pytest.raises(Refused) as refused:
        ask(make(contract))
    assert (refused.value.name, refused.value.values) == (error, values)


def test_the_largest_of_everything_is_still_answered(contract):
    deepest = {"depth": 32, "path": [bytes(32)] * 32}
    assert ask(at_least(contract, 65_535, 65_535, **deepest)) is False
    assert ask(below(contract, 1, 65_535)) is False
    assert ask(between(contract, 1, 2, 65_535)) is False
    assert ask(codes(contract, 256, 2**255, 2**255 - 1, 256)) is False
    assert ask(bits(contract, 256, 0, 2**256 - 1, 256)) is False
    assert ask(plain(contract, 3, bytes(1024))) is False
