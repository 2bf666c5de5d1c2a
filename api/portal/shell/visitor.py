"""Who looks at a page."""

from dataclasses import dataclass
from typing import Final

from api.services.session.session import Session
from api.services.staff.person import StaffMember
from api.sign_in.server.principal import Kind


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page.

    ``kind``: None where nobody is signed in. ``id``: of the subject or the member; empty for nobody. ``name``: of the
    member, or what the firm is called where that is known. ``staff``: of a member, the person. ``credential``: id of
    the passkey that signed in. ``signed_in_at``, ``fresh_until``: seconds; a fresh assertion reaches five minutes.
    """

    kind: Kind | None
    id: bytes = b""
    name: str = ""
    staff: StaffMember | None = None
    credential: bytes = b""
    signed_in_at: int = 0
    fresh_until: int = 0
    session: Session | None = None

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return self.kind is not None


NOBODY: Final = Visitor(None)
