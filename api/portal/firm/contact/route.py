"""``/contacts``: where the firm is told things. A change takes a fresh passkey, and the other addresses hear of it."""

from typing import Final

from starlette.responses import Response

from api.portal.firm.contact.view import contact_page
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

pages = Pages("firm contacts")
_ID_BYTES: Final = 16
_LIST: Final = "/contacts"


@pages.get(_LIST, kinds={Kind.SUBJECT})
def contacts(page: Page) -> Response:
    """List the addresses."""
    return page.render("firm/contacts.html", contact_page(page.instance, page.visitor.id, page.language))


@pages.post(_LIST, kinds={Kind.SUBJECT})
def add(page: Page) -> Response:
    """Add an address in the page's language, and send a code there."""
    _require_allowed(page)
    address = page.form.get("address", "")
    added = page.instance.contacts.add(page.visitor.id, address, page.language, now=page.now)
    if added.confirmed_at is not None:
        return page.redirect(_LIST, notice=page.gettext("This address is confirmed already."))
    return page.redirect(_LIST, notice=page.gettext("A code was sent to this address. Type it below."))


@pages.post(f"{_LIST}/confirmation", kinds={Kind.SUBJECT})
def confirm(page: Page) -> Response:
    """Confirm an address by the code that went there."""
    page.instance.contacts.confirm(page.visitor.id, page.form.get("code", ""), now=page.now)
    return page.redirect(_LIST, notice=page.gettext("The address is confirmed. All your addresses are told so."))


@pages.post(f"{_LIST}/{{contact}}/removal", kinds={Kind.SUBJECT})
def remove(page: Page) -> Response:
    """Remove an address; it is told so, and so are the others."""
    _require_allowed(page)
    page.instance.contacts.remove(page.visitor.id, _named(page), now=page.now)
    return page.redirect(_LIST, notice=page.gettext("The address is removed. It was told so, and so are the others."))


def _require_allowed(page: Page) -> None:
    page.require_fresh()
    page.instance.controllers.require_no_hold(page.visitor.id, page.now)


def _named(page: Page) -> bytes:
    try:
        found = bytes.fromhex(page.path["contact"])
    except ValueError:
        found = b""
    if len(found) != _ID_BYTES:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such address", field="contact")
    return found
