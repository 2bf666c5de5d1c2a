"""Who looked: the list of a month, its file, and what to do about a look that nobody agreed to."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.looked.month import Month
from api.portal.firm.looked.view import LookedPage, doubt_page, looked_page, looked_rows
from api.portal.firm.receipt_number import id_in_path
from api.portal.firm.table_file import table_file
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind
from ledger_node.domain.reason import Reason

pages = Pages("firm looked", navigation=((N_("Who looked"), "/looked"),))


@pages.get("/looked", kinds={Kind.SUBJECT})
def looked(page: Page) -> Response:
    """Show who looked in a month."""
    return page.render("firm/looked.html", _view(page))


@pages.get("/looked/file", kinds={Kind.SUBJECT})
def file(page: Page) -> Response:
    """Give out the same as a table."""
    view = _view(page)
    return table_file(looked_rows(view, page.language), f"who-looked-{view.month}")


@pages.get("/looked/{leaf}/doubt", kinds={Kind.SUBJECT})
def doubt(page: Page) -> Response:
    """Say what to do about a look that nobody agreed to."""
    leaf = id_in_path(page.path["leaf"], Reason.NOT_FOUND)
    return page.render("firm/doubt.html", doubt_page(page.instance, page.visitor.id, leaf, page.language))


def _view(page: Page) -> LookedPage:
    month = Month.read(page.query["month"]) if "month" in page.query else None
    return looked_page(page.instance, page.visitor.id, month, page.language, page.now)
