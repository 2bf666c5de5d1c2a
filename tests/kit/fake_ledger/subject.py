"""The fake's part of subjects: the rules of the SubjectRegistry, in its order."""

from dataclasses import dataclass

from ledger_node.chain.port import ControllerEntry, Recovery, Role, SubjectLedger
from ledger_node.domain.event import ControlEvent, ControlStep
from ledger_node.domain.fact import KeyPurpose
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import actor_of

NO_RECOVERY = Recovery(None, 0, 0)


@dataclass(frozen=True)
class Registered:
    """A subject was registered. The port tells it by ``subjects_since`` alone."""

    subject: bytes


class FakeSubjects(FakeAccess, SubjectLedger):
    """Subjects and their controllers."""

    @property
    def subject_domain(self):
        return self._domain("SubjectRegistry")

    def register_subject(self, subject, commitment):
        with self.chain.transaction() as made:
            registrar = actor_of(made, self._as_registrar(), Role.REGISTRAR, KeyPurpose.REGISTER)
            require(any(subject), "SubjectIdZero")
            require(subject not in made.state.entries, "SubjectExists")
            require(any(commitment), "SubjectCommitmentZero")
            append(made, subject, commitment, registrar)
            made.emit(Registered(subject))
        return made.mined

    def subjects_since(self, block):
        return [event.subject for _, event in self._events(block) if isinstance(event, Registered)]

    def controller_entry(self, subject, number):
        entries = self._state.entries.get(subject, ())
        return entries[number] if number < len(entries) else None

    def rotate(self, subject, commitment):
        with self.chain.transaction() as made:
            registrar = actor_of(made, self._as_registrar(), Role.REGISTRAR, KeyPurpose.REGISTER)
            require_change(made, subject, commitment)
            if pending(made, subject).commitment is not None:
                cancel(made, subject)
            append(made, subject, commitment, registrar)
            made.emit(ControlEvent(ControlStep.ROTATED, subject, made.recorded, commitment=commitment))
        return made.mined

    def recovery(self, subject):
        return self._state.recoveries.get(subject, NO_RECOVERY)

    def request_recovery(self, subject, commitment):
        with self.chain.transaction() as made:
            actor_of(made, self._as_registrar(), Role.REGISTRAR, KeyPurpose.REGISTER)
            require_change(made, subject, commitment)
            last = pending(made, subject)
            require(last.commitment is None, "SubjectRecoveryPending")
            begun = Recovery(commitment, last.number + 1, made.time)
            made.state.recoveries[subject] = begun
            made.emit(
                ControlEvent(
                    ControlStep.RECOVERY_REQUESTED,
                    subject,
                    made.recorded,
                    number=begun.number,
                    commitment=commitment,
                    completable_at=begun.completable_at,
                )
            )
        return made.mined

    def cancel_recovery(self, subject, number, *, by):
        key = self._as_registrar() if by is Role.REGISTRAR else self._as_relayer()
        with self.chain.transaction() as made:
            actor_of(made, key, Role.RELAYER | Role.REGISTRAR, KeyPurpose.RELAY | KeyPurpose.REGISTER)
            require_pending(made, subject, number)
            cancel(made, subject)
        return made.mined

    def complete_recovery(self, subject, number):
        with self.chain.transaction() as made:
            registrar = actor_of(made, self._as_registrar(), Role.REGISTRAR, KeyPurpose.REGISTER)
            last = require_pending(made, subject, number)
            require(made.time >= last.completable_at, "SubjectRecoveryEarly")
            made.state.recoveries[subject] = Recovery(None, last.number, last.requested_at)
            append(made, subject, last.commitment, registrar)
            done = ControlEvent(
                ControlStep.RECOVERED, subject, made.recorded, number=number, commitment=last.commitment
            )
            made.emit(done)
        return made.mined


def append(made, subject, commitment, registrar):
    """Append an entry of controllers."""
    entries = made.state.entries.get(subject, ())
    made.state.entries[subject] = (*entries, ControllerEntry(commitment, made.time, registrar))


def pending(made, subject):
    """Return the last recovery of a subject."""
    return made.state.recoveries.get(subject, NO_RECOVERY)


def cancel(made, subject):
    """Cancel the pending recovery of a subject."""
    last = pending(made, subject)
    made.state.recoveries[subject] = Recovery(None, last.number, last.requested_at)
    made.emit(ControlEvent(ControlStep.RECOVERY_CANCELLED, subject, made.recorded, number=last.number))


def require_change(made, subject, commitment):
    """Require that a subject is known and gets other controllers."""
    entries = made.state.entries.get(subject)
    require(entries, "SubjectUnknown")
    require(any(commitment), "SubjectCommitmentZero")
    require(entries[-1].commitment != commitment, "SubjectCommitmentCurrent")


def require_pending(made, subject, number):
    """Require that this recovery is pending, and return it."""
    last = pending(made, subject)
    require(last.commitment is not None and last.number == number, "SubjectRecoveryNotPending")
    return last
