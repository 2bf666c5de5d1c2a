"""With which passkeys whoever looks at a firm's page may sign there."""

from api.portal.shell.page import Page


def credentials_of(page: Page) -> list[str]:
    """Return the ids of the passkeys that may sign here: the one that signed in."""
    return [page.visitor.credential.hex()] if page.visitor.credential else []
