"""``credence subject``: firms, the keys that sign for them, and how these change."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.attest import CreditCodeOption
from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk
from api.cli.signing import ExportOption, KeyOption, make_key, sign_and_send
from api.client.client import Client
from api.client.consent import signing_domain
from api.client.unsigned_act import cancellation_draft, describe, rotation_draft
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

subject = typer.Typer(no_args_is_help=True, help="Subjects: firms and the keys that sign for them.")
_CONTROLLER = (
    "A controller: an address (0x…), a passkey's JSON file, or the name of a key in this folder; one option each."
)
ControllerOption = Annotated[list[str], typer.Option(help=_CONTROLLER)]
ThresholdOption = Annotated[int, typer.Option(min=1, max=16, help="How many controllers must sign.")]
SubjectArgument = Annotated[str, typer.Argument(help="The subject's id, or its name in credentials.json.")]
MySubjectArgument = Annotated[
    str | None, typer.Argument(help="The subject's id, or its name in credentials.json; default: your own.")
]


@subject.command()
def register(
    code: CreditCodeOption,
    name: Annotated[str, typer.Option(help="A short name for the new subject's files in this folder.")],
    controller: Annotated[
        list[str] | None,
        typer.Option(help=f"{_CONTROLLER} If none is given, the key called as the subject, made if need be."),
    ] = None,
    threshold: ThresholdOption = 1,
    sign_in: AsOption = "market-regulator",
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register a firm with the keys that sign for it (registrars only)."""
    with refusals():
        folder = home_of(home)
        if folder.credentials().get(name, {"kind": "subject"})["kind"] != "subject":
            raise InvalidInputError(Reason.CONFIGURATION, f"'{name}' signs in from this folder already; choose another")
        if not controller and not folder.has_key(name):
            make_key(folder, name)
            talk.print(f"made a key for {name}: {folder.path / 'keys' / (name + '.json')}")
        keys = [_controller(folder, raw) for raw in controller or [name]]
        registered = client_of(folder, url, sign_in).post(
            "/v1/subjects", {"credit_code": code, "controllers": keys_to_json(keys), "threshold": threshold}
        )
        _keep_credential(folder, name, registered["subject"], keys)
    talk.print(f"registered as subject {registered['subject']}; sign in with --as {name}")
    if as_json:
        emit(registered)


@subject.command()
def show(
    subject_id: MySubjectArgument = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show who controls a subject, who did, and the recovery that is pending, if one is."""
    with refusals():
        folder = home_of(home)
        found = _show(client_of(folder, url, sign_in), folder, subject_id)
    if as_json:
        emit(found)
        return
    for entry in found["history"]:
        by = entry["by"] if entry["recovery"] is None else f"{entry['by']} {entry['recovery']}"
        talk.print(f"entry {entry['entry']}, since {_time(entry['since'])}, by {by}: {_described(entry)}", markup=False)
    pending = found["pending_recovery"]
    if pending is not None:
        talk.print(
            f"RECOVERY {pending['number']} IS PENDING and takes effect from {_time(pending['completable_at'])} on, "
            f"unless one of you cancels it: credence subject cancel-recovery\n{_described(pending)}",
            markup=False,
        )
    typer.echo(found["subject"])


@subject.command()
def rotate(
    controller: ControllerOption,
    threshold: ThresholdOption = 1,
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Hand your subject to new controllers; the present ones sign. Name those that stay as well."""
    with refusals():
        folder = home_of(home)
        client = client_of(folder, url, sign_in)
        found = _show(client, folder, None)
        keys = tuple(_controller(folder, raw) for raw in controller)
        draft = rotation_draft(
            signing_domain(client.get("/v1/ledger"), "SubjectRegistry"),
            from_hex(found["subject"], "subject"),
            found["entry"] + 1,
            Controllers(keys, threshold, random_bytes(32)),
        )
        rotated = sign_and_send(folder, client, draft, _signers(key, sign_in), export)
    if rotated is None:
        return
    talk.print(f"rotated: entry {rotated['entry']} is in force; what was granted before stays granted")
    if as_json:
        emit(rotated)


@subject.command()
def recover(
    subject_id: SubjectArgument,
    controller: ControllerOption,
    threshold: ThresholdOption = 1,
    sign_in: AsOption = "market-regulator",
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Request other controllers for a firm that lost its keys (registrars only; check its papers first)."""
    with refusals():
        folder = home_of(home)
        keys = tuple(_controller(folder, raw) for raw in controller)
        asked = client_of(folder, url, sign_in).post(
            f"/v1/subjects/{_id(folder, subject_id)}/recoveries",
            {"controllers": keys_to_json(keys), "threshold": threshold},
        )
    talk.print(
        f"recovery {asked['number']} is pending; complete it after {_time(asked['completable_at'])}: "
        f"credence subject complete-recovery {subject_id}",
        markup=False,
        soft_wrap=True,
    )
    if as_json:
        emit(asked)


@subject.command(name="cancel-recovery")
def cancel_recovery(
    subject_id: MySubjectArgument = None,
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Cancel the pending recovery: a controller signs that it still controls the subject; a registrar just may."""
    with refusals():
        folder = home_of(home)
        client = client_of(folder, url, sign_in)
        found = _show(client, folder, subject_id)
        pending = _pending(found)
        if client.get("/v1/me")["kind"] == "registrar":
            path = f"/v1/subjects/{found['subject']}/recoveries/{pending['number']}/cancellation"
            cancelled = client.post(path, {})
        else:
            draft = cancellation_draft(
                signing_domain(client.get("/v1/ledger"), "SubjectRegistry"),
                from_hex(found["subject"], "subject"),
                pending["number"],
                from_hex(pending["commitment"], "commitment"),
            )
            cancelled = sign_and_send(folder, client, draft, _signers(key, sign_in), export)
    if cancelled is None:
        return
    talk.print(f"recovery {cancelled['number']} is cancelled")
    if as_json:
        emit(cancelled)


@subject.command(name="complete-recovery")
def complete_recovery(
    subject_id: SubjectArgument,
    name: Annotated[str | None, typer.Option(help="A short name for the subject in this folder.")] = None,
    number: Annotated[int | None, typer.Option(min=1, help="Which recovery; default: the pending one.")] = None,
    sign_in: AsOption = "market-regulator",
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put the controllers of a recovery in force, 72 hours after it was requested (registrars only)."""
    with refusals():
        folder = home_of(home)
        client = client_of(folder, url, sign_in)
        found = _show(client, folder, subject_id)
        chosen = number or _pending(found)["number"]
        completed = client.post(f"/v1/subjects/{found['subject']}/recoveries/{chosen}/completion", {})
        kept = name or (subject_id if subject_id in folder.credentials() else completed["subject"])
        controllers = Controllers.from_json(_show(client, folder, completed["subject"])["controllers"])
        _keep_credential(folder, kept, completed["subject"], controllers.keys)
    talk.print(f"recovery {chosen} is completed: entry {completed['entry']} is in force; sign in with --as {kept}")
    if as_json:
        emit(completed)


def _controller(folder: Home, raw: str) -> ControllerKey:
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
    wanted = client.get("/v1/me")["id"] if subject_id is None else _id(folder, subject_id)
    return client.get(f"/v1/subjects/{wanted}")


def _id(folder: Home, raw: str) -> str:
    known = folder.credentials().get(raw)
    wanted = raw if known is None else known["id"]
    return to_hex(from_hex(wanted, "subject"))


def _signers(key: list[str] | None, sign_in: str | None) -> Sequence[str]:
    if key:
        return key
    if sign_in is None:
        raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say whose keys sign: --key NAME, or --as NAME")
    return [sign_in]


def _pending(found: Any) -> Any:  # noqa: ANN401 - JSON of the route
    pending = found["pending_recovery"]
    if pending is None:
        raise InvalidInputError(Reason.RECOVERY_NOT_PENDING, "no recovery of this subject is pending")
    return pending


def _keep_credential(folder: Home, name: str, subject: str, controllers: Sequence[ControllerKey]) -> None:
    """Note under a name which of this folder's keys signs in for a subject; with none of them here, only its id."""
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


def _described(entry: Any) -> str:  # noqa: ANN401 - JSON of the route
    controllers = entry["controllers"]
    return "controllers unknown here" if controllers is None else describe(Controllers.from_json(controllers))


def _time(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
