"""``credence attest``, ``erase`` and ``sample``: what departments do."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.catalogue.datatype import DEPARTMENT_TYPES, schemas
from api.catalogue.synthetic import credit_code, write_export
from api.cli.command import OFFLINE, ONLINE, Caller, Output, alone, command
from api.cli.console import ExitCode, JsonOption, YesOption, confirm, require_answerer, say, talk
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
        bar = progress.add_task("attesting", total=total)
        while (state := client.job(job))["state"] in {"receiving", "queued", "running"}:
            waits = f"attesting, waiting ({state['reason']})" if state["reason"] else "attesting"
            progress.update(bar, completed=state["lines_read"], description=waits)
            time.sleep(_POLL_S)
    rejected = list(client.results(job, "rejected")) if state["rejected"] else []
    _report(state, rejected)
    code = ExitCode.NO if rejected else ExitCode.DONE
    return Output({**state, "rejections": rejected}, code=ExitCode.REFUSED if state["state"] == "failed" else code)


def _report(state: Any, rejected: list[Any]) -> None:  # noqa: ANN401 - JSON of the API
    if state["state"] == "failed":
        say(f"refused {state['reason']}: {state['message']}")
        if not state["lines_read"]:
            return
        talk.print(f"it came to line {state['lines_read']}; nothing was done from line {state['next_line']} on")
    talk.print(
        f"{state['issued']} issued in {state['batches']} batches, {state['unchanged']} unchanged, "
        f"{state['rejected']} rejected ({_lines(state)})",
        soft_wrap=True,
    )
    for row in rejected[:_SHOWN]:
        field = f", {row['field']}" if row["field"] else ""
        say(f"  line {row['line']}{field}: {row['message']} ({row['reason']})")
    if len(rejected) > _SHOWN:
        talk.print(f"  … and {len(rejected) - _SHOWN} more (--json lists them all)")


def _lines(state: Any) -> str:  # noqa: ANN401 - JSON of the API
    others = [word for name, word in (("heading", "a heading"), ("blank", f"{state['blank']} blank")) if state[name]]
    return ", ".join([f"{state['lines_read']} lines", *others])


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
    credit_code = parse_credit_code(code or typer.prompt("unified social credit code", hide_input=True, err=True))
    client = caller.client()
    if schema is not None and schema not in {**schemas(), SUBJECT_REGISTRATION: None}:
        raise InvalidInputError(Reason.SCHEMA_UNKNOWN, f"there is no type '{schema[:64]}'", field="schema")
    me = client.get("/v1/me")
    if me["kind"] not in _ATTESTING:
        raise InvalidInputError(Reason.NOT_ALLOWED, "only a department erases what it attested to")
    say(
        f"This erases {schema or 'everything'} that {me['label']} attested to of the firm whose credit code "
        f"ends in {credit_code[-4:]}. It deletes the keys and revokes the attestations on the ledger. "
        "Nothing undoes it."
    )
    confirm("Erase it?", yes=yes)
    erased = client.post("/v1/erasures", {"credit_code": credit_code, "schema": schema})
    return Output(erased, told=f"{erased['erased']} attestations erased and revoked")


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
        told=f"wrote {rows} synthetic rows ({bad_rows} dirty) to {file}",
    )
