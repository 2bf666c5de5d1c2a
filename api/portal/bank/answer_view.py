"""The result of a check as a page shows it: the sum, a row a question, what it rests on, and the checks of evidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from api.language.translation import N_
from api.portal.bank.advice import Advice, advice_on
from api.portal.bank.words import BankWords, FirmShown
from api.services.portfolio.change import BasisChange
from api.services.verification.answer import ClaimResult
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.report import CheckName, Report, Result
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import Presentation, ShownClaim
from ledger_node.domain.proof import Outcome, revealed
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane

_DAY: Final = 86_400


class VerdictShown(StrEnum):
    """A verdict as it is shown: sign, word and colour stand together."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


_VERDICTS: Final = {
    Outcome.HOLDS: VerdictShown.YES,
    Outcome.DOES_NOT_HOLD: VerdictShown.NO,
    Outcome.CANNOT_TELL: VerdictShown.UNKNOWN,
}
CHECK_WORDS: Final = {
    CheckName.FORM: N_("The file is whole"),
    CheckName.NETWORK: N_("It is of this network"),
    CheckName.BLOCK: N_("The block is sealed"),
    CheckName.STATE: N_("The state is proven"),
    CheckName.MEMBERS: N_("Names of members"),
    CheckName.KEYS: N_("Signing keys"),
    CheckName.CONSENT: N_("The firm's consent"),
    CheckName.SUBJECT: N_("Who the firm is"),
    CheckName.ANSWERS: N_("Each answer"),
    CheckName.RECEIPT: N_("Receipt of the answer"),
    CheckName.DAY: N_("Valid on this day"),
}


@dataclass(frozen=True, slots=True)
class Basis:
    """One attestation under an answer. Days since 1970-01-01; ``change``: what became of it since."""

    department: str
    title: str
    as_of: int
    valid_until: int
    change: Plane | None = None

    @property
    def is_revoked(self) -> bool:
        """Whether the department revoked it since."""
        return self.change is Plane.REVOKED


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A question and its answer. ``advice``: why it cannot be told; ``values``: what was shown."""

    question: tuple[str, ...]
    text: str
    verdict: VerdictShown
    bases: tuple[Basis, ...] = ()
    advice: Advice | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of the evidence. ``words``: a text to translate; ``reason``: why it failed."""

    number: int
    words: str
    result: Result
    reason: Reason | None = None

    @property
    def passed(self) -> bool:
        """Whether it passed."""
        return self.result is Result.PASSED


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """How many questions were answered how."""

    yes: int
    no: int
    unknown: int

    @property
    def all(self) -> int:
        """How many questions there were."""
        return self.yes + self.no + self.unknown

    @classmethod
    def of(cls, rows: Sequence[AnswerRow]) -> "AnswerCounts":
        """Return the counts of rows."""
        found = [row.verdict for row in rows]
        return cls(*(found.count(verdict) for verdict in VerdictShown))


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """A check that was made. Times in seconds. ``digest``: of the evidence, shortened; ``failed``: the check that did.

    ``advice``: on that check; ``delete_by``: when the bank must have deleted the answer; ``may_act``: whoever looks is
    an officer.
    """

    use: str
    firm: FirmShown
    credit_code: str
    subject: bytes
    consent: str
    purpose: str
    answered_at: int
    counts: AnswerCounts
    rows: tuple[AnswerRow, ...]
    used: int
    max_uses: int
    expires_at: int
    checks: tuple[CheckRow, ...]
    failed: CheckRow | None
    digest: str
    block: int
    delete_by: int
    is_due: bool
    may_act: bool
    advice: Advice | None


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """A check that showed nothing. ``is_spent``: a use was counted all the same."""

    firm: FirmShown
    consent: str
    rows: tuple[AnswerRow, ...]
    is_spent: bool


def answer_page(
    report: Report,
    words: BankWords,
    firm: Callable[[bytes], FirmShown],
    changes: Sequence[BasisChange],
    *,
    now: int,
    may_act: bool = False,
) -> AnswerPage:
    """Return the page of an answer whose evidence was looked at; without verdicts where a check failed.

    Raises:
        InvalidInputError: ``field_missing``; the evidence is of no answer that showed something.
    """
    bundle = report.bundle
    shown = None if bundle is None else bundle.presentation
    consent, subject, use = (None,) * 3 if shown is None else (shown.consent, shown.subject, shown.use)
    if bundle is None or shown is None or consent is None or subject is None or use is None:
        raise InvalidInputError(Reason.FIELD_MISSING, "this evidence shows no answer")
    counted = use.counted
    checks = check_rows(report)
    failed = next((check for check in checks if check.result is Result.FAILED), None)
    read = words.reading(bundle.schemas, bundle.names)
    rows = () if failed is not None else answer_rows(shown, read, bundle, changes)
    answered_at = bundle.block.header.timestamp if counted is None else counted.time
    delete_by = answered_at + consent.terms.retention_days * _DAY
    digest = to_hex(bundle.digest)
    return AnswerPage(
        use="" if counted is None else to_hex(counted.ticket),
        firm=firm(consent.terms.subject),
        credit_code=subject.credit_code,
        subject=consent.terms.subject,
        consent=to_hex(consent.id),
        purpose=consent.terms.purpose_text,
        answered_at=answered_at,
        counts=AnswerCounts.of(rows),
        rows=rows,
        used=len(use.uses),
        max_uses=consent.bounds.max_uses,
        expires_at=consent.bounds.expires_at,
        checks=checks,
        failed=failed,
        digest=f"{digest[:10]}…{digest[-10:]}",
        block=bundle.block.header.number,
        delete_by=delete_by,
        is_due=delete_by <= now,
        may_act=may_act,
        advice=None if failed is None or failed.reason is None else advice_on(failed.reason, words.language),
    )


def answer_rows(
    shown: Presentation, words: BankWords, bundle: Bundle, changes: Sequence[BasisChange]
) -> tuple[AnswerRow, ...]:
    """Return a row for each claim of an answer. ``bundle``: its evidence."""
    return tuple(_row(claim, words, bundle, changes) for claim in shown.claims)


def refused_page(
    results: Sequence[ClaimResult], words: BankWords, firm: FirmShown, consent: str, *, is_spent: bool
) -> RefusedPage:
    """Return the page of a check that showed nothing."""
    rows = tuple(
        AnswerRow(
            words.question(one.claim),
            one.claim,
            VerdictShown.UNKNOWN,
            advice=advice_on(one.reason or Reason.INTERNAL, words.language),
        )
        for one in results
    )
    return RefusedPage(firm, consent, rows, is_spent)


def check_rows(report: Report) -> tuple[CheckRow, ...]:
    """Return the checks of evidence in their order."""
    return tuple(
        CheckRow(check.name.number, CHECK_WORDS[check.name], check.result, check.reason) for check in report.checks
    )


def _row(claim: ShownClaim, words: BankWords, bundle: Bundle, changes: Sequence[BasisChange]) -> AnswerRow:
    advice = (
        None if claim.verdict is not Outcome.CANNOT_TELL else advice_on(claim.reason or Reason.INTERNAL, words.language)
    )
    return AnswerRow(
        question=words.claim(claim.claim),
        text=claim.claim.text(bundle.schemas),
        verdict=_VERDICTS[claim.verdict],
        bases=tuple(_bases(claim, words, bundle, changes)),
        advice=advice,
        values=() if advice is not None else tuple(_values(claim, bundle)),
    )


def _bases(claim: ShownClaim, words: BankWords, bundle: Bundle, changes: Sequence[BasisChange]) -> list[Basis]:
    since = {one.attestation: one.plane for one in changes}
    found = []
    for part in claim.parts:
        header = bundle.presentation.attestations[part.attestation].header
        found.append(
            Basis(
                department=bundle.names[header.issuer],
                title=words.title(claim.claim.parts[part.part].schema),
                as_of=header.as_of,
                valid_until=header.valid_until // _DAY,
                change=since.get(part.attestation),
            )
        )
    return list(dict.fromkeys(found))


def _values(claim: ShownClaim, bundle: Bundle) -> list[str]:
    found = []
    for part in claim.parts:
        question = claim.claim.parts[part.part]
        header = bundle.presentation.attestations[part.attestation].header
        field = bundle.schemas.attested(header.schema_id, question.schema).field(question.field)
        value = revealed(field, part.proof)
        if value is not None:
            found.append(field.text(value))
    return found
