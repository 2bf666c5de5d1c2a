"""What happened on the ledger, as its registries' events say it, in the order of the chain."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ledger_node.domain.status import Plane


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

    ``number``: which change or which use it was. ``use``: the use's id. ``answer``: the consent that a request
    was answered with. ``by_secret``: of a withdrawal that no relayer vouches for.
    """

    step: Step
    id: bytes
    recorded: Inclusion
    number: int = 0
    use: bytes | None = None
    answer: bytes | None = None
    by_secret: bool = False


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """Positions of one word of a member's bitmap got a status. ``reason``: a ``StatusReason``, or one unknown here."""

    member: bytes
    plane: Plane
    word: int
    mask: int
    recorded: Inclusion
    reason: int = 0


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


LedgerEvent: TypeAlias = ConsentEvent | StatusEvent | ControlEvent
