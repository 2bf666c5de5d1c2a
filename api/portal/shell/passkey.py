"""What pages tell a browser of passkeys, and what forms bring back from them. All bytes are in hexadecimal."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.responses import Response

from api.portal.shell import cookie
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason

ES256: Final = -7
MAX_DEVICES: Final = 8
_DEVICE_AGE_S: Final = 400 * 86_400


def creation_options(
    challenge: bytes, *, rp_id: str, user: bytes, name: str, known: Iterable[bytes] = (), is_portable: bool = False
) -> dict[str, JSON]:
    """Return what ``createPasskey`` of passkey.js takes.

    ``user``: random, of the person; ``name``: what the system's window shows; ``known``: ids of the person's other
    passkeys, on whose devices none is made again; ``is_portable``: a security key and no phone or computer.
    """
    return {
        "challenge": challenge.hex(),
        "rp_id": rp_id,
        "user": user.hex(),
        "name": name,
        "known": [each.hex() for each in known],
        "portable": is_portable,
    }


def assertion_of(form: Mapping[str, str]) -> tuple[bytes, Assertion]:
    """Return the id of the passkey and its signature, which ``assert`` of passkey.js gives.

    Raises:
        VerificationError: ``signature_malformed``.
    """
    names = ("credential_id", "authenticator_data", "client_data_json", "signature")
    try:
        credential, *parts = (bytes.fromhex(form[name]) for name in names)
    except (KeyError, ValueError) as error:
        raise VerificationError(
            Reason.SIGNATURE_MALFORMED, "the parts of a signature are sent in hexadecimal"
        ) from error
    return credential, Assertion(*parts)


def device_credentials(cookies: Mapping[str, str]) -> list[bytes]:
    """Return the ids of passkeys that signed in from this browser, the last one first; empty where none did."""
    found = []
    for text in cookies.get(cookie.DEVICE, "").split(".")[:MAX_DEVICES]:
        try:
            found.append(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            return []
    return [each for each in found if each]


def remember_device(response: Response, cookies: Mapping[str, str], credential: bytes) -> None:
    """Let this browser name a passkey first when it signs in the next time."""
    others = [each for each in device_credentials(cookies) if each != credential]
    listed = [credential, *others][:MAX_DEVICES]
    value = ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode("ascii") for each in listed)
    cookie.put(response, cookie.DEVICE, value, max_age=_DEVICE_AGE_S)
