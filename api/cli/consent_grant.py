"""``credence consent grant`` and ``accept``: what a firm grants, shown and checked before it is signed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.confirmation import YesOption, confirm, require_answerer
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
    ExitCode,
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
from api.cli.help_page import ONLINE, command_group, page_end
from api.cli.id_prefix import whole_id
from api.cli.signing import ExportOption, KeyOption, sign_and_send
from api.client.client import Client
from api.client.consent import accept as accept_terms
from api.client.consent import purpose_of, require_grantable, signing_domain
from api.client.unsigned_act import unsigned_grant
from api.home.home import Home, write_private
from ledger_node import clock
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_text import Language, language_named
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes

_CODES = ONLINE | {ExitCode.DONE: "granted, or exported", ExitCode.NO: "you said no"}
granting = command_group()


@granting.command(
    epilog=page_end(
        "credence consent grant --bank 'Demo bank' --as wang-bakery --language en \\\n"
        "    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'",
        codes=_CODES,
    )
)
def grant(
    question: QuestionOption,
    bank: Annotated[str, typer.Option(help="Name of the bank, or its id.")],
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
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Grant one bank one purpose, exactly these questions, for a time and a number of uses.

    Shows the text first, checks it, and asks.
    """
    with refusals():
        act = _Grant(home_of(home), name_of(sign_in), key, export, yes=yes, as_json=as_json)
        client = client_of(act.folder, url, act.name)
        words = language_named(language)
        request = request_of(
            client,
            words,
            subject=from_hex(client.get("/v1/me")["id"], "subject"),
            bank=bank_named(client, bank),
            questions=question,
            purpose=purpose,
            days=days,
            uses=uses,
            data_from=data_from,
            data_to=data_to,
            retention_days=retention_days,
        )
        act.run(client, request, words)


@granting.command(epilog=page_end("credence consent accept 0x5d0e11 --as wang-bakery --language en", codes=_CODES))
def accept(
    request_id: Annotated[str, typer.Argument(help="The request's id, or its first 6 digits or more.")],
    language: LanguageOption = "zh",
    key: KeyOption = None,
    export: ExportOption = None,
    sign_in: AsOption = None,
    home: HomeOption = None,
    url: UrlOption = None,
    *,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Grant what a bank asked for, word by word: shows it first, checks it, and asks."""
    with refusals():
        act = _Grant(home_of(home), name_of(sign_in), key, export, yes=yes, as_json=as_json)
        client = client_of(act.folder, url, act.name)
        wanted = _open_request(client, request_id)
        asked = ConsentRequest.from_json(wanted["request"])
        words = language_named(language)
        asked = replace(asked, purpose_text=purpose_of(client, asked.purpose).text(words))
        act.run(client, asked, words, request=from_hex(wanted["id"], "request"))


class _Grant:
    """A grant on its way: shown, checked, asked about, signed and sent; or exported for others to sign."""

    def __init__(
        self, folder: Home, name: str, keys: list[str] | None, export: Path | None, *, yes: bool, as_json: bool
    ) -> None:
        self.folder = folder
        self.name = name
        self._keys = keys or [name]
        self._export = export
        # what is only exported is asked about where it is signed
        self._yes = yes or export is not None
        self._as_json = as_json
        require_answerer(yes=self._yes, as_json=as_json)

    def run(self, client: Client, asked: ConsentRequest, words: Language, request: bytes | None = None) -> None:
        secret = random_bytes(32)
        terms, text = accept_terms(client, asked, words, secret)
        talk.print(text, markup=False, highlight=False, soft_wrap=True)
        signers = None
        if self._export is None:
            signers = [address_of(self.folder.read_key(name)) for name in self._keys]
        require_grantable(client, terms, signers, now=clock.now())
        names = {from_hex(member["id"], "id"): str(member["name"]) for member in client.get("/v1/members")["members"]}
        draft = unsigned_grant(signing_domain(client.get("/v1/ledger")), terms, names, request)
        confirm("Do you grant this?", yes=self._yes)
        # the secret is stored before anything is granted, so that a grant can always be withdrawn
        _write_secret(self.folder, draft.digest, secret)
        granted = sign_and_send(self.folder, client, draft, self._keys, self._export)
        if granted is not None:
            self._report(granted)

    def _report(self, granted: Any) -> None:  # noqa: ANN401 - JSON of the route
        withdraw = f"credence consent withdraw {granted['id']} --as {self.name}"
        talk.print(f"granted; withdraw at any time: {withdraw}", soft_wrap=True)
        emit(granted) if self._as_json else typer.echo(granted["id"])


def _open_request(client: Client, raw: str) -> Any:  # noqa: ANN401 - JSON of the route
    listed = client.get("/v1/consent-requests")["requests"]
    wanted = whole_id(raw, "request", lambda: [one["id"] for one in listed], Reason.REQUEST_UNKNOWN)
    for held in listed:
        if held["id"] == wanted:
            if held["state"] in {"granted", "refused"}:
                raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered already")
            return held
    raise InvalidInputError(Reason.REQUEST_UNKNOWN, "there is no such request to you")


def _write_secret(folder: Home, consent_id: bytes, secret: bytes) -> None:
    consents = folder.path / "consents"
    consents.mkdir(mode=0o700, exist_ok=True)
    write_private(consents / f"{consent_id.hex()}.json", json.dumps({"secret": to_hex(secret)}) + "\n", secret=True)
