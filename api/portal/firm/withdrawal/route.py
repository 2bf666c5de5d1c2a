"""Withdrawing by a slip: in any browser, signed in or not, at any member."""

from starlette.responses import Response

from api.portal.firm.withdrawal.view import slip_shown
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.services.draft.withdrawal_slip import WithdrawalSlip
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

pages = Pages("withdrawal")


@pages.get("/withdraw", anybody=True)
def ask(page: Page) -> Response:
    """Ask for the slip; a script takes it from behind the ``#`` of the address, which no server sees."""
    return page.render("firm/withdraw.html", None)


@pages.post("/withdraw", anybody=True)
def look(page: Page) -> Response:
    """Show which consent a slip is of; nothing happens yet."""
    return page.render("firm/withdraw_slip.html", slip_shown(_slip(page), page.language))


@pages.post("/withdraw/confirmed", anybody=True)
def withdraw(page: Page) -> Response:
    """Withdraw the consent of a slip; a second time changes nothing."""
    slip = _slip(page)
    try:
        page.instance.consents.relay_withdrawal(slip.order)
    except ChainError as error:
        if error.reason is not Reason.CONSENT_WITHDRAWN:
            raise
    return page.render("firm/withdraw_slip.html", slip_shown(slip, page.language, is_withdrawn=True))


def _slip(page: Page) -> WithdrawalSlip:
    return WithdrawalSlip.from_text(page.form.get("slip", ""), page.instance.ledger.consent_domain)
