"""The access log: rows, intervals, checkpoints, and what a reader checks."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.access import (
    DEPTH,
    MAX_ROWS,
    NO_HEAD,
    AccessRow,
    Checkpoint,
    LogTree,
    Place,
    Tally,
    next_head,
    require_logged,
    row_leaf,
)
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, Anchor
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.fact import KeyPurpose, KeyRecord, LedgerFacts
from ledger_node.domain.hashing import keccak
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from tests.kit.world import ANCHOR_DOMAIN, BANK, CONSENT_DOMAIN, NOW, TAX, h

KEEPER, KEY = h("keeper"), h("key of the keeper")[:20]
ROW = AccessRow(
    time=NOW - 30,
    bank=BANK,
    operator="信贷部 7",
    consent=h("consent"),
    purpose="loan_application",
    question="firm_facts.paid >= 10000 CNY during 2025",
    verdict=Outcome.CANNOT_TELL,
    reason=Reason.QUESTION_NOT_CONSENTED,
    use=h("use"),
)
BARE = replace(ROW, operator=None, purpose=None, reason=None, use=None, verdict=Outcome.HOLDS)
SALT = h("salt")
SLOT = 40_001
VALID = KeyRecord(NOW - 1000, NOW + 1000, 0, KeyPurpose.LOG)


def made(row=ROW, *, slot=SLOT, since=NOW - 60, until=NOW, number=7, size=1, stream=ACCESS_LOG, **anchored):
    """Return the place of a row among two others, and the facts of a chain that holds it."""
    leaves = {slot: row_leaf(SALT, row), (slot + 1) % MAX_ROWS: h("other"), slot ^ 4096: h("third")}
    tree = LogTree(leaves, h("filling"))
    tally = Tally(3, h("before"), h("after"), h("salt of the tally"))
    checkpoint = Checkpoint(number, since, until, tree.root, tally.digest)
    fields = {"member": KEEPER, "stream": stream, "number": number, "root": checkpoint.batch_root, "size": size}
    anchor = Anchor(**{**fields, "start": number - 1, "anchored_at": NOW + 1, "key": KEY, **anchored})
    return Place(slot, tree.path(slot), checkpoint, anchor), facts_of(anchor)


def facts_of(anchor, key=VALID):
    return LedgerFacts(
        block_number=9,
        block_hash=h("block"),
        block_time=NOW + 5,
        anchor_domain=ANCHOR_DOMAIN,
        consent_domain=CONSENT_DOMAIN,
        anchor_digests={(anchor.member, anchor.stream, anchor.number): anchor.digest},
        keys={(anchor.member, anchor.key): key},
    )


def refusal(row, salt, place, facts, keeper=KEEPER):
    with pytest.raises(VerificationError) as refused:
        require_logged(row, salt, place, facts, keeper=keeper)
    return refused.value.reason


@pytest.mark.parametrize("row", [ROW, BARE])
def test_a_logged_row_checks(row):
    place, facts = made(row)
    require_logged(row, SALT, place, facts, keeper=KEEPER)


@pytest.mark.parametrize("slot", [0, 1, MAX_ROWS - 1])
def test_a_row_checks_in_any_slot(slot):
    place, facts = made(slot=slot)
    require_logged(ROW, SALT, place, facts, keeper=KEEPER)


@pytest.mark.parametrize(
    "change",
    [
        {"time": ROW.time + 1},
        {"bank": h("other bank")},
        {"operator": "信贷部 8"},
        {"operator": None},
        {"consent": h("other consent")},
        {"purpose": "guarantee"},
        {"purpose": None},
        {"question": "firm_facts.paid >= 20000 CNY during 2025"},
        {"verdict": Outcome.HOLDS},
        {"reason": None},
        {"reason": Reason.CONSENT_EXPIRED},
        {"use": None},
        {"use": h("other use")},
    ],
)
def test_a_changed_row_is_not_the_logged_one(change):
    place, facts = made()
    assert refusal(replace(ROW, **change), SALT, place, facts) == Reason.NOT_IN_BATCH


def test_another_salt_is_refused():
    place, facts = made()
    assert refusal(ROW, h("other salt"), place, facts) == Reason.NOT_IN_BATCH


@pytest.mark.parametrize("height", range(DEPTH))
def test_every_sibling_matters(height):
    place, facts = made()
    path = list(place.path)
    path[height] = bytes([path[height][0] ^ 1]) + path[height][1:]
    assert refusal(ROW, SALT, replace(place, path=path), facts) == Reason.NOT_IN_BATCH


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slot": SLOT ^ 1}, Reason.NOT_IN_BATCH),
        ({"slot": SLOT ^ 4096}, Reason.NOT_IN_BATCH),
        ({"slot": MAX_ROWS}, Reason.INDEX_OUT_OF_RANGE),
        ({"slot": SLOT + MAX_ROWS}, Reason.INDEX_OUT_OF_RANGE),
        ({"slot": -1}, Reason.INDEX_OUT_OF_RANGE),
    ],
)
def test_another_slot_is_refused(change, reason):
    place, facts = made()
    assert refusal(ROW, SALT, replace(place, **change), facts) == reason


def test_a_path_of_another_length_is_refused():
    place, facts = made()
    assert refusal(ROW, SALT, replace(place, path=place.path[:-1]), facts) == Reason.PATH_LENGTH
    assert refusal(ROW, SALT, replace(place, path=(*place.path, h("more"))), facts) == Reason.PATH_LENGTH


def test_a_short_sibling_is_refused():
    place, facts = made()
    path = (place.path[0][:-1], *place.path[1:])
    assert refusal(ROW, SALT, replace(place, path=path), facts) == Reason.SIBLING_LENGTH


@pytest.mark.parametrize("name", ["number", "since", "until", "root", "tally"])
def test_every_member_of_the_checkpoint_matters(name):
    place, facts = made()
    old = getattr(place.checkpoint, name)
    other = replace(place.checkpoint, **{name: h("other") if isinstance(old, bytes) else old + 1})
    assert refusal(ROW, SALT, replace(place, checkpoint=other), facts) == Reason.NOT_IN_BATCH


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"member": TAX}, Reason.NOT_ANCHORED),
        ({"stream": ATTESTATIONS}, Reason.NOT_ANCHORED),
        ({"number": 8}, Reason.NOT_IN_BATCH),
        ({"root": h("other")}, Reason.NOT_IN_BATCH),
        ({"size": 2}, Reason.NOT_IN_BATCH),
        ({"start": 5}, Reason.NOT_ANCHORED),
        ({"anchored_at": NOW}, Reason.NOT_ANCHORED),
        ({"key": h("other key")[:20]}, Reason.NOT_ANCHORED),
    ],
)
def test_every_member_of_the_anchor_matters(change, reason):
    place, facts = made()
    assert refusal(ROW, SALT, replace(place, anchor=replace(place.anchor, **change)), facts) == reason


@pytest.mark.parametrize(
    ("made_with", "reason"),
    [
        ({"stream": ATTESTATIONS}, Reason.NOT_ANCHORED),
        ({"size": 3}, Reason.NOT_IN_BATCH),
        ({"since": ROW.time + 1}, Reason.OUTSIDE_INTERVAL),
        ({"until": ROW.time - 1}, Reason.OUTSIDE_INTERVAL),
    ],
)
def test_what_the_chain_holds_is_not_enough(made_with, reason):
    place, facts = made(**made_with)
    assert refusal(ROW, SALT, place, facts) == reason


def test_a_checkpoint_under_another_number_than_its_batch_is_refused():
    place, _ = made()
    anchor = replace(place.anchor, number=8)
    assert refusal(ROW, SALT, replace(place, anchor=anchor), facts_of(anchor)) == Reason.NOT_IN_BATCH


def test_a_row_at_either_end_of_its_interval_checks():
    for ends in ({"since": ROW.time}, {"until": ROW.time}):
        place, facts = made(**ends)
        require_logged(ROW, SALT, place, facts, keeper=KEEPER)


def test_the_log_of_another_member_is_refused():
    place, facts = made()
    assert refusal(ROW, SALT, place, facts, keeper=TAX) == Reason.ISSUER_MISMATCH


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (KeyRecord(0, 0, 0, KeyPurpose.LOG), Reason.KEY_NOT_VALID),
        (KeyRecord(NOW + 2, NOW + 9, 0, KeyPurpose.LOG), Reason.KEY_NOT_VALID),
        (KeyRecord(0, NOW + 1, 0, KeyPurpose.LOG), Reason.KEY_NOT_VALID),
        (KeyRecord(0, NOW + 9, NOW + 1, KeyPurpose.LOG), Reason.KEY_COMPROMISED),
        (KeyRecord(0, NOW + 9, 0, ~KeyPurpose.LOG), Reason.KEY_PURPOSE_WRONG),
    ],
)
def test_a_key_that_was_not_valid_then_anchors_nothing(key, reason):
    place, _ = made()
    assert refusal(ROW, SALT, place, facts_of(place.anchor, key)) == reason


def test_an_anchor_that_the_chain_does_not_hold_is_refused():
    place, facts = made()
    assert refusal(ROW, SALT, place, replace(facts, anchor_digests={})) == Reason.NOT_ANCHORED


@pytest.mark.parametrize("row", [ROW, BARE])
def test_rows_and_places_survive_their_json_form(row):
    place, _ = made(row)
    assert AccessRow.from_json(row.to_json()) == row
    assert Place.from_json(place.to_json()) == place


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "perhaps"}, Reason.VALUE_MALFORMED),
        ({"reason": "because"}, Reason.VALUE_MALFORMED),
        ({"operator": "x" * 65}, Reason.TOO_LARGE),
        ({"operator": 5}, Reason.TYPE_WRONG),
        ({"time": "1"}, Reason.TYPE_WRONG),
        ({"bank": "0x00"}, Reason.VALUE_MALFORMED),
        ({"use": 5}, Reason.TYPE_WRONG),
        ({"note": ""}, Reason.FIELD_UNKNOWN),
    ],
)
def test_a_malformed_row_is_refused(change, reason):
    with pytest.raises(InvalidInputError) as refused:
        AccessRow.from_json({**ROW.to_json(), **change})
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", list(ROW.to_json()))
def test_a_row_has_all_its_members(name):
    with pytest.raises(InvalidInputError) as refused:
        AccessRow.from_json({key: value for key, value in ROW.to_json().items() if key != name})
    assert refused.value.reason == Reason.FIELD_MISSING


def test_places_and_checkpoints_have_no_other_members():
    place, _ = made()
    for kind, value in ((Place, place.to_json()), (Checkpoint, place.checkpoint.to_json())):
        with pytest.raises(InvalidInputError) as refused:
            kind.from_json({**value, "count": 3})
        assert refused.value.reason == Reason.FIELD_UNKNOWN


# what the structures are, computed once more by hand


def test_the_leaf_is_the_hash_of_salt_and_canonical_json():
    canonical = (
        '{"bank":"0x%s","consent":"0x%s","operator":null,"purpose":null,'  # noqa: UP031 - bytes of a format
        '"question":"firm_facts.paid >= 10000 CNY during 2025","reason":null,"time":%d,"use":null,"verdict":"holds"}'
        % (BANK.hex(), ROW.consent.hex(), ROW.time)
    )
    assert row_leaf(SALT, BARE) == keccak(b"\x50" + SALT + canonical.encode())


def test_the_chain_goes_on_from_zero():
    first = keccak(b"\x51" + bytes(32) + h("leaf 1"))
    assert next_head(NO_HEAD, h("leaf 1")) == first
    assert next_head(first, h("leaf 2")) == keccak(b"\x51" + first + h("leaf 2"))


def test_the_checkpoint_and_its_tally_are_hashes_of_their_parts():
    tally = Tally(3, h("before"), h("after"), h("tally"))
    assert tally.digest == keccak(b"\x55" + h("tally") + bytes([0, 0, 0, 3]) + h("before") + h("after"))
    digest = keccak(b"\x52" + bytes(7) + b"\x01" + bytes(7) + b"\x02" + bytes(7) + b"\x03" + h("root") + tally.digest)
    checkpoint = Checkpoint(1, 2, 3, h("root"), tally.digest)
    assert checkpoint.digest == digest
    assert checkpoint.batch_root == keccak(b"\x04" + digest)


def naive_root(leaves, seed):
    """The root of all 2^16 slots: a place with a row below it is a node, any other is filling as a whole."""

    def node(height, place):
        width = 1 << height
        below = [slot for slot in leaves if place * width <= slot < (place + 1) * width]
        if not below:
            return keccak(b"\x54" + seed + bytes([height]) + place.to_bytes(4, "big"))
        if height == 0:
            return leaves[place]
        return keccak(b"\x53" + node(height - 1, 2 * place) + node(height - 1, 2 * place + 1))

    return node(DEPTH, 0)


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, MAX_ROWS - 1), max_size=12), st.binary(min_size=32, max_size=32))
def test_the_tree_is_the_one_that_the_format_describes(slots, seed):
    leaves = {slot: h("leaf", slot) for slot in slots}
    assert LogTree(leaves, seed).root == naive_root(leaves, seed)


def test_an_interval_without_rows_has_a_root_of_filling():
    assert LogTree({}, h("seed")).root == keccak(b"\x54" + h("seed") + bytes([DEPTH]) + bytes(4))


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, MAX_ROWS - 1), min_size=1, max_size=40), st.randoms())
def test_every_row_of_an_interval_checks_in_its_slot_and_in_no_other(slots, random):
    leaves = {slot: row_leaf(SALT, replace(ROW, use=h("use", slot))) for slot in slots}
    tree = LogTree(leaves, h("filling"))
    checkpoint = Checkpoint(1, NOW - 60, NOW, tree.root, h("tally"))
    anchor = Anchor(KEEPER, ACCESS_LOG, 1, checkpoint.batch_root, 1, 0, NOW, KEY)
    for slot in slots:
        place = Place(slot, tree.path(slot), checkpoint, anchor)
        row = replace(ROW, use=h("use", slot))
        require_logged(row, SALT, place, facts_of(anchor), keeper=KEEPER)
        elsewhere = replace(place, slot=slot ^ (1 << random.randrange(DEPTH)))
        assert refusal(row, SALT, elsewhere, facts_of(anchor)) == Reason.NOT_IN_BATCH


@pytest.mark.parametrize("slot", [-1, MAX_ROWS])
def test_a_slot_beyond_the_tree_is_a_mistake_of_ours(slot):
    with pytest.raises(ValueError, match="slot"):
        LogTree({slot: h("leaf")}, h("filling"))


def test_paths_say_nothing_of_how_many_rows_there_are():
    """No sibling of a lonely row is one that could be known: all differ, and differ between intervals."""
    lonely = [LogTree({SLOT: h("leaf")}, h("filling", number)).path(SLOT) for number in range(2)]
    crowded = LogTree({slot: h("leaf", slot) for slot in range(MAX_ROWS // 64)}, h("filling")).path(0)
    assert len({*lonely[0], *lonely[1], *crowded}) == 3 * DEPTH


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_single_changed_bit_of_a_shown_row_passes(data):
    place, facts = made()
    target = data.draw(st.sampled_from(["salt", "path", "root", "tally", "anchor root", "key"]))
    bit = data.draw(st.integers(0, 159))

    def flip(value):
        return bytes([*value[: bit // 8], value[bit // 8] ^ (1 << bit % 8), *value[bit // 8 + 1 :]])

    salt, checkpoint, anchor = SALT, place.checkpoint, place.anchor
    match target:
        case "salt":
            salt = flip(salt)
        case "path":
            height = data.draw(st.integers(0, DEPTH - 1))
            path = list(place.path)
            path[height] = flip(path[height])
            place = replace(place, path=path)
        case "root" | "tally":
            place = replace(place, checkpoint=replace(checkpoint, **{target: flip(getattr(checkpoint, target))}))
        case "anchor root":
            place = replace(place, anchor=replace(anchor, root=flip(anchor.root)))
        case "key":
            place = replace(place, anchor=replace(anchor, key=flip(anchor.key)))
    with pytest.raises(CredenceError):
        require_logged(ROW, salt, place, facts, keeper=KEEPER)
