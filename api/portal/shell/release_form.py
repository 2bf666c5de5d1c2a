"""The form that releases something with a passkey: what it holds, and what it brings back."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.portal.shell.page import Page
from api.portal.shell.passkey import assertion_of
from api.services.staff.person import StaffMember
from api.services.staff.release import require_number
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffRelease


@dataclass(frozen=True, slots=True)
class ReleaseForm:
    """``data``: for the script, what the passkey signs; ``number``: comes back with the signature."""

    data: dict[str, JSON]
    number: int


def release_form(page: Page, release: StaffRelease) -> ReleaseForm:
    """Return the form by which whoever looks at the page releases something."""
    challenge = page.instance.releases.digest(release).hex()
    return ReleaseForm({"challenge": challenge, "credentials": [page.visitor.credential.hex()]}, release.number)


def released(form: Mapping[str, str]) -> tuple[int, Assertion]:
    """Return number and signature of a form that came back.

    Raises:
        InvalidInputError: the number is none.
        VerificationError: ``signature_malformed``.
    """
    text = form.get("number", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 16):  # noqa: PLR2004 - digits of the largest number
        raise InvalidInputError(Reason.VALUE_MALFORMED, "the number of a release is an integer", field="number")
    return require_number(int(text)), assertion_of(form)[1]


def person_of(page: Page) -> StaffMember:
    """Return the person who looks at a page of members' people.

    Raises:
        VerificationError: ``not_allowed``.
    """
    if page.visitor.staff is None:
        raise VerificationError(Reason.NOT_ALLOWED, "this page is for people of a member")
    return page.visitor.staff


def id_in(page: Page, name: str) -> bytes:
    """Return the id that the path names.

    Raises:
        InvalidInputError: ``not_found``.
    """
    try:
        return bytes.fromhex(page.path[name])
    except ValueError as error:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such page") from error
