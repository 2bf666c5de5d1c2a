import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N
from eth_utils import keccak

from tests.kit.contract_anchor import BATCH_FIELDS, lists_digest
from tests.kit.contract_set import (
    BANK,
    DEPARTMENT,
    FOREVER,
    LEFT,
    SUSPENDED,
    ZERO,
    Member,
    Purpose,
    events,
    word,
)

LARGEST = 2**24 - 1


def digest_of(typed):
    return keccak(b"\x19" + typed.version + typed.header + typed.body)


@pytest.fixture
def tax(consortium):
    return consortium.tax


def anchor(consortium, member, *, count=1, size=100, stream=0):
    """Anchor so many batches, one after another; the last receipt."""
    previous, receipt = ZERO, None
    for number in range(1, count + 1):
        batch = consortium.batch(member, number, stream, size, previous)
        receipt = consortium.chain.send(consortium.anchor(batch, member.key), consortium.stranger)
        previous = batch["root"]
    return receipt


def test_anyone_relays_what_the_members_key_signed(consortium, chain, tax):
    batch = consortium.batch(tax, size=7)
    receipt = chain.send(consortium.anchor(batch, tax.key), consortium.stranger)

    assert events(consortium.anchors, receipt, "BatchAnchored") == [
        {
            "member": tax.id,
            "stream": 0,
            "number": 1,
            "root": batch["root"],
            "size": 7,
            "start": 0,
            "anchoredAt": chain.time_of(receipt),
            "key": tax.key.address,
        }
    ]
    assert chain.read(consortium.anchors.functions.head(tax.id, 0)) == [1, 7, batch["root"]]


def test_a_batch_starts_where_the_one_before_ended(consortium, chain, tax):
    receipt = anchor(consortium, tax, count=3, size=40)
    event = events(consortium.anchors, receipt, "BatchAnchored")[0]
    assert (event["number"], event["start"]) == (3, 80)
    assert chain.read(consortium.anchors.functions.head(tax.id, 0)) == [3, 120, word("root 3")]


def test_streams_and_members_are_apart(consortium, chain, tax):
    anchor(consortium, tax, count=2)
    anchor(consortium, tax, size=5, stream=1)
    anchor(consortium, consortium.court, size=6)
    head = consortium.anchors.functions.head
    assert chain.read(head(tax.id, 0))[:2] == [2, 200]
    assert chain.read(head(tax.id, 1))[:2] == [1, 5]
    assert chain.read(head(consortium.court.id, 0))[:2] == [1, 6]
    assert chain.read(head(consortium.court.id, 1)) == [0, 0, ZERO]


def test_exactly_what_was_anchored_is_anchored(consortium, chain, tax):
    receipt = anchor(consortium, tax, count=2)
    record = events(consortium.anchors, receipt, "BatchAnchored")[0]
    is_anchored = consortium.anchors.functions.isAnchored

    assert chain.read(is_anchored(tuple(record.values())))
    digest = chain.read(consortium.anchors.functions.anchorDigest(tax.id, 0, 2))
    types = ["bytes32", "uint8", "uint64", "bytes32", "uint32", "uint64", "uint64", "address"]
    assert digest == keccak(chain.w3.codec.encode(types, list(record.values())))
    for name, value in record.items():
        if isinstance(value, int):
            other = value + 1
        elif name == "key":
            other = consortium.court.key.address
        else:
            other = word("other")
        assert not chain.read(is_anchored(tuple({**record, name: other}.values()))), name
    assert chain.read(consortium.anchors.functions.anchorDigest(tax.id, 0, 3)) == ZERO


def test_a_signed_batch_is_not_anchored_twice(consortium, chain, tax):
    batch = consortium.batch(tax)
    function = consortium.anchor(batch, tax.key)
    chain.send(function)
    chain.refuses("BatchNumberNotNext", function, 1, 2)


@pytest.mark.parametrize("number", [0, 1, 3, FOREVER])
def test_numbers_are_consecutive(consortium, chain, tax, number):
    anchor(consortium, tax)
    batch = consortium.batch(tax, number, previous=word("root 1"))
    chain.refuses("BatchNumberNotNext", consortium.anchor(batch, tax.key), number, 2)


def test_the_first_number_is_one(consortium, chain, tax):
    chain.refuses("BatchNumberNotNext", consortium.anchor(consortium.batch(tax, 0), tax.key), 0, 1)


@pytest.mark.parametrize(("count", "previous"), [(0, word("x")), (1, ZERO), (1, word("x")), (2, word("root 1"))])
def test_a_batch_continues_the_last_root(consortium, chain, tax, count, previous):
    anchor(consortium, tax, count=count)
    batch = consortium.batch(tax, count + 1, previous=previous)
    last = word(f"root {count}") if count else ZERO
    chain.refuses("BatchPreviousRootWrong", consortium.anchor(batch, tax.key), previous, last)


@pytest.mark.parametrize("size", [0, LARGEST + 1, 2**32 - 1])
def test_a_size_out_of_range_is_refused(consortium, chain, tax, size):
    chain.refuses("BatchSizeInvalid", consortium.anchor(consortium.batch(tax, size=size), tax.key), size)


@pytest.mark.parametrize("size", [1, LARGEST])
def test_the_smallest_and_the_largest_size_are_good(consortium, chain, tax, size):
    anchor(consortium, tax, size=size)
    assert chain.read(consortium.anchors.functions.head(tax.id, 0))[1] == size


def test_an_unknown_stream_and_an_empty_root_are_refused(consortium, chain, tax):
    batch = consortium.batch(tax, stream=2)
    chain.refuses("BatchStreamUnknown", consortium.anchor(batch, tax.key), 2)
    rootless = {**consortium.batch(tax), "root": ZERO}
    chain.refuses("BatchRootZero", consortium.anchor(rootless, tax.key))


def test_a_relayer_anchors_its_access_log_and_nothing_else(consortium, chain):
    relayer = consortium.relayer
    anchor(consortium, relayer, stream=1)
    batch = consortium.batch(relayer)
    chain.refuses("MemberLacksRole", consortium.anchor(batch, relayer.key), relayer.id, 1 | 4)


@pytest.mark.parametrize("stream", [0, 1])
def test_a_registrar_anchors_in_both_streams(consortium, stream):
    anchor(consortium, consortium.registrar, stream=stream)


def test_h5_a_root_by_a_key_without_role_is_refused(consortium, chain):
    bank = consortium.bank
    for stream, mask in ((0, 1 | 4), (1, 1 | 4 | 8)):
        batch = consortium.batch(bank, stream=stream)
        chain.refuses("MemberLacksRole", consortium.anchor(batch, bank.key), bank.id, mask)


def test_h5_a_root_by_a_key_whose_role_ended_is_refused(consortium, chain, tax):
    members = consortium.members.functions
    for function in (members.addRoles(tax.id, BANK), members.removeRoles(tax.id, BANK)):
        consortium.govern(members.removeRoles(tax.id, DEPARTMENT), function)
        chain.refuses("MemberLacksRole", consortium.anchor(consortium.batch(tax), tax.key), tax.id, 5)
    consortium.govern(members.addRoles(tax.id, DEPARTMENT))
    anchor(consortium, tax)


@pytest.mark.parametrize("state", [SUSPENDED, LEFT])
def test_h5_a_root_of_a_member_that_is_not_active_is_refused(consortium, chain, tax, state):
    members = consortium.members.functions
    consortium.govern({SUSPENDED: members.suspend, LEFT: members.retire}[state](tax.id))
    function = consortium.anchor(consortium.batch(tax), tax.key)
    chain.refuses("MemberNotActive", function, tax.id, state)


def test_h5_a_root_by_a_key_that_ended_is_refused(consortium, chain, tax):
    address = tax.key.address
    end = chain.next_time + 100
    consortium.govern(consortium.members.functions.endKey(address, end))
    function = consortium.anchor(consortium.batch(tax), tax.key)
    chain.at(end)
    chain.refuses("MemberKeyNotValid", function, address.lower())


def test_h5_a_root_by_a_key_in_its_last_second_is_good(consortium, chain, tax):
    end = chain.next_time + 100
    consortium.govern(consortium.members.functions.endKey(tax.key.address, end))
    chain.at(end - 1)
    anchor(consortium, tax)


def test_h5_a_root_by_a_compromised_key_is_refused(consortium, chain, tax):
    address = tax.key.address
    consortium.govern(consortium.members.functions.markCompromised(address, chain.next_time - 1000))
    function = consortium.anchor(consortium.batch(tax), tax.key)
    chain.refuses("MemberKeyNotValid", function, address.lower())


def test_h5_a_root_by_a_key_that_is_not_valid_yet_is_refused(consortium, chain, tax):
    later = Account.from_key(word("later"))
    start = chain.next_time + 100
    consortium.govern(consortium.members.functions.addKey(tax.id, later.address, Purpose.ALL, start, FOREVER))
    function = consortium.anchor(consortium.batch(tax), later)
    chain.at(start - 1)
    chain.refuses("MemberKeyNotValid", function)
    chain.at(start + 1)
    chain.send(function)


def test_h5_a_root_by_the_key_of_another_department_is_refused(consortium, chain, tax):
    court = consortium.court.key
    function = consortium.anchor(consortium.batch(tax), court)
    chain.refuses("MemberKeyNotValid", function, court.address.lower())
    chain.refuses("MemberKeyNotValid", function, court.address.lower(), sender=tax.key)


def test_h5_a_root_by_a_key_that_nobody_knows_is_refused(consortium, chain, tax):
    stranger = Account.from_key(word("nobody"))
    function = consortium.anchor(consortium.batch(tax), stranger)
    chain.refuses("MemberKeyNotValid", function, stranger.address.lower())


def test_h5_a_root_of_an_unknown_member_is_refused(consortium, chain, tax):
    nobody = Member(word("nobody"), DEPARTMENT, tax.key)
    function = consortium.anchor(consortium.batch(nobody), tax.key)
    chain.refuses("MemberUnknown", function, nobody.id)


@pytest.mark.parametrize("field", [name for name, _ in BATCH_FIELDS if name != "stream"])
def test_a_batch_changed_after_signing_is_refused(consortium, chain, tax, field):
    """Whatever is changed, nothing is anchored: by the rule of the field, or because the signer is another."""
    batch = consortium.batch(tax)
    signature = consortium.sign_batch(batch, tax.key)
    changed = {**batch, field: {"number": 2, "size": 101, "deadline": 2**63}.get(field, consortium.court.id)}
    refusals = {
        "number": "BatchNumberNotNext",
        "previousRoot": "BatchPreviousRootWrong",
        "supersededDigest": "BatchSupersededDigestWrong",
    }
    function = consortium.anchor(changed, None, signature=signature)
    chain.refuses(refusals.get(field, "MemberKeyNotValid"), function)


def test_a_signature_for_one_stream_does_not_serve_the_other(consortium, chain, tax):
    batch = consortium.batch(tax)
    signature = consortium.sign_batch(batch, tax.key)
    other = consortium.anchor({**batch, "stream": 1}, None, signature=signature)
    chain.refuses("MemberKeyNotValid", other)


@pytest.mark.parametrize("domain", ["chain_id", "contract"])
def test_a_signature_for_another_chain_or_contract_is_refused(consortium, chain, tax, domain):
    other = {"chain_id": 1} if domain == "chain_id" else {"contract": consortium.consents.address}
    batch = consortium.batch(tax)
    signature = consortium.sign_batch(batch, tax.key, **other)
    chain.refuses("MemberKeyNotValid", consortium.anchor(batch, None, signature=signature))


def test_a_signature_with_a_high_s_is_refused(consortium, chain, tax):
    batch = consortium.batch(tax)
    good = consortium.sign_batch(batch, tax.key)
    s = SECPK1_N - int.from_bytes(good[32:64])
    high = good[:32] + s.to_bytes(32) + bytes([55 - good[64]])
    chain.refuses("ECDSAInvalidSignatureS", consortium.anchor(batch, None, signature=high), s.to_bytes(32))


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda good: good[:0], "ECDSAInvalidSignatureLength"),
        (lambda good: good[:64], "ECDSAInvalidSignatureLength"),
        (lambda good: good + b"\0", "ECDSAInvalidSignatureLength"),
        (lambda good: good[:64] + b"\x02", "ECDSAInvalidSignature"),
        (lambda good: bytes(32) + good[32:], "ECDSAInvalidSignature"),
        (lambda good: good[:32] + bytes(32) + good[64:], "ECDSAInvalidSignature"),
        (lambda good: b"\xff" * 32 + good[32:], "ECDSAInvalidSignature"),
        (lambda good: good[:64] + bytes([55 - good[64]]), "MemberKeyNotValid"),
    ],
)
def test_a_malformed_signature_is_refused(consortium, chain, tax, spoil, name):
    batch = consortium.batch(tax)
    signature = spoil(consortium.sign_batch(batch, tax.key))
    chain.refuses(name, consortium.anchor(batch, None, signature=signature))


@pytest.mark.parametrize("number", [1, FOREVER])
def test_the_batch_digest_is_the_one_of_eth_account(consortium, chain, tax, number):
    batch = consortium.batch(tax, number, 1, LARGEST, word("previous"), [1], [2])
    typed = consortium.typed(consortium.anchors, "Batch", BATCH_FIELDS, batch)
    digest = chain.read(consortium.anchors.functions.batchDigest(tuple(batch.values())))
    assert digest == digest_of(typed)


def test_the_domain_is_published(consortium, chain):
    _, name, version, chain_id, contract, _, _ = chain.read(consortium.anchors.functions.eip712Domain())
    assert (name, version) == ("Credence", "1")
    assert (chain_id, contract) == (chain.w3.eth.chain_id, consortium.anchors.address)


def test_a_newer_batch_supersedes_positions_of_older_ones(consortium, chain, tax):
    anchor(consortium, tax, size=600)
    words, masks = [0, 2], [0b101, 1 << 87]  # positions 0, 2 and 599, the last
    batch = consortium.batch(tax, 2, 0, 10, word("root 1"), words, masks)
    receipt = chain.send(consortium.anchor(batch, tax.key, words, masks))

    assert events(consortium.anchors, receipt, "StatusChanged") == [
        {
            "member": tax.id,
            "plane": 1,
            "number": 2,
            "reason": 0,
            "markedAt": chain.time_of(receipt),
            "actor": tax.id,
            "key": tax.key.address,
            "words": words,
            "masks": masks,
        }
    ]
    revoked, superseded = chain.read(consortium.anchors.functions.statusWords(tax.id, [0, 1, 2]))
    assert (revoked, superseded) == ([0, 0, 0], [0b101, 0, 1 << 87])
    status_of = consortium.anchors.functions.statusOf
    assert [chain.read(status_of(tax.id, p))[1] for p in (0, 1, 2, 598, 599)] == [True, False, True, False, True]
    assert chain.read(consortium.anchors.functions.statusNumber(tax.id)) == 0


@pytest.mark.parametrize(
    ("words", "masks"),
    [
        ([2], [1 << 88]),  # position 600: the first of the batch itself
        ([2], [1 << 87 | 1 << 88]),
        ([2], [1 << 255]),
        ([3], [1]),
        ([0, 2**255], [1, 1]),
        ([2**256 - 1], [1]),
    ],
)
def test_a_batch_does_not_supersede_beyond_the_total_before_it(consortium, chain, tax, words, masks):
    anchor(consortium, tax, size=600)
    batch = consortium.batch(tax, 2, 0, 300, word("root 1"), words, masks)
    function = consortium.anchor(batch, tax.key, words, masks)
    chain.refuses("StatusPositionBeyondTotal", function, words[-1], masks[-1], 600)


def test_a_first_batch_supersedes_nothing(consortium, chain, tax):
    batch = consortium.batch(tax, words=[0], masks=[1])
    chain.refuses("StatusPositionBeyondTotal", consortium.anchor(batch, tax.key, [0], [1]), 0, 1, 0)


def test_a_full_last_word_can_be_superseded(consortium, chain, tax):
    anchor(consortium, tax, size=256)
    full = 2**256 - 1
    batch = consortium.batch(tax, 2, 0, 1, word("root 1"), [0], [full])
    chain.send(consortium.anchor(batch, tax.key, [0], [full]))
    assert chain.read(consortium.anchors.functions.statusWords(tax.id, [0])) == [[0], [full]]


@pytest.mark.parametrize(
    ("signed", "given"),
    [
        (([], []), ([0], [1])),
        (([0], [1]), ([], [])),
        (([0], [1]), ([0], [2])),
        (([0], [1]), ([1], [1])),
        (([0], [1]), ([], [1])),
    ],
)
def test_the_lists_are_the_signed_ones(consortium, chain, tax, signed, given):
    anchor(consortium, tax, size=600)
    batch = consortium.batch(tax, 2, 0, 1, word("root 1"), *signed)
    function = consortium.anchor(batch, tax.key, *given)
    chain.refuses("BatchSupersededDigestWrong", function)


def test_the_digest_of_empty_lists_is_zero_and_nothing_else(consortium, chain, tax):
    batch = {**consortium.batch(tax), "supersededDigest": lists_digest([], [])}
    chain.refuses("BatchSupersededDigestWrong", consortium.anchor(batch, tax.key), lists_digest([], []), ZERO)


def test_an_access_log_supersedes_nothing(consortium, chain, tax):
    anchor(consortium, tax, stream=1)
    batch = consortium.batch(tax, 2, 1, 1, word("root 1"), [0], [1])
    chain.refuses("BatchCannotSupersede", consortium.anchor(batch, tax.key, [0], [1]), 1)


@pytest.mark.parametrize(
    ("words", "masks", "name", "values"),
    [
        ([0, 1], [1], "StatusListsUneven", (2, 1)),
        ([0], [1, 1], "StatusListsUneven", (1, 2)),
        ([1, 0], [1, 1], "StatusWordsNotAscending", (1,)),
        ([0, 1, 1], [1, 1, 1], "StatusWordsNotAscending", (2,)),
        ([0, 1], [1, 0], "StatusMaskEmpty", (1,)),
        ([0, 1], [0, 1], "StatusMaskEmpty", (0,)),
        (range(601), [1] * 601, "StatusListTooLong", (601, 600)),
    ],
)
def test_malformed_lists_are_refused_wherever_they_come(consortium, chain, tax, words, masks, name, values):
    anchor(consortium, tax, size=600)
    words = list(words)
    batch = consortium.batch(tax, 2, 0, 1, word("root 1"), words, masks)
    chain.refuses(name, consortium.anchor(batch, tax.key, words, masks), *values)
    change = consortium.change(tax, words, masks)
    chain.refuses(name, consortium.change_status(change, tax.key, words, masks), *values)
