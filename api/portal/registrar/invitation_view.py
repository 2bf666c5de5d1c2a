"""What the pages of invitations show: the list, one invitation with the digits of its keys, and codes to hand over."""

from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from api.language.translation import N_
from api.portal.shell.page import Page
from api.portal.shell.release_form import ReleaseForm, person_of, release_form
from api.services.enrolment.invitation import Invitation, InvitationState
from api.services.staff.role import StaffRole

STATE_NAMES: Final = {
    InvitationState.OPEN: N_("waits for the signers"),
    InvitationState.READY: N_("ready to be confirmed"),
    InvitationState.RELEASED: N_("being registered"),
    InvitationState.REGISTERED: N_("registered"),
    InvitationState.VOID: N_("ended"),
    InvitationState.EXPIRED: N_("expired"),
}
_ENDS: Final = frozenset({InvitationState.OPEN, InvitationState.READY, InvitationState.EXPIRED})


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation in the list. ``name``: empty once what it said is erased."""

    id: str
    name: str
    state: InvitationState
    state_name: str
    arrived: int
    persons: int
    by_post: bool
    opened_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """The form of a new invitation. ``recovers``: of new signers of a firm that is registered."""

    recovers: bool


@dataclass(frozen=True, slots=True)
class InvitationList:
    """All invitations, and whether whoever looks may open one."""

    rows: tuple[InvitationRow, ...]
    may_open: bool


@dataclass(frozen=True, slots=True)
class SignerRow:
    """A signer, the digits of the keys that arrived, and the state of the code.

    ``may_call``: a code can be given out. ``was_voided``: two keys came by one code, and neither counts.
    """

    person: int
    name: str
    keys: tuple[tuple[str, bool], ...]
    has_code: bool
    is_locked: bool
    may_call: bool
    was_voided: bool


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """One invitation. ``release``: the form of an approver; ``is_own``: whoever looks prepared it, and may not."""

    row: InvitationRow
    credit_code: str = field(repr=False)
    register_phone: str = field(repr=False)
    threshold: int
    signers: tuple[SignerRow, ...]
    release: ReleaseForm | None
    recovers: bool
    is_own: bool
    may_end: bool
    grants_from: int | None


@dataclass(frozen=True, slots=True)
class CodeSlip:
    """A code for one signer: for the screen, or to print and send."""

    invitation: str
    firm: str
    signer: str
    by_post: bool
    code: str = field(repr=False)
    qr: Markup = field(repr=False)
    address: str
    expires_at: int


def invitation_list(page: Page) -> InvitationList:
    """Return the list."""
    person = person_of(page)
    held = page.instance.invitations.of(person.member, now=page.now)
    return InvitationList(tuple(row_of(page, one) for one in held), person.may(StaffRole.CLERK))


def row_of(page: Page, held: Invitation) -> InvitationRow:
    """Return an invitation's row."""
    return InvitationRow(
        held.id.hex(),
        "" if held.firm is None else held.firm.name,
        held.state,
        page.gettext(_state_name(held)),
        held.persons - len(held.missing),
        held.persons,
        held.by_post,
        held.opened_at,
        held.expires_at,
    )


def _state_name(held: Invitation) -> str:
    if held.recovers is not None and held.state is InvitationState.REGISTERED:
        return N_("new signers requested")
    return STATE_NAMES[held.state]


def invitation_page(page: Page, held: Invitation) -> InvitationPage:
    """Return one invitation as whoever looks sees it."""
    person, instance = person_of(page), page.instance
    is_own = person.id in held.handled_by
    may_release = held.state is InvitationState.READY and person.may(StaffRole.APPROVER) and not is_own
    return InvitationPage(
        row_of(page, held),
        "" if held.firm is None else held.firm.credit_code,
        "" if held.firm is None else held.firm.register_phone,
        held.threshold,
        ()
        if held.firm is None
        else tuple(_signer(page, held, name, at) for at, name in enumerate(held.firm.signers, 1)),
        release_form(page, instance.enrolments.draft_release(held)) if may_release else None,
        recovers=held.recovers is not None,
        is_own=is_own and held.state is InvitationState.READY and person.may(StaffRole.APPROVER),
        may_end=held.state in _ENDS and person.may(StaffRole.CLERK, StaffRole.APPROVER),
        grants_from=None if held.subject is None else instance.first_wait.ends_at(held.subject),
    )


def _signer(page: Page, held: Invitation, name: str, person: int) -> SignerRow:
    code = page.instance.invitations.code_state(held.id, person)
    is_live = code is not None and code.spent_at is None and page.now < code.expires_at
    keys = tuple((key.digits, key.synced) for key in held.keys if key.person == person)
    return SignerRow(
        person,
        name,
        keys,
        has_code=is_live,
        is_locked=is_live and code is not None and code.tries_left == 0,
        may_call=not keys and held.state is InvitationState.OPEN and person_of(page).may(StaffRole.CLERK),
        was_voided=person in held.voided and not keys,
    )
