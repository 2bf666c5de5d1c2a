"""Who looks at a firm's page, of the persons who sign for it, and with which passkeys the person may sign here."""

from api.portal.shell.page import Page


def credentials_of(page: Page) -> list[str]:
    """Return the ids of the passkeys that may sign here: those of the person who signed in, this device's first."""
    own = page.instance.credentials.find(page.visitor.credential)
    if own is None:
        return []
    others = [one for one in page.instance.credentials.of_owner(page.visitor.id) if one.person == own.person]
    return [one.id.hex() for one in (own, *(one for one in others if one.id != own.id))]


def person_of(page: Page) -> int | None:
    """Return the number of the person who looks, as the firm's controllers give it; None where it has none any more.

    Raises:
        ChainError: the ledger does not answer.
    """
    own = page.instance.credentials.find(page.visitor.credential)
    controllers = page.instance.controllers.find_current(page.visitor.id)
    if own is None or controllers is None:
        return None
    return next((one.person for one in controllers.keys if one.key == own.passkey), None)
