"""``/enrol``: a signer brings a code and makes a passkey; ``/staff/enrol``: a member's person does the same.

The code stands behind # in the address, so that no server sees it there; a script puts it into the form.
"""

from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import creation_options
from api.portal.shell.qr import enrol_address, qr_svg
from api.services.enrolment.enrolment import NewKey
from api.services.passkey.registration import NewPasskey, Registration
from api.services.staff.person import StaffState
from api.services.staff.role import StaffRole
from ledger_node.domain.canonical import JSON
from ledger_node.randomness import random_bytes

pages = Pages("enrol")
PURPOSE: Final = "enrol"
_USER_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class CodePage:
    """Where a code is typed. ``action``: where it goes."""

    action: str
    is_staff: bool


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Where a key is made. ``names``: whose it will be; ``data``: for the script."""

    action: str
    code: str = field(repr=False)
    token: str
    data: dict[str, JSON]
    organisation: str
    person: str
    is_staff: bool
    is_second: bool = False
    by_post: bool = False
    roles: tuple[StaffRole, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrivedPage:
    """What a signer sees once the key is there. ``second_code``: for another device of the same person."""

    organisation: str
    person: str
    digits: str = field(repr=False)
    by_post: bool
    second_code: str | None = field(repr=False)
    second_qr: Markup | None = field(repr=False)
    is_second: bool


@dataclass(frozen=True, slots=True)
class StaffArrivedPage:
    """What a member's person sees once the key is there."""

    person: str
    is_active: bool


@pages.get("/enrol", anybody=True)
def enrol_page(page: Page) -> Response:
    """Ask a signer for the code."""
    return page.render("public/enrol_code.html", CodePage("/enrol/code", is_staff=False))


@pages.post("/enrol/code", anybody=True)
def show_welcome(page: Page) -> Response:
    """Say whose code it is, and offer to make a passkey."""
    code = page.form.get("code", "")
    welcome = page.instance.enrolments.look(code, now=page.now, origin=page.address)
    token, data = _creation(page, f"{welcome.firm} · {welcome.signer}", is_portable=False)
    return page.render(
        "public/enrol_key.html",
        KeyPage(
            "/enrol",
            code,
            token,
            data,
            welcome.firm,
            welcome.signer,
            is_staff=False,
            is_second=welcome.device > 1,
            by_post=welcome.by_post,
        ),
    )


@pages.post("/enrol", anybody=True)
def enrol(page: Page) -> Response:
    """Take a signer's passkey, and show its digits."""
    made = _registered(page)
    key = NewKey(made.credential_id, made.passkey, made.is_synced)
    arrival = page.instance.enrolments.arrive(page.form.get("code", ""), key, now=page.now, origin=page.address)
    second, welcome = arrival.second_code, arrival.welcome
    return page.render(
        "public/enrol_arrived.html",
        ArrivedPage(
            welcome.firm,
            welcome.signer,
            arrival.digits,
            welcome.by_post,
            second,
            None if second is None else qr_svg(enrol_address(page.place.origin, second)),
            is_second=welcome.device > 1,
        ),
    )


@pages.get("/staff/enrol", anybody=True)
def staff_enrol_page(page: Page) -> Response:
    """Ask a member's person for the code."""
    return page.render("public/enrol_code.html", CodePage("/staff/enrol/code", is_staff=True))


@pages.post("/staff/enrol/code", anybody=True)
def show_staff_welcome(page: Page) -> Response:
    """Say whose code it is, and offer to make a passkey on a security key."""
    code = page.form.get("code", "")
    person = page.instance.roster.look(code, origin=page.address)
    token, data = _creation(page, person.name, is_portable=True)
    names = {member.id: member.name for member in page.instance.ledger.members()}
    return page.render(
        "public/enrol_key.html",
        KeyPage(
            "/staff/enrol",
            code,
            token,
            data,
            names.get(person.member, ""),
            person.name,
            is_staff=True,
            roles=tuple(sorted(person.roles)),
        ),
    )


@pages.post("/staff/enrol", anybody=True)
def staff_enrol(page: Page) -> Response:
    """Take the passkey of a member's person."""
    made = _registered(page)
    code = page.form.get("code", "")
    person = page.instance.roster.enrol(
        code, made.credential_id, made.passkey, is_synced=made.is_synced, origin=page.address
    )
    return page.render(
        "public/enrol_staff.html", StaffArrivedPage(person.name, is_active=person.state is StaffState.ACTIVE)
    )


def _creation(page: Page, name: str, *, is_portable: bool) -> tuple[str, dict[str, JSON]]:
    challenge = page.instance.challenges.make(PURPOSE, now=page.now)
    user = random_bytes(_USER_BYTES)
    rp_id = page.place.rp_id
    return challenge.token, creation_options(
        challenge.digest, rp_id=rp_id, user=user, name=name, is_portable=is_portable
    )


def _registered(page: Page) -> NewPasskey:
    # the code counts once; so the challenge need not, and a form that is sent twice is answered the same
    digest, _ = page.instance.challenges.look(PURPOSE, page.form.get("token", ""), now=page.now)
    return Registration.of_form(page.form).read(digest, rp_id=page.place.rp_id, origin=page.place.origin)
