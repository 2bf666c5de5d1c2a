"""``/staff``: the people of a member, invited and added by two of them, and ended by one."""

from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from api.language.translation import N_
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.qr import enrol_address, qr_svg
from api.portal.shell.release_form import ReleaseForm, id_in, person_of, release_form, released
from api.services.staff.person import StaffMember, StaffState
from api.services.staff.program import EXCEPTION
from api.services.staff.role import StaffRole
from api.services.staff.roster import InvitedStaff
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct

MEMBERS: Final = frozenset(Kind) - {Kind.SUBJECT}
LOOKERS: Final = frozenset({StaffRole.ADMIN, StaffRole.APPROVER, StaffRole.AUDITOR})
ROLE_NAMES: Final = {
    StaffRole.ADMIN: N_("admin"),
    StaffRole.CLERK: N_("clerk"),
    StaffRole.APPROVER: N_("approver"),
    StaffRole.OFFICER: N_("officer"),
    StaffRole.AUDITOR: N_("auditor"),
}
STATE_NAMES: Final = {
    StaffState.INVITED: N_("invited"),
    StaffState.ARRIVED: N_("key linked, to be added"),
    StaffState.ACTIVE: N_("active"),
    StaffState.ENDED: N_("ended"),
}
pages = Pages("staff", ((N_("People"), "/staff"),))


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in the list."""

    id: str
    name: str
    roles: tuple[str, ...]
    state: StaffState
    state_name: str
    since: int


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The list. ``roles``: that may be chosen, with their names; ``programs``: whether programs may act alone."""

    people: tuple[PersonRow, ...]
    roles: tuple[tuple[str, str], ...]
    may_invite: bool
    programs: bool
    exception: str | None
    may_release_exception: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person, and what whoever looks may do. ``add``, ``end``: the forms."""

    person: PersonRow
    invited_by: str
    add: ReleaseForm | None
    end: ReleaseForm | None
    may_renew: bool
    is_own_invitation: bool


@dataclass(frozen=True, slots=True)
class InvitedPage:
    """A code to hand over."""

    name: str
    code: str = field(repr=False)
    qr: Markup = field(repr=False)


def people_page(page: Page) -> PeoplePage:
    """Return the list as whoever looks sees it."""
    person, instance = person_of(page), page.instance
    waiting = instance.prepared_acts.waiting(person.member, StaffAct.ALLOW_PROGRAMS)
    return PeoplePage(
        tuple(row_of(page, each) for each in instance.roster.of(person.member)),
        tuple((role.value, page.gettext(name)) for role, name in ROLE_NAMES.items()),
        person.may(StaffRole.ADMIN),
        instance.programs.may_act_alone(person.member),
        waiting[0].id.hex() if waiting else None,
        bool(waiting) and waiting[0].prepared_by != person.id and person.may(StaffRole.ADMIN, StaffRole.APPROVER),
    )


def person_page(page: Page, held: StaffMember) -> PersonPage:
    """Return one person as whoever looks sees them."""
    looker, roster = person_of(page), page.instance.roster
    inviter = None if held.invited_by is None else roster.find(held.invited_by)
    is_own = held.invited_by == looker.id
    may_add = held.state is StaffState.ARRIVED and not is_own and looker.may(StaffRole.ADMIN, StaffRole.APPROVER)
    may_end = held.state is not StaffState.ENDED and looker.may(StaffRole.ADMIN)
    return PersonPage(
        row_of(page, held),
        "" if inviter is None else inviter.name,
        release_form(page, roster.draft_release(held, StaffAct.ADD_STAFF)) if may_add else None,
        release_form(page, roster.draft_release(held, StaffAct.END_STAFF)) if may_end else None,
        may_renew=held.state is StaffState.INVITED and looker.may(StaffRole.ADMIN),
        is_own_invitation=is_own and held.state is StaffState.ARRIVED,
    )


def row_of(page: Page, person: StaffMember) -> PersonRow:
    """Return a person's row."""
    roles = tuple(page.gettext(ROLE_NAMES[role]) for role in sorted(person.roles))
    state = page.gettext(STATE_NAMES[person.state])
    since = person.invited_at if person.ended_at is None else person.ended_at
    return PersonRow(person.id.hex(), person.name, roles, person.state, state, since)


@pages.get("/staff", kinds=MEMBERS, roles=LOOKERS)
def people(page: Page) -> Response:
    """List the people of the member."""
    return page.render("staff/people.html", people_page(page))


@pages.post("/staff", kinds=MEMBERS, roles={StaffRole.ADMIN})
def invite(page: Page) -> Response:
    """Invite a person, and show the code once."""
    page.require_fresh()
    roles = frozenset(role for role in StaffRole if page.form.get(f"role_{role.value}"))
    invited = page.instance.roster.invite(person_of(page), page.form.get("name", ""), roles, now=page.now)
    return _show_code(page, invited)


@pages.get("/staff/people/{person}", kinds=MEMBERS, roles=LOOKERS)
def one(page: Page) -> Response:
    """Show one person."""
    return page.render("staff/person.html", person_page(page, _person(page)))


@pages.post("/staff/people/{person}/code", kinds=MEMBERS, roles={StaffRole.ADMIN})
def renew_code(page: Page) -> Response:
    """Give out a new code; the one before ends."""
    page.require_fresh()
    return _show_code(page, page.instance.roster.new_code(person_of(page), id_in(page, "person")))


@pages.post("/staff/people/{person}/add", kinds=MEMBERS, roles={StaffRole.ADMIN, StaffRole.APPROVER})
def add(page: Page) -> Response:
    """Add a person who came, as another one than who invited them."""
    page.instance.roster.release(person_of(page), id_in(page, "person"), *released(page.form), now=page.now)
    return page.redirect("/staff", notice=page.gettext("The person is added."))


@pages.post("/staff/people/{person}/end", kinds=MEMBERS, roles={StaffRole.ADMIN})
def end(page: Page) -> Response:
    """End a person's access at once."""
    page.instance.roster.end(person_of(page), id_in(page, "person"), *released(page.form), now=page.now)
    return page.redirect("/staff", notice=page.gettext("The person's access has ended."))


@pages.post("/staff/programs", kinds=MEMBERS, roles={StaffRole.ADMIN})
def propose_programs(page: Page) -> Response:
    """Propose that programs may act without a second person."""
    page.require_fresh()
    page.instance.prepared_acts.prepare(person_of(page), StaffAct.ALLOW_PROGRAMS, dict(EXCEPTION), now=page.now)
    return page.redirect("/staff", notice=page.gettext("Another admin or an approver must release this."))


@pages.get("/staff/programs/{act}", kinds=MEMBERS, roles={StaffRole.ADMIN, StaffRole.APPROVER})
def programs(page: Page) -> Response:
    """Show what is to be released about programs."""
    held = page.instance.prepared_acts.find(person_of(page).member, id_in(page, "act"))
    if held is None or held.act is not StaffAct.ALLOW_PROGRAMS:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such page")
    return page.render("staff/programs.html", release_form(page, page.instance.prepared_acts.draft_release(held)))


@pages.post("/staff/programs/{act}", kinds=MEMBERS, roles={StaffRole.ADMIN, StaffRole.APPROVER})
def release_programs(page: Page) -> Response:
    """Release it as another person."""
    person, act, form = person_of(page), id_in(page, "act"), released(page.form)
    with page.instance.store.begin() as connection:
        page.instance.prepared_acts.release(connection, person, act, *form, now=page.now)
    return page.redirect("/staff", notice=page.gettext("Programs may act without a second person now."))


def _person(page: Page) -> StaffMember:
    held = page.instance.roster.find(id_in(page, "person"))
    if held is None or held.member != person_of(page).member:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such person")
    return held


def _show_code(page: Page, invited: InvitedStaff) -> Response:
    address = enrol_address(page.place.origin, invited.code, "/staff/enrol")
    return page.render("staff/invited.html", InvitedPage(invited.person.name, invited.code, qr_svg(address)))
