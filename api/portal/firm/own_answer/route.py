"""What would my answers be: asked before a firm agrees, opened by a signed look."""

from starlette.responses import Response

from api.portal.firm.look_form import look_form, nonce_of
from api.portal.firm.own_answer.view import answers_page, asking_page
from api.portal.firm.receipt_number import id_in_path
from api.portal.firm.signer import credentials_of
from api.portal.firm.unsigned import unsigned_page
from api.portal.firm.words import FirmWords
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import assertion_of
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

pages = Pages("firm answers")


@pages.get("/requests/{request}/answers", kinds={Kind.SUBJECT})
def ask(page: Page) -> Response:
    """Show the questions of a request, and what opens their answers."""
    request = _request(page)
    begun = page.instance.self_answers.begin(page.visitor.id, request, now=page.now)
    held, words = page.instance.consent_requests.find(request), FirmWords.of(page.instance, page.language)
    return page.render("firm/own_answers.html", asking_page(held, words, look_form(begun, credentials_of(page))))


@pages.post("/requests/{request}/answers", kinds={Kind.SUBJECT})
def show(page: Page) -> Response:
    """Show the answers once, after a signed look; no use is counted, and no bank learns of it."""
    request = _request(page)
    try:
        signed = nonce_of(page.form), assertion_of(page.form)[1]
        found = page.instance.self_answers.answers(page.visitor.id, request, *signed, now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, f"/requests/{request.hex()}/answers")
    held, words = page.instance.consent_requests.find(request), FirmWords.of(page.instance, page.language)
    return page.render("firm/own_answers.html", answers_page(held, found, words))


def _request(page: Page) -> bytes:
    return id_in_path(page.path["request"], Reason.REQUEST_UNKNOWN)
