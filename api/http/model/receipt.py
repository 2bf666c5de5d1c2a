"""Receipts of what happened to consents."""

from typing import Annotated

from pydantic import Field

from api.http.model.base import Address, AnswerModel, Count, HexText, SignatureText, Time, absent
from api.http.model.consent import ConsentRequestTerms, ShownConsent
from api.http.model.controllers import Controllers, KeptOfficer, SignatureJson
from api.http.model.proof import Block
from ledger_node.domain.receipt import FORMAT, Act


class SignedAct(AnswerModel):
    """What controllers signed after the grant, and who they were."""

    controllers: Controllers
    signatures: list[SignatureJson]


class BankWord(AnswerModel):
    """What the bank's spend key signed for a use, beside its number and ticket."""

    not_after: Time
    signature: SignatureText


class Basis(AnswerModel):
    """What an act rests on: the consent, of a refusal the request; and who signed for it, or the secret."""

    consent: ShownConsent = absent()
    request: ConsentRequestTerms = absent()
    answer_key: Address = absent()
    use: BankWord = absent()
    word: SignedAct = absent()
    secret: HexText = absent()
    officer: KeptOfficer = absent()


class Receipt(AnswerModel):
    """An act, and where the ledger recorded it. As canonical JSON (RFC 8785) it checks offline."""

    format: Annotated[str, Field(examples=[FORMAT])]
    chain_id: Count
    consent_registry: Address
    keeper: HexText
    act: Annotated[Act, Field(examples=["granted"])]
    id: Annotated[HexText, Field(description="the consent, of a refusal the request")]
    transaction: HexText
    block: Block
    number: Annotated[int, Field(description="which change or use of the consent it was, else 0", examples=[0])]
    use: Annotated[HexText | None, Field(description="the ticket of the use")]
    basis: Basis
    signature: SignatureText


class ListedReceipt(AnswerModel):
    """A receipt under its id."""

    id: HexText
    receipt: Receipt


class ReceiptList(AnswerModel):
    """Receipts in the order of the ledger."""

    receipts: list[ListedReceipt]
