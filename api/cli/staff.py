"""``credence staff``: the people who act for a member at the pages, invited and ended on the word of its own key."""

from typing import Annotated, Any, Final

import typer

from api.cli.command import Caller, Output, command, command_group
from api.cli.language import gettext as _
from api.client.consent import signing_domain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import (
    MAX_NUMBER,
    StaffAct,
    StaffRelease,
    content_digest,
    ended_staff_document,
    new_staff_document,
)
from ledger_node.randomness import random_bytes

staff = command_group(
    "People who act for a member at the pages.", 'credence staff invite --as demo-bank --role admin "Wang Fang"'
)
_ID_BYTES: Final = 16
_NUMBER_BYTES: Final = 7


@command(staff, 'credence staff invite --as demo-bank --role admin --role officer "Wang Fang"')
def invite(
    *,
    person: Annotated[str, typer.Argument(metavar="NAME", help="What the person is called.")],
    role: Annotated[list[str], typer.Option(help="admin, clerk, approver, officer or auditor; again for more.")],
    caller: Caller,
) -> Output:
    """Invite a person, and print the code that links a security key at /staff/enrol. It is printed once.

    The member's signing key signs (keys/NAME.json or keys/NAME.hsm.json). Invite the first admin so; later people are
    invited on the page, by two.
    """
    body = _signed(caller, StaffAct.ADD_STAFF, content_digest(new_staff_document(person, role)))
    made = caller.client().post("/v1/staff", {"name": person, "roles": role, **body})
    told = _("hand the code over in person; it is typed at /staff/enrol, is good for seven days, and counts once")
    return Output(made, made["code"], told=told)


@command(staff, "credence staff list --as demo-bank", name="list")
def list_staff(caller: Caller) -> Output:
    """List the people of a member, also those whose access has ended."""
    listed = caller.client().get("/v1/staff")["staff"]
    return Output({"staff": listed}, rows=[(_line(one), one["id"]) for one in listed])


@command(staff, "credence staff end 0x6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b --as demo-bank")
def end(
    *, person: Annotated[str, typer.Argument(metavar="ID", help="The person's id, as list prints it.")], caller: Caller
) -> Output:
    """End a person's access at once, on the word of the member's signing key."""
    client, wanted = caller.client(), from_hex(person, "id", length=_ID_BYTES)
    held = next((one for one in client.get("/v1/staff")["staff"] if one["id"] == to_hex(wanted)), None)
    if held is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such person", field="id")
    document = ended_staff_document(wanted, held["name"], held["roles"])
    body = _signed(caller, StaffAct.END_STAFF, content_digest(document))
    done = client.post(f"/v1/staff/{to_hex(wanted)}/end", body)
    return Output(done, told=_("the person can do nothing any more"))


def _signed(caller: Caller, act: StaffAct, content: bytes) -> dict[str, Any]:
    """Return number and signature of a release by the member's own key."""
    folder, name = caller.folder, caller.name
    member = from_hex(folder.credential(name)["id"], "id")
    number = int.from_bytes(random_bytes(_NUMBER_BYTES), "big") % MAX_NUMBER + 1
    domain = signing_domain(caller.client().get("/v1/ledger"), "MemberRegistry")
    digest = StaffRelease(member, act, content, number).digest(domain)
    return {"number": number, "signature": to_hex(folder.signer(name).sign(digest))}


def _line(one: Any) -> str:  # noqa: ANN401 - JSON of the route
    return f"{one['state']}  {one['name']}  {', '.join(one['roles'])}"
