"""``credence consent ask``, ``requests`` and ``refuse``: what a bank asks a firm for."""

from typing import Annotated

import typer

from api.cli.consent_terms import (
    DataFromOption,
    DataToOption,
    DaysOption,
    LanguageOption,
    PurposeOption,
    QuestionOption,
    RetentionOption,
    UsesOption,
    bank_named,
    request_of,
)
from api.cli.console import (
    AsOption,
    HomeOption,
    JsonOption,
    UrlOption,
    client_of,
    emit,
    home_of,
    name_of,
    refusals,
    talk,
)
from api.cli.help_page import command_group, page_end
from api.cli.id_prefix import request_id, subject_id
from api.cli.signing import ExportOption, KeyOption, sign_and_send
from api.client.consent import signing_domain
from api.client.unsigned_act import unsigned_refusal
from ledger_node.domain.consent_text import language_named
from ledger_node.domain.json_object import from_hex

requesting = command_group()


@requesting.command(
    epilog=page_end(
        "credence consent ask --subject 0xe0cf61 --as demo-bank \\\n"
        "    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'"
    )
)
def ask(
    subject: Annotated[
        str, typer.Option(help="The subject's id; its first digits are enough if you know it from before.")
    ],
    question: QuestionOption,
    purpose: PurposeOption = "loan_application",
    days: DaysOption = 30,
    uses: UsesOption = 3,
    data_from: DataFromOption = "",
    data_to: DataToOption = "",
    retention_days: RetentionOption = 30,
    language: LanguageOption = "zh",
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Ask a subject for a consent (bank); it is told, and grants or refuses."""
    with refusals():
        client = client_of(home_of(home), url, sign_in)
        asked = request_of(
            client,
            language_named(language),
            subject=from_hex(subject_id(client, subject), "subject"),
            bank=bank_named(client, client.get("/v1/me")["id"]),
            questions=question,
            purpose=purpose,
            days=days,
            uses=uses,
            data_from=data_from,
            data_to=data_to,
            retention_days=retention_days,
        )
        made = client.post("/v1/consent-requests", {"request": asked.to_json()})
    talk.print(f"asked for {purpose}; see: credence consent requests --as {sign_in}")
    emit(made) if as_json else typer.echo(made["id"])


@requesting.command(epilog=page_end("credence consent requests --as wang-bakery --language en"))
def requests(
    language: LanguageOption = "zh",
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the requests that were made to you (subject) or that you made (bank), with their words."""
    with refusals():
        client = client_of(home_of(home), url, sign_in)
        listed = client.get("/v1/consent-requests")["requests"]
        texts = [
            client.post("/v1/consent-texts", {"request": held["request"], "language": language})["text"]
            for held in listed
            if held["state"] == "open"
        ]
    if as_json:
        emit({"requests": listed})
        return
    shown = iter(texts)
    for held in listed:
        talk.print(f"{held['state']:10} {held['request']['purpose']}  {held['request']['grantee_name']}")
        if held["state"] == "open":
            talk.print(next(shown), markup=False, highlight=False, soft_wrap=True)
        typer.echo(held["id"])


@requesting.command(epilog=page_end("credence consent refuse 0x5d0e11 --as wang-bakery"))
def refuse(
    request: Annotated[str, typer.Argument(help="The request's id, or its first 6 digits or more.")],
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Refuse what a bank asked for."""
    with refusals():
        folder, name = home_of(home), name_of(sign_in)
        client = client_of(folder, url, name)
        draft = unsigned_refusal(
            signing_domain(client.get("/v1/ledger")), from_hex(request_id(client, request), "request")
        )
        refused = sign_and_send(folder, client, draft, key or [name], export)
    if refused is not None:
        talk.print("refused; the bank is told so, and nothing else")
