"""``credence subject``: firms, the keys that sign for them, and how these change."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import typer

from api.cli.attest import CreditCodeOption
from api.cli.code_word import word
from api.cli.command import Caller, Output, Registrar, command, command_group
from api.cli.console import say
from api.cli.controller import WantedControllers
from api.cli.id_prefix import whole_id
from api.cli.language import gettext as _
from api.cli.language import moment, spoken
from api.cli.signing import Signing, make_key
from api.client.client import Client
from api.client.consent import signing_domain
from api.client.unsigned_act import describe, unsigned_cancellation, unsigned_hold, unsigned_rotation
from api.home.home import Home
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import Cancellation, Hold, Rotation, controller_lines
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controller, Controllers, keys_to_json
from ledger_node.randomness import random_bytes

_DAY: Final = 86_400
_MOST_DAYS: Final = 30
subject = command_group("Subjects: firms and the keys that sign for them.", "credence subject show --as wang-bakery")
DaysOption = Annotated[
    int, typer.Option("--good-for", min=1, max=_MOST_DAYS, help="For how many days signatures are good.")
]
SubjectArgument = Annotated[str, typer.Argument(help="The subject's id, or its name in credentials.json.")]
MySubjectArgument = Annotated[
    str | None, typer.Argument(help="The subject's id, or its name in credentials.json; default: your own.")
]


@command(
    subject,
    "credence subject register --name wang-bakery",
    "credence subject register --name wang-bakery --controller alice \\\n    --controller bob --threshold 2",
    "credence subject register --name wang-bakery --person 1=alice.json \\\n"
    "    --person 1=alice-old.json --person 2=bob.json --threshold 2",
)
def register(
    *,
    code: CreditCodeOption,
    name: Annotated[str, typer.Option(help="A short name for the new subject's files in this folder.")],
    wanted: WantedControllers,
    caller: Registrar,
) -> Output:
    """Register a firm with the keys that sign for it (registrars only).

    Without --controller and --person it is the key that is called as the subject, made if need be.
    """
    folder = caller.folder
    if folder.credentials().get(name, {"kind": "subject"})["kind"] != "subject":
        raise InvalidInputError(Reason.CONFIGURATION, f"'{name}' signs in from this folder already; choose another")
    if wanted.is_empty and not folder.has_key(name):
        make_key(folder, name)
        say(_("made a key for {name}: {file}").format(name=name, file=folder.path / "keys" / f"{name}.json"))
    keys = wanted.keys(folder, default=name)
    body: dict[str, JSON] = {
        "credit_code": code,
        "controllers": keys_to_json(keys),
        "threshold": wanted.threshold,
    }
    registered = caller.client().post("/v1/subjects", body)
    write_credential(folder, name, registered["subject"], keys)
    told = _("registered as subject {subject}; sign in with --as {name}")
    return Output(registered, told=told.format(subject=registered["subject"], name=name))


@command(subject, "credence subject show --as wang-bakery")
def show(*, subject_id: MySubjectArgument = None, caller: Caller) -> Output:
    """Show who controls a subject, who did, and the recovery that is pending, if one is."""
    found = _show(caller.client(), caller.folder, subject_id)
    return Output(found, rows=[("\n".join(_state_lines(found)), found["subject"])])


def _state_lines(found: Any) -> Iterator[str]:  # noqa: ANN401 - JSON of the route
    """Yield who controlled a subject since when, and what is the matter with it now."""
    for entry in found["history"]:
        yield _("entry {entry}, since {time}, by {by}: {controllers}").format(
            entry=entry["entry"],
            time=moment(entry["since"]),
            by=word(entry["by"]) if entry["recovery"] is None else f"{word(entry['by'])} {entry['recovery']}",
            controllers=_controllers_text(entry),
        )
    if found["entry"] is None:
        yield _("NO ENTRY COUNTS: a registrar's key is compromised; the registrar asks for a recovery")
    elif found["controllers"] is None:
        yield _(
            "ENTRY {entry}, since {time}, by {by}, IS IN FORCE and unknown here: show this node the rotation"
        ).format(entry=found["entry"], time=moment(found["since"]), by=word(found["by"]))
    pending = found["pending_recovery"]
    if pending is not None:
        yield _(
            "RECOVERY {number} IS PENDING and takes effect from {time} on, "
            "unless {needed} of you cancel it: credence subject cancel-recovery\n{controllers}"
        ).format(
            number=pending["number"],
            time=moment(pending["completable_at"]),
            needed=pending["needed_to_cancel"] or _("enough"),
            controllers=_controllers_text(pending),
        )
    if found["held_until"] is not None and found["held_until"] > clock.now():
        yield _("HELD until {time}: only withdrawals and recoveries go on").format(time=moment(found["held_until"]))


@command(
    subject,
    "credence subject rotate --controller alice --controller carol \\\n"
    "    --threshold 2 --key alice --key bob --as wang-bakery",
)
def rotate(*, wanted: WantedControllers, good_for: DaysOption = 2, signing: Signing, caller: Caller) -> Output | None:
    """Hand your subject to new controllers; the present ones sign. Name those that stay as well."""
    folder, client = caller.folder, caller.client()
    found, ledger = _show(client, folder, None), _ledger(client)
    rotation = Rotation(
        from_hex(found["subject"], "subject"),
        found["next_entry"],
        Controllers(wanted.keys(folder), wanted.threshold, random_bytes(32)),
        _deadline(ledger, good_for),
    )
    rotated = signing.send(caller, client, unsigned_rotation(_domain(ledger), rotation))
    if rotated is None:
        return None
    told = _("rotated: entry {entry} is in force; what was granted before stays granted")
    return Output(rotated, told=told.format(entry=rotated["entry"]))


@command(subject, "credence subject recover wang-bakery --controller dora")
def recover(*, subject_id: SubjectArgument, wanted: WantedControllers, caller: Registrar) -> Output:
    """Request other controllers for a firm that lost its keys (registrars only; check its papers first)."""
    folder = caller.folder
    asked = caller.client().post(
        f"/v1/subjects/{_id_of(folder, subject_id)}/recoveries",
        {"controllers": keys_to_json(wanted.keys(folder)), "threshold": wanted.threshold},
    )
    told = _(
        "recovery {number} is pending; complete it after {time}: credence subject complete-recovery {subject}"
    ).format(number=asked["number"], time=moment(asked["completable_at"]), subject=subject_id)
    return Output(asked, told=told)


@command(subject, "credence subject cancel-recovery --as wang-bakery", name="cancel-recovery")
def cancel_recovery(
    *, subject_id: MySubjectArgument = None, good_for: DaysOption = 2, signing: Signing, caller: Caller
) -> Output | None:
    """Cancel the pending recovery: controllers sign that they still control the subject; its registrar just may."""
    client = caller.client()
    found = _show(client, caller.folder, subject_id)
    pending = _pending(found)
    if client.get("/v1/me")["kind"] == "registrar":
        path = f"/v1/subjects/{found['subject']}/recoveries/{pending['number']}/cancellation"
        cancelled = client.post(path, {})
    else:
        ledger = _ledger(client)
        cancellation = Cancellation(
            from_hex(found["subject"], "subject"),
            pending["number"],
            from_hex(pending["commitment"], "commitment"),
            _deadline(ledger, good_for),
        )
        cancelled = signing.send(caller, client, unsigned_cancellation(_domain(ledger), cancellation))
    if cancelled is None:
        return None
    return Output(cancelled, told=_("recovery {number} is cancelled").format(number=cancelled["number"]))


@command(subject, "credence subject hold --as wang-bakery", "credence subject hold wang-bakery --as market-regulator")
def hold(
    *, subject_id: MySubjectArgument = None, good_for: DaysOption = 2, signing: Signing, caller: Caller
) -> Output | None:
    """Hold a subject for 14 days: one controller signs, because a key may be in wrong hands; its registrar just may."""
    client = caller.client()
    if client.get("/v1/me")["kind"] == "registrar":
        if subject_id is None:
            raise InvalidInputError(Reason.CONFIGURATION, "say which subject: credence subject hold SUBJECT")
        held = client.post(f"/v1/subjects/{_id_of(caller.folder, subject_id)}/holds", {})
    else:
        found, ledger = _show(client, caller.folder, subject_id), _ledger(client)
        wanted = Hold(from_hex(found["subject"], "subject"), found["next_hold"], _deadline(ledger, good_for))
        held = signing.send(caller, client, unsigned_hold(_domain(ledger), wanted))
    if held is None:
        return None
    told = _("held until {time}: only withdrawals and recoveries go on")
    return Output(held, told=told.format(time=moment(held["until"])))


@command(subject, "credence subject complete-recovery wang-bakery", name="complete-recovery")
def complete_recovery(
    *,
    subject_id: SubjectArgument,
    name: Annotated[str | None, typer.Option(help="A short name for the subject in this folder.")] = None,
    number: Annotated[int | None, typer.Option(min=1, help="Which recovery; default: the pending one.")] = None,
    caller: Registrar,
) -> Output:
    """Put the controllers of a recovery in force, once its wait is over (registrars only)."""
    folder, client = caller.folder, caller.client()
    chosen = number or _pending(_show(client, folder, subject_id))["number"]
    path = f"/v1/subjects/{_id_of(folder, subject_id)}/recoveries/{chosen}/completion"
    completed = client.post(path, {})
    kept = name or (subject_id if subject_id in folder.credentials() else completed["subject"])
    controllers = Controllers.from_json(_show(client, folder, completed["subject"])["controllers"])
    write_credential(folder, kept, completed["subject"], controllers.keys)
    told = _("recovery {number} is completed: entry {entry} is in force; sign in with --as {name}")
    return Output(completed, told=told.format(number=chosen, entry=completed["entry"], name=kept))


def _pending(found: Any) -> Any:  # noqa: ANN401 - JSON of the route
    pending = found["pending_recovery"]
    if pending is None:
        raise InvalidInputError(Reason.RECOVERY_NOT_PENDING, "no recovery of this subject is pending")
    return pending


def _ledger(client: Client) -> Any:  # noqa: ANN401 - JSON of the route
    return client.get("/v1/ledger")


def _domain(ledger: Any) -> SigningDomain:  # noqa: ANN401 - JSON of the route
    return signing_domain(ledger, "SubjectRegistry")


def _deadline(ledger: Any, days: int) -> int:  # noqa: ANN401 - JSON of the route
    """Return the end of so many days: by the ledger's clock where this machine's is behind it.

    Whoever says what the ledger's clock shows stretches no signature beyond what ``--good-for`` may.
    """
    newest: int = ledger["head"]["time"]
    now = clock.now()
    return min(max(now, newest), now + _MOST_DAYS * _DAY) + days * _DAY


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


def write_credential(folder: Home, name: str, subject: str, controllers: Sequence[Controller]) -> None:
    """Write under a name which of this folder's keys signs in for a subject; with none of them here, only its id."""
    credential: dict[str, JSON] = {"kind": "subject", "id": subject}
    if folder.credentials().get(name, credential)["id"] != subject:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"{subject} is registered, but '{name}' signs in from this folder as another firm, so it is not noted; "
            "register it once more under another name",
        )
    key = folder.key_of([each.key for each in controllers])
    if key is not None:
        credential["key"] = key
    folder.add_credential(name, credential)


def _controllers_text(entry: Any) -> str:  # noqa: ANN401 - JSON of the route
    """Return the controllers of an entry in words."""
    controllers = entry["controllers"]
    if controllers is None:
        return _("controllers unknown here")
    known = Controllers.from_json(controllers)
    if spoken() is Language.ENGLISH:
        return describe(known)
    head = _("{needed} of {persons} persons must sign:")
    lines = [head.format(needed=known.threshold, persons=len(known.persons)), *controller_lines(known)]
    return "\n".join(lines)
