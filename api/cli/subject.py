"""``credence subject``: firms, the keys that sign for them, and how these change."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from api.cli.attest import CreditCodeOption
from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk
from api.cli.controller import (
    controller_named,
    controllers_text,
    show_subject,
    subject_id_of,
    write_credential,
)
from api.cli.help_page import command_group, page_end
from api.cli.signing import ExportOption, KeyOption, make_key, sign_and_send
from api.client.consent import signing_domain
from api.client.unsigned_act import unsigned_cancellation, unsigned_rotation
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, keys_to_json
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


@subject.command(
    epilog=page_end(
        "credence subject register --name wang-bakery",
        "credence subject register --name wang-bakery --controller alice \\\n    --controller bob --threshold 2",
    )
)
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
        keys = [controller_named(folder, raw) for raw in controller or [name]]
        registered = client_of(folder, url, sign_in).post(
            "/v1/subjects", {"credit_code": code, "controllers": keys_to_json(keys), "threshold": threshold}
        )
        write_credential(folder, name, registered["subject"], keys)
    talk.print(f"registered as subject {registered['subject']}; sign in with --as {name}")
    if as_json:
        emit(registered)


@subject.command(epilog=page_end("credence subject show --as wang-bakery"))
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
        found = show_subject(client_of(folder, url, sign_in), folder, subject_id)
    if as_json:
        emit(found)
        return
    for entry in found["history"]:
        by = entry["by"] if entry["recovery"] is None else f"{entry['by']} {entry['recovery']}"
        talk.print(
            f"entry {entry['entry']}, since {_time(entry['since'])}, by {by}: {controllers_text(entry)}", markup=False
        )
    pending = found["pending_recovery"]
    if pending is not None:
        talk.print(
            f"RECOVERY {pending['number']} IS PENDING and takes effect from {_time(pending['completable_at'])} on, "
            f"unless one of you cancels it: credence subject cancel-recovery\n{controllers_text(pending)}",
            markup=False,
        )
    typer.echo(found["subject"])


@subject.command(
    epilog=page_end(
        "credence subject rotate --controller alice --controller carol \\\n"
        "    --threshold 2 --key alice --key bob --as wang-bakery"
    )
)
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
        found = show_subject(client, folder, None)
        keys = tuple(controller_named(folder, raw) for raw in controller)
        draft = unsigned_rotation(
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


@subject.command(epilog=page_end("credence subject recover wang-bakery --controller dora"))
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
        keys = tuple(controller_named(folder, raw) for raw in controller)
        asked = client_of(folder, url, sign_in).post(
            f"/v1/subjects/{subject_id_of(folder, subject_id)}/recoveries",
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


@subject.command("cancel-recovery", epilog=page_end("credence subject cancel-recovery --as wang-bakery"))
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
        found = show_subject(client, folder, subject_id)
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
            cancelled = sign_and_send(folder, client, draft, _signers(key, sign_in), export)
    if cancelled is None:
        return
    talk.print(f"recovery {cancelled['number']} is cancelled")
    if as_json:
        emit(cancelled)


@subject.command("complete-recovery", epilog=page_end("credence subject complete-recovery wang-bakery"))
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
        found = show_subject(client, folder, subject_id)
        chosen = number or _pending(found)["number"]
        completed = client.post(f"/v1/subjects/{found['subject']}/recoveries/{chosen}/completion", {})
        kept = name or (subject_id if subject_id in folder.credentials() else completed["subject"])
        controllers = Controllers.from_json(show_subject(client, folder, completed["subject"])["controllers"])
        write_credential(folder, kept, completed["subject"], controllers.keys)
    talk.print(f"recovery {chosen} is completed: entry {completed['entry']} is in force; sign in with --as {kept}")
    if as_json:
        emit(completed)


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


def _time(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
