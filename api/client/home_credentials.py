"""The credentials of a home folder: who signs in from it, with which key."""

from api.client.credential import Credential, read_key_file
from api.home.home import Home
from api.hsm.device import SUFFIX
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

_KEYSTORE = ".json"
"""A keystore holds a controller's key, which signs in by itself; other files hold keys that were published."""


def credential_named(home: Home, name: str) -> Credential:
    """Return the credential of a name in credentials.json.

    Raises:
        InvalidInputError: ``configuration``; there is no such name, or its key cannot be used.
    """
    held = home.credential(name)
    if "key" not in held:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"the credential '{name}' in {home.path} names no key; have one: credence sign-in rotate --as {name}",
        )
    client, file = from_hex(held["id"], "id"), home.path / held["key"]
    if held["kind"] == "subject" and file.suffix == _KEYSTORE and not file.name.endswith(SUFFIX):
        return Credential.of_controller(client, home.read_key(file.stem))
    return Credential.published(client, read_key_file(file))
