"""What a firm sees first: what is urgent, what banks ask, what they may ask, and how often they looked this month."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from api.instance.wiring import Instance
from api.portal.firm.signers.view import AlarmView
from api.services.consent.request import StoredRequest
from api.services.consent.stored_consent import StoredConsent, state_name
from api.services.draft.draft import Draft
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import CredenceError
from ledger_node.domain.fact import ConsentRecord

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_URGENT_S: Final = 86_400
_RUNNING: Final = frozenset({"live", "early", "paused", "pending"})


@dataclass(frozen=True, slots=True)
class RequestCard:
    """A bank's open request. ``until``: when it is too late to agree. ``signed``: persons who did, of ``needed``."""

    path: str
    bank: str
    questions: int
    until: str
    is_urgent: bool
    signed: int
    needed: int


@dataclass(frozen=True, slots=True)
class ConsentCard:
    """A consent that runs. ``state``: live, early, paused or pending. ``path``: of its page, where it is withdrawn."""

    path: str
    bank: str
    purpose: str
    uses_left: int
    until: str
    is_urgent: bool
    state: str


@dataclass(frozen=True, slots=True)
class Home:
    """The page. ``alarm``: somebody asked that other persons sign for the firm, and one tap calls that off.

    ``held_until``: until when the firm is held, if it is. ``looked``: how often banks looked this month.
    ``records``: how many records departments hold. ``unread``:
    notices that nobody has read. ``waits_until``: until when a firm that is new can agree to nothing.
    """

    alarm: AlarmView | None
    held_until: str | None
    requests: tuple[RequestCard, ...]
    consents: tuple[ConsentCard, ...]
    looked: int
    records: int
    unread: int
    waits_until: str | None


def home_of(instance: Instance, subject: bytes, language: Language, now: int, alarm: AlarmView | None = None) -> Home:
    """Return what a firm sees first. ``alarm``: the recovery that waits, as whoever looks can call it off.

    Raises:
        ChainError: the ledger does not answer.
    """
    held_until, waits = instance.ledger.standing_of(subject).held_until, instance.first_wait.ends_at(subject)
    return Home(
        alarm=alarm,
        held_until=time_words(held_until, language) if now < held_until else None,
        requests=open_requests(instance, subject, language, now),
        consents=running_consents(instance, subject, language, now),
        looked=instance.access.count_of_subject(subject, since=month_start(now)),
        records=len(instance.records.listed(subject)),
        unread=instance.notice_feed.unread(subject),
        waits_until=time_words(waits, language) if waits is not None and now < waits else None,
    )


def open_requests(instance: Instance, subject: bytes, language: Language, now: int) -> tuple[RequestCard, ...]:
    """Return the requests that a firm may agree to, those that end first standing first."""
    held = [one for one in instance.consent_requests.of_subject(subject) if now < one.asked.expires_at]
    states = instance.ledger.request_states([one.id for one in held])
    drafts = {draft.request: draft for draft in instance.drafts.of(subject, now=now)}
    asked = [one for one, state in zip(held, states, strict=True) if state is RequestState.OPEN]
    asked.sort(key=lambda one: one.asked.expires_at)
    return tuple(_request_card(one, drafts.get(one.id), language, now) for one in asked)


def _request_card(held: StoredRequest, draft: Draft | None, language: Language, now: int) -> RequestCard:
    until = held.asked.expires_at if draft is None else draft.good_until
    return RequestCard(
        path=f"/requests/{held.id.hex()}",
        bank=held.asked.grantee_name,
        questions=len(held.asked.questions),
        until=time_words(until, language),
        is_urgent=until - now < _URGENT_S,
        signed=0 if draft is None else len(draft.signed),
        needed=1 if draft is None else draft.needed,
    )


def running_consents(instance: Instance, subject: bytes, language: Language, now: int) -> tuple[ConsentCard, ...]:
    """Return the consents of a firm that run, also paused ones; those that end first stand first."""
    held = [one for one in instance.consents.of_subject(subject) if one.refusal is None]
    records, block = instance.ledger.consents([one.shown.id for one in held])
    at = max(now, block.time)
    states = [state_of(instance, one, record, at) for one, record in zip(held, records, strict=True)]
    running = [each for each in zip(held, records, states, strict=True) if each[2] in _RUNNING]
    running.sort(key=lambda each: each[0].shown.bounds.expires_at)
    return tuple(_consent_card(instance, *each, language, now) for each in running)


def state_of(instance: Instance, held: StoredConsent, record: ConsentRecord | None, at: int) -> str:
    """Return the state of a consent in one word, as ``state_name`` does; or refused."""
    if held.refusal is not None:
        return "refused"
    resumed = record is None or instance.consents.is_resumed(held.shown.id, record)
    return state_name(record, at, resumed=resumed)


def _consent_card(
    instance: Instance, held: StoredConsent, record: ConsentRecord | None, state: str, language: Language, now: int
) -> ConsentCard:
    bounds = held.shown.bounds
    return ConsentCard(
        path=f"/consents/{held.shown.id.hex()}",
        bank=held.shown.terms.grantee_name,
        purpose=purpose_words(instance, held, language),
        uses_left=bounds.max_uses - (0 if record is None else record.uses),
        until=time_words(bounds.expires_at, language),
        is_urgent=bounds.expires_at - now < _URGENT_S,
        state=state,
    )


def purpose_words(instance: Instance, held: StoredConsent, language: Language) -> str:
    """Return what a consent is for: in a language, or where its purpose is no more, as it was signed."""
    terms = held.shown.terms
    try:
        return instance.purposes.named(terms.purpose).text(language)
    except CredenceError:
        return terms.purpose_text


def month_start(now: int) -> int:
    """Return when the month began in Beijing."""
    return int(dt.datetime.fromtimestamp(now, _BEIJING).replace(day=1, hour=0, minute=0, second=0).timestamp())
