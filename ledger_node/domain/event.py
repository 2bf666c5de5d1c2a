"""What happened on the ledger, as its registries' events say it, in the order of the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, TypeAlias

from ledger_node.domain.status import NOBODY, Mark, Plane, changes_digest


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where the ledger recorded something; ``block_time`` in seconds since 1970-01-01 UTC."""

    transaction: bytes
    block_number: int
    block_hash: bytes
    block_time: int


class Step(StrEnum):
    """What happened to a request (first three) or to a consent."""

    REQUESTED = "ConsentRequested"
    ANSWERED = "RequestGranted"
    REFUSED = "RequestRefused"
    GRANTED = "ConsentGranted"
    PAUSED = "ConsentPaused"
    RESUMED = "ConsentResumed"
    WITHDRAWN = "ConsentWithdrawn"
    USED = "UseRecorded"


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One step of the request or consent ``id``.

    ``number``: which change the steward key signed, or the number of a use. ``use``: the ticket, which is the use's id.
    ``answer``: the consent that a request was answered with. ``by_secret``: of a withdrawal that shows the secret.
    ``word_digest``: of a change, what binds the controllers' word for it; zeros for none.
    """

    step: Step
    id: bytes
    recorded: Inclusion
    number: int = 0
    use: bytes | None = None
    answer: bytes | None = None
    by_secret: bool = False
    word_digest: bytes | None = None


class StatusStep(StrEnum):
    """What happened to positions of a member's bitmap.

    ``RESTORED``: the council had what a compromised key set cleared. ``CONFIRMED``: what a good key set is set again.
    """

    CHANGED = "StatusChanged"
    RESTORED = "StatusRestored"
    CONFIRMED = "StatusConfirmed"


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """Positions of a member's bitmap got a status, or lost it again (``RESTORED``).

    ``words``, ``masks``: which ones. ``mark``: digest of the mark that this is about. Of a change also: ``number`` (its
    own, or the batch's for the reason 0), ``reason`` (a ``StatusReason``, or one unknown here), ``actor`` (the member,
    its successor, or ``NOBODY`` for the council) and ``key`` (whose signature it was).
    """

    step: StatusStep
    member: bytes
    plane: Plane
    words: tuple[int, ...]
    masks: tuple[int, ...]
    recorded: Inclusion
    mark: bytes
    number: int = 0
    reason: int = 0
    actor: bytes = NOBODY
    key: bytes = b""

    @classmethod
    def changed(cls, mark: Mark, words: Sequence[int], masks: Sequence[int], recorded: Inclusion) -> Self:
        """Return the event of a list that set bits and left ``mark``."""
        return cls(
            StatusStep.CHANGED,
            mark.member,
            mark.plane,
            tuple(words),
            tuple(masks),
            recorded,
            mark.digest,
            mark.number,
            mark.reason,
            mark.actor,
            mark.key,
        )

    @property
    def changes_digest(self) -> bytes:
        """What was signed of the lists."""
        return changes_digest(self.words, self.masks)


RESTORE_AGREED: Final = "StatusRestoreAgreed"


@dataclass(frozen=True, slots=True)
class RestoreEvent:
    """The council agreed on what is to be cleared of a mark, which a compromised key left.

    ``clear``: the digest of (words, what is to go of each), or zeros if nothing is to be cleared any more.
    """

    member: bytes
    mark: bytes
    key: bytes
    clear: bytes
    recorded: Inclusion


class ControlStep(StrEnum):
    """What happened to the controllers of a subject."""

    ROTATED = "SubjectRotated"
    RECOVERY_REQUESTED = "SubjectRecoveryRequested"
    RECOVERY_CANCELLED = "SubjectRecoveryCancelled"
    RECOVERY_ABANDONED = "SubjectRecoveryAbandoned"
    RECOVERED = "SubjectRecovered"
    HELD = "SubjectHeld"
    REGISTRAR_NAMED = "SubjectRegistrarNamed"


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """One step of who controls a subject.

    ``number``: which recovery or hold it was, 0 for others. ``entry``: the index of a new entry. ``commitment``: to the
    new controllers, where it names them. ``member``: who sent it, or the registrar; None for nobody.
    ``completable_at``: when a recovery that was requested may take effect, in block time. ``by_registrar``: of a hold.
    """

    step: ControlStep
    subject: bytes
    recorded: Inclusion
    number: int = 0
    entry: int | None = None
    commitment: bytes | None = None
    member: bytes | None = None
    completable_at: int | None = None
    by_registrar: bool = False


LedgerEvent: TypeAlias = ConsentEvent | StatusEvent | RestoreEvent | ControlEvent
