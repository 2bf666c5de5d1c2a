"""The firm's first page."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.home.view import home_of
from api.portal.firm.signer import credentials_of, person_of
from api.portal.firm.signers.view import alarm_view
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind

pages = Pages("firm", navigation=((N_("Your firm"), "/home"),))


@pages.get("/home", kinds={Kind.SUBJECT})
def home(page: Page) -> Response:
    """Show what is urgent, what banks ask, and what they may ask."""
    instance, subject = page.instance, page.visitor.id
    alarm = alarm_view(instance, subject, person_of(page), credentials_of(page), page.language, page.now)
    return page.render("firm/home.html", home_of(instance, subject, page.language, page.now, alarm))
