"""``/registrar/firms``: a firm by its credit code, its state, a hold after calling back, and its end by two people."""

from dataclasses import dataclass, field

from starlette.responses import Response

from api.portal.registrar.office import APPROVERS, CLERKS, HANDLERS, LOOKERS, REGISTRAR, pages
from api.portal.shell.page import Page
from api.portal.shell.release_form import ReleaseForm, id_in, person_of, release_form, released
from api.services.staff.role import StaffRole
from api.services.subject.controller_change import ControllerState, ForeignEntryError, NoneCountsError
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class FirmPage:
    """A firm. ``held_until``, ``recovery_at``: None where it is not held, and no signers are being replaced.

    ``persons``: None where this instance does not know who signs; ``ending``: what there is to do about its end.
    """

    subject: str
    persons: int | None
    keys: int
    threshold: int
    since: int | None
    held_until: int | None
    recovery_at: int | None
    may_hold: bool
    ending: "EndPart"
    credit_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndPart:
    """The end of a registration. ``is_own``: whoever looks prepared it, and may not release it."""

    is_prepared: bool
    is_own: bool
    may_prepare: bool
    release: ReleaseForm | None


def firm_page(page: Page, subject: bytes, credit_code: str) -> FirmPage:
    """Return what the registrar sees of a firm.

    Raises:
        ChainError: the ledger does not answer.
    """
    instance, current = page.instance, _current(page, subject)
    standing, recovery = instance.ledger.standing_of(subject), instance.ledger.recovery(subject)
    controllers = None if current is None else current.controllers
    return FirmPage(
        subject.hex(),
        None if controllers is None else len(controllers.persons),
        0 if controllers is None else len(controllers.keys),
        0 if controllers is None else controllers.threshold,
        None if current is None else current.since,
        standing.held_until if standing.held_until > page.now else None,
        None if recovery.commitment is None else recovery.completable_at,
        may_hold=person_of(page).may(StaffRole.CLERK, StaffRole.APPROVER) and standing.held_until <= page.now,
        ending=_end_part(page, subject),
        credit_code=credit_code,
    )


def _end_part(page: Page, subject: bytes) -> EndPart:
    person, instance = person_of(page), page.instance
    prepared = instance.ended_registrations.find_waiting(person.member, subject)
    if prepared is None:
        return EndPart(is_prepared=False, is_own=False, may_prepare=person.may(StaffRole.CLERK), release=None)
    is_own = prepared.prepared_by == person.id
    may_release = not is_own and person.may(StaffRole.APPROVER)
    form = release_form(page, instance.prepared_acts.draft_release(prepared)) if may_release else None
    return EndPart(is_prepared=True, is_own=is_own, may_prepare=False, release=form)


@pages.get("/registrar/firms", kinds=REGISTRAR, roles=LOOKERS)
def search_form(page: Page) -> Response:
    """Ask for a credit code."""
    return page.render("registrar/firms.html", None)


@pages.post("/registrar/firms", kinds=REGISTRAR, roles=LOOKERS)
def search(page: Page) -> Response:
    """Show the firm of a credit code, which is in the form alone."""
    code = parse_credit_code(page.form.get("credit_code", ""))
    subject = page.instance.subjects.id_of(code)
    if subject is None:
        raise InvalidInputError(Reason.NOT_FOUND, "no firm of this credit code is registered here")
    return page.render("registrar/firm.html", firm_page(page, subject, code))


@pages.post("/registrar/firms/{firm}/hold", kinds=REGISTRAR, roles=HANDLERS)
def hold(page: Page) -> Response:
    """Hold a firm for 14 days, as one person who has called back."""
    page.require_fresh()
    if page.form.get("called_back") != "yes":
        raise InvalidInputError(Reason.VALUE_MISSING, "call the number of the register first", field="called_back")
    page.instance.holds.hold_by_registrar(id_in(page, "firm"), now=page.now)
    text = page.gettext("The firm is held for 14 days: only withdrawals go on.")
    return page.redirect("/registrar/firms", notice=text)


@pages.post("/registrar/firms/{firm}/end/prepare", kinds=REGISTRAR, roles=CLERKS)
def prepare_end(page: Page) -> Response:
    """Prepare the end of a registration, after calling back; an approver releases it."""
    if page.form.get("called_back") != "yes":
        raise InvalidInputError(Reason.VALUE_MISSING, "call the number of the register first", field="called_back")
    page.instance.ended_registrations.prepare(person_of(page), id_in(page, "firm"), now=page.now)
    return page.redirect("/registrar/firms", notice=page.gettext("An approver must release this now."))


@pages.post("/registrar/firms/{firm}/end", kinds=REGISTRAR, roles=APPROVERS)
def end(page: Page) -> Response:
    """End a registration, as another person than who prepared it."""
    subject, form = id_in(page, "firm"), released(page.form)
    page.instance.ended_registrations.release(person_of(page), subject, *form, now=page.now)
    text = page.gettext("The registration has ended, and its consents with it. The firm can be invited again.")
    return page.redirect("/registrar/firms", notice=text)


def _current(page: Page, subject: bytes) -> ControllerState | None:
    try:
        return page.instance.controllers.current(subject)
    except (ForeignEntryError, NoneCountsError):
        return None
