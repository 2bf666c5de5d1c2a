"""The portal that a demonstration leaves open: links with one-time codes, in words that a stranger follows."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from api.client.client import Client
from api.client.consent import signing_domain
from api.client.staff import invite_staff
from api.client.unsigned_act import unsigned_rotation
from api.lab.demo.server import InstanceProcess
from ledger_node import clock
from ledger_node.domain.controller_act import SIGNING_TIME_S, Rotation
from ledger_node.domain.error import CredenceError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controller, Controllers
from ledger_node.randomness import random_bytes

_POLL_S: Final = 1.0
_OWNER: Final = 1
_MINUTE_S: Final = 60
PEOPLE: Final = (
    ("demo-bank", "an officer of the bank", "Demo officer", ("officer",)),
    ("market-regulator", "a clerk of the registrar", "Demo clerk", ("admin", "clerk")),
    ("market-regulator", "an approver of the registrar", "Demo approver", ("admin", "approver")),
)
"""Member, words for a stranger, name, and roles of everybody who gets a link beside the shop owner."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where one person begins. ``link``: with a code that counts once; ``first``: the page to see then."""

    words: str
    link: str = field(repr=False)
    first: str


def portal_of(served: InstanceProcess) -> str:
    """Return the address of the portal: passkeys take the name localhost, and no number."""
    return f"http://{served.home.portal_host()}:{urlsplit(served.url).port}"


def doors(served: InstanceProcess, shop: str) -> Iterator[Door]:
    """Invite a device of the shop owner and everybody of ``PEOPLE``, and yield where each begins."""
    portal = portal_of(served)
    offered = served.client(shop).post("/v1/devices", {"person": _OWNER, "name": "Demo shop owner"})
    yield Door("the owner of the shop", f"{portal}/device#{offered['code']}", "/home")
    for member, words, name, roles in PEOPLE:
        invited = invite_staff(served.client(member), served.home.read_key(member), name, roles)
        first = "/bank/consents" if member == "demo-bank" else "/registrar/invitations"
        yield Door(words, f"{portal}/staff/enrol#{invited['code']}", first)


class FirstDevice:
    """Plays the shop owner's first device: it takes in the device that came by the link, and keeps its own key."""

    def __init__(self, served: InstanceProcess, shop: str, on_linked: Callable[[], None]) -> None:
        self._served, self._shop, self._on_linked = served, shop, on_linked
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="first device", daemon=True)

    def start(self) -> None:
        """Begin to look out for the device."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(_POLL_S):
            try:
                client = self._served.client(self._shop)
                for device in client.get("/v1/devices")["devices"]:
                    if device["passkey"] is not None:
                        take_in(client, self._served.home.read_key(self._shop), Passkey.from_json(device["passkey"]))
                        self._on_linked()
                        return
            except CredenceError:
                # the instance may be stopping; whoever waits sees no sign-in, and the next look tries again
                continue


def take_in(client: Client, key: bytes, passkey: Passkey) -> None:
    """Let a passkey sign for a firm beside its key, as a second device of the same person."""
    subject = from_hex(client.get("/v1/me")["id"], "subject")
    found = client.get(f"/v1/subjects/0x{subject.hex()}")
    both = (Controller(_OWNER, address_of(key)), Controller(_OWNER, passkey))
    deadline = clock.now() + SIGNING_TIME_S
    rotation = Rotation(
        subject, found["next_entry"], Controllers(both, 1, random_bytes(32)), deadline - deadline % _MINUTE_S
    )
    act = unsigned_rotation(signing_domain(client.get("/v1/ledger"), "SubjectRegistry"), rotation)
    act.submit(client, [sign(act.digest, key)])
