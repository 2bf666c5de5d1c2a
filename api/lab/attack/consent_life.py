"""Lives of consents for a rehearsal: asked for, granted or refused, used, paused, withdrawn, as chance has it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Final

from api.client.asking import Asker
from api.client.client import Client
from api.client.consent import accept, purpose_of, signing_domain
from api.client.credential import credential_named
from api.client.spending import OfferedSpendKey, new_spend_seed
from api.home.home import Home
from api.lab.attack.corpus import Json
from api.lab.demo.actor import consent_request
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.purpose import Purpose
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes

_MONTH_DAYS: Final = 31
_MOST_ASKED: Final = 4
_AT_ONCE: Final = 6
_OVER: Final = object()
_QUESTIONS: Final = (
    "tax_payment.paid_amount >= 200000 CNY during 2025",
    "tax_payment.months_paid_on_time_12m >= 6 months during 2025",
    "tax_credit_rating.grade in {A, B}",
    "tax_credit_rating.rating_year reveal",
    "penalty_summary.count_24m < 2",
)
_PURPOSES: Final = ("loan_application", "post_loan_monitoring", "guarantee", "subsidy_or_tender")

_SEED: Final = new_spend_seed()
"""Of all banks: what it would link, only they could."""


@dataclass(frozen=True, slots=True)
class Firm:
    """A registered firm that signs with one key."""

    code: str
    subject: bytes
    key: bytes = field(repr=False)
    client: Client = field(repr=False)

    @classmethod
    def of(cls, home: Home, url: str, name: str, code: str) -> "Firm":
        """Return the firm that was registered under ``name`` in this folder."""
        credential = credential_named(home, name)
        subject = from_hex(credential.client, "subject")
        return cls(code, subject, home.read_key(name), Client(url, credential))


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank that asks."""

    name: str
    member: bytes
    client: Client = field(repr=False)


@dataclass(frozen=True, slots=True)
class Life:
    """What is to happen to one consent; it is drawn without a look at who it is about, so habits tell nothing."""

    purpose: str
    questions: tuple[str, ...]
    days: int
    uses: int
    is_asked: bool
    is_refused: bool
    verified: int
    is_paused: bool
    withdrawn_by: str | None

    @classmethod
    def drawn(cls, random: Random, *, is_refused: bool = False) -> "Life":
        """Draw a life within the ceilings of its purpose."""
        purpose = random.choice(_PURPOSES)
        asked = [text for text in _QUESTIONS if purpose != "subsidy_or_tender" or "paid_amount" not in text]
        months = random.randint(2, 12) if purpose == "post_loan_monitoring" else 1
        most = {"post_loan_monitoring": months, "subsidy_or_tender": 1}.get(purpose, 3)
        return cls(
            purpose=purpose,
            questions=tuple(sorted(random.sample(asked, random.randint(1, _MOST_ASKED)))),
            days=months * _MONTH_DAYS,
            uses=random.randint(1, most),
            is_asked=is_refused or random.random() < 0.5,  # noqa: PLR2004 - half of them
            is_refused=is_refused,
            verified=random.choice((0, 1, 1, 2, 3)),
            is_paused=random.random() < 0.25,  # noqa: PLR2004 - a quarter
            withdrawn_by=random.choice((None, None, "secret", "signature")),
        )


class Stage:
    """Where lives are lived: the ledger that signatures count on, and the purposes of its consortium.

    It notes what only the people know: whose ``consents`` and ``requests`` there are, and the banks' ``answers``.
    """

    def __init__(self, client: Client) -> None:
        self.domain: SigningDomain = signing_domain(client.get("/v1/ledger"))
        self._purposes: dict[str, Purpose] = {code: purpose_of(client, code) for code in _PURPOSES}
        self.consents: dict[str, dict[str, Json]] = {}
        self.requests: dict[str, dict[str, Json]] = {}
        self.answers: list[tuple[Bank, Json]] = []

    def live(self, life: Life, firm: Firm, bank: Bank) -> Iterator[None]:
        """Live a life step by step: each step is done when the next one is asked for."""
        parties, purpose = (firm.subject, (bank.name, bank.member)), self._purposes[life.purpose]
        key = OfferedSpendKey.draw(_SEED)
        asked = consent_request(*parties, purpose, life.questions, key, days=life.days, uses=life.uses)
        request = None
        if life.is_asked:
            body: dict[str, JSON] = {"request": asked.to_json(), "answer_key": to_hex(_SEED.answer_key(key.salt))}
            request = str(bank.client.post("/v1/consent-requests", body)["id"])
            self.requests[request] = {"credit_code": firm.code, "bank": bank.name}
            yield
        if request is not None and life.is_refused:
            digest = refusal_digest(from_hex(request, "request"), self.domain)
            firm.client.post(f"/v1/consent-requests/{request}/refusal", _signed(firm, digest))
            return
        secret = random_bytes(32)
        consent = self._grant(asked, firm, secret, request)
        self.consents[consent] = {
            "credit_code": firm.code,
            "bank": bank.name,
            "questions": len(life.questions),
            "purpose": life.purpose,
            "asked": list(life.questions),
        }
        yield
        asker = Asker(bank.client, _SEED, consent) if life.verified else None
        for _ in range(life.verified):
            assert asker is not None  # noqa: S101 - it is made where there are verifications
            self.answers.append((bank, asker.ask(list(life.questions))))
            yield
        if life.is_paused:
            yield from self._pause_and_resume(firm, consent)
        if life.withdrawn_by is not None:
            digest = withdrawal_digest(from_hex(consent, "consent"), self.domain)
            body = {"secret": to_hex(secret)} if life.withdrawn_by == "secret" else _signed(firm, digest)
            firm.client.post(f"/v1/consents/{consent}/withdrawal", body)

    def _grant(self, asked: ConsentRequest, firm: Firm, secret: bytes, request: str | None) -> str:
        consent, _ = accept(firm.client, asked, Language.CHINESE, secret, now=clock.now())
        signed = _signed(firm, consent.digest(self.domain))
        body = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json(), "request": request, **signed}
        return str(firm.client.post("/v1/consents", body)["id"])

    def _pause_and_resume(self, firm: Firm, consent: str) -> Iterator[None]:
        for number, change in enumerate((Change.PAUSE, Change.RESUME), 1):
            digest = change_digest(from_hex(consent, "consent"), change, number, self.domain)
            body: dict[str, JSON] = {"change": change.value, "number": number, **_signed(firm, digest)}
            firm.client.post(f"/v1/consents/{consent}/changes", body)
            yield


def live_all(lives: Sequence[Iterator[None]], random: Random) -> None:
    """Live all lives, mixed: who take the next steps, several at once, is drawn each time.

    An instance whose one relayer is busy sends by the next one, so all of them relay.
    """
    running = list(lives)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while running:
            drawn = random.sample(running, min(_AT_ONCE, len(running)))
            ended = [life for life, is_over in zip(drawn, pool.map(_is_over, drawn), strict=True) if is_over]
            running = [life for life in running if life not in ended]


def _is_over(life: Iterator[None]) -> bool:
    """Take the next step of a life; return whether there was none."""
    return next(life, _OVER) is _OVER


def _signed(firm: Firm, digest: bytes) -> dict[str, JSON]:
    return {"signatures": [to_hex(sign(digest, firm.key))]}
