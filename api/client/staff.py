"""What a member's own key signs about its people: the first invitations, and the end of anybody's access."""

from collections.abc import Collection
from typing import Any, Final

from api.client.client import Client
from api.client.consent import signing_domain
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.domain.staff_release import MAX_NUMBER, StaffAct, StaffRelease, content_digest
from ledger_node.randomness import random_bytes

_NUMBER_BYTES: Final = 7


def invite_staff(client: Client, key: bytes, name: str, roles: Collection[str]) -> Any:  # noqa: ANN401 - JSON of the API
    """Invite a person on the word of the member that is signed in; return ``{staff, code}``. ``key``: the member's."""
    document: dict[str, JSON] = {"name": name, "roles": sorted(roles)}
    return client.post("/v1/staff", {**document, **_signed(client, key, StaffAct.ADD_STAFF, document)})


def _signed(client: Client, key: bytes, act: StaffAct, document: dict[str, JSON]) -> dict[str, JSON]:
    domain = signing_domain(client.get("/v1/ledger"), "MemberRegistry")
    number = int.from_bytes(random_bytes(_NUMBER_BYTES), "big") % MAX_NUMBER + 1
    member = from_hex(client.get("/v1/me")["id"], "member")
    release = StaffRelease(member, act, content_digest(document), number)
    return {"number": number, "signature": to_hex(sign(release.digest(domain), key))}
