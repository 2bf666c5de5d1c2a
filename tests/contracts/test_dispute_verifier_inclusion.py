"""Headers, batches, and what the chain holds of them."""

import random
from dataclasses import replace

import pytest

from ledger_node.domain.batch import Header
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import MAX_SIZE, batch_tree, path_of, root_of_batch
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.value import Period
from tests.kit.contract_set import ZERO, Refused, word
from tests.kit.dispute import ask, deploy, gas_of, header_argument, pure_verifier

FIELDS = (
    "schema_id",
    "fields_root",
    "subject_tag",
    "issuer",
    "issued_at",
    "valid_until",
    "as_of",
    "supersedes",
    "chain_id",
    "anchor_registry",
)


@pytest.fixture(scope="module")
def contract():
    return pure_verifier()[1]


def random_header(rng):
    small, large = rng.randrange(2**32), rng.randrange(2**64)
    digests = [rng.randbytes(32) for _ in range(5)]
    return Header(
        schema_id=digests[0],
        fields_root=digests[1],
        subject_tag=digests[2],
        issuer=digests[3],
        issued_at=rng.choice([0, large]),
        valid_until=rng.choice([2**64 - 1, large]),
        as_of=small,
        period=Period(0, rng.choice([small, 2**32 - 1])),
        supersedes=rng.choice([ZERO, digests[4]]),
        chain_id=rng.randrange(2**64),
        anchor_registry=rng.randbytes(20),
    )


@pytest.mark.parametrize("number", range(8))
def test_the_digest_of_a_header_is_that_of_the_domain(contract, number):
    header = random_header(random.Random(number))
    assert ask(contract.functions.headerDigest(header_argument(header))) == header.digest


def test_every_part_of_a_header_changes_its_digest(contract):
    header = random_header(random.Random(1))
    changed = [replace(header, **{name: other(getattr(header, name))}) for name in FIELDS]
    changed += [replace(header, period=Period(1, header.period.last))]
    changed += [replace(header, period=Period(0, header.period.last - 1))]
    digests = {ask(contract.functions.headerDigest(header_argument(each))) for each in [header, *changed]}
    assert len(digests) == len(FIELDS) + 3


def other(value):
    return value ^ 1 if isinstance(value, int) else value[:-1] + bytes([value[-1] ^ 1])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 33])
def test_every_place_in_a_batch_leads_to_its_root(contract, size):
    digests = [word(f"header {i}") for i in range(size)]
    levels = batch_tree(digests)
    for index in {0, size // 2, size - 1}:
        path = path_of(levels, index)
        assert ask(contract.functions.batchRoot(digests[index], index, size, path)) == levels[-1][0]


@pytest.mark.parametrize("size", [MAX_SIZE, 2**23 + 1, 2**23, 2**16])
def test_the_depth_of_a_large_batch_is_that_of_the_domain(contract, size):
    path = [word(f"sibling {i}") for i in range((size - 1).bit_length())]
    for index in (0, size // 3, size - 1):
        root = root_of_batch(word("header"), index, path, size)
        assert ask(contract.functions.batchRoot(word("header"), index, size, path)) == root


BAD_PLACES = {
    "index is size": ((5, 5, 3), "BatchIndexOutOfRange", (5, 5)),
    "index in the padding": ((7, 5, 3), "BatchIndexOutOfRange", (7, 5)),
    "index far away": ((2**255, 5, 3), "BatchIndexOutOfRange", (2**255, 5)),
    "empty batch": ((0, 0, 0), "BatchSizeInvalid", (0,)),
    "too large": ((0, MAX_SIZE + 1, 24), "BatchSizeInvalid", (MAX_SIZE + 1,)),
    "path short": ((0, 5, 2), "PathLengthWrong", (2, 3)),
    "path long": ((0, 5, 4), "PathLengthWrong", (4, 3)),
    "path of one": ((0, 1, 1), "PathLengthWrong", (1, 0)),
}


@pytest.mark.parametrize("name", BAD_PLACES)
def test_a_place_that_a_batch_does_not_have_is_refused(contract, name):
    (index, size, length), error, values = BAD_PLACES[name]
    path = [word(f"sibling {i}") for i in range(length)]
    with pytest.raises(VerificationError):
        root_of_batch(word("header"), index, path, size)
    with pytest.raises(Refused) as refused:
        ask(contract.functions.batchRoot(word("header"), index, size, path))
    assert (refused.value.name, refused.value.values) == (error, values)


class Anchored:
    """A verifier beside the registry, and a header at place 2 of an anchored batch of three."""

    index = 2

    def __init__(self, consortium):
        chain, tax = consortium.chain, consortium.tax
        self.contract = deploy(chain, consortium.anchors.address)
        self.header = replace(
            random_header(random.Random(2)),
            issuer=tax.id,
            chain_id=chain.w3.eth.chain_id,
            anchor_registry=from_hex(consortium.anchors.address.lower(), "address", length=20),
        )
        levels = batch_tree([word("one"), word("two"), self.header.digest])
        self.path = path_of(levels, self.index)
        batch = consortium.batch(tax, size=3) | {"root": levels[-1][0]}
        receipt = chain.send(consortium.anchor(batch, tax.key))
        self.anchor = {
            "member": tax.id,
            "stream": 0,
            "number": 1,
            "root": levels[-1][0],
            "size": 3,
            "start": 0,
            "anchoredAt": chain.time_of(receipt),
            "key": tax.key.address,
        }

    def function(self, index=None, path=None, header=None, **anchor):
        return self.contract.functions.checkInclusion(
            tuple((self.anchor | anchor).values()),
            header_argument(replace(self.header, **(header or {}))),
            self.index if index is None else index,
            self.path if path is None else path,
        )

    def check(self, **changes):
        return ask(self.function(**changes))


@pytest.fixture
def anchored(consortium):
    return Anchored(consortium)


def test_an_anchored_header_is_included(anchored, consortium):
    assert anchored.contract.functions.ANCHORS().call() == consortium.anchors.address
    assert anchored.check() is True


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 2},
        {"start": 1},
        {"anchoredAt": 1},
        {"key": "0x" + "11" * 20},
        {"root": word("root")},
        {"size": 4},
        {"index": 0},
        {"index": 1},
        {"path": [word("a"), word("b")]},
        {"header": {"fields_root": word("fields")}},
        {"header": {"valid_until": 1}},
        {"header": {"schema_id": word("schema")}},
        {"header": {"subject_tag": word("tag")}},
    ],
    ids=str,
)
def test_anything_else_than_what_was_anchored_is_not_included(anchored, changes):
    assert anchored.check(**changes) is False


def test_a_tree_that_was_never_anchored_is_not_included(anchored):
    levels = batch_tree([anchored.header.digest])
    assert anchored.check(root=levels[-1][0], size=1, index=0, path=[]) is False


def refused_by(anchored, **changes):
    with pytest.raises(Refused) as refused:
        anchored.check(**changes)
    return refused.value.name


def test_a_header_that_belongs_elsewhere_is_refused(anchored, consortium):
    assert refused_by(anchored, stream=1) == "AnchorStreamWrong"
    assert refused_by(anchored, member=consortium.court.id) == "HeaderIssuerWrong"
    assert refused_by(anchored, header={"issuer": consortium.court.id}) == "HeaderIssuerWrong"
    assert refused_by(anchored, header={"chain_id": 1}) == "HeaderChainWrong"
    assert refused_by(anchored, header={"anchor_registry": bytes(20)}) == "HeaderRegistryWrong"
    assert refused_by(anchored, index=3) == "BatchIndexOutOfRange"
    assert refused_by(anchored, path=[]) == "PathLengthWrong"
    assert refused_by(anchored, size=0) == "BatchSizeInvalid"


def test_inclusion_in_a_batch_of_three_costs_less_than_39_000_gas(anchored, chain):
    gas = gas_of(chain, anchored.function())
    assert gas < 39_000
