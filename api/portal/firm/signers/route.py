"""``/signers``: who can sign, a new device by a code, a change that several sign, and what stops somebody else."""

from starlette.responses import Response

from api.language.translation import N_
from api.portal.firm.signer import credentials_of, person_of
from api.portal.firm.signers.form import id_in_form, number_in, wanted_change
from api.portal.firm.signers.view import (
    DeviceCode,
    LostPage,
    SignersPage,
    alarm_view,
    held_until,
    hold_data,
    offer_row,
    person_rows,
    rotation_page,
)
from api.portal.firm.unsigned import unsigned_page
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import assertion_of
from api.portal.shell.qr import enrol_address, qr_svg
from api.services.signer.device_offer import NEW_PERSON
from api.sign_in.server.principal import Kind
from ledger_node.domain.controller_act import SIGNING_TIME_S, Hold
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

SIGNERS = "/signers"
ROTATION = "/signers/rotation"
LOST = "/signers/lost"
HOLD_SIGNING_S = 900
FIRM = frozenset({Kind.SUBJECT})
pages = Pages("firm signers", navigation=((N_("Who can sign"), SIGNERS),))


@pages.get(SIGNERS, kinds=FIRM)
def signers(page: Page) -> Response:
    """Show who can sign, and what waits."""
    instance, subject = page.instance, page.visitor.id
    current = instance.signers.current(subject)
    persons = person_rows(current, page.visitor.credential, page.language)
    draft = instance.rotation_drafts.find(subject, now=page.now)
    view = SignersPage(
        persons,
        current.threshold,
        tuple(offer_row(one, page.language) for one in instance.device_offers.open(subject, now=page.now)),
        None if draft is None else len(draft.signed),
        current.threshold,
        alarm_view(instance, subject, person_of(page), credentials_of(page), page.language, page.now),
        held_until(instance, subject, page.language, page.now),
        is_alone=any(row.is_you and len(row.devices) == 1 for row in persons),
    )
    return page.render("firm/signers.html", view)


@pages.post("/signers/devices", kinds=FIRM)
def offer_device(page: Page) -> Response:
    """Show a code, once, by which another device shows its key."""
    page.require_fresh()
    instance, subject = page.instance, page.visitor.id
    number = number_in(page.form, "person")
    is_new = number == NEW_PERSON
    name = page.form.get("name", "").strip() if is_new else instance.signers.current(subject).name_of(number)
    if is_new and not name:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "say what the new person is called", field="name")
    offer, code = instance.device_offers.offer(subject, number, name, now=page.now)
    view = DeviceCode(
        offer.name,
        is_new,
        page.place.settings.device_link_s // 60,
        code,
        qr_svg(enrol_address(page.place.origin, code, "/device")),
        f"{page.place.origin}/device",
    )
    return page.render("firm/device_code.html", view)


@pages.post("/signers/devices/drop", kinds=FIRM)
def drop_device(page: Page) -> Response:
    """Drop a device that waits; its code counts no more."""
    page.instance.device_offers.end(page.visitor.id, id_in_form(page.form, "offer"), now=page.now)
    return page.redirect(SIGNERS, notice=page.gettext("The device waits no more. Nothing has changed."))


@pages.post(ROTATION, kinds=FIRM)
def start(page: Page) -> Response:
    """Draw up a change, to be read and signed."""
    signers, subject = page.instance.signers, page.visitor.id
    wanted = wanted_change(page.form, signers.current(subject))
    signers.start(subject, wanted, page.language, now=page.now)
    return page.redirect(ROTATION)


@pages.get(ROTATION, kinds=FIRM)
def show_change(page: Page) -> Response:
    """Show the change that waits for signatures."""
    draft = page.instance.rotation_drafts.find(page.visitor.id, now=page.now)
    if draft is None:
        return page.redirect(SIGNERS)
    domain = page.instance.ledger.subject_domain
    return page.render("firm/rotation.html", rotation_page(draft, domain, person_of(page), credentials_of(page)))


@pages.post("/signers/rotation/sign", kinds=FIRM)
def sign(page: Page) -> Response:
    """Take a signature on a change; the last one that is needed puts it in force."""
    try:
        _, signature = assertion_of(page.form)
        draft = id_in_form(page.form, "draft")
        signed = page.instance.signers.sign(page.visitor.id, draft, signature, now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, ROTATION)
    if not signed.is_done:
        return page.redirect(ROTATION)
    return page.redirect(SIGNERS, notice=page.gettext("Done. From now on these people and devices can sign."))


@pages.post("/signers/rotation/cancel", kinds=FIRM)
def cancel_change(page: Page) -> Response:
    """Call a change off."""
    page.instance.rotation_drafts.cancel(page.visitor.id, id_in_form(page.form, "draft"), now=page.now)
    return page.redirect(SIGNERS, notice=page.gettext("The change is called off. Who can sign stays as it is."))


@pages.post("/recovery/cancel", kinds=FIRM)
def cancel_recovery(page: Page) -> Response:
    """Take a signature that calls off what somebody asked the registrar for."""
    try:
        _, signature = assertion_of(page.form)
        is_done = page.instance.alarms.cancel(page.visitor.id, signature, now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, SIGNERS)
    done = page.gettext("Cancelled. Your signers stay as they are.")
    waits = page.gettext("You have signed. It counts once as many of you have signed as must.")
    return page.redirect(SIGNERS, notice=done if is_done else waits)


@pages.get(LOST, kinds=FIRM)
def lost(page: Page) -> Response:
    """Say what to do where a device is lost or in wrong hands."""
    instance, subject = page.instance, page.visitor.id
    hold, digest = instance.alarms.next_hold(subject, page.now - page.now % 60 + HOLD_SIGNING_S)
    view = LostPage(
        person_rows(instance.signers.current(subject), page.visitor.credential, page.language),
        held_until(instance, subject, page.language, page.now),
        hold.number,
        hold.deadline,
        hold_data(hold, digest, instance.ledger.subject_domain, credentials_of(page)),
    )
    return page.render("firm/lost.html", view)


@pages.post("/signers/hold", kinds=FIRM)
def hold_firm(page: Page) -> Response:
    """Hold the firm on one signature."""
    try:
        _, signature = assertion_of(page.form)
        number, deadline = number_in(page.form, "number"), number_in(page.form, "deadline")
        hold = Hold(page.visitor.id, number, min(deadline, page.now + SIGNING_TIME_S))
        page.instance.alarms.hold(hold, signature, now=page.now)
    except CredenceError as error:
        return unsigned_page(page, error, LOST)
    return page.redirect(SIGNERS, notice=page.gettext("Your firm is on hold. You can still withdraw consents."))
