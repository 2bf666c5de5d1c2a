"""``credence verify``: a bank asks, gets verdicts, and checks them against the chain by itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from api.catalogue.datatype import schemas
from api.cli.code_word import word
from api.cli.command import ONLINE, Caller, Output, RpcUrlOption, alone, command, ledger_of
from api.cli.console import ExitCode, printable, say, talk
from api.cli.language import gettext as _
from api.cli.language import padded, spoken
from api.language.reason_words import reason_words
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.presentation import Presentation, ShownClaim
from ledger_node.domain.proof import Outcome, revealed
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import format_date
from ledger_node.domain.verification import Policy, Verdict

_COLOURS = {Outcome.HOLDS: "green", Outcome.DOES_NOT_HOLD: "red", Outcome.CANNOT_TELL: "yellow"}


@command(
    alone,
    "credence verify 'tax_payment.paid_amount >= 500000 CNY during 2025' \\\n    --consent 0xff35d0 --as demo-bank",
    codes=ONLINE
    | {
        ExitCode.DONE: "all hold",
        ExitCode.NO: "one does not hold",
        ExitCode.CANNOT_TELL: "cannot tell, or no answer: try again",
        ExitCode.DOES_NOT_CHECK: "the answer does not check: rely on nothing in it",
    },
)
def verify(
    *,
    claim: Annotated[
        list[str],
        typer.Argument(help="What you were granted to ask, such as 'tax_credit_rating.grade in {A, B}'."),
    ],
    consent: Annotated[str, typer.Option(help="The consent's id, or its first 6 digits or more.")],
    purpose: Annotated[str | None, typer.Option(help="Refuse a consent that is for another purpose.")] = None,
    max_age_days: Annotated[int | None, typer.Option(min=0, help="Oldest data that counts, in days.")] = None,
    operator: Annotated[str | None, typer.Option(help="Your name for who or what asks; the firm sees it.")] = None,
    rpc_url: RpcUrlOption = None,
    caller: Caller,
) -> Output:
    """Ask consented questions and check the answers.

    Every proof is checked here, against the chain at the block the answer names. This costs one use.
    """
    from api.cli.id_prefix import consent_id
    from api.client.answer_check import check_answer
    from api.client.asking import Asker, spend_seed

    folder, client = caller.folder.require(), caller.client()
    for text in claim:
        Claim.parse(text, schemas())
    granted = consent_id(client, consent)
    me = from_hex(client.get("/v1/me")["id"], "member")
    asker = Asker(client, spend_seed(folder, caller.name), granted)
    answer = asker.ask(list(claim), purpose=purpose, max_age_days=max_age_days, operator=operator)
    ledger = ledger_of(folder, rpc_url)
    verdicts = check_answer(answer, ledger, grantee=me, policy=Policy(max_age_days))
    presentation = Presentation.from_json(answer["presentation"], schemas())
    names = {member.id: member.name for member in ledger.members()}
    _print_verdicts(verdicts, presentation, names)
    if answer["use"] is not None:
        told = _("checked against block {block}; use {use} of {most}")
        say(told.format(block=answer["block"]["number"], use=answer["uses"], most=answer["max_uses"]))
    if answer["evidence"] is not None:
        whose = "" if caller.sign_in is None else f" --as {caller.sign_in}"
        told = _("keep the evidence: credence evidence save {use} evidence.json{whose}")
        say(told.format(use=answer["use"]["id"], whose=whose))
    return Output(answer, code=_exit_code({verdict.outcome for verdict in verdicts}))


def _print_verdicts(verdicts: Sequence[Verdict], presentation: Presentation, names: Mapping[bytes, str]) -> None:
    for shown, verdict in zip(presentation.claims, verdicts, strict=True):
        colour = _COLOURS[verdict.outcome]
        why = "" if verdict.reason is None else f"  {why_text(verdict.reason, verdict.message)}"
        talk.print(f"[{colour}]{padded(word(verdict.outcome), 14)}[/{colour}] ", end="")
        say(printable(f"{shown.claim.text(schemas())}{why}"))
        if verdict.outcome is not Outcome.CANNOT_TELL:
            for line in _basis(shown, presentation, names):
                say(printable(f"{'':14} {line}"))


def why_text(reason: Reason, message: str | None) -> str:
    """Return why an answer is not yes: its code, and what that means in the language that is spoken."""
    if spoken() is Language.ENGLISH:
        return f"{reason}: {message}"
    words = reason_words(reason, spoken())
    return f"{reason}：{words.meaning}{words.next_step}"


def _basis(shown: ShownClaim, presentation: Presentation, names: Mapping[bytes, str]) -> Iterator[str]:
    """Yield whose data a verdict rests on, of which period and day, and the value where it was shown."""
    for part in shown.parts:
        question, header = shown.claim.parts[part.part], presentation.attestations[part.attestation].header
        field = schemas().attested(header.schema_id, question.schema).field(question.field)
        value = revealed(field, part.proof)
        told = "" if value is None else f": {field.text(value)}"
        resolution = field.measure.resolution
        rounded = _("; the source is rounded to {step}")
        told += "" if resolution is None else rounded.format(step=field.measure.text(resolution))
        whose = names.get(header.issuer, to_hex(header.issuer))
        yield _("by {whose}: {schema} of {period}, as of {day}{told}").format(
            whose=whose,
            schema=question.schema,
            period=header.period,
            day=format_date(header.as_of),
            told=told,
        )


def _exit_code(outcomes: set[Outcome]) -> ExitCode:
    if Outcome.DOES_NOT_HOLD in outcomes:
        return ExitCode.NO
    return ExitCode.CANNOT_TELL if Outcome.CANNOT_TELL in outcomes else ExitCode.DONE
