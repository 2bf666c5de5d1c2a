"""Who looked at a firm in a month: banks with questions and answers, also refused tries, and the firm itself."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from api.instance.wiring import Instance
from api.language.moment import table_minute
from api.language.reason_words import Reader, reason_words
from api.language.translation import N_, translation
from api.portal.firm.looked.month import Month, months_to_choose
from api.portal.firm.own_answer.view import VERDICTS
from api.portal.firm.words import FirmWords
from api.services.access_log.row_proof import OpenRow, RowProof, proofs_of
from api.services.record.look import LoggedLook
from ledger_node.domain.access import AccessRow
from ledger_node.domain.consent_text import Language
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.question_words import plain

MAX_SHOWN: Final = 500
_OWN: Final = {
    LookKind.RECORDS: N_("The values of your records"),
    LookKind.ANSWERS: N_("What your answers would be"),
    LookKind.FILE_WISH: N_("The file of your records was asked for"),
    LookKind.FILE: N_("The file of your records was fetched"),
}
_VERDICT_WORDS: Final = {"yes": N_("yes"), "no": N_("no"), "unknown": N_("cannot tell")}
PROOF_WORDS: Final = {
    RowProof.PROVEN: N_("checked against the ledger"),
    RowProof.WAITING: N_("waits to be entered in the ledger"),
    RowProof.FAILED: N_("differs from the ledger: tell your registrar"),
}
_HEADS: Final = (
    N_("Time"),
    N_("Who"),
    N_("Employee"),
    N_("How"),
    N_("For"),
    N_("Question"),
    N_("Answer"),
    N_("Why"),
    N_("Proof"),
)


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A question and its answer: yes, no or unknown. ``why``: where it cannot be told."""

    question: tuple[str, ...]
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a bank. ``operator``: whom it names. ``is_by_person``: that one signed it; otherwise a program asked.

    ``purpose``: None without a consent of the firm. ``is_refused``: the bank asked and was refused; no check was
    counted. ``path``: of "I did not agree to this".
    """

    time: int
    bank: str
    operator: str | None
    is_by_person: bool
    purpose: str | None
    lines: tuple[AskedLine, ...]
    is_refused: bool
    proof: RowProof
    proof_words: str
    path: str


@dataclass(frozen=True, slots=True)
class BankTotal:
    """What one bank asked in the month."""

    bank: str
    looks: int
    refused: int
    yes: int
    no: int
    unknown: int


@dataclass(frozen=True, slots=True)
class OwnLookLine:
    """A look of the firm itself. ``person``: the number of who signed."""

    time: int
    what: str
    person: int


@dataclass(frozen=True, slots=True)
class LookedPage:
    """The page. ``months``: (code, words) to choose from. ``is_cut``: there is more than is shown.

    ``erased``: how many rows cannot be opened any more.
    """

    month: str
    month_words: str
    months: tuple[tuple[str, str], ...]
    totals: tuple[BankTotal, ...]
    looks: tuple[Look, ...]
    own: tuple[OwnLookLine, ...]
    erased: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class DoubtPage:
    """What to do about a look that nobody agreed to. ``consent``: the path of its consent, if it is the firm's."""

    look: Look
    consent: str | None


def looked_page(instance: Instance, subject: bytes, month: Month | None, language: Language, now: int) -> LookedPage:
    """Return the page of a month; None: of this month.

    Raises:
        ChainError: the ledger does not answer.
    """
    chosen = month or Month.of(now)
    own = instance.records.looks(subject)
    firsts = [instance.access.first_of_subject(subject), *(one.time for one in own[-1:])]
    months = months_to_choose(min((each for each in firsts if each is not None), default=None), now)
    rows, erased = instance.access.between(subject, since=chosen.since, until=chosen.until, limit=MAX_SHOWN)
    looks = looks_of(instance, rows, FirmWords.of(instance, language))
    return LookedPage(
        month=chosen.code,
        month_words=chosen.words(language),
        months=tuple((each.code, each.words(language)) for each in months),
        totals=totals_of(looks),
        looks=looks,
        own=tuple(_own_line(one, language) for one in own if chosen.since <= one.time < chosen.until),
        erased=erased,
        is_cut=len(rows) + erased == MAX_SHOWN,
    )


def doubt_page(instance: Instance, subject: bytes, leaf: bytes, language: Language) -> DoubtPage:
    """Return what to do about one look.

    Raises:
        InvalidInputError: ``not_found``.
        ChainError: the ledger does not answer.
    """
    row = instance.access.row_of_subject(subject, leaf)
    (look,) = looks_of(instance, [row], FirmWords.of(instance, language))
    held = instance.consents.find(row.row.consent)
    is_own = held is not None and held.refusal is None and held.shown.terms.subject == subject
    return DoubtPage(look, f"/consents/{row.row.consent.hex()}" if is_own else None)


def looks_of(instance: Instance, rows: Sequence[OpenRow], words: FirmWords) -> tuple[Look, ...]:
    """Return rows as looks: the questions of one use are one look, a refused question is one by itself."""
    proofs = proofs_of(rows, instance.ledger, keeper=instance.access.operator)
    grouped = [list(held) for _, held in groupby(rows, key=lambda one: one.row.use or one.leaf)]
    return tuple(_look(held, words, _worst(proofs[one.leaf] for one in held)) for held in grouped)


def _worst(proofs: Iterable[RowProof]) -> RowProof:
    found = set(proofs)
    return next(each for each in (RowProof.FAILED, RowProof.WAITING, RowProof.PROVEN) if each in found)


def _look(rows: Sequence[OpenRow], words: FirmWords, proof: RowProof) -> Look:
    first = rows[0]
    row = first.row
    return Look(
        time=row.time,
        bank=words.member(row.bank),
        operator=None if row.operator is None else plain(row.operator),
        is_by_person=row.officer is not None,
        purpose=None if row.purpose is None else words.purpose(row.purpose),
        lines=tuple(_line(one.row, words) for one in reversed(rows)),
        is_refused=row.use is None,
        proof=proof,
        proof_words=translation(words.language).gettext(PROOF_WORDS[proof]),
        path=f"/looked/{first.leaf.hex()}/doubt",
    )


def _line(row: AccessRow, words: FirmWords) -> AskedLine:
    why = "" if row.reason is None else reason_words(row.reason, words.language, Reader.FIRM).meaning
    return AskedLine(words.question(row.question), VERDICTS[row.verdict], why)


def totals_of(looks: Sequence[Look]) -> tuple[BankTotal, ...]:
    """Return what each bank asked, the one that asked most first."""
    totals = []
    for bank in {look.bank for look in looks}:
        own = [look for look in looks if look.bank == bank]
        said = Counter(line.verdict for look in own if not look.is_refused for line in look.lines)
        refused = sum(look.is_refused for look in own)
        totals.append(BankTotal(bank, len(own) - refused, refused, said["yes"], said["no"], said["unknown"]))
    return tuple(sorted(totals, key=lambda one: (-one.looks, one.bank)))


def _own_line(one: LoggedLook, language: Language) -> OwnLookLine:
    return OwnLookLine(one.time, translation(language).gettext(_OWN[one.kind]), one.person)


def looked_rows(view: LookedPage, language: Language) -> list[tuple[str, ...]]:
    """Return the rows of the month's file."""
    gettext = translation(language).gettext
    rows: list[tuple[str, ...]] = [tuple(gettext(head) for head in _HEADS)]
    for look in view.looks:
        how = gettext("signed in person") if look.is_by_person else gettext("by program")
        who = table_minute(look.time), look.bank, look.operator or "", how, look.purpose or ""
        for line in look.lines:
            answer = gettext("refused") if look.is_refused else gettext(_VERDICT_WORDS[line.verdict])
            question = " / ".join(line.question).replace("\N{NO-BREAK SPACE}", " ")
            rows.append((*who, question, answer, line.why, look.proof_words))
    for own in view.own:
        signer = gettext("signer %(number)s") % {"number": own.person}
        rows.append((table_minute(own.time), gettext("your firm"), signer, "", own.what, "", "", "", ""))
    return rows
