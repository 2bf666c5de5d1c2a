"""A consent of the firm: see how it stands, withdraw it, pause it, print its slip."""

import datetime as dt
from typing import Final

from starlette.responses import Response

from api.portal.firm.consent.view import consent_page, slip_page
from api.portal.firm.receipt_number import id_in_path
from api.portal.firm.signer import credentials_of
from api.portal.firm.unsigned import unsigned_page
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import assertion_of
from api.services.consent.stored_consent import StoredConsent
from api.sign_in.server.principal import Kind
from ledger_node.domain.consent_act import Change
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

pages = Pages("firm consents")
_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_MAX_NUMBER_DIGITS: Final = 8


@pages.get("/consents/{consent}", kinds={Kind.SUBJECT})
def show(page: Page) -> Response:
    """Show a consent, and how to end or pause it."""
    view = consent_page(page.instance, _held(page), credentials_of(page), page.language, page.now)
    return page.render("firm/consent.html", view)


@pages.get("/consents/{consent}/slip", kinds={Kind.SUBJECT})
def slip(page: Page) -> Response:
    """Show the slip that withdraws it, to print."""
    view = slip_page(page.instance, _held(page), page.place.origin, page.language)
    if view is None:
        raise VerificationError(Reason.NOT_FOUND, "this consent was drawn up elsewhere, and so was its slip")
    return page.render("firm/slip.html", view)


@pages.post("/consents/{consent}/withdraw", kinds={Kind.SUBJECT})
def withdraw(page: Page) -> Response:
    """Withdraw it: without a signature where it was drawn up here."""
    held = _held(page)
    path = f"/consents/{held.shown.id.hex()}"
    try:
        signature = assertion_of(page.form)[1] if page.form.get("signature") else None
        is_done = page.instance.joint_acts.withdraw(held.shown.id, page.visitor.id, signature)
    except CredenceError as error:
        return unsigned_page(page, error, path)
    return page.redirect(path, notice=withdrawn_notice(page) if is_done else _waits(page))


@pages.post("/consents/{consent}/pause", kinds={Kind.SUBJECT})
def pause(page: Page) -> Response:
    """Take a signature on a pause."""
    return _change(page, Change.PAUSE, page.gettext("Paused. The bank can ask nothing until you let it go on."))


@pages.post("/consents/{consent}/resume", kinds={Kind.SUBJECT})
def resume(page: Page) -> Response:
    """Take a signature on the end of a pause."""
    return _change(page, Change.RESUME, page.gettext("The consent goes on. The bank can ask again."))


def _change(page: Page, change: Change, done: str) -> Response:
    held = _held(page)
    path = f"/consents/{held.shown.id.hex()}"
    try:
        _, signature = assertion_of(page.form)
        is_done = page.instance.joint_acts.change(
            held.shown.id, page.visitor.id, change, _number(page), signature, now=page.now
        )
    except CredenceError as error:
        return unsigned_page(page, error, path)
    return page.redirect(path, notice=done if is_done else _waits(page))


def _number(page: Page) -> int:
    text = page.form.get("number", "")
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_NUMBER_DIGITS:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "the page sent no number of a change", field="number")
    return int(text)


def withdrawn_notice(page: Page) -> str:
    """Return what is said after a withdrawal."""
    time = dt.datetime.fromtimestamp(page.now, _BEIJING).strftime("%H:%M")
    return page.gettext("Withdrawn. From %(time)s on the bank can ask no more.", time=time)


def _waits(page: Page) -> str:
    return page.gettext("You have signed. It counts once as many of you have signed as must.")


def _held(page: Page) -> StoredConsent:
    held = page.instance.consents.find(id_in_path(page.path["consent"], Reason.CONSENT_UNKNOWN))
    if held is None or held.shown.terms.subject != page.visitor.id:
        raise VerificationError(Reason.CONSENT_UNKNOWN, "there is no such consent of yours")
    return held
