"""What a subject's side does with consents: accept what is asked in words of its language, and check it first."""

from collections.abc import Sequence
from typing import Any, Final

from api.catalogue.datatype import schemas
from api.client.client import ApiError, Client
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language, text_of
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.grant_rule import require_askable, require_parties
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.purpose import Purpose, Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import accept as draw_up
from ledger_node.domain.signature import parse_address
from ledger_node.domain.subject import ControllerKey, Controllers
from ledger_node.domain.wording import WordingDocument

RECORDED_WITHIN_S: Final = 7 * 86_400
"""So long a consent can be recorded after it was drawn up: its controllers may sign one after the other."""


def accept(
    client: Client, request: ConsentRequest, language: Language, secret: bytes, *, now: int
) -> tuple[Consent, str]:
    """Return the consent that grants just what is asked, and the text that is to be shown before it is signed.

    ``secret``: 32 random bytes; whoever shows them withdraws the consent.
    """
    members = {from_hex(member["id"], "id"): str(member["name"]) for member in client.get("/v1/members")["members"]}
    grant_before = min(whole_minute(now + RECORDED_WITHIN_S), request.expires_at)
    terms, lines = draw_up(request, grant_before, wording_of_council(client).in_language(language, members))
    steward = client.post("/v1/steward-keys", {"terms": terms.to_json()})["steward_key"]
    bounds = Bounds.accepting(
        request,
        grant_before=grant_before,
        steward_key=parse_address(steward, "steward_key"),
        withdrawal_hash=withdrawal_hash(secret),
    )
    return Consent(terms, bounds), text_of(lines)


def require_grantable(client: Client, consent: Consent, signers: Sequence[ControllerKey] | None, *, now: int) -> None:
    """Run the checks that the API runs before it records a grant, so that nothing is signed in vain.

    ``signers``: who is about to sign; None where others sign elsewhere.

    Raises:
        InvalidInputError: naming the part of the consent that cannot be granted, or ``subject_unknown``.
        VerificationError: ``signer_not_controller``, ``signer_repeated`` or ``threshold_not_met``.
    """
    read = Consent(Terms.from_json(consent.terms.to_json()), Bounds.from_json(consent.bounds.to_json())).asked
    controllers = _controllers_of(client, read.subject)
    if signers is not None and controllers is not None:
        controllers.require_signers(signers)
    claims = require_askable(read, schemas(), now=now)
    read.require_within_purpose(Purposes.from_json(client.get("/v1/purposes")["purposes"]), claims)
    members = client.get("/v1/members")["members"]
    banks = {from_hex(one["id"], "id"): str(one["name"]) for one in members if "bank" in one["roles"]}
    departments = {from_hex(one["id"], "id") for one in members if "department" in one["roles"]}
    require_parties(read, claims, banks=banks, departments=departments)


def _controllers_of(client: Client, subject: bytes) -> Controllers | None:
    try:
        shown = client.get(f"/v1/subjects/{to_hex(subject)}")["controllers"]
    except ApiError as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        raise InvalidInputError(
            Reason.SUBJECT_UNKNOWN, "no such subject of yours is registered", field="subject"
        ) from error
    return None if shown is None else Controllers.from_json(shown)


def purpose_of(client: Client, code: str) -> Purpose:
    """Return a purpose of the consortium.

    Raises:
        InvalidInputError: ``purpose_unknown``, listing those there are.
    """
    return Purposes.from_json(client.get("/v1/purposes")["purposes"]).named(code)


def wording_of_council(client: Client, digest: bytes | None = None) -> WordingDocument:
    """Return the words that consents are shown in today, or those with this digest.

    Raises:
        VerificationError: ``wording_unknown``; the instance shows other words than it names.
    """
    asked = "/v1/wording" if digest is None else f"/v1/wording?digest={to_hex(digest)}"
    answer = client.get(asked)
    document = WordingDocument.from_json(answer["wording"])
    if document.digest != (digest or from_hex(answer["digest"], "digest")):
        raise VerificationError(Reason.WORDING_UNKNOWN, "the instance shows other words than it names")
    return document


def signing_domain(ledger: Any, contract: str = "ConsentRegistry") -> SigningDomain:  # noqa: ANN401 - JSON of GET /v1/ledger
    """Return where signatures on consents count, or those on another contract's acts."""
    return SigningDomain(ledger["chain_id"], parse_address(ledger["contracts"][contract], contract))
