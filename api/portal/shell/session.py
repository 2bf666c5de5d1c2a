"""From the cookie of a request to its visitor."""

from collections.abc import Mapping

from api.instance.wiring import Instance
from api.portal.shell import cookie
from api.portal.shell.visitor import NOBODY, Visitor
from api.services.session.sign_in import SignedIn


def visitor_of(instance: Instance, cookies: Mapping[str, str], *, now: int) -> Visitor:
    """Return who the session of a cookie is of; nobody where there is none, or it has ended.

    Raises:
        ChainError: the ledger does not answer.
        StoreError: the store does not.
    """
    value = cookies.get(cookie.SESSION)
    found = instance.portal_sign_in.find(value, now=now) if value else None
    return NOBODY if found is None else _visitor(found)


def _visitor(found: SignedIn) -> Visitor:
    session, holder = found.session, found.session.holder
    return Visitor(
        kind=holder.kind,
        id=holder.id,
        name=holder.label,
        staff=found.staff,
        credential=holder.credential,
        signed_in_at=session.started_at,
        fresh_until=session.fresh_until,
        session=session,
    )
