"""``credence attack``: what can be recovered from everything public and one bank's answers?"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.command import OFFLINE, ONLINE, Output, alone, command
from api.cli.console import ExitCode, say
from ledger_node.domain.canonical import require_shallow
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


@command(
    alone,
    "credence attack --rpc-url http://127.0.0.1:8545 --codes codes.txt \\\n    answers/*.json",
    codes=OFFLINE
    | {
        ExitCode.DONE: "nothing beats guessing",
        ExitCode.NO: "something does",
        ExitCode.CANNOT_TELL: ONLINE[ExitCode.CANNOT_TELL],
    },
)
def attack(
    rpc_url: Annotated[str, typer.Option(help="A node of the ledger; only JSON-RPC is used.")],
    codes: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="All credit codes, one a line.")],
    answers: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="An answer of POST /v1/verifications; repeat it for more."),
    ] = None,
    more_answers: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="More answers, as a shell's * gives them.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The truth to score against (rehearsals).")
    ] = None,
) -> Output:
    """Try to recover values from a ledger and a bank's answers."""
    from api.lab.attack.bank_view import bank_view_of
    from api.lab.attack.corpus import fetch
    from api.lab.attack.ground_truth import GroundTruth
    from api.lab.attack.run import attack_all
    from ledger_node.chain.rpc import Rpc

    register = _register(codes)
    if not register:
        raise InvalidInputError(Reason.REQUEST_INVALID, "the register holds no credit code", field="codes")
    known = None if truth is None else GroundTruth.from_json(_json(truth))
    shown = bank_view_of([_json(file) for file in [*(answers or []), *(more_answers or [])]])
    report = attack_all(fetch(Rpc(rpc_url)), shown, register, known)
    for line in report.lines():
        say(line)
    for finding in report.findings:
        for example in finding.examples:
            say(f"{finding.attack}: {example}")
    seen = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in report.seen.items())
    return Output(
        report.to_json(),
        code=ExitCode.NO if report.is_broken else ExitCode.DONE,
        told=f"{seen}; {report.seconds:.1f} s",
    )


def _register(file: Path) -> list[str]:
    codes: dict[str, None] = {}
    for number, line in enumerate(_text(file).splitlines(), 1):
        try:
            if line.strip():
                codes[parse_credit_code(line, "codes")] = None
        except InvalidInputError as error:
            raise InvalidInputError(error.reason, f"line {number}: {error.message}", field="codes") from error
    return list(codes)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(Reason.REQUEST_INVALID, f"{file} cannot be read as text") from error


def _json(file: Path) -> Any:  # noqa: ANN401 - JSON of a file
    text = _text(file)
    require_shallow(text)
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInputError(Reason.JSON_MALFORMED, f"{file} is not JSON") from error
