"""ConsentRegistry against a model of some thirty lines, in sequences that Hypothesis draws."""

from dataclasses import dataclass

from eth_utils import keccak
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.kit.contract import events, word

IDS = [word(f"consent {i}") for i in range(3)]
SOME_ID = st.sampled_from(IDS)
REQUESTS = [word(f"request {i}") for i in range(2)]
SOME_REQUEST = st.sampled_from(REQUESTS)
UNKNOWN, WITHDRAWN, NOT_YET_VALID, EXPIRED, EXHAUSTED, PAUSED = range(6)
LIVE_STATE, WITHDRAWN_STATE, PAUSED_STATE = 1, 2, 3
OPEN, GRANTED, REFUSED = 1, 2, 3


def secret_of(consent_id):
    return keccak(consent_id)


@dataclass
class Consent:
    """The model: what the design says of a consent, in Python."""

    start: int
    end: int
    maximum: int
    uses: int = 0
    withdrawn: bool = False
    paused: bool = False
    changes: int = 0

    def refusal(self, now):
        if self.withdrawn:
            return WITHDRAWN
        if self.paused:
            return PAUSED
        if now < self.start:
            return NOT_YET_VALID
        if now >= self.end:
            return EXPIRED
        return EXHAUSTED if self.uses == self.maximum else None


def grant_error(known, now, start, end, maximum, request):
    """The error that a grant meets, if any; ``request``: the state of the request it answers, OPEN for none."""
    checks = {
        "ConsentExists": known,
        "ConsentPeriodInvalid": end <= start,
        "ConsentExpired": end <= now,
        "ConsentUsesZero": maximum == 0,
        "RequestNotOpen": request != OPEN,
    }
    return next((name for name, met in checks.items() if met), None)


def withdraw_error(consent, how):
    """The error that a withdrawal meets, if any."""
    if consent is None:
        return "ConsentUnknown"
    if consent.withdrawn:
        return "ConsentNotLive"
    return "ConsentWrongSecret" if how == "wrong secret" else None


def change_error(consent, number, *, pausing):
    """The error that a pause or a resumption meets, if any."""
    if consent is None:
        return "ConsentUnknown"
    if consent.withdrawn:
        return "ConsentNotLive"
    if consent.paused is pausing:
        return "ConsentAlreadyPaused" if pausing else "ConsentNotPaused"
    return None if number == consent.changes + 1 else "ConsentChangeNumberWrong"


class Machine(RuleBasedStateMachine):
    """Steps on chain and model alike; ``deployed`` is set by the test."""

    deployed = None

    @initialize()
    def begin(self):
        consortium, snapshot = self.deployed
        self.chain, self.contract = consortium.chain, consortium.consents
        self.consents, self.relayer = self.contract.functions, consortium.relayer.key
        self.chain.revert(snapshot)
        self.model = {}
        self.requests = {}

    def expect(self, error, function):
        """Send; whether it went through, as it must when no error is expected."""
        if error is None:
            self.chain.send(function, self.relayer)
        else:
            self.chain.refuses(error, function, sender=self.relayer)
        return error is None

    @rule(
        consent_id=SOME_ID,
        start=st.integers(-20, 20),
        length=st.integers(-5, 40),
        maximum=st.integers(0, 4),
        request=st.none() | SOME_REQUEST,
    )
    def grant(self, consent_id, start, length, maximum, request):
        now = self.chain.next_time
        start, end = now + start, now + start + length
        state = OPEN if request is None else self.requests.get(request, 0)
        error = grant_error(consent_id in self.model, now, start, end, maximum, state)
        secret_hash = keccak(b"\x40" + secret_of(consent_id))
        function = self.consents.grant(consent_id, start, end, maximum, secret_hash, request or bytes(32))
        if self.expect(error, function):
            self.model[consent_id] = Consent(start, end, maximum)
            if request is not None:
                self.requests[request] = GRANTED

    @rule(request=SOME_REQUEST)
    def ask(self, request):
        if self.expect("RequestExists" if request in self.requests else None, self.consents.request(request)):
            self.requests[request] = OPEN

    @rule(request=SOME_REQUEST)
    def refuse(self, request):
        error = None if self.requests.get(request) == OPEN else "RequestNotOpen"
        if self.expect(error, self.consents.refuse(request)):
            self.requests[request] = REFUSED

    @rule(consent_id=SOME_ID, pausing=st.booleans(), ahead=st.sampled_from([1, 1, 1, 0, 2]))
    def change(self, consent_id, pausing, ahead):
        consent = self.model.get(consent_id)
        number = ahead + (0 if consent is None else consent.changes)
        function = (self.consents.pause if pausing else self.consents.resume)(consent_id, number)
        if self.expect(change_error(consent, number, pausing=pausing), function):
            consent.paused, consent.changes = pausing, number

    @rule(consent_id=SOME_ID, how=st.sampled_from(["secret", "wrong secret", "relayer"]))
    def withdraw(self, consent_id, how):
        secret = secret_of(consent_id) if how == "secret" else word("wrong")
        by_secret = self.consents.withdraw(consent_id, secret)
        function = self.consents.withdrawByRelayer(consent_id) if how == "relayer" else by_secret
        consent = self.model.get(consent_id)
        if self.expect(withdraw_error(consent, how), function):
            consent.withdrawn = True

    @rule(ids=st.lists(SOME_ID, max_size=6))
    def use(self, ids):
        now = self.chain.next_time
        use_ids = [word(f"use {i}") for i in range(len(ids))]
        receipt = self.chain.send(self.consents.recordUses(ids, use_ids), self.relayer)
        recorded, refused = [], []
        for consent_id, use_id in zip(ids, use_ids, strict=True):
            consent = self.model.get(consent_id)
            reason = UNKNOWN if consent is None else consent.refusal(now)
            if reason is None:
                consent.uses += 1
                recorded.append({"consentId": consent_id, "useId": use_id, "uses": consent.uses})
            else:
                refused.append({"consentId": consent_id, "useId": use_id, "reason": reason})
        assert events(self.contract, receipt, "UseRecorded") == recorded
        assert events(self.contract, receipt, "UseRefused") == refused

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds):
        self.chain.at(self.chain.next_time + seconds)

    @invariant()
    def the_chain_shows_what_the_model_says(self):
        now = self.chain.next_time
        for consent_id in IDS:
            consent = self.model.get(consent_id)
            state, _, start, end, maximum, uses, _, changes, _ = self.chain.read(self.consents.consent(consent_id))
            live = self.chain.read(self.consents.isLive(consent_id))
            if consent is None:
                assert (state, live) == (0, False)
                continue
            not_withdrawn = PAUSED_STATE if consent.paused else LIVE_STATE
            assert state == (WITHDRAWN_STATE if consent.withdrawn else not_withdrawn)
            assert changes == consent.changes
            assert (start, end, maximum) == (consent.start, consent.end, consent.maximum)
            assert uses == consent.uses
            assert live == (consent.refusal(now) is None)
        for request in REQUESTS:
            assert self.chain.read(self.consents.requestState(request)) == self.requests.get(request, 0)


def test_no_sequence_of_calls_makes_an_illegal_transition(engine):
    run_state_machine_as_test(
        type("ConsentMachine", (Machine,), {"deployed": engine}),
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],  # a step is some blocks
        ),
    )
