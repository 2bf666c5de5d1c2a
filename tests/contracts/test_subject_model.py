"""SubjectRegistry against a model of some thirty lines, in sequences that Hypothesis draws, time included."""

from dataclasses import dataclass, field

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

from tests.kit.contract import ZERO, events, word

IDS = [word(f"subject {i}") for i in range(2)]
COMMITMENTS = [word(f"commitment {i}") for i in range(5)]
SOME_ID = st.sampled_from(IDS)
SOME_COMMITMENT = st.sampled_from([*COMMITMENTS, ZERO])
SOME_NUMBER = st.sampled_from([0, 0, 0, 1, -1])
DELAY = 72 * 3600


@dataclass
class Subject:
    """The model: what the design says of a subject, in Python."""

    entries: list = field(default_factory=list)
    number: int = 0
    asked: int = 0
    pending: bytes = ZERO

    def append(self, commitment, now, registrar):
        self.entries.append((commitment, now, registrar))

    def change_error(self, commitment):
        if not self.entries:
            return "SubjectUnknown"
        if commitment == ZERO:
            return "SubjectCommitmentZero"
        return "SubjectCommitmentCurrent" if self.entries[-1][0] == commitment else None

    def register_error(self, commitment):
        if self.entries:
            return "SubjectExists"
        return "SubjectCommitmentZero" if commitment == ZERO else None

    def pending_error(self, number):
        return "SubjectRecoveryNotPending" if self.pending == ZERO or number != self.number else None


class Machine(RuleBasedStateMachine):
    """Steps on chain and model alike; ``deployed`` is set by the test."""

    deployed = None

    @initialize()
    def begin(self):
        consortium, snapshot = self.deployed
        self.chain, self.consortium, self.contract = consortium.chain, consortium, consortium.subjects
        self.subjects = self.contract.functions
        self.chain.revert(snapshot)
        self.registrar = consortium.registrar.id
        self.model = {subject_id: Subject() for subject_id in IDS}
        self.register(IDS[0], COMMITMENTS[0])

    def expect(self, error, function, who="registrar"):
        """Send as somebody; the receipt if it went through, as it must when no error is expected."""
        member = getattr(self.consortium, who)
        if error is None:
            return self.chain.send(function, member.key)
        self.chain.refuses(error, function, sender=member.key)
        return None

    @rule(subject_id=SOME_ID, commitment=SOME_COMMITMENT)
    def register(self, subject_id, commitment):
        subject, now = self.model[subject_id], self.chain.next_time
        function = self.subjects.register(subject_id, commitment)
        if self.expect(subject.register_error(commitment), function):
            subject.append(commitment, now, self.registrar)

    @rule(subject_id=SOME_ID, commitment=SOME_COMMITMENT)
    def rotate(self, subject_id, commitment):
        subject, now = self.model[subject_id], self.chain.next_time
        receipt = self.expect(subject.change_error(commitment), self.subjects.rotate(subject_id, commitment))
        if receipt:
            cancelled = events(self.contract, receipt, "SubjectRecoveryCancelled")
            assert [event["number"] for event in cancelled] == [subject.number] * (subject.pending != ZERO)
            subject.pending = ZERO
            subject.append(commitment, now, self.registrar)

    @rule(subject_id=SOME_ID, commitment=SOME_COMMITMENT)
    def request_recovery(self, subject_id, commitment):
        subject, now = self.model[subject_id], self.chain.next_time
        error = subject.change_error(commitment)
        if error is None and subject.pending != ZERO:
            error = "SubjectRecoveryPending"
        if self.expect(error, self.subjects.requestRecovery(subject_id, commitment)):
            subject.pending, subject.asked, subject.number = commitment, now, subject.number + 1

    @rule(subject_id=SOME_ID, off=SOME_NUMBER, who=st.sampled_from(["registrar", "relayer"]))
    def cancel_recovery(self, subject_id, off, who):
        subject = self.model[subject_id]
        number = max(0, subject.number + off)
        if self.expect(subject.pending_error(number), self.subjects.cancelRecovery(subject_id, number), who):
            subject.pending = ZERO

    def complete(self, subject_id, off):
        subject, now = self.model[subject_id], self.chain.next_time
        number = max(0, subject.number + off)
        error = subject.pending_error(number)
        if error is None and now < subject.asked + DELAY:
            error = "SubjectRecoveryEarly"
        if self.expect(error, self.subjects.completeRecovery(subject_id, number)):
            subject.append(subject.pending, now, self.registrar)
            subject.pending = ZERO

    @rule(subject_id=SOME_ID, off=SOME_NUMBER)
    def complete_recovery(self, subject_id, off):
        self.complete(subject_id, off)

    @precondition(lambda self: any(subject.pending != ZERO for subject in self.model.values()))
    @rule(off=st.sampled_from([-2, -1, 0, 1, 3600]))
    def complete_about_when_it_is_due(self, off):
        subject_id = next(key for key, subject in self.model.items() if subject.pending != ZERO)
        due = self.model[subject_id].asked + DELAY + off
        if due > self.chain.next_time:
            self.chain.at(due)
        self.complete(subject_id, 0)

    @rule(subject_id=SOME_ID, commitment=SOME_COMMITMENT, what=st.integers(0, 3))
    def somebody_without_the_role_tries(self, subject_id, commitment, what):
        function = (
            self.subjects.register(subject_id, commitment),
            self.subjects.rotate(subject_id, commitment),
            self.subjects.requestRecovery(subject_id, commitment),
            self.subjects.completeRecovery(subject_id, self.model[subject_id].number),
        )[what]
        self.expect("MemberLacksRole", function, "relayer")

    @rule(hours=st.integers(1, 80))
    def wait(self, hours):
        self.chain.at(self.chain.next_time + hours * 3600)

    @invariant()
    def the_chain_shows_what_the_model_says(self):
        for subject_id, subject in self.model.items():
            count = self.chain.read(self.subjects.count(subject_id))
            entries = [tuple(self.chain.read(self.subjects.entry(subject_id, i))) for i in range(count)]
            assert entries == subject.entries
            recovery = tuple(self.chain.read(self.subjects.recovery(subject_id)))
            assert recovery == (subject.pending, subject.number, subject.asked)


def test_no_sequence_of_calls_makes_an_illegal_transition(engine):
    run_state_machine_as_test(
        type("SubjectMachine", (Machine,), {"deployed": engine}),
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],  # a step is some blocks
        ),
    )
