"""Rule 9 against the plain words of the contract: of the entries that began by then, the last one that counts."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.controller_entry import (
    HOLD_TIME_S,
    ControllerEntry,
    ControllerHistory,
    EntryKind,
)
from ledger_node.domain.controller_rule import controller_query, entry_in_force, is_held
from ledger_node.domain.fact import KeyPurpose, KeyRecord
from tests.kit.controller_facts import FOREVER, NO_KEY, NOBODY, REGISTRAR, SUBJECT, facts_with, history

KEYS = [bytes([number]) * 20 for number in range(1, 5)]
START = 1000
steps = st.lists(
    st.tuples(
        st.sampled_from(["rotate", "recover", "compromise", "hold", "wait"]), st.integers(0, 3), st.integers(0, 5)
    ),
    max_size=12,
)


def played(moves):
    """Play moves as the contract takes them: each change rests on what counts at its time. Return all that it holds."""
    now, marks, holds = START, {}, []
    entries = [ControllerEntry(b"\x01" * 32, KEYS[0], now, EntryKind.REGISTERED, 0, REGISTRAR)]
    for move, key, pause in moves:
        now += pause * 100_000
        found = last_that_counts(entries, marks, now)
        commitment = len(entries).to_bytes(32, "big")
        match move:
            case "rotate" if found is not None:
                root = entries[found].link if entries[found].kind is EntryKind.ROTATED else found
                entries.append(ControllerEntry(commitment, NO_KEY, now, EntryKind.ROTATED, root, NOBODY))
            case "recover" if not marks.get(KEYS[key], FOREVER) <= now:
                entries.append(ControllerEntry(commitment, KEYS[key], now, EntryKind.RECOVERED, found or 0, REGISTRAR))
            case "compromise":
                marks[KEYS[key]] = min(marks.get(KEYS[key], FOREVER), now - pause * 70_000)
            case "hold":
                holds.append(now)
    return entries, marks, holds, now


def counts(entries, marks, index):
    root = entries[entries[index].link] if entries[index].kind is EntryKind.ROTATED else entries[index]
    return root.since < marks.get(root.key, FOREVER)


def last_that_counts(entries, marks, time):
    begun = [index for index, entry in enumerate(entries) if entry.since <= time]
    return max((index for index in begun if counts(entries, marks, index)), default=None)


def held(entries, marks, holds, time):
    """One hold is on: no recovery that counts, and that came after it, had completed by then."""
    ends = [
        entry.since
        for index, entry in enumerate(entries)
        if entry.kind is EntryKind.RECOVERED and entry.since <= time and counts(entries, marks, index)
    ]
    return any(since <= time < since + HOLD_TIME_S and not any(end > since for end in ends) for since in holds)


@settings(deadline=None, max_examples=400)
@given(steps, st.lists(st.integers(0, 40), min_size=1, max_size=3))
def test_the_walk_finds_what_the_plain_rule_says_and_takes_no_more_than_its_query(moves, looks):
    entries, marks, holds, end = played(moves)
    keys = {(REGISTRAR, key): KeyRecord(0, FOREVER, marks.get(key, 0), KeyPurpose.REGISTER) for key in KEYS}
    whole, times = history(entries, holds), [START - 1 + (end + HOLD_TIME_S - START + 2) * look // 40 for look in looks]
    query = controller_query(SUBJECT, whole, keys, times)
    part = ControllerHistory(
        {index: whole.entries[index] for index in query.entries},
        {index: whole.since(index) for index in query.begins},
        {number: whole.holds[number] for number in query.holds},
    )
    shown = {key: keys[key] for key in query.keys}
    assert controller_query(SUBJECT, part, shown, times) == query
    facts = replace(facts_with([]), controllers=part, keys=shown)
    for time in times:
        found = entry_in_force(facts, time)
        assert (None if found is None else found.index) == last_that_counts(entries, marks, time)
        assert is_held(facts, time) == held(entries, marks, holds, time)
