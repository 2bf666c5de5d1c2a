"""Rule 9: which entry of a subject's controllers is in force at a time, and whether the subject is held then."""

from dataclasses import replace

import pytest

from ledger_node.domain.controller_entry import (
    HOLD_TIME_S,
    ControllerEntry,
    ControllerHistory,
    ControllerQuery,
    EntryKind,
)
from ledger_node.domain.controller_rule import (
    controller_query,
    entry_in_force,
    is_held,
    require_controllers,
    require_no_hold,
)
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.slot import entry_slots, facts_of, hold_slot, slots_of
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.reason import Reason
from tests.kit.controller_facts import (
    KEY,
    OTHER_KEY,
    REGISTRAR,
    SUBJECT,
    controllers_of,
    facts_with,
    history,
    records,
    recovered,
    registered,
    rotated,
)

FIRST, SECOND, THIRD = (controllers_of(number) for number in (1, 2, 3))


def index_at(facts, time):
    found = entry_in_force(facts, time)
    return None if found is None else found.index


def reason_of(call, *args):
    with pytest.raises((VerificationError, InvalidInputError)) as caught:
        call(*args)
    return caught.value.reason


def test_the_last_entry_that_began_by_then_is_in_force():
    facts = facts_with([registered(FIRST, 100), rotated(SECOND, 200, root=0)])
    assert [index_at(facts, time) for time in (99, 100, 199, 200, 10**9)] == [None, 0, 0, 1, 1]


def test_an_entry_does_not_count_once_the_key_that_asked_is_compromised_from_its_time_on():
    entries = [registered(FIRST, 100), recovered(SECOND, 300, link=0, key=OTHER_KEY)]
    for compromised_from, index in ((0, 1), (301, 1), (300, 0), (1, 0)):
        assert index_at(facts_with(entries, {OTHER_KEY: compromised_from}), 400) == index


def test_a_recovery_by_a_stolen_key_is_not_laundered_by_an_honest_rotation():
    entries = [
        registered(FIRST, 100),
        recovered(SECOND, 300, link=0, key=OTHER_KEY),
        rotated(THIRD, 400, root=1),
        rotated(SECOND, 500, root=1),
    ]
    assert [index_at(facts_with(entries, {OTHER_KEY: 300}), time) for time in (299, 300, 400, 600)] == [0, 0, 0, 0]
    assert [index_at(facts_with(entries), time) for time in (299, 300, 400, 600)] == [0, 1, 2, 3]


def test_a_rotation_counts_by_its_signatures_whoever_sent_it():
    """Its sender is not in the entry, so no compromise of a sender brings the retired set back."""
    facts = facts_with([registered(FIRST, 100), rotated(SECOND, 200, root=0)], {OTHER_KEY: 1})
    assert index_at(facts, 250) == 1


def test_where_no_entry_counts_nobody_controls_the_subject():
    facts = facts_with([registered(FIRST, 100), rotated(SECOND, 200, root=0)], {KEY: 100})
    assert index_at(facts, 250) is None
    assert reason_of(require_controllers, facts, SECOND, 250) is Reason.CONTROLLERS_NONE_COUNT


def test_what_other_controllers_signed_does_not_count():
    facts = facts_with([registered(FIRST, 100), rotated(SECOND, 200, root=0)])
    assert require_controllers(facts, SECOND, 200).index == 1
    assert reason_of(require_controllers, facts, FIRST, 200) is Reason.CONTROLLERS_MISMATCH


def test_a_hold_holds_for_fourteen_days():
    facts = facts_with([registered(FIRST, 100)], holds=[500])
    times = (499, 500, 500 + HOLD_TIME_S - 1, 500 + HOLD_TIME_S)
    assert [is_held(facts, time) for time in times] == [False, True, True, False]
    assert reason_of(require_no_hold, facts, 500) is Reason.SUBJECT_ON_HOLD
    assert reason_of(require_controllers, facts, FIRST, 500) is Reason.SUBJECT_ON_HOLD


def test_the_later_of_two_holds_decides():
    facts = facts_with([registered(FIRST, 100)], holds=[500, 600])
    assert [is_held(facts, 500 + HOLD_TIME_S + step) for step in (0, 99, 100)] == [True, True, False]


def test_a_recovery_that_completes_ends_a_hold_and_one_that_does_not_count_ends_none():
    entries = [registered(FIRST, 100), recovered(SECOND, 700, link=0, key=OTHER_KEY), rotated(THIRD, 800, root=1)]
    assert [is_held(facts_with(entries, holds=[500]), time) for time in (699, 700, 800)] == [True, False, False]
    assert is_held(facts_with(entries, {OTHER_KEY: 700}, holds=[500]), 800)


def test_a_hold_of_the_second_of_a_recovery_holds():
    facts = facts_with([registered(FIRST, 100), recovered(SECOND, 700, link=0)], holds=[700])
    assert is_held(facts, 700)


def test_facts_that_do_not_tell_are_refused():
    whole = history([registered(FIRST, 100), recovered(SECOND, 300, link=0, key=OTHER_KEY)], [500])
    facts = facts_with([])
    for changes in (
        {"entries": {0: whole.entries[0]}, "begins": {}},
        {"entries": {}, "begins": {0: 100, 1: 300, 2: 0}},
        {"holds": {}},
        {"holds": {1: 500}},
    ):
        cut = replace(facts, controllers=replace(whole, **changes), keys=records())
        assert reason_of(require_controllers, cut, SECOND, 10**9) is Reason.STATE_PROOF_MISSING
    assert reason_of(entry_in_force, replace(facts, controllers=None), 400) is Reason.STATE_PROOF_MISSING
    assert reason_of(entry_in_force, replace(facts, controllers=whole, keys={}), 400) is Reason.STATE_PROOF_MISSING


def test_a_compromise_that_is_found_later_takes_back_what_evidence_shows():
    """The evidence shows one set; that the one before it counts again is not in it, and is not needed to refuse it."""
    entries = [registered(FIRST, 100), recovered(SECOND, 300, link=0, key=OTHER_KEY)]
    whole = history(entries)
    query = controller_query(SUBJECT, whole, records(), [400])
    shown = ControllerHistory({1: whole.entries[1]}, {2: 0}, {1: 0})
    assert query.entries == {1}
    facts = replace(facts_with([]), controllers=shown, keys=records({OTHER_KEY: 300}))
    assert reason_of(require_controllers, facts, SECOND, 400) is Reason.KEY_COMPROMISED


def test_a_query_asks_for_exactly_what_the_rule_takes():
    entries = [
        registered(FIRST, 100),
        recovered(SECOND, 300, link=0, key=OTHER_KEY),
        rotated(THIRD, 400, root=1),
        rotated(FIRST, 500, root=1),
    ]
    whole = history(entries, [50, 450])
    good, stolen = records(), records({OTHER_KEY: 300})
    both = frozenset({(REGISTRAR, KEY), (REGISTRAR, OTHER_KEY)})
    one = frozenset({(REGISTRAR, OTHER_KEY)})

    def query(keys, *times):
        return controller_query(SUBJECT, whole, keys, times)

    def of(entries, begins, holds, keys):
        return ControllerQuery(SUBJECT, frozenset(entries), frozenset(begins), frozenset(holds), keys)

    assert query(good, 450) == of({1, 2}, {3}, {2, 3}, one)
    assert query(stolen, 450) == of({0, 1, 2}, {3}, {2, 3}, both)
    assert query(good, 150, 600) == of({0, 1, 3}, {4}, {1, 2, 3}, both)
    assert query(good, 60) == of((), {0}, {1, 2}, frozenset())
    assert query(good) == ControllerQuery(SUBJECT)


def test_what_a_query_read_leads_to_the_same_query_again():
    entries = [registered(FIRST, 100), recovered(SECOND, 300, link=0, key=OTHER_KEY), rotated(THIRD, 400, root=1)]
    whole = history(entries, [450])
    for keys in (records(), records({OTHER_KEY: 300}), records({KEY: 1, OTHER_KEY: 1})):
        for times in ([50], [100], [350], [460], [150, 350, 10**9]):
            query = controller_query(SUBJECT, whole, keys, times)
            part = ControllerHistory(
                {index: whole.entries[index] for index in query.entries},
                {index: whole.since(index) for index in query.begins},
                {number: whole.holds[number] for number in query.holds},
            )
            assert controller_query(SUBJECT, part, {key: keys[key] for key in query.keys}, times) == query


def test_a_query_reads_back_as_it_was_written():
    query = ControllerQuery(SUBJECT, frozenset({0, 3}), frozenset({4}), frozenset({1}), frozenset({(REGISTRAR, KEY)}))
    assert ControllerQuery.from_json(query.to_json(), SUBJECT) == query
    for name, value in (("entries", [3, 0]), ("begins", [4, 4]), ("keys", query.to_json()["keys"] * 2)):
        assert reason_of(ControllerQuery.from_json, query.to_json() | {name: value}, SUBJECT) is Reason.NOT_CANONICAL
    for name, value in (("entries", [-1]), ("holds", [0]), ("begins", [2**32])):
        wrong = query.to_json() | {name: value}
        assert reason_of(ControllerQuery.from_json, wrong, SUBJECT) is Reason.VALUE_OUT_OF_RANGE
    assert reason_of(ControllerQuery.from_json, query.to_json() | {"begins": [True]}, SUBJECT) is Reason.TYPE_WRONG


def test_facts_of_keys_hold_those_that_the_entries_rest_on():
    query = FactQuery(subject=ControllerQuery(SUBJECT, keys=frozenset({(REGISTRAR, KEY)})))
    assert query.keys == {(REGISTRAR, KEY)}


def read(words, *, entries=(0,), begins=(1,), holds=(1,)):
    query = FactQuery(subject=ControllerQuery(SUBJECT, frozenset(entries), frozenset(begins), frozenset(holds)))
    held = {(contract, slot): 0 for contract, slots in slots_of(query, {}).items() for slot in slots}
    facts = facts_with([])
    return facts_of(
        query,
        held | words,
        anchor_domain=facts.anchor_domain,
        consent_domain=facts.consent_domain,
        number=1,
        block_hash=bytes(32),
        time=1,
    ).controllers


def test_entries_and_holds_are_read_from_the_words_of_their_slots():
    first, packed, third = entry_slots(SUBJECT, 0)
    entry = ControllerEntry(b"\x07" * 32, KEY, 100, EntryKind.RECOVERED, 9, REGISTRAR)
    words = {
        first: int.from_bytes(entry.commitment, "big"),
        packed: int.from_bytes(KEY, "big") | 100 << 160 | 2 << 200 | 9 << 208,
        third: int.from_bytes(REGISTRAR, "big"),
        entry_slots(SUBJECT, 1)[1]: int.from_bytes(KEY, "big") | 300 << 160,
        hold_slot(SUBJECT, 1): 500 | 1 << 40,
    }
    assert read(words) == ControllerHistory({0: entry}, {1: 300}, {1: 500})
    assert reason_of(read, {}) is Reason.STATE_PROOF_MISSING
    assert reason_of(read, {packed: 100 << 160 | 3 << 200}) is Reason.STATE_PROOF_MALFORMED
    assert {contract for contract, _ in words} == {Contract.SUBJECTS}


def test_the_keys_of_a_history_are_those_that_asked_for_entries_of_their_own():
    """A rotation rests on signatures, so its sender's key is asked for by nobody."""
    known = history(
        [registered(FIRST, 100), recovered(SECOND, 300, link=0, key=OTHER_KEY), rotated(THIRD, 400, root=1)], []
    )
    assert known.keys == {(known.entries[0].registrar, KEY), (known.entries[1].registrar, OTHER_KEY)}
