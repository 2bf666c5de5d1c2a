"""``credence evidence``: keep the evidence of an answer, check it without a network, and print it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.code_word import word
from api.cli.command import CHECKING, GENERAL, Caller, Output, command, command_group
from api.cli.console import ExitCode, printable, refusals, say, talk
from api.cli.language import gettext as _
from api.cli.language import padded, spoken
from api.cli.verify import why_text
from api.files.evidence import read_file, read_trust_file, write_file
from api.language.reason_words import reason_words
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import ChainError, CredenceError, VerificationError
from ledger_node.domain.evidence.bundle import Bundle, bundle_digest
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.key_statement import KeyStatement
from ledger_node.domain.evidence.report import Check, Report, Result, basis_of
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import format_date, parse_date

if TYPE_CHECKING:
    # reads a node, which checking evidence does not
    from api.client.change_report import ChangeReport

evidence = command_group(
    "Evidence of answers: save it, check it offline, print it.",
    "credence evidence save 0x5e1f… evidence.json --as demo-bank",
    "credence evidence verify evidence.json --trust trust.json",
    codes=GENERAL,
)
_COLOURS = {Result.PASSED: "green", Result.FAILED: "red", Result.NOT_REACHED: "yellow"}
FileArgument = Annotated[Path, typer.Argument(help="A file of evidence.")]
TrustOption = Annotated[
    Path, typer.Option("--trust", help="The trust file; compare its fingerprint first: credence trust show.")
]
KeysOption = Annotated[
    list[Path] | None,
    typer.Option("--keys", help="A later statement of keys (credence evidence keys); may be given again."),
]


_CODES = CHECKING | {
    ExitCode.DONE: "written",
    ExitCode.DOES_NOT_CHECK: "it does not check, or a file cannot be used to check it",
}


@command(evidence, "credence evidence save 0x5e1f… evidence.json --as demo-bank")
def save(
    use: Annotated[
        str,
        typer.Argument(help="The id of the use that the answer cost (use.id in the answer), or its first 6 digits."),
    ],
    file: Annotated[Path, typer.Argument(help="Where the file goes.")],
    caller: Caller,
) -> None:
    """Fetch the evidence of an answer of yours and write it to a file."""
    from api.cli.id_prefix import use_id

    client = caller.client()
    bundle = client.evidence(use_id(client, use))
    write_file(file, bundle.decode("utf-8"), secret=True)
    told = _("wrote {file}: {size} bytes, digest {digest}")
    say(told.format(file=file, size=len(bundle), digest=to_hex(bundle_digest(bundle))))


@command(
    evidence,
    "credence evidence verify evidence.json --trust trust.json",
    "credence evidence verify evidence.json --trust trust.json --at 2026-11-30",
    codes=_CODES
    | {
        ExitCode.DONE: "all hold",
        ExitCode.NO: "one does not hold (1 wins over 3)",
        ExitCode.CANNOT_TELL: "cannot tell",
    },
)
def verify(
    file: FileArgument,
    trust: TrustOption,
    at: Annotated[
        str | None, typer.Option(help="The day on which the answer is to have been valid (YYYY-MM-DD).")
    ] = None,
    keys: KeysOption = None,
    now: Annotated[
        str | None, typer.Option(help="A node to ask what has changed since (the only option that needs a network).")
    ] = None,
) -> Output:
    """Check evidence against a trust file, step by step. Needs no network."""
    since: ChangeReport | None = None
    day = None if at is None else parse_date(at, "at")
    with refusals(_code_of_file):
        data, believed, later = read_file(file), read_trust_file(trust), _statements(keys)
        report = examine(data, believed, later=later, at=day)
    failure = None
    if now is not None and report.failed is None:
        try:
            since = _since(report, believed, now)
            report = examine(data, believed, later=[*later, since.keys], at=day)
        except (ChainError, VerificationError) as error:
            failure = error
    _print(report, believed, since, failure)
    return Output(_to_json(report, believed, since, failure), code=_exit_code(report, failure))


def _code_of_file(error: CredenceError) -> ExitCode:
    """Return code 4 for what a file holds, and 2 for a file that is not there."""
    return ExitCode.USAGE if error.reason is Reason.NOT_FOUND else ExitCode.DOES_NOT_CHECK


def _statements(paths: Sequence[Path] | None) -> list[KeyStatement]:
    return [KeyStatement.decode(read_file(path)) for path in paths or ()]


def _since(report: Report, trust: Trust, url: str) -> "ChangeReport":
    from api.client.change_report import read_changes

    assert report.bundle is not None  # noqa: S101 - it checked
    return read_changes(report.bundle, trust, url)


def _print(report: Report, trust: Trust, since: "ChangeReport | None", failure: CredenceError | None) -> None:
    _say(padded(_("trust file"), 12) + trust.fingerprint)
    if report.bundle is not None:
        _say(padded(_("digest"), 12) + to_hex(report.bundle.digest))
    for check in report.checks:
        colour = _COLOURS[check.result]
        why = "" if check.reason is None else f" [{check.reason}]"
        talk.print(f"{check.name.number:3} [{colour}]{padded(word(check.result), 12)}[/{colour}]", end="")
        _say(f"{padded(word(check.name), 9)} {_check_words(check)}{why}")
    if report.bundle is not None and report.failed is None:
        _print_verdicts(report, report.bundle)
    if since is not None:
        found = _("since then:") if since.changes else _("nothing of it has changed since then")
        _say(_("{found} (block {block})").format(found=found, block=since.block.header.number))
        for change in since.changes:
            _say(f"  {change.kind}: {change.words}")
    if failure is not None:
        _say(_("what has changed since cannot be told: {failure}").format(failure=failure))


def _check_words(check: Check) -> str:
    """Return what a check found: its own words, or in Chinese what its reason means."""
    if spoken() is Language.ENGLISH:
        return check.words
    return "" if check.reason is None else reason_words(check.reason, spoken()).meaning


def _print_verdicts(report: Report, bundle: Bundle) -> None:
    receipt, use = bundle.receipt, bundle.presentation.use
    counted = None if use is None else use.counted
    if counted is not None:
        told = _("number {number}, ticket {ticket}").format(number=counted.number, ticket=to_hex(counted.ticket))
        _say(padded(_("use"), 12) + told)
    by = _("none") if receipt is None else _("by {name}").format(name=bundle.names[receipt.member])
    _say(padded(word("receipt"), 12) + by)
    for verdict, shown in zip(report.verdicts, bundle.presentation.claims, strict=True):
        why = "" if verdict.reason is None else f"  {why_text(verdict.reason, verdict.message)}"
        _say(f"{padded(word(verdict.outcome), 14)} {verdict.claim.text(bundle.schemas)}{why}")
        for one in basis_of(shown, bundle):
            basis = _("by {whose}: {schema} of {period}, as of {day}{told}").format(
                whose=one.name, schema=one.schema, period=one.period, day=format_date(one.as_of), told=""
            )
            _say(f"{'':14} {basis}")


def _say(line: str) -> None:
    say(printable(line))


def _to_json(
    report: Report, trust: Trust, since: "ChangeReport | None", failure: CredenceError | None
) -> dict[str, JSON]:
    shown: JSON = None
    if since is not None:
        shown = {"block": since.block.header.number, "changes": [change.to_json() for change in since.changes]}
    if failure is not None:
        shown = {"reason": failure.reason.value, "message": failure.message}
    return report.to_json() | {"trust_fingerprint": trust.fingerprint, "since": shown}


def _exit_code(report: Report, failure: CredenceError | None) -> ExitCode:
    outcomes: Sequence[Outcome] = [verdict.outcome for verdict in report.verdicts]
    if report.failed is not None:
        return ExitCode.DOES_NOT_CHECK
    if Outcome.DOES_NOT_HOLD in outcomes:
        return ExitCode.NO
    return ExitCode.CANNOT_TELL if failure is not None or Outcome.CANNOT_TELL in outcomes else ExitCode.DONE


@command(
    evidence,
    "credence evidence keys evidence.json keys.json --trust trust.json \\\n    --rpc-url http://127.0.0.1:8545",
    codes=_CODES | {ExitCode.CANNOT_TELL: "the node does not answer: try again"},
)
def keys(
    file: FileArgument,
    out: Annotated[Path, typer.Argument(help="Where the statement goes.")],
    trust: TrustOption,
    rpc_url: Annotated[str, typer.Option(help="A node of the network.")],
) -> None:
    """Write what the chain says today of the keys behind evidence: a small file to check it against later, offline."""
    with refusals(_code_of_file):
        believed = read_trust_file(trust)
        report = examine(read_file(file), believed).require()
    since = _since(report, believed, rpc_url)
    write_file(out, since.keys.encode().decode("utf-8"))
    told = _("wrote {file}: {count} keys as of block {block}")
    say(told.format(file=out, count=len(since.keys.keys), block=since.block.header.number))


@command(evidence, "credence evidence render evidence.json page.html --trust trust.json", codes=_CODES)
def render(
    file: FileArgument,
    out: Annotated[Path, typer.Argument(help="Where the page goes (HTML; print it to PDF).")],
    trust: TrustOption,
    keys: KeysOption = None,
) -> None:
    """Write evidence as one readable page, in Chinese and English, if it checks."""
    from api.page.evidence import evidence_page

    with refusals(_code_of_file):
        believed = read_trust_file(trust)
        page = evidence_page(examine(read_file(file), believed, later=_statements(keys)), believed)
    write_file(out, page, secret=True)
    say(_("wrote {file}").format(file=out))
