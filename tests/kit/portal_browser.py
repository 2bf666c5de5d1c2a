"""The portal in a real browser: pages of a small instance on this machine, and phones whose keys are the firm's."""

import base64
import socket
import threading
import time
from contextlib import contextmanager

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.kit.portal import portal_app

ALLOWED_NOISE = ("publicKey.pubKeyCredParams",)
"""What Chromium warns about where only ES256 is asked for."""
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
MATRIX = [("zh", 390), ("en", 390), ("zh", 1280), ("en", 1280)]
"""Languages and widths of what is walked in all of them."""


@contextmanager
def serving(instance):
    """Serve the portal of an instance, and return where. Each server has a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://localhost:{listener.getsockname()[1]}"
    config = uvicorn.Config(portal_app(instance, origin=origin), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield origin
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Person:
    """Somebody at a browser. ``faults``: what no page may cause."""

    def __init__(self, context, origin, phone=None):
        self.context, self.origin = context, origin
        self.page = context.new_page()
        self.screens, self.faults = [], []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"error of a page: {error}"))
        self.page.on("request", self._see)
        self.authenticator = None
        if phone is not None:
            self.take(phone)

    def _hear(self, message):
        is_allowed = any(noise in message.text for noise in ALLOWED_NOISE)
        # a page that is refused is a page too
        is_refusal = "the server responded with a status of 4" in message.text
        if message.type in {"error", "warning"} and not is_allowed and not is_refusal:
            self.faults.append(f"console: {message.text}")

    def _see(self, request):
        if not request.url.startswith(self.origin):
            self.faults.append(f"request to another host: {request.url}")
        if request.is_navigation_request():
            self.screens.append(f"{request.method} {request.url.removeprefix(self.origin)}")

    def take_device(self, transport="internal"):
        """Give the browser a device that holds no passkey yet."""
        self.session = self.context.new_cdp_session(self.page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.authenticator = added["authenticatorId"]

    def take(self, phone):
        """Give the browser a phone that holds the passkey of a signer."""
        self.take_device()
        key = phone.device.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        credential = {
            "credentialId": base64.b64encode(phone.id).decode(),
            "isResidentCredential": True,
            "rpId": "localhost",
            "privateKey": base64.b64encode(key).decode(),
            "userHandle": base64.b64encode(b"person").decode(),
            "signCount": 0,
        }
        self.session.send("WebAuthn.addCredential", {"authenticatorId": self.authenticator, "credential": credential})

    def close_prompts(self):
        """Let whoever is asked for a fingerprint refuse it from now on."""
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": False})

    def go(self, path):
        """Open an address."""
        self.page.goto(f"{self.origin}{path}")
        return self.page

    def button(self, name):
        """Return the button that is called so."""
        return self.page.get_by_role("button", name=name)

    def sign_in(self, back="/home"):
        """Sign in with the phone."""
        self.go(f"/sign-in?back={back}")
        self.page.locator("form[data-passkey] button").click()
        # the address of the page that signs in ends with it too
        self.page.wait_for_url(lambda address: address == f"{self.origin}{back}")
        return self.page


def overflow(page):
    """Return by how many pixels a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def violations(page):
    """Return what axe finds on a page, and where."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def require_clean(page):
    """Require that everybody can read a page, and that it does not scroll sideways."""
    assert violations(page) == []
    assert overflow(page) <= 0
