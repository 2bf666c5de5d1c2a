"""``credence attest``, ``erase`` and ``sample``: what departments do."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.catalogue.datatype import DEPARTMENT_TYPES, schemas
from api.catalogue.synthetic import credit_code, write_export
from api.cli.command import OFFLINE, ONLINE, Caller, Output, alone, command
from api.cli.console import ExitCode, JsonOption, YesOption, confirm, refusal_text, require_answerer, say, talk
from api.cli.language import gettext as _
from api.cli.language import spoken
from api.language.reason_words import reason_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.presentation import SUBJECT_REGISTRATION
from ledger_node.domain.reason import Reason

_ATTESTING = {"department", "registrar"}
_POLL_S = 0.1
_SHOWN = 20
CreditCodeOption = Annotated[
    str, typer.Option(prompt="unified social credit code", hide_input=True, help="Asked for if it is not given.")
]


@command(
    alone,
    "credence attest tax.csv --schema tax_payment --as tax-bureau",
    "credence attest corrected.csv --schema tax_payment --as tax-bureau --correct",
    codes=ONLINE
    | {
        ExitCode.DONE: "all rows are attested",
        ExitCode.NO: "some rows were rejected",
        ExitCode.REFUSED: "the file was refused, or broke off; it says how far it came",
    },
)
def attest(
    *,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV or NDJSON export.")],
    schema: Annotated[str, typer.Option(help=f"What the rows are: {', '.join(DEPARTMENT_TYPES)}.")],
    caller: Caller,
    correct: Annotated[
        bool, typer.Option("--correct", help="Rows may replace what is attested for the same day or a later one.")
    ] = False,
    restore_erased: Annotated[
        bool, typer.Option("--restore-erased", help="Rows may be about firms that this department erased.")
    ] = False,
) -> Output:
    """Attest to the records of an export. Bad rows are listed; the good ones are issued.

    Sending a file twice issues nothing twice.
    """
    client = caller.client()
    job = client.upload(file, schema, correct=correct, restore_erased=restore_erased)
    total = _count_lines(file)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=talk, transient=True) as progress:
        bar = progress.add_task(_("attesting"), total=total)
        while (state := client.job(job))["state"] in {"receiving", "queued", "running"}:
            waits = _("attesting, waiting ({reason})") if state["reason"] else _("attesting")
            progress.update(bar, completed=state["lines_read"], description=waits.format(reason=state["reason"]))
            time.sleep(_POLL_S)
    rejected = list(client.results(job, "rejected")) if state["rejected"] else []
    _report(state, rejected)
    code = ExitCode.NO if rejected else ExitCode.DONE
    return Output({**state, "rejections": rejected}, code=ExitCode.REFUSED if state["state"] == "failed" else code)


def _report(state: Any, rejected: list[Any]) -> None:  # noqa: ANN401 - JSON of the API
    if state["state"] == "failed":
        say(refusal_text(Reason(state["reason"]), state["message"]))
        if not state["lines_read"]:
            return
        told = _("it came to line {line}; nothing was done from line {next} on")
        say(told.format(line=state["lines_read"], next=state["next_line"]))
    told = _("{issued} issued in {batches} batches, {unchanged} unchanged, {rejected} rejected ({lines})")
    say(told.format(**{**state, "lines": _lines(state)}))
    for row in rejected[:_SHOWN]:
        field = f", {row['field']}" if row["field"] else ""
        said = _("  line {line}{field}: {message} ({reason})")
        say(said.format(line=row["line"], field=field, message=_row_words(row), reason=row["reason"]))
    if len(rejected) > _SHOWN:
        say(_("  … and {count} more (--json lists them all)").format(count=len(rejected) - _SHOWN))


def _row_words(row: Any) -> str:  # noqa: ANN401 - JSON of the API
    """Return what is wrong with a row: as the program says it, or in Chinese what its reason means."""
    if spoken() is Language.ENGLISH:
        return str(row["message"])
    return reason_words(Reason(row["reason"]), spoken()).meaning


def _lines(state: Any) -> str:  # noqa: ANN401 - JSON of the API
    told = [_("{count} lines").format(count=state["lines_read"])]
    if state["heading"]:
        told.append(_("a heading"))
    if state["blank"]:
        told.append(_("{count} blank").format(count=state["blank"]))
    return _(", ").join(told)


def _count_lines(file: Path) -> int:
    with file.open("rb") as content:
        return sum(part.count(b"\n") for part in iter(lambda: content.read(1 << 20), b""))


@command(
    alone,
    "credence erase --as tax-bureau",
    "credence erase --as tax-bureau --schema tax_payment",
    codes=ONLINE | {ExitCode.NO: "you said no"},
)
def erase(
    *,
    code: Annotated[str | None, typer.Option(help="Unified social credit code; asked for if it is not given.")] = None,
    schema: Annotated[str | None, typer.Option(help="Only this type; all types if not given.")] = None,
    caller: Caller,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output:
    """Erase what this department attested to about a firm: delete its keys and revoke it on the ledger.

    Shows what will happen, checks it, and asks: nothing brings back what was erased.
    """
    require_answerer(yes=yes, as_json=as_json)
    # asked for only now, as nobody may be there to answer
    credit_code = parse_credit_code(code or typer.prompt(_("unified social credit code"), hide_input=True, err=True))
    client = caller.client()
    if schema is not None and schema not in {**schemas(), SUBJECT_REGISTRATION: None}:
        raise InvalidInputError(Reason.SCHEMA_UNKNOWN, f"there is no type '{schema[:64]}'", field="schema")
    me = client.get("/v1/me")
    if me["kind"] not in _ATTESTING:
        raise InvalidInputError(Reason.NOT_ALLOWED, "only a department erases what it attested to")
    warning = _(
        "This erases {what} that {name} attested to of the firm whose credit code ends in {end}. "
        "It deletes the keys and revokes the attestations on the ledger. Nothing undoes it."
    )
    say(warning.format(what=schema or _("everything"), name=me["label"], end=credit_code[-4:]))
    confirm(_("Erase it?"), yes=yes)
    erased = client.post("/v1/erasures", {"credit_code": credit_code, "schema": schema})
    return Output(erased, told=_("{count} attestations erased and revoked").format(count=erased["erased"]))


@command(alone, "credence sample tax_payment tax.csv --rows 100", codes=OFFLINE)
def sample(
    schema: Annotated[str, typer.Argument(help=f"One of {', '.join(DEPARTMENT_TYPES)}.")],
    file: Annotated[Path, typer.Argument(help="Where the CSV goes.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows, one a firm.")] = 1000,
    bad_rows: Annotated[int, typer.Option(min=0, help="How many of them are dirty.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed gives the same file.")] = 1,
) -> Output:
    """Write a synthetic department export: invented firms, realistic columns, for trying things out."""
    write_export(file, schema, rows, seed=seed, bad_rows=bad_rows)
    return Output(
        {"file": str(file), "rows": rows, "bad_rows": bad_rows, "first_firm": credit_code(0, seed)},
        told=_("wrote {rows} synthetic rows ({bad} dirty) to {file}").format(rows=rows, bad=bad_rows, file=file),
    )
