"""``credence consent``: what the SME does, and what its bank sees of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from api.catalogue.datatype import schemas
from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk
from api.cli.signing import ExportOption, KeyOption, sign_and_send
from api.client.client import Client
from api.client.consent import accept as accept_terms
from api.client.consent import purpose_of, signing_domain
from api.client.unsigned_act import change_draft, grant_draft, refusal_draft, withdrawal_draft
from api.files.evidence import read_file
from api.home.home import Home, write_private
from ledger_node import clock
from ledger_node.domain.canonical import decode
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Change, ConsentRequest
from ledger_node.domain.consent_text import Language, language_named
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

consent = typer.Typer(no_args_is_help=True, help="Consents: ask, grant, refuse, pause, resume, withdraw, list, show.")
_DAY = 86_400
QuestionOption = Annotated[
    list[str],
    typer.Option(
        help="A question, such as 'tax_payment.paid_amount >= 500000 CNY'; several as one: 'any(…; …)', "
        "'all(…; …)', '2 of (…; …; …)'."
    ),
]
PurposeOption = Annotated[str, typer.Option(help="For what: loan_application, guarantee, …")]
DaysOption = Annotated[int, typer.Option(min=1, help="For how many days.")]
UsesOption = Annotated[int, typer.Option(min=1, help="How often the bank may ask.")]
DataFromOption = Annotated[str, typer.Option(help="First day of data that counts (YYYY-MM-DD; default: any).")]
DataToOption = Annotated[str, typer.Option(help="Last day of data that counts (YYYY-MM-DD; default: any).")]
RetentionOption = Annotated[int, typer.Option(min=0, help="How long the bank may keep the answers.")]
LanguageOption = Annotated[str, typer.Option(help="The language you read it in: zh or en.")]
ConsentArgument = Annotated[str, typer.Argument(help="The consent's id.")]


@consent.command()
def grant(
    question: QuestionOption,
    bank: Annotated[str, typer.Option(help="Name or id of the bank.")],
    purpose: PurposeOption = "loan_application",
    days: DaysOption = 30,
    uses: UsesOption = 3,
    data_from: DataFromOption = "",
    data_to: DataToOption = "",
    retention_days: RetentionOption = 30,
    language: LanguageOption = "zh",
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Grant one bank one purpose, exactly these questions, for a time and a number of uses."""
    with refusals():
        folder, name = home_of(home), _name(sign_in)
        client = client_of(folder, url, name)
        now = clock.now()
        bank_id, bank_name = _bank(client, bank)
        words = language_named(language)
        request = ConsentRequest(
            subject=from_hex(client.get("/v1/me")["id"], "subject"),
            grantee=bank_id,
            grantee_name=bank_name,
            purpose=purpose,
            purpose_text=purpose_of(client, purpose).text(words),
            questions=tuple(_one_form(text) for text in question),
            departments=(),
            data_from=data_from,
            data_to=data_to,
            not_before=now,
            expires_at=now + days * _DAY,
            max_uses=uses,
            retention_days=retention_days,
            salt=random_bytes(32),
        )
        granted = _grant(folder, client, request, words, key or [name], export)
    _say_granted(granted, name, as_json=as_json)


@consent.command()
def ask(
    subject: Annotated[str, typer.Option(help="The subject's id.")],
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
        me = client.get("/v1/me")
        bank_id, bank_name = _bank(client, me["id"])
        now = clock.now()
        asked = ConsentRequest(
            subject=from_hex(subject, "subject"),
            grantee=bank_id,
            grantee_name=bank_name,
            purpose=purpose,
            purpose_text=purpose_of(client, purpose).text(language_named(language)),
            questions=tuple(_one_form(text) for text in question),
            departments=(),
            data_from=data_from,
            data_to=data_to,
            not_before=now,
            expires_at=now + days * _DAY,
            max_uses=uses,
            retention_days=retention_days,
            salt=random_bytes(32),
        )
        made = client.post("/v1/consent-requests", {"request": asked.to_json()})
    talk.print(f"asked for {purpose}; see: credence consent requests --as {sign_in}")
    emit(made) if as_json else typer.echo(made["id"])


@consent.command()
def accept(
    request_id: Annotated[str, typer.Argument(help="The request's id.")],
    language: LanguageOption = "zh",
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Grant what a bank asked for, word by word."""
    with refusals():
        folder, name = home_of(home), _name(sign_in)
        client = client_of(folder, url, name)
        asked = ConsentRequest.from_json(_request(client, request_id)["request"])
        words = language_named(language)
        asked = replace(asked, purpose_text=purpose_of(client, asked.purpose).text(words))
        answers = from_hex(request_id, "request")
        granted = _grant(folder, client, asked, words, key or [name], export, request=answers)
    _say_granted(granted, name, as_json=as_json)


@consent.command()
def refuse(
    request_id: Annotated[str, typer.Argument(help="The request's id.")],
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Refuse what a bank asked for."""
    with refusals():
        folder, name = home_of(home), _name(sign_in)
        client = client_of(folder, url, name)
        draft = refusal_draft(signing_domain(client.get("/v1/ledger")), from_hex(request_id, "request"))
        refused = sign_and_send(folder, client, draft, key or [name], export)
    if refused is not None:
        talk.print("refused; the bank is told so, and nothing else")


@consent.command()
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


@consent.command()
def pause(
    consent_id: ConsentArgument,
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Pause a consent: it answers nothing until you resume it."""
    if _change(Change.PAUSE, consent_id, key, export, sign_in, home, url):
        talk.print("paused; credence consent resume lets it go on")


@consent.command()
def resume(
    consent_id: ConsentArgument,
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Let a paused consent go on."""
    if _change(Change.RESUME, consent_id, key, export, sign_in, home, url):
        talk.print("resumed")


@consent.command()
def withdraw(
    consent_id: Annotated[str, typer.Argument(help="The consent's id.")],
    key: Annotated[list[str] | None, typer.Option(help="Keys that sign if the secret is lost.")] = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a consent: with its secret, or with a signature if the secret is lost."""
    with refusals():
        folder, name = home_of(home), _name(sign_in)
        client = client_of(folder, url, name)
        raw_id = from_hex(consent_id, "consent")
        path = folder.path / "consents" / f"{raw_id.hex()}.json"
        if path.is_file() and not key and export is None:
            withdrawn = client.post(f"/v1/consents/{consent_id}/withdrawal", decode(read_file(path)))
        else:
            draft = withdrawal_draft(signing_domain(client.get("/v1/ledger")), raw_id)
            withdrawn = sign_and_send(folder, client, draft, key or [name], export)
    if withdrawn is None:
        return
    talk.print("withdrawn; it counts for every later use")
    if as_json:
        emit(withdrawn)


@consent.command(name="list")
def list_consents(
    sign_in: AsOption = None, home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False
) -> None:
    """List the consents that you granted (subject) or were granted (bank)."""
    with refusals():
        listed = client_of(home_of(home), url, sign_in).get("/v1/consents")
    if as_json:
        emit(listed)
        return
    for held in listed["consents"]:
        terms = held["terms"]
        talk.print(
            f"{held['state']:10} {held['uses']}/{terms['max_uses']} uses  {terms['purpose']}  {terms['grantee_name']}"
        )
        typer.echo(held["id"])


@consent.command()
def show(
    consent_id: Annotated[str, typer.Argument(help="The consent's id.")],
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
) -> None:
    """Show one consent with its terms, signatures and state, as JSON."""
    with refusals():
        emit(client_of(home_of(home), url, sign_in).get(f"/v1/consents/{consent_id}"))


def _grant(
    folder: Home,
    client: Client,
    asked: ConsentRequest,
    words: Language,
    signers: list[str],
    export: Path | None,
    *,
    request: bytes | None = None,
) -> Any:  # noqa: ANN401 - JSON of the route
    secret = random_bytes(32)
    terms, text = accept_terms(client, asked, words, secret)
    names = {from_hex(member["id"], "id"): str(member["name"]) for member in client.get("/v1/members")["members"]}
    draft = grant_draft(signing_domain(client.get("/v1/ledger")), terms, names, request)
    # the secret is kept before anything is granted, so that a grant can always be withdrawn
    _keep_secret(folder, draft.digest, secret)
    talk.print(text, markup=False, highlight=False, soft_wrap=True)
    return sign_and_send(folder, client, draft, signers, export)


def _say_granted(granted: Any, name: str, *, as_json: bool) -> None:  # noqa: ANN401 - JSON of the route
    if granted is None:
        return
    talk.print(f"granted; withdraw at any time: credence consent withdraw {granted['id']} --as {name}", soft_wrap=True)
    emit(granted) if as_json else typer.echo(granted["id"])


def _request(client: Client, request_id: str) -> Any:  # noqa: ANN401 - JSON of the route
    for held in client.get("/v1/consent-requests")["requests"]:
        if held["id"] == request_id:
            return held
    raise InvalidInputError(Reason.REQUEST_UNKNOWN, "there is no such request to you")


def _change(
    change: Change,
    consent_id: str,
    key: list[str] | None,
    export: Path | None,
    sign_in: str | None,
    home: Path | None,
    url: str | None,
) -> bool:
    """Return whether it was sent, and not only exported."""
    with refusals():
        folder, name = home_of(home), _name(sign_in)
        client = client_of(folder, url, name)
        number = client.get(f"/v1/consents/{consent_id}")["changes"] + 1
        domain = signing_domain(client.get("/v1/ledger"))
        draft = change_draft(domain, from_hex(consent_id, "consent"), change, number)
        return sign_and_send(folder, client, draft, key or [name], export) is not None


def _name(sign_in: str | None) -> str:
    if sign_in is None:
        raise InvalidInputError(Reason.SIGN_IN_NEEDED, "say who you are: --as NAME")
    return sign_in


def _bank(client: Client, wanted: str) -> tuple[bytes, str]:
    for member in client.get("/v1/members")["members"]:
        if "bank" in member["roles"] and wanted in {member["name"], member["id"]}:
            return from_hex(member["id"], "bank"), str(member["name"])
    raise InvalidInputError(Reason.MEMBER_UNKNOWN, f"there is no bank called '{wanted[:64]}' in this consortium")


def _one_form(text: str) -> str:
    return Claim.parse(text, schemas()).text(schemas())


def _keep_secret(folder: Home, consent_id: bytes, secret: bytes) -> None:
    consents = folder.path / "consents"
    consents.mkdir(mode=0o700, exist_ok=True)
    write_private(consents / f"{consent_id.hex()}.json", json.dumps({"secret": to_hex(secret)}) + "\n", secret=True)
