"""What a firm sees of a bank's request: the words to agree to, who signed, and what the browser signs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from api.catalogue.datatype import schemas
from api.instance.wiring import Instance
from api.portal.firm.receipt_number import receipt_number
from api.services.consent.request import StoredRequest
from api.services.draft.draft import Draft
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.consent_act import refusal_digest
from ledger_node.domain.consent_text import Language, TextLine
from ledger_node.domain.json_object import to_hex

_QUESTION: Final = "question."
_CARDS: Final = {
    "bank": "who",
    "purpose": "who",
    "questions": "questions",
    "departments": "data",
    "data": "data",
    "validity": "limits",
    "grant_before": "limits",
    "retention": "limits",
    "told": "told",
    "withdraw": "told",
}
"""Which lines stand together. The questions follow their heading; a line of another key stands by itself."""
_LABELLED: Final = frozenset({"who", "data", "limits"})
_LONGEST_LABEL: Final = 16
"""A longer one would make a narrow column of many lines on a phone: its line stays one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the words, which is one element. ``label`` and ``value`` make up its text; the label may be empty.

    ``is_unusual``: a question that the purpose does not usually need.
    """

    key: str
    label: str
    value: str
    is_unusual: bool = False

    @property
    def text(self) -> str:
        """The words that are signed."""
        return self.label + self.value


@dataclass(frozen=True, slots=True)
class Card:
    """Lines that stand together."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class RequestPage:
    """The page. ``title``: the first line. ``language``: of the words. ``data``: what the scripts sign.

    ``signed``, ``needed``: persons. ``refusals``: how many signed a refusal. ``has_signed``, ``has_refused``: whether
    this visitor did.
    """

    path: str
    bank: str
    title: Line
    cards: tuple[Card, ...]
    language: Language
    drawn_up_at: int
    good_until: str
    signed: int
    needed: int
    has_signed: bool
    refusals: int
    has_refused: bool
    data: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class AnsweredPage:
    """What a request is after its answer. ``consent``: the path of the consent that was granted; None: refused."""

    bank: str
    number: str
    consent: str | None = None
    uses: int = 0
    until: str = ""


@dataclass(frozen=True, slots=True)
class OtherDevice:
    """The code that opens a request on another device of the firm, shown once. ``path``: of the request."""

    path: str
    minutes: int
    code: str = field(repr=False)
    qr: Markup = field(repr=False)
    address: str


def cards_of(lines: Sequence[TextLine], unusual: frozenset[int]) -> tuple[Line, tuple[Card, ...]]:
    """Return the title and the cards of the words: every line once, in its order.

    ``unusual``: the numbers of questions that the purpose does not usually need.
    """
    title, *others = lines
    cards: list[tuple[str, list[Line]]] = []
    for line in others:
        name = "questions" if line.key.startswith(_QUESTION) else _CARDS.get(line.key, "other")
        if not cards or cards[-1][0] != name:
            cards.append((name, []))
        cards[-1][1].append(_line(line, name, unusual))
    return Line(title.key, "", title.text), tuple(Card(name, tuple(held)) for name, held in cards)


def _line(line: TextLine, card: str, unusual: frozenset[int]) -> Line:
    key, text = line.key, line.text
    if key.startswith(_QUESTION):
        number, space, question = text.partition(" ")
        # of a combination its first line bears the mark
        _, place, *parts = key.split(".")
        return Line(key, number + space, question, not parts and int(place) in unusual)
    if card in _LABELLED:
        for sign in ("：", ": "):
            label, found, value = text.partition(sign)
            if found and len(label) <= _LONGEST_LABEL:
                return Line(key, label + found, value)
    return Line(key, "", text)


def unusual_of(instance: Instance, terms: Terms) -> frozenset[int]:
    """Return the numbers of the questions that the purpose of terms does not usually need, counted from 1."""
    purpose = instance.purposes.named(terms.purpose)
    claims = [Claim.parse(text, schemas()) for text in terms.questions]
    return frozenset(number for number, claim in enumerate(claims, start=1) if not purpose.is_usual(claim))


def request_page(
    instance: Instance,
    held: StoredRequest,
    draft: Draft,
    person: int | None,
    credentials: Sequence[str],
    language: Language,
) -> RequestPage:
    """Return the page of an open request. ``person``: who looks, by the number that the firm's controllers give.

    ``language``: of the page; that of the words is the draft's.

    Raises:
        ChainError: the ledger does not answer.
    """
    domain = instance.ledger.consent_domain
    refusal = refusal_digest(held.id, domain)
    refused_by = instance.joint_acts.persons(held.asked.subject, refusal)
    consent = draft.consent
    title, cards = cards_of(draft.lines, unusual_of(instance, consent.terms))
    return RequestPage(
        path=f"/requests/{held.id.hex()}",
        bank=held.asked.grantee_name,
        title=title,
        cards=cards,
        language=Language(consent.terms.language),
        drawn_up_at=draft.drawn_up_at,
        good_until=time_words(draft.good_until, language),
        signed=len(draft.signed),
        needed=draft.needed,
        has_signed=person in draft.signed,
        refusals=len(refused_by),
        has_refused=person in refused_by,
        data={
            "domain": {"chain_id": domain.chain_id, "contract": to_hex(domain.contract)},
            "credentials": list(credentials),
            "terms": consent.terms.to_json(),
            "bounds": consent.bounds.to_json(),
            "request": to_hex(held.id),
            "expected": {"grant": draft.id.hex(), "refuse": refusal.hex()},
        },
    )


def answered_page(instance: Instance, held: StoredRequest, language: Language) -> AnsweredPage:
    """Return the page of a request that was granted or refused."""
    for granted in instance.consents.of_subject(held.asked.subject):
        if granted.request == held.id and granted.refusal is None:
            bounds = granted.shown.bounds
            return AnsweredPage(
                bank=held.asked.grantee_name,
                number=receipt_number(granted.shown.id),
                consent=f"/consents/{granted.shown.id.hex()}",
                uses=bounds.max_uses,
                until=time_words(bounds.expires_at, language),
            )
    return AnsweredPage(held.asked.grantee_name, receipt_number(held.id))
