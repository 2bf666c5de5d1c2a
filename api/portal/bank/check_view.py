"""A consent as the officer sees it: what may be asked, how often it was, and the button for one more check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.language.translation import N_
from api.portal.bank.advice import Advice, advice_on
from api.portal.bank.list_view import CONSENT_WORDS
from api.portal.bank.signing import Signing, signing
from api.portal.bank.words import BankWords, FirmShown
from api.services.portfolio.consents import ConsentStanding
from api.services.verification.prepared_use import PreparedUse
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse

_NO_BUTTON: Final = {
    Reason.FIELD_MISSING: N_(
        "This instance does not hold the seed of your bank's keys, so it cannot spend a check. "
        "Your administrator hands it over once: credence consent hand-over-seed."
    ),
    Reason.USE_SIGNATURE_WRONG: N_(
        "This consent was asked for with another seed than the one that is held here. Check where it was asked."
    ),
    Reason.NOT_ALLOWED: N_("Officers of your bank can check."),
}
_UNUSABLE: Final = {
    "early": Reason.CONSENT_NOT_YET_VALID,
    "paused": Reason.CONSENT_PAUSED,
    "expired": Reason.CONSENT_EXPIRED,
    "exhausted": Reason.CONSENT_EXHAUSTED,
    "withdrawn": Reason.CONSENT_WITHDRAWN,
}
_OTHER: Final = N_("No check can be made just now. Try again in a minute.")


@dataclass(frozen=True, slots=True)
class PastCheck:
    """A check that was made; ``use``: where its answer is."""

    number: int
    time: int
    use: str


@dataclass(frozen=True, slots=True)
class CheckForm:
    """What the button sends. ``attempt``: in hexadecimal."""

    attempt: str
    number: int
    not_after: int
    signing: Signing


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """A consent. ``words``: its state, a text to translate; ``problem``: why there is no button, likewise.

    ``advice``: what to do about a consent that cannot be used.
    """

    consent: str
    firm: FirmShown
    purpose: str
    questions: tuple[tuple[str, ...], ...]
    state: str
    words: str
    uses: int
    max_uses: int
    not_before: int
    expires_at: int
    retention_days: int
    checks: tuple[PastCheck, ...]
    form: CheckForm | None
    problem: str | None
    advice: Advice | None


def consent_page(
    standing: ConsentStanding,
    words: BankWords,
    firm: FirmShown,
    uses: Sequence[CountedUse],
    prepared: PreparedUse | None,
    *,
    credential: bytes,
    purpose: str,
    problem: Reason | None,
) -> ConsentPage:
    """Return the page of a consent. ``prepared``: a use for the button; ``problem``: why there is none."""
    terms, bounds = standing.consent.shown.terms, standing.consent.shown.bounds
    is_live = standing.state == "live"
    form = None
    if prepared is not None and is_live:
        form = CheckForm(
            prepared.attempt.hex(), prepared.number, prepared.not_after, signing(prepared.ticket, credential)
        )
    return ConsentPage(
        consent=to_hex(standing.consent.shown.id),
        firm=firm,
        purpose=purpose,
        questions=tuple(words.question(text) for text in terms.questions),
        state=standing.state,
        words=CONSENT_WORDS[standing.state],
        uses=standing.uses,
        max_uses=bounds.max_uses,
        not_before=bounds.not_before,
        expires_at=bounds.expires_at,
        retention_days=terms.retention_days,
        checks=tuple(PastCheck(place, use.time, to_hex(use.ticket)) for place, use in enumerate(uses, start=1)),
        form=form,
        problem=_NO_BUTTON.get(problem, _OTHER) if problem is not None and is_live else None,
        advice=advice_on(_UNUSABLE[standing.state], words.language) if standing.state in _UNUSABLE else None,
    )
