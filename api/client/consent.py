"""What a subject's side does with consents: accept what is asked in words of its language, sign, keep the secret."""

from typing import Any

from api.catalogue.wording import wording
from api.client.client import Client
from ledger_node.domain.consent import ConsentRequest, Terms, revocation_hash
from ledger_node.domain.consent_text import Language, consent_text, text_digest
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.purpose import Purpose, Purposes
from ledger_node.domain.signature import parse_address


def accept(client: Client, request: ConsentRequest, language: Language, secret: bytes) -> tuple[Terms, str]:
    """Return the terms that accept ``request``, and the text that is to be shown before they are signed.

    ``secret``: 32 random bytes; whoever shows them withdraws the consent.
    """
    members = {from_hex(member["id"], "id"): str(member["name"]) for member in client.get("/v1/members")["members"]}
    text = consent_text(request, wording(language, members))
    return Terms.accepting(request, language.value, text_digest(text), revocation_hash(secret)), text


def purpose_of(client: Client, code: str) -> Purpose:
    """Return a purpose of the consortium.

    Raises:
        InvalidInputError: ``purpose_unknown``, listing those there are.
    """
    return Purposes.from_json(client.get("/v1/purposes")["purposes"]).named(code)


def signing_domain(ledger: Any, contract: str = "ConsentRegistry") -> SigningDomain:  # noqa: ANN401 - JSON of GET /v1/ledger
    """Return where signatures on consents count, or those on another contract's acts."""
    return SigningDomain(ledger["chain_id"], parse_address(ledger["contracts"][contract], contract))
