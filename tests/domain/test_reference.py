"""The implementation against the naive one of reference.py, on random values."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.batch import Header
from ledger_node.domain.canonical import encode
from ledger_node.domain.commitment import AtLeastOpening, BelowOpening, Committer, salt_of, subject_key, subject_tag
from ledger_node.domain.hashing import batch_tree, kdf, keccak, path_of, root_of_batch, walk, walk_all
from ledger_node.domain.proof import Prover
from ledger_node.domain.statement import AtLeast, Below
from ledger_node.domain.value import Period, Special
from tests.kit import reference
from tests.kit.field import ladder_of, listed
from tests.kit.world import FACTS, FACTS_SPEC, NOW, REGISTRATION, REGISTRATION_SPEC, day, h

seeds = st.binary(min_size=32, max_size=32)
days = st.integers(day("2024-01-01"), day("2028-01-01"))
integers = st.integers(-(2**127), 2**127 - 1)
edges = st.sampled_from([99_999, 100_000, 199_999, 200_000, 99_999_999, 100_000_000])
amounts = st.one_of(integers, edges, st.integers(0, 200_000_000))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
rows = st.tuples(
    st.text("ABC0123456789-", min_size=1, max_size=20),
    amounts,
    st.none() | amounts,
    st.sampled_from("ABMCD"),
    st.just(reference.NONE) | days,
    st.integers(-9, 20),
    integers,
    days,
    st.booleans(),
    st.none() | texts,
    st.none() | st.sampled_from(["valid", "suspended", "withdrawn"]),
)


def ours(row):
    special = {None: Special.ABSENT, reference.NONE: Special.NONE_ON_RECORD}
    return [special.get(value, value) for value in row]


def test_schema_ids_are_the_same():
    assert FACTS.id == reference.schema_id(FACTS_SPEC)
    assert REGISTRATION.id == reference.schema_id(REGISTRATION_SPEC)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), seeds, st.lists(st.integers(0, 2**32 - 1), max_size=3))
def test_hash_and_key_derivation_are_the_same(data, seed, indices):
    assert keccak(data) == reference.H(data)
    assert kdf(seed, b"bit", *indices) == reference.kdf(seed, "bit", *indices)


@settings(deadline=None, max_examples=50)
@given(seeds, seeds, st.integers(0, 30))
def test_chains_are_the_same(ctx, start, steps):
    chain = [reference.step(ctx, start, taken) for taken in range(steps + 1)]
    assert walk_all(ctx, start, steps) == chain
    assert walk(ctx, start, steps) == chain[-1]


@settings(deadline=None, max_examples=60)
@given(seeds, rows, st.integers(0, 15))
def test_commitments_roots_and_paths_are_the_same(seed, row, index):
    tree = Committer(FACTS).commit(seed, ours(row))
    slots = reference.slots(FACTS_SPEC, seed, list(row))
    assert tree.levels[0] == slots
    assert tree.root == reference.fields_root(FACTS_SPEC, seed, list(row))
    assert path_of(tree.levels, index) == reference.path(slots, index, b"\x01")
    assert salt_of(seed, index) == reference.kdf(seed, "salt", index)


@settings(deadline=None, max_examples=60)
@given(seeds, amounts, st.integers(1, 28))
def test_ladder_heads_and_tips_are_the_same(seed, amount, j):
    row = ours(["1", amount, None, "A", reference.NONE, 0, 0, 0, True, None, None])
    prover = Prover(Committer(FACTS), seed, row)
    thresholds = reference.ladder(FACTS_SPEC["fields"][1])
    true = AtLeast(j) if amount >= thresholds[j - 1] else Below(j)
    for asked in (AtLeast(j), Below(j)):
        shown = prover.prove(FACTS.fields[1], asked, may_disclose=False).opening
        if isinstance(true, AtLeast):
            assert shown == AtLeastOpening(*reference.at_least(FACTS_SPEC, 1, seed, amount, j))
        else:
            assert shown == BelowOpening(*reference.below(FACTS_SPEC, 1, seed, amount, j))


@settings(deadline=None, max_examples=100)
@given(seeds, seeds, st.integers(0, 2**53 - 1), st.tuples(days, days, days), st.integers(1, 2**53 - 1))
def test_headers_and_subject_tags_are_the_same(seed, root, issued_at, dates, chain_id):
    as_of, first, last = dates
    code = "91990000MABYF3008C"
    tag = subject_tag(subject_key(seed), code)
    rest = {
        "issued_at": issued_at,
        "valid_until": NOW,
        "as_of": as_of,
        "period_from": first,
        "period_to": last,
        "issuer": h("issuer"),
        "supersedes": h("older"),
        "chain_id": chain_id,
        "registry": h("registry")[:20],
    }
    header = Header(
        FACTS.id,
        root,
        tag,
        h("issuer"),
        issued_at,
        NOW,
        as_of,
        Period(first, last),
        h("older"),
        chain_id,
        h("registry")[:20],
    )
    assert tag == reference.subject_tag(seed, code)
    assert header.digest == reference.header(FACTS_SPEC, root, tag, rest)
    assert Header.from_json(header.to_json()) == header


@settings(deadline=None, max_examples=60)
@given(st.lists(seeds, min_size=1, max_size=40), st.data())
def test_batch_roots_and_paths_are_the_same(headers, data):
    index = data.draw(st.integers(0, len(headers) - 1))
    levels, slots = batch_tree(headers), reference.batch_slots(headers)
    assert levels[-1][0] == reference.root(slots, b"\x05")
    path = path_of(levels, index)
    assert path == reference.path(slots, index, b"\x05")
    assert root_of_batch(headers[index], index, path, len(headers)) == levels[-1][0]


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(["one_digit", "two_digits", "integers"]), st.integers(1, 10**7), st.integers(0, 4000))
def test_ladders_are_the_same(kind, low, width):
    spec = {"kind": kind, "from": low, "to": low + width}
    expected = listed(spec)
    if expected:
        assert list(ladder_of(spec).thresholds) == expected


def test_ladders_of_months_are_the_same():
    spec = {"kind": "months", "from": "2019-11", "to": "2032-02"}
    assert list(ladder_of(spec).thresholds) == listed(spec)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text('abc é示"\\/\x1f', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcd", max_size=3), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None, max_examples=200)
@given(json_values)
def test_canonical_json_of_ascii_keys_is_sorted_json_without_spaces(value):
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert encode(value) == expected.encode()
