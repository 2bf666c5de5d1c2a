"""The firms that a bank may ask: those that showed themselves to it, and those it asked before."""

from api.portal.bank.desk import Desk
from api.portal.bank.words import FirmShown


def firms_of(desk: Desk) -> dict[bytes, FirmShown]:
    """Return the firms of a bank by subject, those first that it dealt with last."""
    subjects = desk.instance.handovers.firms_of(desk.bank)
    subjects += [one.asked.subject for one in desk.instance.consent_requests.of_grantee(desk.bank)]
    subjects += [one.subject for one in desk.instance.bank_consents.of(desk.bank, now=desk.page.now)]
    desk.load_firms(subjects)
    return {subject: desk.firm(subject) for subject in dict.fromkeys(subjects)}
