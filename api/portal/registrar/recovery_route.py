"""``/registrar/recoveries``: firms whose signers lost their devices; a clock of 72 hours, then two people."""

from dataclasses import dataclass

from starlette.responses import Response

from api.portal.registrar.office import APPROVERS, CLERKS, HANDLERS, LOOKERS, REGISTRAR, pages
from api.portal.shell.page import Page
from api.portal.shell.release_form import ReleaseForm, id_in, person_of, release_form, released
from api.services.enrolment.invitation import Invitation, InvitationState
from api.services.staff.prepared_act import PreparedAct
from api.services.staff.role import StaffRole
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct

LIST = "/registrar/recoveries"


@dataclass(frozen=True, slots=True)
class RecoveryRow:
    """A firm that gets new signers. ``wait_s``: seconds until they can be put in force; ``is_prepared``: by a clerk.

    ``release``: the form of an approver; ``is_own``: whoever looks prepared it, and may not release it.
    """

    subject: str
    name: str
    completable_at: int
    lapses_at: int
    wait_s: int
    is_prepared: bool
    may_prepare: bool
    may_cancel: bool
    is_own: bool
    release: ReleaseForm | None

    @property
    def clock(self) -> str:
        """The time that is left, such as 71:59."""
        return f"{self.wait_s // 3600}:{self.wait_s % 3600 // 60:02d}"


@dataclass(frozen=True, slots=True)
class RecoveryList:
    """All firms that wait, and whether whoever looks may begin with another one."""

    rows: tuple[RecoveryRow, ...]
    may_open: bool


def recovery_list(page: Page) -> RecoveryList:
    """Return what waits, as the ledger shows it.

    Raises:
        ChainError: the ledger does not answer.
    """
    person, instance = person_of(page), page.instance
    done = {
        held.subject: held
        for held in reversed(instance.invitations.of(person.member, now=page.now))
        if held.recovers is not None and held.state is InvitationState.REGISTERED and held.subject is not None
    }
    waiting = instance.prepared_acts.waiting(person.member, StaffAct.COMPLETE_RECOVERY)
    rows = [row for subject, held in done.items() if (row := _row(page, subject, held, waiting)) is not None]
    return RecoveryList(tuple(rows), person.may(StaffRole.CLERK))


def _row(page: Page, subject: bytes, held: Invitation, waiting: list[PreparedAct]) -> RecoveryRow | None:
    person, instance = person_of(page), page.instance
    state = instance.ledger.recovery(subject)
    if state.commitment is None:
        return None
    prepared = next((one for one in waiting if one.document == _document(page, subject)), None)
    wait_s = max(0, state.completable_at - page.now)
    is_own = prepared is not None and prepared.prepared_by == person.id
    may_release = prepared is not None and not wait_s and not is_own and person.may(StaffRole.APPROVER)
    draft = None if prepared is None else instance.prepared_acts.draft_release(prepared)
    return RecoveryRow(
        subject.hex(),
        "" if held.firm is None else held.firm.name,
        state.completable_at,
        state.lapses_at,
        wait_s,
        is_prepared=prepared is not None,
        may_prepare=prepared is None and not wait_s and person.may(StaffRole.CLERK),
        may_cancel=person.may(StaffRole.CLERK, StaffRole.APPROVER),
        is_own=is_own,
        release=release_form(page, draft) if may_release and draft is not None else None,
    )


@pages.get(LIST, kinds=REGISTRAR, roles=LOOKERS)
def recoveries(page: Page) -> Response:
    """List the firms that get new signers."""
    return page.render("registrar/recoveries.html", recovery_list(page))


@pages.post(f"{LIST}/{{firm}}/prepare", kinds=REGISTRAR, roles=CLERKS)
def prepare(page: Page) -> Response:
    """Prepare that new signers come in force; an approver releases it."""
    subject = id_in(page, "firm")
    if page.instance.ledger.recovery(subject).commitment is None:
        raise _not_pending()
    act, document = StaffAct.COMPLETE_RECOVERY, _document(page, subject)
    page.instance.prepared_acts.prepare(person_of(page), act, document, now=page.now)
    return page.redirect(LIST, notice=page.gettext("An approver must release this now."))


@pages.post(f"{LIST}/{{firm}}/complete", kinds=REGISTRAR, roles=APPROVERS)
def complete(page: Page) -> Response:
    """Put the new signers in force, as another person than who prepared it."""
    person, subject, instance = person_of(page), id_in(page, "firm"), page.instance
    document = _document(page, subject)
    waiting = instance.prepared_acts.waiting(person.member, StaffAct.COMPLETE_RECOVERY)
    prepared = next((one for one in waiting if one.document == document), None)
    if prepared is None:
        raise _not_pending()
    number = instance.ledger.recovery(subject).number
    with instance.store.begin() as connection:
        instance.prepared_acts.release(connection, person, prepared.id, *released(page.form), now=page.now)
    instance.recoveries.complete(subject, number)
    return page.redirect(LIST, notice=page.gettext("The new signers are in force."))


@pages.post(f"{LIST}/{{firm}}/cancel", kinds=REGISTRAR, roles=HANDLERS)
def cancel(page: Page) -> Response:
    """Call a recovery off; one person is enough."""
    page.require_fresh()
    subject = id_in(page, "firm")
    page.instance.recoveries.abandon(subject, page.instance.ledger.recovery(subject).number)
    return page.redirect(LIST, notice=page.gettext("The signers stay as they are."))


def _document(page: Page, subject: bytes) -> dict[str, JSON]:
    """Return what is released: which recovery, and the commitment to its signers."""
    state = page.instance.ledger.recovery(subject)
    commitment = None if state.commitment is None else to_hex(state.commitment)
    return {"commitment": commitment, "number": state.number, "subject": to_hex(subject)}


def _not_pending() -> InvalidInputError:
    return InvalidInputError(Reason.RECOVERY_NOT_PENDING, "no new signers of this firm wait, or nobody prepared it")
