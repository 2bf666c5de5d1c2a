"""The credentials of a home folder: who signs in from it, with which key."""

from api.client.credential import Credential, read_key_file
from api.home import Home
from api.hsm.device import SUFFIX
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex

_KEYSTORE = ".json"
"""A keystore holds a controller's key, which signs in by itself; other files hold keys that were published."""


def credential_row(home: Home, name: str) -> dict[str, str]:
    """Return what credentials.json says of a name: ``kind``, ``id`` and ``key``.

    Raises:
        InvalidInputError: ``configuration``; there is no such name, or its row is not whole.
    """
    credentials = home.credentials()
    if name not in credentials:
        names = ", ".join(credentials) or "none"
        raise InvalidInputError(Reason.CONFIGURATION, f"no credential '{name}' in {home.path}; there are: {names}")
    row = credentials[name]
    if not {"kind", "id", "key"} <= row.keys():
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"the credential '{name}' in {home.path} names no key; put its file there, and its path in as 'key'",
        )
    return {member: str(value) for member, value in row.items()}


def credential_named(home: Home, name: str) -> Credential:
    """Return the credential of a name in credentials.json.

    Raises:
        InvalidInputError: ``configuration``; there is no such name, or its key cannot be used.
    """
    held = credential_row(home, name)
    client, file = from_hex(held["id"], "id"), home.path / held["key"]
    if held["kind"] == "subject" and file.suffix == _KEYSTORE and not file.name.endswith(SUFFIX):
        return Credential.of_controller(client, home.read_key(file.stem))
    return Credential.published(client, read_key_file(file))
