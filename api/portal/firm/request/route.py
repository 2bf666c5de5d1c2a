"""A bank's request: read it, agree or refuse."""

from starlette.responses import Response

from api.portal.firm.receipt_number import id_in_path
from api.portal.firm.request.view import OtherDevice, answered_page, request_page
from api.portal.firm.signer import credentials_of, person_of
from api.portal.firm.signing import shown_draft_of
from api.portal.firm.unsigned import unsigned_page
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import assertion_of
from api.portal.shell.qr import enrol_address, qr_svg
from api.services.consent.request import StoredRequest
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.reason import Reason

pages = Pages("firm requests")


@pages.get("/requests/{request}", kinds={Kind.SUBJECT})
def show(page: Page) -> Response:
    """Show what a bank asks, or how it was answered."""
    held = _held(page)
    try:
        draft = page.instance.drafts.start(held.id, page.visitor.id, page.language, now=page.now)
    except VerificationError as error:
        if error.reason is not Reason.REQUEST_ANSWERED:
            raise
        return page.render("firm/answered.html", answered_page(page.instance, held, page.language))
    view = request_page(page.instance, held, draft, person_of(page), credentials_of(page), page.language)
    return page.render("firm/request.html", view)


@pages.post("/requests/{request}/grant", kinds={Kind.SUBJECT})
def grant(page: Page) -> Response:
    """Take a signature on the consent; the last one that is needed grants it."""
    held = _held(page)
    path = f"/requests/{held.id.hex()}"
    try:
        _, signature = assertion_of(page.form)
        shown = shown_draft_of(page.form)
        page.instance.drafts.sign(held.id, page.visitor.id, shown, signature, now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, path)
    return page.redirect(path)


@pages.post("/requests/{request}/refuse", kinds={Kind.SUBJECT})
def refuse(page: Page) -> Response:
    """Take a signature on a refusal; the last one that is needed tells the bank."""
    held = _held(page)
    path = f"/requests/{held.id.hex()}"
    try:
        _, signature = assertion_of(page.form)
        page.instance.joint_acts.refuse(held.id, page.visitor.id, signature)
    except CredenceError as error:
        return unsigned_page(page, error, path)
    return page.redirect(path)


@pages.post("/requests/{request}/device", kinds={Kind.SUBJECT})
def lead_on(page: Page) -> Response:
    """Show a code, once, that opens the request on another device of the firm."""
    held = _held(page)
    code = page.instance.page_links.make(page.visitor.id, held.id)
    view = OtherDevice(
        f"/requests/{held.id.hex()}",
        page.instance.page_links.lifetime_s // 60,
        code,
        qr_svg(enrol_address(page.place.origin, code, "/open")),
        f"{page.place.origin}/open",
    )
    return page.render("firm/other_device.html", view)


@pages.post("/requests/{request}/cancel", kinds={Kind.SUBJECT})
def cancel(page: Page) -> Response:
    """Close what somebody signed and others did not; the request stays open."""
    held = _held(page)
    page.instance.drafts.cancel(held.id, page.visitor.id, now=page.now)
    notice = page.gettext("What was signed counts no more. The bank's request is still open.")
    return page.redirect(f"/requests/{held.id.hex()}", notice=notice)


def _held(page: Page) -> StoredRequest:
    held = page.instance.consent_requests.find(id_in_path(page.path["request"], Reason.REQUEST_UNKNOWN))
    if held.asked.subject != page.visitor.id:
        raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
    return held
