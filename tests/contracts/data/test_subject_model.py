"""SubjectRegistry against a model, in sequences that Hypothesis draws, time included.

No way leads from one set of controllers to another but shown signatures, 72 hours that everybody sees, or a key of the
registrar that is marked as compromised, and that one leads back only.
"""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.kit.contract_set import REGISTRAR, Member, word
from tests.kit.subject_set import (
    DAY,
    HOLD,
    HOLD_INTERVAL,
    HOUR,
    LAPSE,
    RECOVERY_DELAY,
    YEAR,
    Controllers,
    Subject,
    account,
    people,
)

PAIR = Controllers((account(1, "phone"), account(1, "computer"), account(2, "partner")), 2, "pair")
SETS = (PAIR, people("alone"), people("three", 3, 2))
SOME_SET = st.sampled_from(range(len(SETS)))
SOME_OFF = st.sampled_from([0, 0, 0, 0, 1, -1])
SOME_KEYS = st.sampled_from(["first", "second", "second", "foreign"])


@dataclass
class Entry:
    """The model of an entry: which set, since when, and on which entry and key it rests."""

    set: int
    since: int
    root: int
    before: int
    key: str | None


@dataclass
class State:
    """The model: what the interface says of a subject, in Python."""

    entries: list
    compromised: dict = field(default_factory=dict)
    number: int = 0
    pending: tuple | None = None
    cancelled: int | None = None
    cancellations: int = 0
    held: dict = field(default_factory=dict)
    holds: int = 0

    def trusted(self, key, time):
        return key not in self.compromised or time < self.compromised[key]

    def current(self):
        """The last entry that counts: of all entries, not by the contract's shorter way."""
        good = [
            i
            for i, entry in enumerate(self.entries)
            if self.trusted(self.entries[entry.root].key, self.entries[entry.root].since)
        ]
        return good[-1] if good else None

    def is_pending(self, now):
        return self.pending is not None and now < self.pending[1] + LAPSE and self.trusted(self.pending[2], now)

    def remembers(self, now):
        return self.cancelled is not None and now < self.cancelled + YEAR

    def wait(self, now):
        return RECOVERY_DELAY << min(2, self.cancellations) if self.remembers(now) else RECOVERY_DELAY

    def held_until(self):
        return max(self.held.values(), default=-HOLD) + HOLD

    def needed(self, now, threshold):
        if now < self.held.get("controller", -HOLD) + HOLD:
            return max(threshold, 2)
        return threshold if now < self.held.get("registrar", -HOLD) + HOLD or self.remembers(now) else 1

    def cancel(self, now):
        self.cancellations = (self.cancellations if self.remembers(now) else 0) + 1
        self.cancelled, self.pending = now, None


def persons(controllers, by):
    return len({controllers.devices[place].person for place in by})


class Machine(RuleBasedStateMachine):
    """Steps on chain and model alike; ``founded`` is set by the test."""

    founded = None

    @initialize()
    def begin(self):
        self.world, snapshot = self.founded
        self.chain = self.world.chain
        self.chain.revert(snapshot)
        second = self.world.add_key(self.world.registrar, self.chain.accounts[7])
        foreign = self.world.admit(Member(word("second registrar"), REGISTRAR, self.chain.accounts[8]))
        self.keys = {"first": self.world.registrar.key, "second": second, "foreign": foreign.key}
        self.subject = Subject(self.world, "bakery", SETS[0])
        now = self.chain.next_time
        self.subject.register()
        self.state = State([Entry(0, now, 0, 0, "first")])
        self.was = None

    def expect(self, error, function, key=None):
        """Send; whether it went through, as it must when no error is expected."""
        sender = self.world.stranger if key is None else self.keys[key]
        if error is None:
            self.chain.send(function, sender)
        else:
            self.chain.refuses(error, function, sender=sender)
        return error is None

    def shown_error(self, shown):
        """What is wrong with the set that is shown, if anything."""
        current = self.state.current()
        if current is None:
            return "SubjectNoneCounts"
        return None if self.state.entries[current].set == shown else "SubjectControllersWrong"

    def in_force(self, stray):
        """The place of the set in force, or of another one."""
        current = self.state.current()
        return ((0 if current is None else self.state.entries[current].set) + stray) % len(SETS)

    @rule(to=SOME_SET, off=SOME_OFF, stray=st.sampled_from([0, 0, 0, 1]), by=st.sets(st.integers(0, 2)))
    def rotate(self, to, off, stray, by):
        state, now, shown = self.state, self.chain.next_time, self.in_force(stray)
        retiring = SETS[shown]
        places = sorted(place for place in by if place < len(retiring.devices))
        number, current = len(state.entries) + off, state.current()
        checks = (
            (off, "SubjectNumberWrong"),
            (now < state.held_until(), "SubjectOnHold"),
            (current is not None and state.entries[current].set == to, "SubjectCommitmentCurrent"),
            (self.shown_error(shown), self.shown_error(shown)),
            (persons(retiring, places) < retiring.threshold, "SubjectThresholdNotMet"),
        )
        error = next((name for met, name in checks if met), None)
        if self.expect(error, self.subject.rotate(SETS[to], number, by=places, shown=retiring)):
            if state.is_pending(now):
                state.cancel(now)
            state.entries.append(Entry(to, now, state.entries[current].root, 0, None))
            self.was = None

    @rule(to=SOME_SET, key=SOME_KEYS, off=SOME_OFF, entry_off=SOME_OFF)
    def request(self, to, key, off, entry_off):
        state, now, current = self.state, self.chain.next_time, self.state.current()
        number, entry = max(0, state.number + 1 + off), len(state.entries) + entry_off
        checks = (
            (not self.is_valid(key), "MemberKeyNotValid"),
            (key == "foreign", "SubjectRegistrarForeign"),
            (state.is_pending(now), "SubjectRecoveryPending"),
            (off, "SubjectNumberWrong"),
            (entry_off, "SubjectNumberWrong"),
            (current is not None and state.entries[current].set == to, "SubjectCommitmentCurrent"),
        )
        error = next((name for met, name in checks if met), None)
        if self.expect(error, self.subject.request(SETS[to], number, entry), key):
            state.number += 1
            state.pending = (to, now + state.wait(now), key, now)

    @rule(off=SOME_OFF, stray=st.sampled_from([0, 0, 0, 1]), by=st.sets(st.integers(0, 2)))
    def cancel(self, off, stray, by):
        state, now, shown = self.state, self.chain.next_time, self.in_force(stray)
        present = SETS[shown]
        places = sorted(place for place in by if place < len(present.devices))
        number = max(0, state.number + off)
        to = SETS[state.pending[0]] if state.pending else SETS[0]
        checks = (
            (number != state.number or not state.is_pending(now), "SubjectRecoveryNotPending"),
            (self.shown_error(shown), self.shown_error(shown)),
            (persons(present, places) < state.needed(now, present.threshold), "SubjectThresholdNotMet"),
        )
        error = next((name for met, name in checks if met), None)
        if self.expect(error, self.subject.cancel(to, number, by=places, shown=present)):
            state.cancel(now)

    def registrar_error(self, key, number, now):
        if not self.is_valid(key):
            return "MemberKeyNotValid"
        if key == "foreign":
            return "SubjectRegistrarForeign"
        wrong = number != self.state.number or not self.state.is_pending(now)
        return "SubjectRecoveryNotPending" if wrong else None

    @rule(key=SOME_KEYS, off=SOME_OFF)
    def abandon(self, key, off):
        number = max(0, self.state.number + off)
        error = self.registrar_error(key, number, self.chain.next_time)
        if self.expect(error, self.subject.abandon(number), key):
            self.state.pending = None

    @rule(key=SOME_KEYS, off=SOME_OFF, until=st.none() | st.sampled_from([-1, 0, 1, LAPSE - 1, LAPSE]))
    def complete(self, key, off, until):
        state = self.state
        if until is not None and state.pending and state.pending[1] + until > self.chain.next_time:
            self.chain.at(state.pending[1] + until)
        now, number = self.chain.next_time, max(0, state.number + off)
        error = self.registrar_error(key, number, now)
        if error is None and now < state.pending[1]:
            error = "SubjectRecoveryEarly"
        if self.expect(error, self.subject.complete(number), key):
            to, _, asked_by, asked = state.pending
            assert now >= asked + RECOVERY_DELAY
            state.entries.append(Entry(to, now, len(state.entries), state.current() or 0, asked_by))
            state.pending, state.cancelled, state.cancellations, state.held = None, None, 0, {}
            self.was = None

    @rule(off=SOME_OFF, stray=st.sampled_from([0, 0, 0, 1]), key=st.none() | SOME_KEYS)
    def hold(self, off, stray, key):
        state, now, kind = self.state, self.chain.next_time, "registrar" if key else "controller"
        number, shown = max(0, state.holds + 1 + off), self.in_force(stray)
        if key:
            who = "SubjectRegistrarForeign" if key == "foreign" else None
            who = who if self.is_valid(key) else "MemberKeyNotValid"
            call = self.subject.hold_by_registrar(number)
        else:
            who = self.shown_error(shown)
            call = self.subject.hold(number, shown=SETS[shown])
        checks = (
            (who, who),
            (number != state.holds + 1, "SubjectNumberWrong"),
            (now < state.held.get(kind, -HOLD_INTERVAL) + HOLD_INTERVAL, "SubjectHoldTooSoon"),
        )
        error = next((name for met, name in checks if met), None)
        if self.expect(error, call, key):
            state.holds += 1
            state.held[kind] = now

    @rule(key=st.sampled_from(["second", "second", "first"]), ago=st.sampled_from([0, 1, HOUR, 4 * DAY, YEAR]))
    def compromise(self, key, ago):
        since = self.chain.next_time - ago
        if since < self.state.compromised.get(key, 2**64):
            self.state.compromised[key] = since
            # back only: to an entry that was in force before
            self.was = None if self.state.current() is None else [entry.set for entry in self.state.entries]
        self.world.govern(self.world.members.functions.markCompromised(self.keys[key].address, since))

    def is_valid(self, key):
        return self.state.trusted(key, self.chain.next_time)

    @rule(seconds=st.sampled_from([1, HOUR, DAY, 3 * DAY, 14 * DAY, 60 * DAY, YEAR]))
    def wait(self, seconds):
        self.chain.wait(seconds)

    @invariant()
    def the_chain_shows_what_the_model_says(self):
        state, calls, now = self.state, self.subject.calls, self.chain.next_time
        current = state.current()
        if current is None:
            self.chain.refuses("SubjectNoneCounts", calls.current(self.subject.id))
        else:
            assert self.subject.current() == (current, SETS[state.entries[current].set].commitment)
        now = self.chain.next_time
        assert self.chain.read(calls.count(self.subject.id)) == len(state.entries)
        assert self.chain.read(calls.isRecoveryPending(self.subject.id)) == state.is_pending(now)
        assert self.chain.read(calls.heldUntil(self.subject.id)) == max(0, state.held_until())
        assert self.chain.read(calls.recovery(self.subject.id))[3] == state.number
        if self.was is not None:
            assert state.entries[current].set in self.was


def test_no_way_leads_to_another_set_but_signatures_or_72_hours(founded):
    run_state_machine_as_test(
        type("SubjectMachine", (Machine,), {"founded": founded}),
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],  # a step is some blocks
        ),
    )
