"""``/device``: a firm's other device brings a code, and shows its key. It sees nothing of the firm before that."""

from dataclasses import dataclass, field

from starlette.responses import Response

from api.portal.firm.signers.view import DEVICE_NAMES
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import creation_options
from api.services.passkey.registration import Registration
from api.services.signer.device_offer import NewDevice
from ledger_node.domain.canonical import JSON
from ledger_node.randomness import random_bytes

pages = Pages("device")
PURPOSE = "device"
_USER_BYTES = 32


@dataclass(frozen=True, slots=True)
class DeviceKeyPage:
    """Where a device makes its key. ``kinds``: what it may say that it is; ``guess``: the likely one."""

    code: str = field(repr=False)
    token: str
    data: dict[str, JSON]
    kinds: tuple[tuple[str, str], ...]
    guess: str


@dataclass(frozen=True, slots=True)
class DeviceArrived:
    """What a device shows once its key is there: the digits that the other device must show too."""

    name: str
    digits: str


@pages.get("/device", anybody=True)
def ask(page: Page) -> Response:
    """Ask for the code; a script takes it from behind the # of the address."""
    return page.render("public/device_code.html", None)


@pages.post("/device/code", anybody=True)
def look(page: Page) -> Response:
    """Offer to make a key, without a word on whose it will be."""
    code = page.form.get("code", "")
    page.instance.device_offers.look(code, origin=page.address)
    challenge = page.instance.challenges.make(PURPOSE, now=page.now)
    name = page.gettext("Device of your firm")
    user = random_bytes(_USER_BYTES)
    data = creation_options(challenge.digest, rp_id=page.place.rp_id, user=user, name=name)
    kinds = tuple((kind, page.gettext(text)) for kind, text in DEVICE_NAMES.items())
    view = DeviceKeyPage(code, challenge.token, data, kinds, guessed_device(page.headers.get("user-agent", "")))
    return page.render("public/device_key.html", view)


@pages.post("/device", anybody=True)
def arrive(page: Page) -> Response:
    """Take the key of the device, and show its digits."""
    digest, _ = page.instance.challenges.look(PURPOSE, page.form.get("token", ""), now=page.now)
    made = Registration.of_form(page.form).read(digest, rp_id=page.place.rp_id, origin=page.place.origin)
    shown = NewDevice(made.passkey, made.credential_id, page.form.get("device", ""), made.is_synced)
    offer = page.instance.device_offers.arrive(page.form.get("code", ""), shown, origin=page.address, now=page.now)
    return page.render("public/device_arrived.html", DeviceArrived(offer.name, offer.digits or ""))


def guessed_device(agent: str) -> str:
    """Return what a device likely is, by what its browser says of itself."""
    if "iPad" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    return "phone" if "Mobile" in agent or "iPhone" in agent else "computer"
