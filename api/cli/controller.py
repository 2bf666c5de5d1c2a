"""How commands about firms read and name them: controllers, ids, and who signs in for a firm."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api.cli.id_prefix import whole_id
from api.client.client import Client
from api.client.unsigned_act import describe
from api.files.evidence import read_file
from api.home.home import Home
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, parse_address
from ledger_node.domain.subject import ControllerKey, Controllers


def controller_named(folder: Home, raw: str) -> ControllerKey:
    """Return the controller that an address, a passkey's file or the name of a key stands for.

    Raises:
        InvalidInputError: ``configuration``; it is none of these.
    """
    if raw.startswith("0x"):
        return parse_address(raw, "controller")
    path = Path(raw)
    if path.is_file():
        return Passkey.from_json(decode(read_file(path)))
    if not folder.has_key(raw):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"'{raw}' is no address, no file, and no key of {folder.path}; make a key: credence key new {raw}",
            field="controller",
        )
    return address_of(folder.read_key(raw))


def show_subject(client: Client, folder: Home, subject_id: str | None) -> Any:  # noqa: ANN401 - JSON of the route
    """Return what the API shows of a subject; None stands for whoever is signed in."""
    wanted = client.get("/v1/me")["id"] if subject_id is None else subject_id_of(folder, subject_id)
    return client.get(f"/v1/subjects/{wanted}")


def subject_id_of(folder: Home, raw: str) -> str:
    """Return the id of a subject that is given by its name in credentials.json, its id, or the first digits of it."""
    credentials = folder.credentials()
    if raw in credentials:
        return to_hex(from_hex(credentials[raw]["id"], "subject"))
    known = [one["id"] for one in credentials.values() if one["kind"] == "subject"]
    return whole_id(raw, "subject", lambda: known, Reason.SUBJECT_UNKNOWN)


def write_credential(folder: Home, name: str, subject: str, controllers: Sequence[ControllerKey]) -> None:
    """Write under a name which of this folder's keys signs in for a subject; with none of them here, only its id."""
    credential: dict[str, JSON] = {"kind": "subject", "id": subject}
    if folder.credentials().get(name, credential)["id"] != subject:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"{subject} is registered, but '{name}' signs in from this folder as another firm, so it is not noted; "
            "register it once more under another name",
        )
    key = folder.key_of(controllers)
    if key is not None:
        credential["key"] = key
    folder.add_credential(name, credential)


def controllers_text(entry: Any) -> str:  # noqa: ANN401 - JSON of the route
    """Return the controllers of an entry in words."""
    controllers = entry["controllers"]
    return "controllers unknown here" if controllers is None else describe(Controllers.from_json(controllers))
