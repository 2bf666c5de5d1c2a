"""``credence consent``: what a bank asks a firm for, what the firm does, and what its bank sees of it."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from api.cli.code_word import word
from api.cli.command import ONLINE, Caller, Output, command, command_group
from api.cli.consent_terms import LanguageOption, QuestionOption, TermOptions, bank_named, words_in
from api.cli.console import ExitCode, JsonOption, YesOption, emit, talk
from api.cli.grant import GrantAct
from api.cli.id_prefix import consent_id, request_id, subject_id, whole_id
from api.cli.language import gettext as _
from api.cli.language import padded, spoken
from api.cli.signing import ExportOption, Signing
from api.client.asking import spend_seed
from api.client.client import Client
from api.client.consent import purpose_of, signing_domain
from api.client.spending import OfferedSpendKey
from api.client.unsigned_act import unsigned_change, unsigned_refusal, unsigned_withdrawal
from api.files.evidence import read_file
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_act import Change
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

consents = command_group(
    "Consents: ask, grant, refuse, pause, resume, withdraw, list, show.",
    "credence consent ask --subject 0xe0cf61 --as demo-bank \\\n"
    "    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'",
    "credence consent accept 0x5d0e11 --as wang-bakery",
    "credence consent list --as wang-bakery",
)
_GRANT_CODES = ONLINE | {ExitCode.DONE: "granted, or exported", ExitCode.NO: "you said no"}
ConsentArgument = Annotated[str, typer.Argument(help="The consent's id, or its first 6 digits or more.")]


@command(consents, "credence consent pause 0xff35d0 --as wang-bakery")
def pause(*, consent: ConsentArgument, signing: Signing, caller: Caller) -> None:
    """Pause a consent: it answers nothing until you resume it."""
    if _change(Change.PAUSE, consent, signing, caller):
        talk.print(_("paused; credence consent resume lets it go on"))


@command(consents, "credence consent resume 0xff35d0 --as wang-bakery")
def resume(*, consent: ConsentArgument, signing: Signing, caller: Caller) -> None:
    """Let a paused consent go on."""
    if _change(Change.RESUME, consent, signing, caller):
        talk.print(_("resumed"))


@command(consents, "credence consent withdraw 0xff35d0 --as wang-bakery")
def withdraw(
    *,
    consent: ConsentArgument,
    key: Annotated[list[str] | None, typer.Option(help="Keys that sign if the secret is lost.")] = None,
    export: ExportOption = None,
    caller: Caller,
) -> Output | None:
    """Withdraw a consent: with its secret, or with a signature if the secret is lost."""
    client = caller.signed_in()
    known = consent_id(client, consent)
    raw_id = from_hex(known, "consent")
    path = caller.folder.path / "consents" / f"{raw_id.hex()}.json"
    if path.is_file() and not key and export is None:
        withdrawn = client.post("/v1/withdrawals", decode(read_file(path)))
    else:
        draft = unsigned_withdrawal(signing_domain(client.get("/v1/ledger")), raw_id)
        withdrawn = Signing(key, export).send(caller, client, draft)
    if withdrawn is None:
        return None
    return Output(withdrawn, told=_("withdrawn; it counts for every later use"))


@command(consents, "credence consent list --as wang-bakery", name="list")
def list_consents(caller: Caller) -> Output:
    """List the consents that you granted (subject) or were granted (bank)."""
    listed = caller.client().get("/v1/consents")
    return Output(listed, rows=[(_line(held), held["id"]) for held in listed["consents"]])


@command(consents, "credence consent show 0xff35d0 --as wang-bakery")
def show(*, consent: ConsentArgument, caller: Caller) -> None:
    """Show one consent with its terms, signatures and state, as JSON."""
    client = caller.client()
    emit(client.get(f"/v1/consents/{consent_id(client, consent)}"))


@command(
    consents,
    "credence consent grant --bank 'Demo bank' --spend-key 0x5d…e1 \\\n"
    "    --as wang-bakery \\\n    --question 'tax_payment.paid_amount >= 500000 CNY during 2025'",
    codes=_GRANT_CODES,
)
def grant(
    *,
    question: QuestionOption,
    bank: Annotated[str, typer.Option(help="Name of the bank, or its id.")],
    spend_key: Annotated[
        str, typer.Option(help="A key of the bank for this one consent: it prints one by credence consent spend-key.")
    ],
    terms: TermOptions,
    signing: Signing,
    caller: Caller,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output | None:
    """Grant one bank one purpose, exactly these questions, for a time and a number of uses.

    Shows the text first, checks it, and asks. Where the bank asked first, accept its request instead.
    """
    act = GrantAct(caller, signing, yes=yes, as_json=as_json)
    asked = terms.request(
        act.client,
        question,
        subject=from_hex(act.client.get("/v1/me")["id"], "subject"),
        bank=bank_named(act.client, bank),
        key=OfferedSpendKey.from_text(spend_key),
    )
    return act.run(asked, words_in(terms.language))


@command(consents, "credence consent accept 0x5d0e11 --as wang-bakery --language en", codes=_GRANT_CODES)
def accept(
    *,
    request_id: Annotated[str, typer.Argument(help="The request's id, or its first 6 digits or more.")],
    language: LanguageOption = None,
    signing: Signing,
    caller: Caller,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output | None:
    """Grant what a bank asked for, word by word: shows it first, checks it, and asks."""
    act = GrantAct(caller, signing, yes=yes, as_json=as_json)
    wanted = _open_request(act.client, request_id)
    asked = ConsentRequest.from_json(wanted["request"])
    words = words_in(language)
    asked = replace(asked, purpose_text=purpose_of(act.client, asked.purpose).text(words))
    return act.run(asked, words, request=from_hex(wanted["id"], "request"))


@command(
    consents,
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
    client, seed = caller.client(), spend_seed(caller.folder, caller.name)
    key = OfferedSpendKey.draw(seed)
    asked = terms.request(
        client,
        question,
        subject=from_hex(subject_id(client, subject), "subject"),
        bank=bank_named(client, client.get("/v1/me")["id"]),
        key=key,
    )
    body: dict[str, JSON] = {"request": asked.to_json(), "answer_key": to_hex(seed.answer_key(key.salt))}
    made = client.post("/v1/consent-requests", body)
    return Output(
        made,
        made["id"],
        told=_("asked for {purpose}; see: credence consent requests --as {name}").format(
            purpose=terms.purpose, name=caller.sign_in
        ),
    )


@command(consents, "credence consent spend-key --as demo-bank", name="spend-key")
def new_spend_key(caller: Caller) -> None:
    """Print a key for one consent that a firm grants you of its own accord (bank).

    Give it to the firm. Only your folder can spend the uses of that consent.
    """
    typer.echo(OfferedSpendKey.draw(spend_seed(caller.folder, caller.name)).to_text())


@command(consents, "credence consent hand-over-seed --as demo-bank", name="hand-over-seed")
def hand_over_seed(caller: Caller) -> Output:
    """Let the instance sign your uses: hand over the seed of your spend keys (bank).

    For officers who ask through its pages, and programs that cannot sign. It could
    then spend the uses of your consents. Answers go only to who signs in as you.
    """
    seed = spend_seed(caller.folder, caller.name)
    held = caller.client().put("/v1/spend-seed", {"seed": seed.to_text()})
    told = _("handed over; take it back: credence consent take-back-seed --as {name}")
    return Output(held, told=told.format(name=caller.name))


@command(consents, "credence consent take-back-seed --as demo-bank", name="take-back-seed")
def take_back_seed(caller: Caller) -> Output:
    """Let the instance forget the seed of your spend keys (bank); your folder keeps it."""
    held = caller.signed_in().delete("/v1/spend-seed")
    return Output(held, told=_("the instance holds no seed of yours; your own programs spend as before"))


@command(consents, "credence consent requests --as wang-bakery --language en")
def requests(*, language: LanguageOption = None, caller: Caller) -> Output:
    """List the requests that were made to you (subject) or that you made (bank), with their words."""
    client = caller.client()
    listed, words = client.get("/v1/consent-requests")["requests"], words_in(language)
    texts = {
        held["id"]: [client.post("/v1/consent-texts", {"request": held["request"], "language": words})["text"]]
        for held in listed
        if held["state"] == "open"
    }
    rows = []
    for held in listed:
        state, request = padded(word(held["state"]), 10), held["request"]
        told = f"{state} {_purpose(request)}  {request['grantee_name']}"
        rows.append(("\n".join([told, *texts.get(held["id"], [])]), held["id"]))
    return Output({"requests": listed}, rows=rows)


@command(consents, "credence consent refuse 0x5d0e11 --as wang-bakery")
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
        talk.print(_("refused; the bank is told so, and nothing else"))


def _change(change: Change, consent: str, signing: Signing, caller: Caller) -> bool:
    """Return whether it was sent, and not only exported."""
    client = caller.signed_in()
    known = consent_id(client, consent)
    number = client.get(f"/v1/consents/{known}")["changes"] + 1
    draft = unsigned_change(signing_domain(client.get("/v1/ledger")), from_hex(known, "consent"), change, number)
    return signing.send(caller, client, draft) is not None


def _line(held: Any) -> str:  # noqa: ANN401 - JSON of the route
    terms, bounds = held["terms"], held["bounds"]
    uses = _("{uses}/{most} uses").format(uses=held["uses"], most=bounds["max_uses"])
    return f"{padded(word(held['state']), 10)} {uses}  {_purpose(terms)}  {terms['grantee_name']}"


def _purpose(terms: Any) -> str:  # noqa: ANN401 - JSON of the route
    """Return what it is for: its code, or in Chinese its words."""
    return str(terms["purpose_text" if spoken() is Language.CHINESE else "purpose"])


def _open_request(client: Client, raw: str) -> Any:  # noqa: ANN401 - JSON of the route
    listed = client.get("/v1/consent-requests")["requests"]
    wanted = whole_id(raw, "request", lambda: [one["id"] for one in listed], Reason.REQUEST_UNKNOWN)
    for held in listed:
        if held["id"] == wanted:
            if held["state"] in {"granted", "refused"}:
                raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered already")
            return held
    raise InvalidInputError(Reason.REQUEST_UNKNOWN, "there is no such request to you")
