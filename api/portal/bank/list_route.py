"""The lists of a bank: requests, consents, the portfolio, and what changed."""

from collections import Counter
from typing import Final

from starlette.responses import Response

from api.portal.bank.desk import BANK, READS, Desk, pages
from api.portal.bank.list_view import (
    PER_PAGE,
    ChangeList,
    ConsentList,
    PageOf,
    PortfolioPage,
    RequestList,
    change_rows,
    consent_rows,
    due_rows,
    request_rows,
)
from api.portal.bank.request_view import request_page
from api.portal.bank.words import FirmShown
from api.portal.shell.page import Page
from api.services.portfolio.change import ToldChange
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason

_MOST_DUE: Final = 100
_MOST_TOLD: Final = 200
_DIGITS: Final = 15


@pages.get("/bank", kinds=BANK, roles=READS)
def first(page: Page) -> Response:
    """Lead to the requests."""
    return page.redirect("/bank/requests")


@pages.get("/bank/requests", kinds=BANK, roles=READS)
def requests(page: Page) -> Response:
    """List what was asked, and where it stands."""
    desk = Desk(page)
    service = page.instance.consent_requests
    held = service.of_grantee(desk.bank)
    states = page.instance.ledger.request_states([one.id for one in held])
    desk.load_firms(one.asked.subject for one in held)
    rows = request_rows(held, states, desk.firm, desk.purpose_text, now=page.now)
    return page.render("bank/requests.html", RequestList(rows, desk.may_act))


@pages.get("/bank/requests/{request}", kinds=BANK, roles=READS)
def request(page: Page) -> Response:
    """Show one request as the firm sees it, and where it stands."""
    desk = Desk(page)
    held = page.instance.consent_requests.find(desk.id_in_path("request"))
    if held.asked.grantee != desk.bank:
        raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
    states = page.instance.ledger.request_states([held.id])
    (row,) = request_rows([held], states, desk.firm, desk.purpose_text, now=page.now)
    return page.render("bank/request.html", request_page(row, held, desk.words, desk.purpose_text(held.asked.purpose)))


@pages.get("/bank/consents", kinds=BANK, roles=READS)
def consents(page: Page) -> Response:
    """List the consents that have not ended, those first that end first."""
    desk = Desk(page)
    running = [one for one in page.instance.bank_consents.of(desk.bank, now=page.now) if one.expires_at > page.now]
    at = PageOf.at(page.query.get("page"), len(running))
    standings = page.instance.bank_consents.standings([one.id for one in running[at.places]], now=page.now)
    desk.load_firms(one.consent.shown.terms.subject for one in standings)
    return page.render("bank/consents.html", ConsentList(consent_rows(standings, desk.firm, desk.purpose_text), at))


@pages.get("/bank/portfolio", kinds=BANK, roles=READS)
def portfolio(page: Page) -> Response:
    """List all consents by their end, with what changed, and the answers that are to be deleted."""
    desk = Desk(page)
    held = page.instance.bank_consents.of(desk.bank, now=page.now)
    kept = page.instance.answer_deletions.kept(desk.bank, now=page.now)
    due = [one for one in kept if one.delete_by <= page.now]
    at = PageOf.at(page.query.get("page"), len(held))
    standings = page.instance.bank_consents.standings([one.id for one in held[at.places]], now=page.now)
    told = page.instance.bank_changes.newest(desk.bank, limit=_MOST_TOLD)
    changed = Counter(one.consent for one in told if one.is_about_answers and one.consent is not None)
    desk.load_firms(one.consent.shown.terms.subject for one in standings)
    desk.load_firms(one.consent.subject for one in due[:_MOST_DUE])
    rows = consent_rows(
        standings, desk.firm, desk.purpose_text, changes=changed, due=Counter(one.consent.id for one in due)
    )
    view = PortfolioPage(
        rows,
        at,
        due_rows(due[:_MOST_DUE], desk.firm, desk.purpose_text),
        max(0, len(due) - _MOST_DUE),
        len(kept) - len(due),
        desk.may_act,
    )
    return page.render("bank/portfolio.html", view)


@pages.get("/bank/changes", kinds=BANK, roles=READS)
def changes(page: Page) -> Response:
    """List what changed, the newest first."""
    desk = Desk(page)
    before = page.query.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) <= _DIGITS else None
    told = page.instance.bank_changes.newest(desk.bank, before=number, limit=PER_PAGE)
    found = page.instance.consents.find_all({one.consent for one in told if one.consent is not None})
    desk.load_firms(one.shown.terms.subject for one in found.values())

    def firm_of(change: ToldChange) -> FirmShown | None:
        held = None if change.consent is None else found.get(change.consent)
        return None if held is None else desk.firm(held.shown.terms.subject)

    older = told[-1].number if len(told) == PER_PAGE else None
    return page.render("bank/changes.html", ChangeList(change_rows(told, firm_of), older))
