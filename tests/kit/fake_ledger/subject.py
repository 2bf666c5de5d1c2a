"""The fake's part of subjects: the rules of the SubjectRegistry, in its order."""

from dataclasses import dataclass, replace

from ledger_node.chain.port import (
    HOLD_INTERVAL_S,
    RECOVERY_LAPSE_S,
    Recovery,
    Role,
    SubjectLedger,
    SubjectStanding,
)
from ledger_node.domain.controller_act import chain_signatures, subject_id
from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, EntryKind
from ledger_node.domain.event import ControlEvent, ControlStep
from ledger_node.domain.fact import KeyPurpose
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import NO_KEY, NO_MEMBER, actor_of, is_successor, require_not_frozen

NO_ADDRESS = bytes(20)
NO_RECOVERY = Recovery(None, 0, NO_MEMBER, NO_ADDRESS, 0)
NO_STANDING = SubjectStanding(0, 0, 0, 0)
MAX_CANCELLATIONS = 255


@dataclass(frozen=True)
class Registered:
    """A subject was registered. The port tells it by ``subjects_since`` alone."""

    subject: bytes


class FakeSubjects(FakeAccess, SubjectLedger):
    """Subjects and their controllers."""

    @property
    def subject_domain(self):
        return self._domain("SubjectRegistry")

    def register_subject(self, commitment, salt):
        with self.chain.transaction() as made:
            key = self._as_registrar()
            registrar = actor_of(made, key, Role.REGISTRAR, KeyPurpose.REGISTER)
            subject = subject_id(self.subject_domain, registrar, commitment, salt)
            require(subject not in made.state.entries, "SubjectExists")
            require(any(commitment), "SubjectCommitmentZero")
            append(made, subject, commitment, EntryKind.REGISTERED, registrar=registrar, key=key)
            made.emit(Registered(subject))
        return made.mined

    def subjects_since(self, block):
        return [event.subject for _, event in self._events(block) if isinstance(event, Registered)]

    def controller_history(self, subject):
        entries, holds = self._state.entries.get(subject, ()), self._state.holds.get(subject, ())
        numbered = dict(enumerate((since for since, _ in holds), start=1))
        return ControllerHistory(dict(enumerate(entries)), {len(entries): 0}, numbered | {len(holds) + 1: 0})

    def controller_entry(self, subject, index):
        entries = self._state.entries.get(subject, ())
        return entries[index] if index < len(entries) else None

    def entry_count(self, subject):
        return len(self._state.entries.get(subject, ()))

    def hold_count(self, subject):
        return len(self._state.holds.get(subject, ()))

    def current_entry(self, subject):
        found = current(self._state, subject)
        return None if found is None else found[:2]

    def rotate(self, rotation, retiring, signatures):
        signed = chain_signatures(retiring, rotation.digest(self.subject_domain), signatures, retiring.threshold)
        subject, commitment = rotation.subject, rotation.controllers.commitment
        with self._sent_by_anyone() as (made, member):
            require(len(entries_of(made, subject)) == rotation.entry, "SubjectNumberWrong")
            require(made.time >= standing(made, subject).held_until, "SubjectOnHold")
            require_other(made, subject, commitment)
            root = require_signed(made, rotation, retiring, signed, retiring.threshold)
            if is_pending(made.state, subject, made.time):
                cancel(made, subject, member)
            append(made, subject, commitment, EntryKind.ROTATED, link=root)
            made.emit(
                ControlEvent(
                    ControlStep.ROTATED,
                    subject,
                    made.recorded,
                    entry=rotation.entry,
                    commitment=commitment,
                    member=member,
                )
            )
        return made.mined

    def recovery(self, subject):
        last = self._state.recoveries.get(subject, NO_RECOVERY)
        # a view is asked about the block that comes next
        pending = is_pending(self._state, subject, max(self.chain.now, self.head().time))
        return last if pending else replace(last, commitment=None)

    def standing_of(self, subject):
        return self._state.standings.get(subject, NO_STANDING)

    def registrar_of(self, subject):
        require(subject in self._state.entries, "SubjectUnknown")
        return registrar_of(self._state, subject)

    def request_recovery(self, subject, number, entry, commitment):
        with self._sent_by_registrar(subject) as (made, registrar):
            last = made.state.recoveries.get(subject, NO_RECOVERY)
            require(not is_pending(made.state, subject, made.time), "SubjectRecoveryPending")
            require(number == last.number + 1, "SubjectNumberWrong")
            require(entry == len(entries_of(made, subject)), "SubjectNumberWrong")
            require_other(made, subject, commitment)
            completable_at = made.time + standing(made, subject).recovery_wait(made.time)
            begun = Recovery(commitment, number, registrar, self._as_registrar(), completable_at)
            made.state.recoveries[subject] = begun
            made.emit(
                ControlEvent(
                    ControlStep.RECOVERY_REQUESTED,
                    subject,
                    made.recorded,
                    number=number,
                    commitment=commitment,
                    member=registrar,
                    completable_at=completable_at,
                )
            )
        return made.mined

    def cancel_recovery(self, cancellation, controllers, signatures):
        signed = chain_signatures(controllers, cancellation.digest(self.subject_domain), signatures, 1)
        subject = cancellation.subject
        with self._sent_by_anyone() as (made, member):
            last = require_pending(made, subject, cancellation.number)
            needed = standing(made, subject).needed_to_cancel(controllers.threshold, made.time)
            require_signed(made, cancellation, controllers, signed, needed)
            require(last.commitment == cancellation.commitment, "SubjectSignatureWrong")
            cancel(made, subject, member)
        return made.mined

    def abandon_recovery(self, subject, number):
        with self._sent_by_registrar(subject) as (made, registrar):
            last = require_pending(made, subject, number)
            made.state.recoveries[subject] = replace(last, commitment=None)
            step = ControlStep.RECOVERY_ABANDONED
            made.emit(ControlEvent(step, subject, made.recorded, number=number, member=registrar))
        return made.mined

    def complete_recovery(self, subject, number):
        with self._sent_by_registrar(subject) as (made, registrar):
            last = require_pending(made, subject, number)
            require(made.time >= last.completable_at, "SubjectRecoveryEarly")
            before = current(made.state, subject)
            entry, link = len(entries_of(made, subject)), 0 if before is None else before[0]
            append(
                made,
                subject,
                last.commitment,
                EntryKind.RECOVERED,
                link=link,
                registrar=last.registrar,
                key=last.key,
            )
            made.state.recoveries[subject] = replace(last, commitment=None)
            made.state.standings.pop(subject, None)
            step = ControlStep.RECOVERED
            made.emit(ControlEvent(step, subject, made.recorded, number=number, entry=entry, member=registrar))
        return made.mined

    def hold(self, hold, controllers, signature):
        signed = chain_signatures(controllers, hold.digest(self.subject_domain), [signature], 1)
        with self._sent_by_anyone() as (made, member):
            require_signed(made, hold, controllers, signed, 1)
            begin_hold(made, hold.subject, hold.number, member, by_registrar=False)
        return made.mined

    def hold_by_registrar(self, subject, number):
        with self._sent_by_registrar(subject) as (made, registrar):
            begin_hold(made, subject, number, registrar, by_registrar=True)
        return made.mined

    def _sent_by_registrar(self, subject):
        return self._transaction(lambda made: require_registrar(made, self._as_registrar(), subject))

    def _sent_by_anyone(self):
        key = self._sender(self._relayer or self._registrar)

        def member(made):
            require_not_frozen(made)
            return made.state.member_of.get(key)

        return self._transaction(member)


def controller_history(state, query):
    """Return the facts about a subject that a query asks for."""
    entries, holds = state.entries.get(query.subject, ()), state.holds.get(query.subject, ())
    return ControllerHistory(
        {index: entries[index] for index in query.entries},
        {index: entries[index].since if index < len(entries) else 0 for index in query.begins},
        {number: holds[number - 1][0] if number <= len(holds) else 0 for number in query.holds},
    )


def entries_of(made, subject):
    """Return the entries of a subject that is registered."""
    require(subject in made.state.entries, "SubjectUnknown")
    return made.state.entries[subject]


def standing(made, subject):
    """Return cancellations and holds of a subject."""
    return made.state.standings.get(subject, NO_STANDING)


def append(made, subject, commitment, kind, *, link=0, registrar=NO_MEMBER, key=NO_ADDRESS):
    """Append an entry of controllers."""
    entries = made.state.entries.get(subject, ())
    entry = ControllerEntry(commitment, key, made.time, kind, link, registrar)
    made.state.entries[subject] = (*entries, entry)


def is_trusted(state, member, key, time):
    """Return whether what a key did at a time stands by what is known of it."""
    compromised_from = state.keys.get((member, key), NO_KEY).compromised_from
    return not compromised_from or time < compromised_from


def current(state, subject):
    """Return index, entry and root's index of the last entry that counts, or None."""
    entries = state.entries.get(subject, ())
    for index in reversed(range(len(entries))):
        root = entries[index].link if entries[index].kind is EntryKind.ROTATED else index
        if is_trusted(state, entries[root].registrar, entries[root].key, entries[root].since):
            return index, entries[index], root
    return None


def is_pending(state, subject, time):
    """Return whether the last recovery of a subject can be completed, now or later, or be cancelled."""
    last = state.recoveries.get(subject, NO_RECOVERY)
    in_time = time < last.completable_at + RECOVERY_LAPSE_S
    return last.commitment is not None and in_time and is_trusted(state, last.registrar, last.key, time)


def require_pending(made, subject, number):
    """Require that this recovery is pending, and return it."""
    last = made.state.recoveries.get(subject, NO_RECOVERY)
    pending = last.number == number and is_pending(made.state, subject, made.time)
    require(pending, "SubjectRecoveryNotPending")
    return last


def cancel(made, subject, member):
    """Cancel the pending recovery of a subject; a year after the last cancellation they count from one again."""
    last, before = made.state.recoveries[subject], standing(made, subject)
    cancellations = before.cancellations if before.recovery_wait(made.time) > NO_STANDING.recovery_wait(0) else 0
    made.state.recoveries[subject] = replace(last, commitment=None)
    made.state.standings[subject] = replace(
        before, cancelled_at=made.time, cancellations=min(cancellations + 1, MAX_CANCELLATIONS)
    )
    step = ControlStep.RECOVERY_CANCELLED
    made.emit(ControlEvent(step, subject, made.recorded, number=last.number, member=member))


def begin_hold(made, subject, number, member, *, by_registrar):
    """Hold a subject."""
    holds, before = made.state.holds.get(subject, ()), standing(made, subject)
    require(number == len(holds) + 1, "SubjectNumberWrong")
    held_at = before.registrar_held_at if by_registrar else before.controller_held_at
    require(not held_at or made.time >= held_at + HOLD_INTERVAL_S, "SubjectHoldTooSoon")
    changed = {"registrar_held_at" if by_registrar else "controller_held_at": made.time}
    made.state.standings[subject] = replace(before, **changed)
    made.state.holds[subject] = (*holds, (made.time, by_registrar))
    made.emit(
        ControlEvent(ControlStep.HELD, subject, made.recorded, number=number, member=member, by_registrar=by_registrar)
    )


def registrar_of(state, subject):
    """Return whom the council named, or who registered or recovered a subject last as far as that counts."""
    named = state.named_registrars.get(subject, NO_MEMBER)
    if any(named):
        return named
    found = current(state, subject)
    return state.entries[subject][0 if found is None else found[2]].registrar


def require_registrar(made, key, subject):
    """Require that a key acts for the subject's registrar or its successor, and return the member."""
    member = actor_of(made, key, Role.REGISTRAR, KeyPurpose.REGISTER)
    require(subject in made.state.entries, "SubjectUnknown")
    own = registrar_of(made.state, subject)
    require(member == own or is_successor(made.state, member, own), "SubjectRegistrarForeign")
    return member


def require_other(made, subject, commitment):
    """Require that a subject gets another set than the one in force."""
    require(any(commitment), "SubjectCommitmentZero")
    found = current(made.state, subject)
    require(found is None or found[1].commitment != commitment, "SubjectCommitmentCurrent")


def require_signed(made, act, controllers, signed, needed):
    """Require that the set shown is in force and so many of it signed in time; return its root."""
    require(made.time <= act.deadline, "SubjectSignatureLate")
    entries_of(made, act.subject)
    found = current(made.state, act.subject)
    require(found is not None, "SubjectNoneCounts")
    require(found[1].commitment == controllers.commitment, "SubjectControllersWrong")
    persons = {controllers.keys[index].person for index, _ in signed}
    require(len(persons) >= needed, "SubjectThresholdNotMet")
    return found[2]
