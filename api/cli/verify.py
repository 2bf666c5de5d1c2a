"""``credence verify``: a bank asks, gets verdicts, and checks them against the chain by itself."""

from typing import Annotated

import typer

from api.cli.console import (
    AsOption,
    ExitCode,
    HomeOption,
    JsonOption,
    UrlOption,
    client_of,
    emit,
    home_of,
    node_url_of,
    refusals,
    talk,
)
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.verification import Policy

_COLOURS = {Outcome.HOLDS: "green", Outcome.DOES_NOT_HOLD: "red", Outcome.CANNOT_TELL: "yellow"}


def verify(
    claim: Annotated[
        list[str],
        typer.Argument(help="What you were granted to ask, such as 'tax_credit_rating.grade in {A, B}'."),
    ],
    consent: Annotated[str, typer.Option(help="The consent's id.")],
    purpose: Annotated[str | None, typer.Option(help="Refuse a consent that is for another purpose.")] = None,
    max_age_days: Annotated[int | None, typer.Option(min=0, help="Oldest data that counts, in days.")] = None,
    operator: Annotated[str | None, typer.Option(help="Your name for who or what asks; the firm sees it.")] = None,
    rpc_url: Annotated[str | None, typer.Option(help="Your own node (default: the folder's).")] = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask consented questions. Exit code: 0 all hold, 1 one does not hold, 2 usage, 3 cannot tell.

    Every proof is checked here, against the chain at the block the answer names. This costs one use.
    """
    from api.client.answer_check import check_answer
    from ledger_node.chain.rpc import Rpc
    from ledger_node.chain.web3_ledger import Web3Ledger

    with refusals():
        folder = home_of(home).require()
        client = client_of(folder, url, sign_in)
        me = from_hex(client.get("/v1/me")["id"], "member")
        answer = client.verify(consent, list(claim), purpose=purpose, max_age_days=max_age_days, operator=operator)
        ledger = Web3Ledger(folder.address_book(), Rpc(rpc_url or node_url_of(folder)))
        verdicts = check_answer(answer, ledger, grantee=me, policy=Policy(max_age_days))
    for shown, verdict in zip(answer["presentation"]["claims"], verdicts, strict=True):
        colour = _COLOURS[verdict.outcome]
        why = f"  {verdict.reason}: {verdict.message}" if verdict.reason else ""
        talk.print(f"[{colour}]{verdict.outcome:14}[/{colour}] {shown['claim']}{why}", soft_wrap=True)
    if answer["use"] is not None:
        talk.print(f"checked against block {answer['block']['number']}; use {answer['uses']} of {answer['max_uses']}")
    if answer["evidence"] is not None:
        whose = "" if sign_in is None else f" --as {sign_in}"
        talk.print(
            f"keep the evidence: credence evidence save {answer['use']['id']} evidence.json{whose}",
            markup=False,
            soft_wrap=True,
        )
    if as_json:
        emit(answer)
    outcomes = {verdict.outcome for verdict in verdicts}
    raise typer.Exit(_exit_code(outcomes))


def _exit_code(outcomes: set[Outcome]) -> ExitCode:
    if Outcome.DOES_NOT_HOLD in outcomes:
        return ExitCode.DOES_NOT_HOLD
    return ExitCode.CANNOT_TELL if Outcome.CANNOT_TELL in outcomes else ExitCode.HOLDS
