"""What a page asks a passkey to sign."""

from typing import TypedDict


class Signing(TypedDict):
    """The data of a form that a passkey signs. ``challenge``, ``credentials``: in hexadecimal."""

    challenge: str
    credentials: list[str]


def signing(challenge: bytes, credential: bytes) -> Signing:
    """Return the data for one passkey; any of this site where its id is not known."""
    return {"challenge": challenge.hex(), "credentials": [credential.hex()] if credential else []}
