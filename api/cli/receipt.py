"""``credence receipt``: receipts of what happened to consents, and checking one without any network."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.code_word import word
from api.cli.command import GENERAL, OFFLINE, Caller, HomeOption, Output, command, command_group, home_of
from api.cli.console import ExitCode, JsonOption, emit, printable, say
from api.cli.id_prefix import consent_or_request_id, whole_id
from api.cli.language import gettext as _
from api.cli.language import spoken
from api.client.client import Client
from api.files.evidence import read_file, read_trust_file, write_file
from api.home.home import Home, LocalMember
from api.language.reason_words import reason_words
from ledger_node.chain.port import Role
from ledger_node.domain.consent_text import Language
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Receipt
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from ledger_node.domain.signature import parse_address

receipt = command_group(
    "Receipts of consents: list, save, verify.",
    "credence receipt save 0xff35d0 --folder receipts --as wang-bakery",
    "credence receipt verify receipts/granted-1f0c9a7e33b2d845.json",
    codes=GENERAL,
)
ConsentArgument = Annotated[
    str,
    typer.Argument(help="The id of the consent, or of the request that was answered; its first 6 digits are enough."),
]


@command(receipt, "credence receipt list 0xff35d0 --as wang-bakery", name="list")
def list_receipts(*, consent: ConsentArgument, caller: Caller, as_json: JsonOption = False) -> None:
    """List the receipts of a consent of yours (subject or bank), or of the answer to a request."""
    found = _receipts(caller.client(), consent)
    for one in found:
        say(_line(one))
        if not as_json:
            typer.echo(to_hex(one.digest))
    if as_json:
        emit({"receipts": [{"id": to_hex(one.digest), "receipt": one.to_json()} for one in found]})


@command(receipt, "credence receipt save 0xff35d0 --folder receipts --html --as wang-bakery")
def save(
    *,
    consent: ConsentArgument,
    folder: Annotated[Path, typer.Option(help="Where to; one file a receipt.")] = Path(),
    act: Annotated[Act | None, typer.Option(help="Only receipts of this.")] = None,
    caller: Caller,
    html: Annotated[bool, typer.Option("--html", help="A page for people beside each document.")] = False,
) -> None:
    """Save receipts as documents that check offline."""
    from api.page.receipt import receipt_page

    client = caller.client()
    wanted = [one for one in _receipts(client, consent) if act in {None, one.act}]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot make {folder}: {error.strerror}") from error
    for one in wanted:
        path = folder / f"{one.act}-{one.digest.hex()[:16]}.json"
        write_file(path, one.to_bytes().decode())
        typer.echo(str(path))
        if html:
            page = path.with_suffix(".html")
            text = None if one.act is Act.REFUSED else str(client.get(f"/v1/consents/{to_hex(one.id)}")["text"])
            write_file(page, receipt_page([(one, text)]))
            typer.echo(str(page))


@command(
    receipt,
    "credence receipt verify granted-1f0c9a7e33b2d845.json",
    "credence receipt verify granted-1f0c9a7e33b2d845.json --trust trust.json",
    codes=OFFLINE | {ExitCode.DONE: "it checks", ExitCode.NO: "it does not check"},
)
def verify(
    file: Annotated[Path, typer.Argument(help="The document.")],
    key: Annotated[
        list[str] | None,
        typer.Option(help="Address of a receipt key of the keeper that you trust (default: the folder's)."),
    ] = None,
    trust: Annotated[Path | None, typer.Option(help="Trust file of the network that it must be about.")] = None,
    member: Annotated[
        str | None, typer.Option(help="Id of the keeper that you trust (default: any, by its key).")
    ] = None,
    home: HomeOption = None,
) -> Output:
    """Check a receipt without any network.

    Without --key the keeper and the network are those of the instance's folder; with it any network, but for --trust.
    """
    folder = home_of(home)
    trusted = _trusted(folder, key or [], member, trust)
    document = read_file(file)
    try:
        one = check_receipt(document, trusted)
    except VerificationError as error:
        return Output(
            {"checks": False, "reason": error.reason.value, "message": error.message},
            code=ExitCode.NO,
            told=_("does not check: {why} ({reason})").format(
                why=error.message if spoken() is Language.ENGLISH else reason_words(error.reason, spoken()).meaning,
                reason=error.reason,
            ),
        )
    say(_("checks: {receipt}, block {block}").format(receipt=_line(one), block=one.recorded.block_number))
    say(printable(_("signed by {keeper}").format(keeper=_keeper(folder, one))))
    if not trusted.wordings:
        say(_("the words that the firm signed were not checked: name a trust file that carries them"))
    if trusted.domain is None:
        told = _("by the key you named, about chain {chain}, ConsentRegistry {contract}")
        say(told.format(chain=one.domain.chain_id, contract=to_hex(one.domain.contract)))
    return Output({"checks": True, "id": to_hex(one.digest), "receipt": one.to_json()})


def _receipts(client: Client, about: str) -> list[Receipt]:
    return [Receipt.from_json(item) for item in client.receipts(consent_or_request_id(client, about))]


def _trusted(folder: Home, keys: list[str], member: str | None, trust: Path | None) -> TrustedOperator:
    keeper = None
    if member is not None:
        known = [to_hex(each.id) for each in _known(folder)]
        keeper = from_hex(whole_id(member, "member", lambda: known, Reason.MEMBER_UNKNOWN), "member")
    believed = None if trust is None else read_trust_file(trust)
    domain = None if believed is None else believed.consent_domain
    wordings = () if believed is None else believed.wordings
    if keys:
        return TrustedOperator(frozenset(parse_address(key, "key") for key in keys), keeper, domain, wordings)
    book = folder.require().address_book()
    own = SigningDomain(book.chain_id, book.contracts["ConsentRegistry"])
    if keeper is None:
        # each key is one member's: a folder knows whose, and no other member may be named beside it
        relayers = [each.id for each in folder.members() if Role.RELAYER in each.roles]
        keeper = relayers[0] if len(relayers) == 1 else None
    return TrustedOperator(folder.relayer_keys(), keeper, domain or own, wordings)


def _keeper(folder: Home, one: Receipt) -> str:
    """Return the keeper's id, and its name where the folder knows it."""
    return " ".join([*(member.name for member in _known(folder) if member.id == one.keeper), to_hex(one.keeper)])


def _known(folder: Home) -> list[LocalMember]:
    return folder.members() if (folder.path / "members.json").is_file() else []


def _line(one: Receipt) -> str:
    number = f" {one.number}" if one.number else ""
    terms = one.basis.asked
    purpose = terms.purpose if spoken() is Language.ENGLISH else terms.purpose_text
    return printable(f"{word(one.act)}{number}  {purpose}  {terms.grantee_name}")
