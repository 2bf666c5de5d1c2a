"""My records: which there are, their values after a signed look, and the file that comes a day after the wish."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.look_form import nonce_of
from api.portal.firm.record.view import file_rows, opened_page, records_page
from api.portal.firm.signer import credentials_of
from api.portal.firm.table_file import table_file
from api.portal.firm.unsigned import unsigned_page
from api.portal.firm.words import FirmWords
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import assertion_of
from api.sign_in.server.principal import Kind
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.error import CredenceError
from ledger_node.domain.passkey import Assertion

_PATH = "/records"
pages = Pages("firm records", navigation=((N_("My records"), _PATH),))


@pages.get("/records", kinds={Kind.SUBJECT})
def show(page: Page) -> Response:
    """Show which records there are, without any value."""
    view = records_page(page.instance, page.visitor.id, credentials_of(page), page.language, page.now)
    return page.render("firm/records.html", view)


@pages.post("/records", kinds={Kind.SUBJECT})
def look(page: Page) -> Response:
    """Show the values once, after a signed look; the look stands in who looked."""
    try:
        found = page.instance.records.of_subject(page.visitor.id, *_signed(page), now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, _PATH)
    return page.render("firm/records.html", opened_page(found, FirmWords.of(page.instance, page.language), page.now))


@pages.post("/records/file-wish", kinds={Kind.SUBJECT})
def wish(page: Page) -> Response:
    """Ask for the file; everybody who signs for the firm sees that."""
    try:
        ready = page.instance.records.wish_file(page.visitor.id, *_signed(page), now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, _PATH)
    notice = page.gettext("The file can be fetched from %(time)s on.", time=time_words(ready, page.language))
    return page.redirect(_PATH, notice=notice)


@pages.post("/records/file", kinds={Kind.SUBJECT})
def file(page: Page) -> Response:
    """Give out the file, which proves nothing."""
    try:
        found = page.instance.records.file(page.visitor.id, *_signed(page), now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, _PATH)
    return table_file(file_rows(found, FirmWords.of(page.instance, page.language), page.now), "my-records")


def _signed(page: Page) -> tuple[bytes, Assertion]:
    return nonce_of(page.form), assertion_of(page.form)[1]
