"""``credence consent grant`` and ``accept``: what a firm grants, shown and checked before it is signed."""

import json
from dataclasses import replace
from typing import Annotated, Any

import typer

from api.cli.command import ONLINE, Caller, Output, command, command_group
from api.cli.consent_terms import LanguageOption, QuestionOption, TermOptions, bank_named
from api.cli.console import ExitCode, JsonOption, YesOption, confirm, require_answerer, say
from api.cli.id_prefix import whole_id
from api.cli.signing import Signing
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


@command(
    granting,
    "credence consent grant --bank 'Demo bank' --as wang-bakery --language en \\\n"
    "    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'",
    codes=_CODES,
)
def grant(
    *,
    question: QuestionOption,
    bank: Annotated[str, typer.Option(help="Name of the bank, or its id.")],
    terms: TermOptions,
    signing: Signing,
    caller: Caller,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output | None:
    """Grant one bank one purpose, exactly these questions, for a time and a number of uses.

    Shows the text first, checks it, and asks.
    """
    act = _Grant(caller, signing, yes=yes, as_json=as_json)
    asked = terms.request(
        act.client,
        question,
        subject=from_hex(act.client.get("/v1/me")["id"], "subject"),
        bank=bank_named(act.client, bank),
    )
    return act.run(asked, language_named(terms.language))


@command(granting, "credence consent accept 0x5d0e11 --as wang-bakery --language en", codes=_CODES)
def accept(
    *,
    request_id: Annotated[str, typer.Argument(help="The request's id, or its first 6 digits or more.")],
    language: LanguageOption = "zh",
    signing: Signing,
    caller: Caller,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output | None:
    """Grant what a bank asked for, word by word: shows it first, checks it, and asks."""
    act = _Grant(caller, signing, yes=yes, as_json=as_json)
    wanted = _open_request(act.client, request_id)
    asked = ConsentRequest.from_json(wanted["request"])
    words = language_named(language)
    asked = replace(asked, purpose_text=purpose_of(act.client, asked.purpose).text(words))
    return act.run(asked, words, request=from_hex(wanted["id"], "request"))


class _Grant:
    """A grant on its way: shown, checked, asked about, signed and sent; or exported for others to sign."""

    def __init__(self, caller: Caller, signing: Signing, *, yes: bool, as_json: bool) -> None:
        self._caller = caller
        self._name = caller.name
        self._signing = signing
        # what is only exported is asked about where it is signed
        self._yes = yes or signing.export is not None
        require_answerer(yes=self._yes, as_json=as_json)
        self.client = caller.client()

    def run(self, asked: ConsentRequest, words: Language, request: bytes | None = None) -> Output | None:
        client, folder = self.client, self._caller.folder
        secret = random_bytes(32)
        terms, text = accept_terms(client, asked, words, secret)
        say(text)
        signers = None
        if self._signing.export is None:
            signers = [address_of(folder.read_key(name)) for name in self._signing.names(self._caller)]
        require_grantable(client, terms, signers, now=clock.now())
        names = {from_hex(member["id"], "id"): str(member["name"]) for member in client.get("/v1/members")["members"]}
        draft = unsigned_grant(signing_domain(client.get("/v1/ledger")), terms, names, request)
        confirm("Do you grant this?", yes=self._yes)
        # the secret is stored before anything is granted, so that a grant can always be withdrawn
        _write_secret(folder, draft.digest, secret)
        granted = self._signing.send(self._caller, client, draft)
        if granted is None:
            return None
        say(f"granted; withdraw at any time: credence consent withdraw {granted['id']} --as {self._name}")
        return Output(granted, granted["id"])


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
