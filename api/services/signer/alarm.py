"""What threatens a firm: somebody asked for other signers, or a key is in the wrong hands. One tap answers each.

A recovery is called off by any signer the first time in a year, later by as many persons as must sign. All of them sign
one digest, good until the recovery lapses; what the first ones signed waits for the others.
"""

from dataclasses import dataclass

from api.services.control.hold import HeldSubject, HoldService
from api.services.control.recovery import RecoveryService
from api.services.draft.signature_collection import SignatureCollection
from api.services.subject.controller_history import ControllerHistory
from api.storage.database import Store
from ledger_node.chain.port import SubjectLedger
from ledger_node.domain.controller_act import Cancellation, Hold
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature


@dataclass(frozen=True, slots=True)
class RecoveryAlarm:
    """A recovery that waits, from ``takes_effect_at`` on. ``signed``: persons who cancel it, of ``needed``."""

    cancellation: Cancellation
    takes_effect_at: int
    digest: bytes
    signed: tuple[int, ...]
    needed: int


class Alarms:
    """Shows what threatens a firm, and takes the signatures that stop it."""

    def __init__(
        self,
        store: Store,
        ledger: SubjectLedger,
        history: ControllerHistory,
        recoveries: RecoveryService,
        holds: HoldService,
    ) -> None:
        self._store, self._ledger, self._history = store, ledger, history
        self._recoveries, self._holds = recoveries, holds
        self._signatures = SignatureCollection(store)

    def recovery(self, subject: bytes, *, now: int) -> RecoveryAlarm | None:
        """Return the recovery of a firm that waits, if one does.

        Raises:
            ChainError: the ledger does not answer.
        """
        state = self._ledger.recovery(subject)
        if state.commitment is None or now >= state.lapses_at:
            return None
        current = self._history.current(subject)
        cancellation = Cancellation(subject, state.number, state.commitment, state.lapses_at)
        digest = cancellation.digest(self._ledger.subject_domain)
        standing, at = self._ledger.standing_of(subject), max(now, self._ledger.head().time)
        return RecoveryAlarm(
            cancellation,
            state.completable_at,
            digest,
            self._signatures.persons([digest], current.entry)[digest],
            standing.needed_to_cancel(current.controllers.threshold, at),
        )

    def cancel(self, subject: bytes, signature: Signature, *, now: int) -> bool:
        """Take a signer's signature on the cancellation, and return whether the recovery is called off now.

        Raises:
            InvalidInputError: ``recovery_not_pending``; it is over.
            VerificationError: ``signer_repeated``, or the signature does not check.
            ChainError: the ledger refuses or does not answer; ask again.
        """
        alarm = self.recovery(subject, now=now)
        if alarm is None:
            raise InvalidInputError(Reason.RECOVERY_NOT_PENDING, "nobody asks for other signers now")
        with self._history.locked(subject) as current:
            person, signatures = self._signatures.with_new(current, alarm.digest, signature)
            if len(signatures) < alarm.needed:
                with self._store.begin() as connection:
                    self._signatures.add(connection, current, alarm.digest, person, signature)
                return False
        made = alarm.cancellation
        self._recoveries.cancel(subject, made.number, tuple(signatures), made.deadline, now=now)
        return True

    def next_hold(self, subject: bytes, deadline: int) -> tuple[Hold, bytes]:
        """Return the hold that any one signer may call, and what is signed.

        Raises:
            ChainError: the ledger does not answer.
        """
        made = Hold(subject, self._ledger.hold_count(subject) + 1, deadline)
        return made, made.digest(self._ledger.subject_domain)

    def hold(self, hold: Hold, signature: Signature, *, now: int) -> HeldSubject:
        """Hold a firm on one signer's signature.

        Raises:
            InvalidInputError: as ``HoldService.hold``.
            VerificationError: as there.
            ChainError: as there.
        """
        return self._holds.hold(hold, (signature,), now=now)
