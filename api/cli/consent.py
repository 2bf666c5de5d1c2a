"""``credence consent``: what the SME does, and what its bank sees of it."""

import json
from typing import Annotated, Any

import typer

from api.catalogue.datatype import schemas
from api.cli.console import AsOption, HomeOption, JsonOption, UrlOption, client_of, emit, home_of, refusals, talk
from api.client.client import Client
from api.home import Home, write_private
from ledger_node import clock
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms, revocation_hash, withdrawal_digest
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.purpose import purpose_named
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.signature import parse_address, sign
from ledger_node.randomness import random_bytes

consent = typer.Typer(no_args_is_help=True, help="Consents: grant, withdraw, list, show.")
_DAY = 86_400


@consent.command()
def grant(
    question: Annotated[
        list[str],
        typer.Option(
            help="A question, such as 'tax_payment.paid_amount >= 500000 CNY'; several as one: 'any(…; …)', "
            "'all(…; …)', '2 of (…; …; …)'."
        ),
    ],
    bank: Annotated[str, typer.Option(help="Name or id of the bank.")],
    purpose: Annotated[str, typer.Option(help="For what: loan_application, guarantee, …")] = "loan_application",
    days: Annotated[int, typer.Option(min=1, help="For how many days.")] = 30,
    uses: Annotated[int, typer.Option(min=1, help="How often the bank may ask.")] = 3,
    retention_days: Annotated[int, typer.Option(min=0, help="How long the bank may keep the answers.")] = 30,
    key: Annotated[list[str] | None, typer.Option(help="Keys that sign (names in keys/); default: your name.")] = None,
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
        secret = random_bytes(32)
        now = clock.now()
        bank_id, bank_name = _bank(client, bank)
        terms = Terms(
            subject=from_hex(client.get("/v1/me")["id"], "subject"),
            grantee=bank_id,
            grantee_name=bank_name,
            purpose=purpose,
            purpose_text=purpose_named(purpose).text_en,
            questions=tuple(_one_form(text) for text in question),
            departments=(),
            not_before=now,
            expires_at=now + days * _DAY,
            max_uses=uses,
            retention_days=retention_days,
            revocation_hash=revocation_hash(secret),
            salt=random_bytes(32),
        )
        consent_id = terms.digest(_domain(client))
        # the secret is kept before anything is granted, so that a grant can always be withdrawn
        _keep_secret(folder, consent_id, secret)
        signatures = [to_hex(sign(consent_id, folder.read_key(signer))) for signer in key or [name]]
        granted = client.post("/v1/consents", {"terms": terms.to_json(), "signatures": list(signatures)})
    talk.print(f"granted {bank_name} {len(terms.questions)} questions, {uses} uses, {days} days, for {purpose}:")
    for text in terms.questions:
        talk.print(f"  · {text}", highlight=False)
    talk.print(f"withdraw at any time: credence consent withdraw {granted['id']} --as {name}", soft_wrap=True)
    emit(granted) if as_json else typer.echo(granted["id"])


@consent.command()
def withdraw(
    consent_id: Annotated[str, typer.Argument(help="The consent's id.")],
    key: Annotated[list[str] | None, typer.Option(help="Keys that sign if the secret is lost.")] = None,
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
        if path.is_file() and not key:
            body: Any = json.loads(path.read_text("utf-8"))
        else:
            digest = withdrawal_digest(raw_id, _domain(client))
            body = {"signatures": [to_hex(sign(digest, folder.read_key(signer))) for signer in key or [name]]}
        withdrawn = client.post(f"/v1/consents/{consent_id}/withdrawal", body)
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


def _domain(client: Client) -> SigningDomain:
    ledger = client.get("/v1/ledger")
    contract = parse_address(ledger["contracts"]["ConsentRegistry"], "ConsentRegistry")
    return SigningDomain(ledger["chain_id"], contract)


def _keep_secret(folder: Home, consent_id: bytes, secret: bytes) -> None:
    consents = folder.path / "consents"
    consents.mkdir(mode=0o700, exist_ok=True)
    write_private(consents / f"{consent_id.hex()}.json", json.dumps({"secret": to_hex(secret)}) + "\n", secret=True)
