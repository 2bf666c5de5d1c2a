"""What a member's own key signs about its people: the first invitations, and the end of anybody's access."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from api.client.client import Client
from api.client.consent import signing_domain
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.domain.staff_release import MAX_NUMBER, StaffAct, StaffRelease, content_digest, ended_staff_document
from ledger_node.randomness import random_bytes

_NUMBER_BYTES: Final = 7
_ID_BYTES: Final = 16


def invite_staff(client: Client, key: bytes, name: str, roles: Collection[str]) -> Any:  # noqa: ANN401 - JSON of the API
    """Invite a person on the word of the member that is signed in; return ``{staff, code}``. ``key``: the member's."""
    document: dict[str, JSON] = {"name": name, "roles": sorted(roles)}
    return client.post("/v1/staff", {**document, **_signed(client, key, StaffAct.ADD_STAFF, document)})


def end_staff(client: Client, key: bytes, person: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON of the API
    """End a person's access at once, and return the person. ``person``: as ``GET /v1/staff`` shows it."""
    document = ended_staff_document(from_hex(person["id"], "staff", length=_ID_BYTES), person["name"], person["roles"])
    return client.post(f"/v1/staff/{person['id']}/end", _signed(client, key, StaffAct.END_STAFF, document))


def _signed(client: Client, key: bytes, act: StaffAct, document: dict[str, JSON]) -> dict[str, JSON]:
    domain = signing_domain(client.get("/v1/ledger"), "MemberRegistry")
    number = int.from_bytes(random_bytes(_NUMBER_BYTES), "big") % MAX_NUMBER + 1
    member = from_hex(client.get("/v1/me")["id"], "member")
    release = StaffRelease(member, act, content_digest(document), number)
    return {"number": number, "signature": to_hex(sign(release.digest(domain), key))}
