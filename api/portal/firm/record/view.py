"""What a firm sees of its records: which there are, their values after a signed look, and how the file stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Final

from api.instance.wiring import Instance
from api.language.moment import table_day
from api.language.translation import N_, translation
from api.portal.firm.look_form import LookForm, look_form
from api.portal.firm.receipt_number import receipt_number
from api.portal.firm.words import FirmWords
from api.services.record.record import OwnRecord
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.value import format_date

_HEADS: Final = (
    N_("Department"),
    N_("Record"),
    N_("Number of the record"),
    N_("Data as of"),
    N_("Valid until"),
    N_("What"),
    N_("Value"),
)


class FileState(StrEnum):
    """How the file of all records stands: nobody asked for it, it waits, or it can be fetched."""

    NONE = "none"
    WAITING = "waiting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class ValueLine:
    """What one field of a record says."""

    label: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordCard:
    """A record. ``number``: to name it by; ``as_of``: in days; ``valid_until``: in seconds; ``values``: if signed."""

    number: str
    sentence: str
    as_of: int
    valid_until: int
    is_over: bool
    values: tuple[ValueLine, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class DepartmentCard:
    """A department and the records that are its own."""

    name: str
    records: tuple[RecordCard, ...]


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """The page. ``look``: the form that opens the values; None: they are open. ``ready``: when the file can be fetched.

    ``file``: the form that asks for the file, or fetches it; None while it waits.
    """

    departments: tuple[DepartmentCard, ...]
    look: LookForm | None
    file_state: FileState
    ready: str
    file: LookForm | None

    @property
    def is_open(self) -> bool:
        """Whether values are shown."""
        return self.look is None


def records_page(
    instance: Instance, subject: bytes, credentials: Sequence[str], language: Language, now: int
) -> RecordsPage:
    """Return the page without any value, and what opens them.

    Raises:
        VerificationError: ``erased``.
        ChainError: the ledger does not answer.
    """
    ready_at = instance.records.file_ready_at(subject, now=now)
    if ready_at is None:
        state, kind = FileState.NONE, LookKind.FILE_WISH
    else:
        state, kind = (FileState.WAITING if now < ready_at else FileState.READY), LookKind.FILE
    look, file = (
        look_form(instance.records.begin(subject, each, now=now), credentials) for each in (LookKind.RECORDS, kind)
    )
    return RecordsPage(
        departments=departments_of(instance.records.listed(subject), FirmWords.of(instance, language), now),
        look=look,
        file_state=state,
        ready="" if ready_at is None else time_words(ready_at, language),
        file=None if state is FileState.WAITING else file,
    )


def opened_page(records: Sequence[OwnRecord], words: FirmWords, now: int) -> RecordsPage:
    """Return the page with the values of records that a signed look opened."""
    return RecordsPage(departments_of(records, words, now), None, FileState.NONE, "", None)


def departments_of(records: Sequence[OwnRecord], words: FirmWords, now: int) -> tuple[DepartmentCard, ...]:
    """Return records by their departments."""
    ordered = sorted(records, key=lambda one: words.member(one.member))
    return tuple(
        DepartmentCard(name, tuple(_card(one, words, now) for one in held))
        for name, held in groupby(ordered, key=lambda one: words.member(one.member))
    )


def _card(one: OwnRecord, words: FirmWords, now: int) -> RecordCard:
    return RecordCard(
        number=receipt_number(one.digest),
        sentence=words.record(one),
        as_of=one.as_of,
        valid_until=one.valid_until,
        is_over=one.is_over(now),
        values=tuple(ValueLine(words.label(one.schema, each), words.value(one.schema, each)) for each in one.values),
    )


def file_rows(records: Sequence[OwnRecord], words: FirmWords, now: int) -> list[tuple[str, ...]]:
    """Return the rows of the file. Its first line says that it proves nothing: banks ask, and get answers."""
    gettext = translation(words.language).gettext
    rows: list[tuple[str, ...]] = [
        (gettext("A copy for the firm itself. It proves nothing to anybody else."), time_words(now, words.language)),
        tuple(gettext(head) for head in _HEADS),
    ]
    for department in departments_of(records, words, now):
        for one in department.records:
            days = format_date(one.as_of), table_day(one.valid_until)
            head = (department.name, one.sentence, one.number, *days)
            rows += [(*head, line.label, line.value) for line in one.values] or [(*head, "", "")]
    return rows
