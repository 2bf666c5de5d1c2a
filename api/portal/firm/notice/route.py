"""``/notices``: what the firm was told."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.notice.view import notice_page
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind

pages = Pages("firm notices", navigation=((N_("Notices"), "/notices"),))


@pages.get("/notices", kinds={Kind.SUBJECT})
def notices(page: Page) -> Response:
    """List what the firm was told, the newest first."""
    return page.render("firm/notices.html", notice_page(page.instance, page.visitor.id, page.language))


@pages.post("/notices/read", kinds={Kind.SUBJECT})
def read(page: Page) -> Response:
    """Mark all notices up to the newest that was shown as read."""
    page.instance.notice_feed.mark_read(page.visitor.id, page.form.get("newest", ""), now=page.now)
    return page.redirect("/notices")
