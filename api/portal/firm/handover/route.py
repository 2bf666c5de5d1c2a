"""``/handover``: the firm makes a code by which one bank finds it."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.handover.view import bank_choices, handover_code
from api.portal.firm.receipt_number import id_in_path
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind
from ledger_node.domain.reason import Reason

pages = Pages("firm handover", navigation=((N_("Let a bank find you"), "/handover"),))


@pages.get("/handover", kinds={Kind.SUBJECT})
def choose(page: Page) -> Response:
    """Let the firm choose the bank."""
    return page.render("firm/handover.html", bank_choices(page.instance))


@pages.post("/handover", kinds={Kind.SUBJECT})
def make(page: Page) -> Response:
    """Make the code and show it, this once."""
    bank = id_in_path(page.form.get("bank", ""), Reason.MEMBER_UNKNOWN)
    view = handover_code(page.instance, page.visitor.id, bank, page.language, page.now)
    return page.render("firm/handover_code.html", view)
