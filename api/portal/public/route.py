"""Pages that anybody may see."""

from starlette.responses import Response

from api.portal.shell import cookie
from api.portal.shell.language import COOKIE, COOKIE_AGE_S
from api.portal.shell.page import Page, local_path
from api.portal.shell.pages import Pages
from ledger_node.domain.consent_text import language_named

pages = Pages("public")


@pages.get("/", anybody=True)
def front(page: Page) -> Response:
    """Say what this is, and where to go; whoever is signed in begins at home."""
    if page.home != "/":
        return page.redirect(page.home)
    return page.render("public/front.html", None)


@pages.get("/help", anybody=True)
def help_page(page: Page) -> Response:
    """Say what to do where something does not work."""
    return page.render("public/help.html", None)


@pages.get("/privacy", anybody=True)
def privacy(page: Page) -> Response:
    """Say how this protects a firm, and where that ends."""
    return page.render("public/privacy.html", None)


@pages.post("/language", anybody=True)
def choose_language(page: Page) -> Response:
    """Show pages in the language chosen, from the one on which it was."""
    chosen = language_named(page.form.get("language", ""))
    response = page.redirect(local_path(page.form.get("back", "/")))
    cookie.put(response, COOKIE, chosen.value, max_age=COOKIE_AGE_S)
    return response
