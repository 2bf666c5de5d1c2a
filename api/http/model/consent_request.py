"""Requests for consent: made by banks, shown to subjects, granted or refused by them."""

from typing import Annotated, Literal

from api.http.model.base import AnswerModel, Hex32, HexText, RequestModel, Strict, Time
from api.http.model.controller import Signatures
from api.http.model.terms import AskedByBank, ConsentRequestTerms
from ledger_node.domain.consent_text import Language, language_named


class ConsentRequest(AnswerModel):
    """A request, and how it stands with it; it is ``pending`` until the ledger holds it."""

    id: HexText
    request: ConsentRequestTerms
    requested_at: Time
    state: Literal["pending", "open", "granted", "refused"]


class ConsentRequestList(AnswerModel):
    """The newest requests."""

    requests: list[ConsentRequest]


class NewConsentRequest(RequestModel):
    """What a bank would like to be granted."""

    request: AskedByBank


class Refusal(RequestModel):
    """Signatures over the refusal statement."""

    signatures: Signatures


class RefusedRequest(AnswerModel):
    """A request that was refused."""

    request: Hex32
    state: Literal["refused"] = "refused"


class ConsentTextRequest(RequestModel):
    """Terms whose words are wanted."""

    request: AskedByBank
    language: Annotated[
        Language,
        Strict(lambda record, name: language_named(record.text(name)), Language),
    ]


class ConsentText(AnswerModel):
    """The words in which terms are shown before they are signed."""

    text: str
    text_digest: Hex32
