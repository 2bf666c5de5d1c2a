"""Who looks at a firm's page, of the persons who sign for it, and with which passkeys the person may sign here."""

from api.portal.shell.page import Page
from ledger_node.domain.subject import Controller


def credentials_of(page: Page) -> list[str]:
    """Return the ids of the passkeys that may sign here: those of the person who signed in, this device's first.

    Raises:
        ChainError: the ledger does not answer.
    """
    own = _own(page)
    if own is None:
        return []
    controllers = page.instance.controllers.find_current(page.visitor.id)
    keys = set() if controllers is None else {one.key for one in controllers.keys if one.person == own.person}
    others = [one for one in page.instance.credentials.of_owner(page.visitor.id) if one.passkey in keys]
    return [page.visitor.credential.hex(), *(one.id.hex() for one in others if one.id != page.visitor.credential)]


def person_of(page: Page) -> int | None:
    """Return the number of the person who looks, as the firm's controllers give it; None where it has none any more.

    Raises:
        ChainError: the ledger does not answer.
    """
    own = _own(page)
    return None if own is None else own.person


def _own(page: Page) -> Controller | None:
    own = page.instance.credentials.find(page.visitor.credential)
    controllers = page.instance.controllers.find_current(page.visitor.id)
    if own is None or controllers is None:
        return None
    return next((one for one in controllers.keys if one.key == own.passkey), None)
