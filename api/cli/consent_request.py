"""``credence consent ask``, ``requests`` and ``refuse``: what a bank asks a firm for."""

from typing import Annotated

import typer

from api.cli.caller import Caller
from api.cli.command import Output, command, command_group
from api.cli.consent_terms import LanguageOption, QuestionOption, TermOptions, bank_named
from api.cli.console import JsonOption, emit, say, talk
from api.cli.id_prefix import request_id, subject_id
from api.cli.signing import Signing
from api.client.consent import signing_domain
from api.client.unsigned_act import unsigned_refusal
from ledger_node.domain.json_object import from_hex

requesting = command_group()


@command(
    requesting,
    "credence consent ask --subject 0xe0cf61 --as demo-bank \\\n"
    "    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'",
)
def ask(
    *,
    subject: Annotated[
        str, typer.Option(help="The subject's id; its first digits are enough if you know it from before.")
    ],
    question: QuestionOption,
    terms: TermOptions,
    caller: Caller,
) -> Output:
    """Ask a subject for a consent (bank); it is told, and grants or refuses."""
    client = caller.client()
    asked = terms.request(
        client,
        question,
        subject=from_hex(subject_id(client, subject), "subject"),
        bank=bank_named(client, client.get("/v1/me")["id"]),
    )
    made = client.post("/v1/consent-requests", {"request": asked.to_json()})
    talk.print(f"asked for {terms.purpose}; see: credence consent requests --as {caller.sign_in}")
    return Output(made, made["id"])


@command(requesting, "credence consent requests --as wang-bakery --language en")
def requests(*, language: LanguageOption = "zh", caller: Caller, as_json: JsonOption = False) -> None:
    """List the requests that were made to you (subject) or that you made (bank), with their words."""
    client = caller.client()
    listed = client.get("/v1/consent-requests")["requests"]
    texts = {
        held["id"]: client.post("/v1/consent-texts", {"request": held["request"], "language": language})["text"]
        for held in listed
        if held["state"] == "open"
    }
    if as_json:
        emit({"requests": listed})
        return
    for held in listed:
        talk.print(f"{held['state']:10} {held['request']['purpose']}  {held['request']['grantee_name']}")
        if held["id"] in texts:
            say(texts[held["id"]])
        typer.echo(held["id"])


@command(requesting, "credence consent refuse 0x5d0e11 --as wang-bakery")
def refuse(
    *,
    request: Annotated[str, typer.Argument(help="The request's id, or its first 6 digits or more.")],
    signing: Signing,
    caller: Caller,
) -> None:
    """Refuse what a bank asked for."""
    client = caller.signed_in()
    raw_id = from_hex(request_id(client, request), "request")
    draft = unsigned_refusal(signing_domain(client.get("/v1/ledger")), raw_id)
    if signing.send(caller, client, draft) is not None:
        talk.print("refused; the bank is told so, and nothing else")
