"""``/registrar/invitations``: clerks invite firms and hand codes over; approvers compare digits and release."""

from typing import Final

from starlette.responses import Response

from api.portal.registrar.invitation_view import CodeSlip, NewInvitation, invitation_list, invitation_page
from api.portal.registrar.office import APPROVERS, CLERKS, HANDLERS, LOOKERS, REGISTRAR, pages
from api.portal.shell.page import Page
from api.portal.shell.qr import enrol_address, qr_svg
from api.portal.shell.release_form import id_in, person_of, released
from api.services.enrolment.invitation import Invitation
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

LIST: Final = "/registrar/invitations"


@pages.get(LIST, kinds=REGISTRAR, roles=LOOKERS)
def invitations(page: Page) -> Response:
    """List the invitations."""
    return page.render("registrar/invitations.html", invitation_list(page))


@pages.get(f"{LIST}/new", kinds=REGISTRAR, roles=CLERKS)
def new(page: Page) -> Response:
    """Show the form of a new one."""
    return page.render("registrar/invitation_new.html", NewInvitation(recovers=False))


@pages.get("/registrar/recoveries/new", kinds=REGISTRAR, roles=CLERKS)
def new_signers(page: Page) -> Response:
    """Show the form of an invitation of new signers."""
    return page.render("registrar/invitation_new.html", NewInvitation(recovers=True))


@pages.post(LIST, kinds=REGISTRAR, roles=CLERKS)
def open_invitation(page: Page) -> Response:
    """Open an invitation. The credit code is in the form alone, and never in an address."""
    form = page.form
    recovers = form.get("recovers") == "yes"
    if recovers and form.get("called_back") != "yes":
        raise InvalidInputError(Reason.VALUE_MISSING, "call the number of the register first", field="called_back")
    address = form.get("register_address", "").strip()
    if address:
        page.instance.contacts.require_reachable(address)
    signers = [line.strip() for line in form.get("signers", "").split("\n") if line.strip()]
    opened = page.instance.invitations.open(
        person_of(page),
        credit_code=parse_credit_code(form.get("credit_code", "")),
        name=form.get("name", ""),
        signers=signers,
        threshold=_count(form.get("threshold", "1")),
        by_post=form.get("way") == "post",
        register_phone=form.get("register_phone", ""),
        register_address=address,
        recovers=recovers,
        now=page.now,
    )
    return page.redirect(f"{LIST}/{opened.id.hex()}")


@pages.get(f"{LIST}/{{invitation}}", kinds=REGISTRAR, roles=LOOKERS)
def one(page: Page) -> Response:
    """Show one invitation."""
    return page.render("registrar/invitation.html", invitation_page(page, _held(page)))


@pages.post(f"{LIST}/{{invitation}}/code", kinds=REGISTRAR, roles=CLERKS)
def give_code(page: Page) -> Response:
    """Show a fresh code for a signer, once: a QR code for the counter, or a slip for the post."""
    held, person = _held(page), _count(page.form.get("person", ""))
    code = page.instance.invitations.issue_code(person_of(page), held.id, person, now=page.now)
    firm, address = held.require_firm(), enrol_address(page.place.origin, code)
    slip = CodeSlip(
        held.id.hex(),
        firm.name,
        firm.signers[person - 1],
        held.by_post,
        code,
        qr_svg(address),
        f"{page.place.origin}/enrol",
        held.expires_at,
    )
    return page.render("registrar/code.html", slip)


@pages.post(f"{LIST}/{{invitation}}/release", kinds=REGISTRAR, roles=APPROVERS)
def release(page: Page) -> Response:
    """Release the keys of an invitation, and register the firm."""
    invitation, form = id_in(page, "invitation"), released(page.form)
    done = page.instance.enrolments.release(person_of(page), invitation, *form, now=page.now)
    text = page.gettext("The firm is registered.")
    if done.recovers is not None:
        text = page.gettext("The new signers come in force after 72 hours, unless somebody cancels it.")
    return page.redirect(f"{LIST}/{invitation.hex()}", notice=text)


@pages.post(f"{LIST}/{{invitation}}/end", kinds=REGISTRAR, roles=HANDLERS)
def end(page: Page) -> Response:
    """End an invitation; what it said is erased."""
    page.instance.invitations.end(person_of(page), id_in(page, "invitation"), now=page.now)
    return page.redirect(LIST, notice=page.gettext("The invitation has ended, and what it said is erased."))


def _held(page: Page) -> Invitation:
    return page.instance.invitations.require(person_of(page).member, id_in(page, "invitation"), now=page.now)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2):  # noqa: PLR2004 - a set has 16 keys
        raise InvalidInputError(Reason.VALUE_MALFORMED, "this is a small number", field="threshold")
    return int(text)
