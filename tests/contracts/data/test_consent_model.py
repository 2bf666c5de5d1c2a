"""ConsentRegistry against a model, in sequences that Hypothesis draws: who signs and who sends are drawn as well.

Uses never exceed, no number counts twice, and nobody but the three keys of a consent acts for it.
"""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.kit import consent_set
from tests.kit.consent_set import LIVE, NONE, PAUSED, WITHDRAWN, Consent, Request, fresh_key
from tests.kit.contract_set import NOBODY, ZERO, events, word

PLACES = range(3)
SOME_PLACE = st.sampled_from(PLACES)
KEYS = ("right", "right", "right", "spend", "steward", "answer", "thief")
SOME_KEY = st.sampled_from(KEYS)
SENDERS = ("relayer", "bank", "stranger")
SOME_SENDER = st.sampled_from(SENDERS)


@dataclass
class State:
    """The model: what the interface says of a consent, in Python."""

    state: int = NONE
    granted: bool = False
    changes: int = 0
    counted: list = field(default_factory=list)

    @property
    def numbers(self):
        return {number for number, *_ in self.counted}

    def refusal(self, consent, number, now, not_after, *, signed):
        if not self.granted:
            return consent_set.UNKNOWN
        checks = (
            (not signed, consent_set.SIGNATURE_WRONG),
            (self.state == WITHDRAWN, consent_set.USE_WITHDRAWN),
            (self.state == PAUSED, consent_set.USE_PAUSED),
            (now < consent.not_before, consent_set.NOT_YET_VALID),
            (now >= consent.expires_at, consent_set.EXPIRED),
            (now > not_after, consent_set.TOO_LATE),
            (not 1 <= number <= consent.max_uses, consent_set.NUMBER_INVALID),
            (number in self.numbers, consent_set.NUMBER_USED),
        )
        return next((reason for met, reason in checks if met), None)

    def change_error(self, kind, number, *, signed, word_digest):
        if self.state == WITHDRAWN:
            return "ConsentNotLive"
        if kind != consent_set.WITHDRAW and not self.granted:
            return "ConsentUnknown"
        if kind == consent_set.PAUSE and self.state == PAUSED:
            return "ConsentAlreadyPaused"
        if kind == consent_set.RESUME and self.state != PAUSED:
            return "ConsentNotPaused"
        if kind == consent_set.RESUME and word_digest == ZERO:
            return "ConsentWordDigestZero"
        if number != self.changes + 1:
            return "ConsentChangeNumberWrong"
        return None if signed else "ConsentSignatureWrong"


class Machine(RuleBasedStateMachine):
    """Steps on chain and model alike; ``founded`` is set by the test."""

    founded = None

    @initialize()
    def begin(self):
        self.world, snapshot = self.founded
        self.chain, self.contract = self.world.chain, self.world.consents
        self.chain.revert(snapshot)
        lives = ({"lasts": 60, "max_uses": 3}, {"begins": 15, "max_uses": 2}, {"max_uses": 96, "grant_within": 40})
        self.consents = [Consent.of(self.world, f"consent {i}", **life) for i, life in enumerate(lives)]
        self.model = [State() for _ in PLACES]
        self.requests = {Request(self.world, f"request {i}"): NONE for i in range(2)}

    def key(self, name, place, right):
        """The key of this name for the consent at this place."""
        consent = self.consents[place]
        answer = next(iter(self.requests)).answer_key
        named = {"spend": consent.spend, "steward": consent.steward, "answer": answer, "thief": fresh_key("thief")}
        return named[right if name == "right" else name]

    def sender(self, name):
        return self.world.stranger if name == "stranger" else getattr(self.world, name).key

    def expect(self, error, function, sender):
        """Send; the receipt if it went through, as it must when no error is expected."""
        if error is None:
            return self.chain.send(function, self.sender(sender))
        self.chain.refuses(error, function, sender=self.sender(sender))
        return None

    def member_error(self, sender):
        return {"relayer": None, "bank": "MemberLacksRole", "stranger": "MemberKeyUnknown"}[sender]

    @rule(which=st.integers(0, 1), sender=SOME_SENDER)
    def ask(self, which, sender):
        request = list(self.requests)[which]
        known = self.requests[request] != NONE
        error = self.member_error(sender) or ("RequestExists" if known else None)
        if self.expect(error, request.ask(), sender):
            self.requests[request] = consent_set.OPEN

    @rule(which=st.integers(0, 1), key=SOME_KEY, sender=SOME_SENDER)
    def refuse(self, which, key, sender):
        request = list(self.requests)[which]
        signer = request.answer_key if key == "right" else self.key(key, 0, "answer")
        error = None if signer.address == request.answer_key.address else "RequestSignatureWrong"
        if self.requests[request] != consent_set.OPEN:
            error = "RequestNotOpen"
        if self.expect(error, request.refuse(signer), sender):
            self.requests[request] = consent_set.REFUSED

    @rule(
        place=SOME_PLACE,
        key=SOME_KEY,
        sender=st.sampled_from(["relayer", "relayer", "bank"]),
        which=st.none() | st.integers(0, 1),
    )
    def grant(self, place, key, sender, which):
        consent, state, now = self.consents[place], self.model[place], self.chain.next_time
        request = None if which is None else list(self.requests)[which]
        steward = self.key(key, place, "steward")
        answering = consent_set.NO_ANSWER if request is None else request.answering(consent.id)
        checks = (
            (self.member_error(sender), self.member_error(sender)),
            (state.state == WITHDRAWN, "ConsentNotLive"),
            (state.state != NONE, "ConsentExists"),
            (consent.expires_at <= now, "ConsentExpired"),
            (consent.grant_before <= now, "ConsentGrantLate"),
            (steward.address != consent.steward.address, "ConsentSignatureWrong"),
            (request and self.requests[request] != consent_set.OPEN, "RequestNotOpen"),
        )
        error = next((name for met, name in checks if met), None)
        if self.expect(error, consent.grant(key=steward, answering=answering), sender):
            self.model[place] = State(LIVE, granted=True)
            if request:
                self.requests[request] = consent_set.GRANTED

    @rule(
        place=SOME_PLACE,
        kind=st.sampled_from([consent_set.PAUSE, consent_set.RESUME, consent_set.WITHDRAW]),
        key=SOME_KEY,
        ahead=st.sampled_from([1, 1, 1, 1, 0, 2]),
        word_digest=st.sampled_from([word("word"), word("word"), ZERO]),
        sender=SOME_SENDER,
    )
    def change(self, place, kind, key, ahead, word_digest, sender):
        consent, state = self.consents[place], self.model[place]
        signer, number = self.key(key, place, "steward"), state.changes + ahead
        make = {
            consent_set.PAUSE: consent.pause,
            consent_set.RESUME: consent.resume,
            consent_set.WITHDRAW: consent.withdraw_by_steward,
        }[kind]
        signed = signer.address == consent.steward.address
        error = state.change_error(kind, number, signed=signed, word_digest=word_digest)
        if self.expect(error, make(number, word_digest=word_digest, key=signer), sender):
            state.changes = number
            state.state = {consent_set.PAUSE: PAUSED, consent_set.RESUME: LIVE, consent_set.WITHDRAW: WITHDRAWN}[kind]

    @rule(place=SOME_PLACE, right=st.booleans(), sender=SOME_SENDER)
    def withdraw(self, place, right, sender):
        consent, state = self.consents[place], self.model[place]
        error = None if right else "ConsentWrongSecret"
        if state.state == WITHDRAWN:
            error = "ConsentNotLive"
        if self.expect(error, consent.withdraw(consent.secret if right else word("guess")), sender):
            state.state = WITHDRAWN

    @rule(
        entries=st.lists(
            st.tuples(SOME_PLACE, st.integers(0, 4), SOME_KEY, st.sampled_from([600, 600, 0, -1])),
            min_size=1,
            max_size=6,
        ),
        sender=SOME_SENDER,
    )
    def use(self, entries, sender):
        now, uses, recorded, refused = self.chain.next_time, [], [], []
        for place, number, key, until in entries:
            consent, state = self.consents[place], self.model[place]
            signer = self.key(key, place, "spend")
            uses.append(consent.use(number, not_after=now + until, key=signer))
            signed = signer.address == consent.spend.address
            reason = state.refusal(consent, number, now, now + until, signed=signed)
            if reason is None:
                state.counted.append((number, word(f"ticket {number}"), now))
                recorded.append((consent.id, number))
            else:
                refused.append((consent.id, number, reason))
        calls = self.contract.functions
        call = calls.recordUse(uses[0]) if len(uses) == 1 else calls.recordUses(uses)
        receipt = self.chain.send(call, self.sender(sender))
        told = events(self.contract, receipt, "UseRecorded")
        assert [(event["consent"], event["number"]) for event in told] == recorded
        told = events(self.contract, receipt, "UseRefused")
        assert [(event["consent"], event["number"], event["reason"]) for event in told] == refused

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds):
        self.chain.wait(seconds)

    @invariant()
    def the_chain_shows_what_the_model_says(self):
        now = self.chain.next_time
        for consent, state in zip(self.consents, self.model, strict=True):
            found = self.chain.read(self.contract.functions.consent(consent.id))
            used = sum(1 << number - 1 for number in state.numbers)
            assert (found[0], found[5], found[8]) == (state.state, state.changes, used)
            assert used.bit_count() == len(state.counted) <= consent.max_uses
            assert found[9] == (consent.uses_digest(*state.counted) if state.granted else ZERO)
            assert found[7] == (consent.spend.address if state.granted else NOBODY)
            in_time = consent.not_before <= now < consent.expires_at
            live = state.state == LIVE and in_time and len(state.counted) < consent.max_uses
            assert self.chain.read(self.contract.functions.isLive(consent.id)) == live
            assert self.chain.read(self.contract.functions.exists(consent.id)) == state.granted
        for request, state in self.requests.items():
            assert self.chain.read(self.contract.functions.requestState(request.id)) == state


def test_no_sequence_of_calls_exceeds_or_acts_without_the_three_keys(founded):
    run_state_machine_as_test(
        type("ConsentMachine", (Machine,), {"founded": founded}),
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],  # a step is some blocks
        ),
    )
