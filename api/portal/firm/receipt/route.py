"""``/receipts``: the firm's receipts, to read, to print on one sheet, and as the signed files."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.receipt.view import receipt_list, receipt_page, receipts_of
from api.portal.firm.receipt_number import id_in_path
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

pages = Pages("firm receipts", navigation=((N_("Receipts"), "/receipts"),))


@pages.get("/receipts", kinds={Kind.SUBJECT})
def receipts(page: Page) -> Response:
    """List what the firm answered."""
    return page.render("firm/receipts.html", receipt_list(page.instance, page.visitor.id, page.language))


@pages.get("/receipts/{receipt}", kinds={Kind.SUBJECT})
def receipt(page: Page) -> Response:
    """Show all that happened to one answer."""
    found = id_in_path(page.path["receipt"], Reason.NOT_FOUND)
    return page.render("firm/receipt.html", receipt_page(page.instance, page.visitor.id, found, page.language))


@pages.get("/receipts/{receipt}/{file}", kinds={Kind.SUBJECT})
def file(page: Page) -> Response:
    """Give out one signed receipt, byte for byte."""
    about, wanted = (id_in_path(page.path[name], Reason.NOT_FOUND) for name in ("receipt", "file"))
    _, held = receipts_of(page.instance, page.visitor.id, about)
    for one in held:
        if one.digest == wanted:
            headers = {
                "Content-Disposition": f'attachment; filename="{one.act}-{one.digest.hex()[:16]}.json"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            }
            return Response(one.to_bytes(), media_type="application/json", headers=headers)
    raise InvalidInputError(Reason.NOT_FOUND, "there is no such receipt of yours")
