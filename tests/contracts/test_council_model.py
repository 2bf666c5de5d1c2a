"""The council against a model of its rules, in sequences that Hypothesis draws, time included.

Two promises are looked at by themselves, beside the model: no sequence of fewer than M governors changes anything, and
no path leaves the council without a quorum.
"""

from copy import deepcopy
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.kit.contract_set import DAY, DELAYS, ContractSet, Refused, call_of, events

PEOPLE = range(5)
SOMEBODY = st.sampled_from(PEOPLE)
NO_VOTE, APPROVE, CANCEL = range(3)
OPEN, EXECUTED, CANCELLED = 1, 2, 3
LIFETIME, RECOVERY = 30 * DAY, 90 * DAY
OWN = {"addGovernor", "removeGovernor", "setThreshold", "setDelays"}
SOME_CALL = st.one_of(
    st.tuples(st.sampled_from(["addGovernor", "removeGovernor"]), SOMEBODY),
    st.tuples(st.just("setThreshold"), st.integers(0, 4), st.integers(0, 2)),
    st.tuples(st.just("setDelays"), st.sampled_from([0, 3 * DAY]), st.sampled_from([0, 7 * DAY, 20 * DAY])),
    st.tuples(st.just("setFrozen"), st.booleans()),
)


@dataclass
class Proposal:
    """The model of a proposal; a vote is (the voter's term, choice)."""

    calls: list
    opened: int
    expires: int
    state: int = OPEN
    votes: dict = field(default_factory=dict)
    decided: int = 0
    seconded: int = 0

    @property
    def own(self):
        return all(call[0] in OWN for call in self.calls)


@dataclass
class Council:
    """The model: what the interface says of the council, in Python. A term is (person, number)."""

    terms: dict
    begun: int
    threshold: int
    recovery: int
    delays: tuple
    frozen: bool = False

    def votes(self, proposal, choice):
        return sum(proposal.votes.get(person) == (term, choice) for person, term in self.terms.items())

    @property
    def blocking(self):
        return len(self.terms) - self.threshold + 1

    def wait(self, calls):
        give, change = self.delays
        own = dict.fromkeys(OWN, change)
        return max(own.get(name) if name in own else 0 if arguments[0] else give for name, *arguments in calls)

    def ready(self, proposal):
        approvals = self.votes(proposal, APPROVE)
        times = []
        if approvals >= self.threshold and proposal.decided:
            times.append(proposal.decided + self.wait(proposal.calls))
        if proposal.own and self.recovery and approvals >= self.recovery and proposal.seconded:
            times.append(proposal.seconded + RECOVERY)
        return min(times, default=None)

    def threshold_error(self, threshold, recovery, count):
        if threshold == 0 or threshold > count or recovery >= threshold:
            return "CouncilThresholdInvalid"
        if threshold == count and count > 1 and recovery == 0:
            return "CouncilUnanimityWithoutRecovery"
        return None

    def apply(self, call):
        """Make one call; the error that it would be refused with."""
        match call:
            case ("addGovernor", person):
                if person in self.terms:
                    return "GovernorExists"
                self.begun += 1
                self.terms[person] = self.begun
            case ("removeGovernor", person):
                if person not in self.terms:
                    return "GovernorUnknown"
                if error := self.threshold_error(self.threshold, self.recovery, len(self.terms) - 1):
                    return error
                del self.terms[person]
            case ("setThreshold", threshold, recovery):
                if error := self.threshold_error(threshold, recovery, len(self.terms)):
                    return error
                self.threshold, self.recovery = threshold, recovery
            case ("setDelays", give, change):
                self.delays = (give, change)
            case ("setFrozen", frozen):
                self.frozen = frozen
        return None


class OnChain(RuleBasedStateMachine):
    """A council of the first three people, and what both machines do with it; ``place`` is set by the test."""

    place = None
    threshold, recovery = 2, 0

    def begin_with(self, threshold, recovery):
        self.chain, snapshot, _ = self.place
        self.chain.revert(snapshot)
        self.people = self.chain.accounts[1:6]
        names = ("Council", "MemberRegistry")
        self.set = ContractSet(
            self.chain,
            governors=self.people[:3],
            threshold=threshold,
            recovery=recovery,
            delays=DELAYS,
            names=names,
        )
        self.council, self.count = self.set.council.functions, 0

    def function(self, call):
        name, *arguments = call
        if name in {"addGovernor", "removeGovernor"}:
            arguments = [self.people[arguments[0]].address]
        return (self.council if name in OWN else self.set.members.functions)[name](*arguments)

    def opening(self, calls):
        return self.council.propose([call_of(self.function(call)) for call in calls])

    def approval(self, number, person):
        digest = self.chain.read(self.council.proposal(number))[4]
        counter = self.chain.read(self.council.counterOf(self.people[person].address))
        return self.council.approve(number, digest, counter)

    def shown(self):
        """Everything that decisions change: governors, threshold, recovery quorum, delays, freeze."""
        read, council = self.chain.read, self.council
        people = {person.address: number for number, person in enumerate(self.people)}
        return (
            sorted(people[address] for address in read(council.governors())),
            read(council.threshold()),
            read(council.recoveryQuorum()),
            tuple(read(council.delays())),
            read(self.set.members.functions.frozen()),
        )


class Machine(OnChain):
    """Everybody does anything, and the chain does what the model says."""

    @initialize(quorum=st.sampled_from([(2, 0), (2, 1), (3, 1), (1, 0)]))
    def begin(self, quorum):
        self.begin_with(*quorum)
        self.model = Council({0: 1, 1: 2, 2: 3}, 3, *quorum, DELAYS)
        self.proposals = {}

    def expect(self, error, function, person):
        """Send as a person; the receipt if it goes through, as it must when no error is expected."""
        sender = self.people[person]
        if error is None:
            return self.chain.send(function, sender)
        with pytest.raises(Refused) as refused:
            self.chain.read(function, sender)
        assert refused.value.name == error
        return None

    def open_error(self, proposal, person, now):
        if person not in self.model.terms:
            return "GovernorUnknown"
        if proposal.state != OPEN:
            return "ProposalNotOpen"
        return "ProposalExpired" if now > proposal.expires else None

    def some(self, draw):
        number = draw(st.sampled_from(sorted(self.proposals)))
        return number, self.proposals[number]

    def count_approval(self, proposal, person, now):
        model = self.model
        proposal.votes[person] = (model.terms[person], APPROVE)
        approvals = model.votes(proposal, APPROVE)
        if approvals == model.threshold or (approvals > model.threshold and not proposal.decided):
            proposal.decided = now
        if model.recovery and (approvals == model.recovery or (approvals > model.recovery and not proposal.seconded)):
            proposal.seconded = now

    @rule(person=SOMEBODY, calls=st.lists(SOME_CALL, min_size=1, max_size=2))
    def propose(self, person, calls):
        now = self.chain.next_time
        error = None if person in self.model.terms else "GovernorUnknown"
        receipt = self.expect(error, self.opening(calls), person)
        if receipt:
            proposal = Proposal(calls, now, 0)
            recoverable = self.model.recovery and proposal.own
            proposal.expires = now + LIFETIME + (RECOVERY if recoverable else max(self.model.delays))
            self.count_approval(proposal, person, now)
            self.proposals[len(self.proposals) + 1] = proposal
            assert events(self.set.council, receipt, "ProposalOpened")[0]["number"] == len(self.proposals)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), person=SOMEBODY)
    def approve(self, data, person):
        number, proposal = self.some(data.draw)
        now = self.chain.next_time
        error = self.open_error(proposal, person, now)
        if error is None and proposal.votes.get(person) == (self.model.terms[person], APPROVE):
            error = "ProposalAlreadyApproved"
        if self.expect(error, self.approval(number, person), person):
            self.count_approval(proposal, person, now)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), person=SOMEBODY)
    def disapprove(self, data, person):
        number, proposal = self.some(data.draw)
        error = self.open_error(proposal, person, self.chain.next_time)
        if error is None and proposal.votes.get(person, (0, 0))[0] != self.model.terms[person]:
            error = "ProposalNotVoted"
        if self.expect(error, self.council.disapprove(number), person):
            del proposal.votes[person]

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), person=SOMEBODY)
    def cancel(self, data, person):
        number, proposal = self.some(data.draw)
        error = self.open_error(proposal, person, self.chain.next_time)
        if error is None and proposal.votes.get(person) == (self.model.terms[person], CANCEL):
            error = "ProposalAlreadyOpposed"
        if self.expect(error, self.council.cancel(number), person):
            proposal.votes[person] = (self.model.terms[person], CANCEL)
            if self.model.votes(proposal, CANCEL) >= self.model.blocking:
                proposal.state = CANCELLED

    def execute_as(self, number, person):
        proposal, now, after = self.proposals[number], self.chain.next_time, deepcopy(self.model)
        error = self.open_error(proposal, person, now)
        ready = self.model.ready(proposal)
        if error is None and self.model.votes(proposal, CANCEL) >= self.model.blocking:
            error = "ProposalBlocked"
        if error is None and ready is None:
            error = "ProposalLacksApprovals"
        if error is None and now < ready:
            error = "ProposalEarly"
        for call in proposal.calls:
            error = error or after.apply(call)
        if self.expect(error, self.council.execute(number), person):
            assert self.enough_wanted_it(proposal, now)
            self.model, proposal.state = after, EXECUTED

    def enough_wanted_it(self, proposal, now):
        """Said in other words: M who govern now, or fewer after 90 days for the council's own business."""
        wanted = self.model.votes(proposal, APPROVE)
        own_business = proposal.own and self.model.recovery and wanted >= self.model.recovery
        return wanted >= self.model.threshold or (own_business and now >= proposal.opened + RECOVERY)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), person=SOMEBODY)
    def execute(self, data, person):
        self.execute_as(self.some(data.draw)[0], person)

    @precondition(lambda self: any(self.model.ready(p) and p.state == OPEN for p in self.proposals.values()))
    @rule(off=st.sampled_from([-1, 0, 0, 1]))
    def execute_about_when_it_is_ready(self, off):
        proposals = self.proposals.items()
        number, ready = min(
            ((n, self.model.ready(p)) for n, p in proposals if p.state == OPEN and self.model.ready(p)),
            key=lambda pair: pair[1],
        )
        if ready + off > self.chain.next_time:
            self.chain.at(ready + off)
        self.execute_as(number, next(iter(self.model.terms)))

    @rule(days=st.sampled_from([1, 3, 8, 31]))
    def wait(self, days):
        self.chain.wait(days * DAY)

    @invariant()
    def the_chain_shows_what_the_model_says(self):
        model = self.model
        expected = (sorted(model.terms), model.threshold, model.recovery, model.delays, model.frozen)
        assert self.shown() == expected
        for number, proposal in self.proposals.items():
            state, opened, expires, _, _, approvals, opposed = self.chain.read(self.council.proposal(number))
            assert (state, opened, expires) == (proposal.state, proposal.opened, proposal.expires)
            assert (approvals, opposed) == (model.votes(proposal, APPROVE), model.votes(proposal, CANCEL))
            assert self.chain.read(self.council.readyAt(number)) == (model.ready(proposal) or 0)

    def teardown(self):
        """No path leaves it without a quorum: whoever governs now still decides, if all want it."""
        if not hasattr(self, "model"):
            return
        first, *others = self.model.terms
        wanted = [("setFrozen", not self.model.frozen)]
        self.chain.send(self.opening(wanted), self.people[first])
        number = len(self.proposals) + 1
        for person in others[: self.model.threshold - 1]:
            self.chain.send(self.approval(number, person), self.people[person])
        self.chain.wait(self.model.wait(wanted))
        self.chain.send(self.council.execute(number), self.people[first])
        assert self.shown()[-1] is not self.model.frozen


class TooFew(OnChain):
    """One fewer than the threshold, and people who govern nothing, do whatever they can think of."""

    @initialize(quorum=st.sampled_from([2, 3]), data=st.data())
    def begin(self, quorum, data):
        self.begin_with(quorum, 1 if quorum == 3 else 0)
        self.quorum = quorum
        thieves = data.draw(st.permutations(range(3)))[: quorum - 1]
        self.thieves = [*thieves, 3, 4]
        self.before, self.opened = self.shown(), 0

    def attempt(self, person, function):
        try:
            self.chain.send(function, self.people[person])
        except Refused:
            return False
        return True

    @rule(data=st.data(), calls=st.lists(SOME_CALL, min_size=1, max_size=3))
    def propose(self, data, calls):
        self.opened += self.attempt(data.draw(st.sampled_from(self.thieves)), self.opening(calls))

    @precondition(lambda self: self.opened)
    @rule(data=st.data(), what=st.sampled_from(["approve", "approve", "disapprove", "cancel", "execute", "execute"]))
    def act(self, data, what):
        person = data.draw(st.sampled_from(self.thieves))
        number = data.draw(st.integers(1, self.opened))
        functions = {
            "approve": self.approval,
            "disapprove": lambda number, _: self.council.disapprove(number),
            "cancel": lambda number, _: self.council.cancel(number),
            "execute": lambda number, _: self.council.execute(number),
        }
        self.attempt(person, functions[what](number, person))

    @rule(data=st.data(), call=SOME_CALL)
    def call_directly(self, data, call):
        assert not self.attempt(data.draw(st.sampled_from(self.thieves)), self.function(call))

    @rule(data=st.data(), call=SOME_CALL)
    def open_and_execute_at_once(self, data, call):
        function = self.council.proposeAndExecute([call_of(self.function(call))])
        assert not self.attempt(data.draw(st.sampled_from(self.thieves)), function)

    # a recovery quorum is named for the three of three, so they stop short of its 90 days
    @precondition(lambda self: self.quorum == 2 or self.chain.next_time < self.place[2] + 80 * DAY)
    @rule(days=st.sampled_from([1, 3, 8]))
    def wait(self, days):
        self.chain.wait(days * DAY)

    @invariant()
    def nothing_has_changed(self):
        assert self.shown() == self.before


@pytest.mark.parametrize("machine", [Machine, TooFew])
def test_k12_no_sequence_of_votes_and_time_goes_beyond_the_rules(engine, machine):
    consortium, snapshot = engine
    chain = consortium.chain
    chain.revert(snapshot)
    run_state_machine_as_test(
        type("CouncilMachine", (machine,), {"place": (chain, snapshot, chain.next_time)}),
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],  # a step is some blocks
        ),
    )
