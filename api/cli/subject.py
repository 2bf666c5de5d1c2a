"""``credence subject``: firms, the keys that sign for them, and how these change."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.attest import CreditCodeOption
from api.cli.command import Caller, Output, Registrar, command, command_group
from api.cli.console import talk, time_text
from api.cli.id_prefix import whole_id
from api.cli.signing import Signing, make_key
from api.client.client import Client
from api.client.consent import signing_domain
from api.client.unsigned_act import describe, unsigned_cancellation, unsigned_rotation
from api.files.evidence import read_file
from api.home.home import Home
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, parse_address
from ledger_node.domain.subject import ControllerKey, Controllers, keys_to_json
from ledger_node.randomness import random_bytes

subject = command_group("Subjects: firms and the keys that sign for them.", "credence subject show --as wang-bakery")
_CONTROLLER = (
    "A controller: an address (0x…), a passkey's JSON file, or the name of a key in this folder; one option each."
)
ControllerOption = Annotated[list[str], typer.Option(help=_CONTROLLER)]
ThresholdOption = Annotated[int, typer.Option(min=1, max=16, help="How many controllers must sign.")]
SubjectArgument = Annotated[str, typer.Argument(help="The subject's id, or its name in credentials.json.")]
MySubjectArgument = Annotated[
    str | None, typer.Argument(help="The subject's id, or its name in credentials.json; default: your own.")
]


@command(
    subject,
    "credence subject register --name wang-bakery",
    "credence subject register --name wang-bakery --controller alice \\\n    --controller bob --threshold 2",
)
def register(
    *,
    code: CreditCodeOption,
    name: Annotated[str, typer.Option(help="A short name for the new subject's files in this folder.")],
    controller: Annotated[
        list[str] | None,
        typer.Option(help=f"{_CONTROLLER} If none is given, the key called as the subject, made if need be."),
    ] = None,
    threshold: ThresholdOption = 1,
    caller: Registrar,
) -> Output:
    """Register a firm with the keys that sign for it (registrars only)."""
    folder = caller.folder
    if folder.credentials().get(name, {"kind": "subject"})["kind"] != "subject":
        raise InvalidInputError(Reason.CONFIGURATION, f"'{name}' signs in from this folder already; choose another")
    if not controller and not folder.has_key(name):
        make_key(folder, name)
        talk.print(f"made a key for {name}: {folder.path / 'keys' / (name + '.json')}")
    keys = [_controller_named(folder, raw) for raw in controller or [name]]
    registered = caller.client().post(
        "/v1/subjects", {"credit_code": code, "controllers": keys_to_json(keys), "threshold": threshold}
    )
    write_credential(folder, name, registered["subject"], keys)
    return Output(registered, told=f"registered as subject {registered['subject']}; sign in with --as {name}")


@command(subject, "credence subject show --as wang-bakery")
def show(*, subject_id: MySubjectArgument = None, caller: Caller) -> Output:
    """Show who controls a subject, who did, and the recovery that is pending, if one is."""
    found = _show(caller.client(), caller.folder, subject_id)
    told = []
    for entry in found["history"]:
        by = entry["by"] if entry["recovery"] is None else f"{entry['by']} {entry['recovery']}"
        told.append(f"entry {entry['entry']}, since {time_text(entry['since'])}, by {by}: {_controllers_text(entry)}")
    pending = found["pending_recovery"]
    if pending is not None:
        told.append(
            f"RECOVERY {pending['number']} IS PENDING and takes effect from {time_text(pending['completable_at'])} on, "
            f"unless one of you cancels it: credence subject cancel-recovery\n{_controllers_text(pending)}"
        )
    return Output(found, rows=[("\n".join(told), found["subject"])])


@command(
    subject,
    "credence subject rotate --controller alice --controller carol \\\n"
    "    --threshold 2 --key alice --key bob --as wang-bakery",
)
def rotate(
    *, controller: ControllerOption, threshold: ThresholdOption = 1, signing: Signing, caller: Caller
) -> Output | None:
    """Hand your subject to new controllers; the present ones sign. Name those that stay as well."""
    folder, client = caller.folder, caller.client()
    found = _show(client, folder, None)
    keys = tuple(_controller_named(folder, raw) for raw in controller)
    draft = unsigned_rotation(
        signing_domain(client.get("/v1/ledger"), "SubjectRegistry"),
        from_hex(found["subject"], "subject"),
        found["entry"] + 1,
        Controllers(keys, threshold, random_bytes(32)),
    )
    rotated = signing.send(caller, client, draft)
    if rotated is None:
        return None
    return Output(rotated, told=f"rotated: entry {rotated['entry']} is in force; what was granted before stays granted")


@command(subject, "credence subject recover wang-bakery --controller dora")
def recover(
    *, subject_id: SubjectArgument, controller: ControllerOption, threshold: ThresholdOption = 1, caller: Registrar
) -> Output:
    """Request other controllers for a firm that lost its keys (registrars only; check its papers first)."""
    folder = caller.folder
    keys = tuple(_controller_named(folder, raw) for raw in controller)
    asked = caller.client().post(
        f"/v1/subjects/{_id_of(folder, subject_id)}/recoveries",
        {"controllers": keys_to_json(keys), "threshold": threshold},
    )
    return Output(
        asked,
        told=f"recovery {asked['number']} is pending; complete it after {time_text(asked['completable_at'])}: "
        f"credence subject complete-recovery {subject_id}",
    )


@command(subject, "credence subject cancel-recovery --as wang-bakery", name="cancel-recovery")
def cancel_recovery(*, subject_id: MySubjectArgument = None, signing: Signing, caller: Caller) -> Output | None:
    """Cancel the pending recovery: a controller signs that it still controls the subject; a registrar just may."""
    client = caller.client()
    found = _show(client, caller.folder, subject_id)
    pending = _pending(found)
    if client.get("/v1/me")["kind"] == "registrar":
        path = f"/v1/subjects/{found['subject']}/recoveries/{pending['number']}/cancellation"
        cancelled = client.post(path, {})
    else:
        draft = unsigned_cancellation(
            signing_domain(client.get("/v1/ledger"), "SubjectRegistry"),
            from_hex(found["subject"], "subject"),
            pending["number"],
            from_hex(pending["commitment"], "commitment"),
        )
        cancelled = signing.send(caller, client, draft)
    if cancelled is None:
        return None
    return Output(cancelled, told=f"recovery {cancelled['number']} is cancelled")


@command(subject, "credence subject complete-recovery wang-bakery", name="complete-recovery")
def complete_recovery(
    *,
    subject_id: SubjectArgument,
    name: Annotated[str | None, typer.Option(help="A short name for the subject in this folder.")] = None,
    number: Annotated[int | None, typer.Option(min=1, help="Which recovery; default: the pending one.")] = None,
    caller: Registrar,
) -> Output:
    """Put the controllers of a recovery in force, 72 hours after it was requested (registrars only)."""
    folder, client = caller.folder, caller.client()
    found = _show(client, folder, subject_id)
    chosen = number or _pending(found)["number"]
    completed = client.post(f"/v1/subjects/{found['subject']}/recoveries/{chosen}/completion", {})
    kept = name or (subject_id if subject_id in folder.credentials() else completed["subject"])
    controllers = Controllers.from_json(_show(client, folder, completed["subject"])["controllers"])
    write_credential(folder, kept, completed["subject"], controllers.keys)
    return Output(
        completed,
        told=f"recovery {chosen} is completed: entry {completed['entry']} is in force; sign in with --as {kept}",
    )


def _pending(found: Any) -> Any:  # noqa: ANN401 - JSON of the route
    pending = found["pending_recovery"]
    if pending is None:
        raise InvalidInputError(Reason.RECOVERY_NOT_PENDING, "no recovery of this subject is pending")
    return pending


def _controller_named(folder: Home, raw: str) -> ControllerKey:
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


def _show(client: Client, folder: Home, subject_id: str | None) -> Any:  # noqa: ANN401 - JSON of the route
    """Return what the API shows of a subject; None stands for whoever is signed in."""
    wanted = client.get("/v1/me")["id"] if subject_id is None else _id_of(folder, subject_id)
    return client.get(f"/v1/subjects/{wanted}")


def _id_of(folder: Home, raw: str) -> str:
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


def _controllers_text(entry: Any) -> str:  # noqa: ANN401 - JSON of the route
    """Return the controllers of an entry in words."""
    controllers = entry["controllers"]
    return "controllers unknown here" if controllers is None else describe(Controllers.from_json(controllers))
