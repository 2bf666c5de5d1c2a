"""The portal that a demonstration leaves open: links with one-time codes, in words that a stranger follows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx

from api.client.staff import invite_staff
from api.lab.demo.server import InstanceProcess

_DOOR: Final = "/staff/enrol"
PEOPLE: Final = (
    ("demo-bank", "the bank's officer", "Demo officer", ("officer",)),
    ("market-regulator", "the registrar's clerk", "Demo clerk", ("admin", "clerk")),
    ("market-regulator", "the registrar's approver", "Demo approver", ("admin", "approver")),
)
"""Member, words for a stranger, name, and roles of everybody who gets a link."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where one person begins. ``link``: with a code that counts once."""

    words: str
    link: str = field(repr=False)


def portal_of(served: InstanceProcess) -> str:
    """Return the address of the portal: passkeys take the name localhost, and no number."""
    return f"http://{served.home.portal_host()}:{urlsplit(served.url).port}"


def doors(served: InstanceProcess) -> Iterator[Door]:
    """Invite everybody of ``PEOPLE``, and yield where each begins; nobody where this portal has no such page."""
    if httpx.get(portal_of(served) + _DOOR, trust_env=False).status_code != HTTPStatus.OK:
        return
    for member, words, name, roles in PEOPLE:
        invited = invite_staff(served.client(member), served.home.read_key(member), name, roles)
        yield Door(words, f"{portal_of(served)}{_DOOR}#{invited['code']}")
