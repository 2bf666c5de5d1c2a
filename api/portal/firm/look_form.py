"""The form by which a firm's person signs a look at values, and what comes back from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.services.record.look import BegunLook
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class LookForm:
    """``nonce``: comes back with the signature; ``data``: for the script, what the passkey signs."""

    nonce: str
    data: dict[str, JSON]


def look_form(begun: BegunLook, credentials: Sequence[str]) -> LookForm:
    """Return the form of a look. ``credentials``: ids of the passkeys that may sign."""
    return LookForm(begun.nonce.hex(), {"challenge": begun.challenge.hex(), "credentials": list(credentials)})


def nonce_of(form: Mapping[str, str]) -> bytes:
    """Return the nonce of a form that came back.

    Raises:
        VerificationError: ``look_unknown``; it is none of ours.
    """
    try:
        return bytes.fromhex(form.get("nonce", ""))
    except ValueError as error:
        raise VerificationError(Reason.LOOK_UNKNOWN, "this look was not begun here") from error
