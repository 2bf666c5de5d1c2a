"""What a firm's answers to a request would be: yes, no or cannot tell, and never a value."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.language.reason_words import Reader, reason_words
from api.portal.firm.look_form import LookForm
from api.portal.firm.words import FirmWords
from api.services.consent.request import StoredRequest
from api.services.self_answer.self_answer import SelfAnswer
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

VERDICTS = {Outcome.HOLDS: "yes", Outcome.DOES_NOT_HOLD: "no", Outcome.CANNOT_TELL: "unknown"}
"""Verdicts as templates name them."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A question and what its answer would be. ``verdict``: yes, no or unknown; None: not looked at yet.

    ``why``, ``next_step``: where it cannot be told.
    """

    question: tuple[str, ...]
    verdict: str | None = None
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class OwnAnswersPage:
    """The page. ``look``: the form that opens the answers; None: they are open."""

    path: str
    back: str
    bank: str
    lines: tuple[AnswerLine, ...]
    look: LookForm | None


def asking_page(held: StoredRequest, words: FirmWords, look: LookForm) -> OwnAnswersPage:
    """Return the page before the look: the questions alone."""
    return _page(held, [AnswerLine(words.question(text)) for text in held.asked.questions], look)


def answers_page(held: StoredRequest, answers: Sequence[SelfAnswer], words: FirmWords) -> OwnAnswersPage:
    """Return the page with what the answers would be."""
    return _page(held, [_line(one, words) for one in answers], None)


def _page(held: StoredRequest, lines: Sequence[AnswerLine], look: LookForm | None) -> OwnAnswersPage:
    path = f"/requests/{held.id.hex()}"
    return OwnAnswersPage(f"{path}/answers", path, held.asked.grantee_name, tuple(lines), look)


def _line(one: SelfAnswer, words: FirmWords) -> AnswerLine:
    verdict = VERDICTS[one.verdict]
    if one.verdict is not Outcome.CANNOT_TELL:
        return AnswerLine(words.question(one.question), verdict)
    said = reason_words(one.reason or Reason.INTERNAL, words.language, Reader.FIRM)
    return AnswerLine(words.question(one.question), verdict, said.meaning, said.next_step)
