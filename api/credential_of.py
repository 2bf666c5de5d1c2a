"""The credentials of a home folder: who signs in from it, with which key."""

from api.client.credential import Credential, read_key_file
from api.home import Home
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex

_KEYSTORE = ".json"


def credential_named(home: Home, name: str) -> Credential:
    """Return the credential of a name in credentials.json.

    Raises:
        InvalidInputError: ``configuration``; there is no such name, or its key cannot be used.
    """
    credentials = home.credentials()
    if name not in credentials:
        names = ", ".join(credentials) or "none"
        raise InvalidInputError(Reason.CONFIGURATION, f"no credential '{name}' in {home.path}; there are: {names}")
    held = credentials[name]
    client, file = from_hex(held.get("id"), "id"), home.path / str(held.get("key"))
    if held.get("kind") == "subject" and file.suffix == _KEYSTORE:
        return Credential.of_controller(client, home.read_key(file.stem))
    return Credential.of_member(client, read_key_file(file))
