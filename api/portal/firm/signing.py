"""What a browser sends when somebody signed: the assertion of a passkey, and what it was made over."""

from collections.abc import Mapping

from api.services.draft.draft import ShownDraft
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent import Bounds, Terms
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason

_MAX_MINUTE_DIGITS = 12


def assertion_of(form: Mapping[str, str]) -> Assertion:
    """Return the assertion that a form carries.

    Raises:
        InvalidInputError: ``signature_malformed``; there is none, as where scripts do not run.
    """
    try:
        parts = (form[name] for name in ("authenticator_data", "client_data_json", "signature"))
        return Assertion(*(from_hex(f"0x{part.removeprefix('0x')}", "signature", length=None) for part in parts))
    except (KeyError, InvalidInputError) as error:
        raise InvalidInputError(
            Reason.SIGNATURE_MALFORMED, "the page sent no signature; open it again, and sign there", field="signature"
        ) from error


def shown_draft_of(form: Mapping[str, str]) -> ShownDraft:
    """Return what the page held when somebody signed it.

    Raises:
        InvalidInputError: ``consent_terms_differ``; what came is no terms that a page of ours held.
    """
    try:
        drawn_up_at = form["drawn_up_at"]
        if not drawn_up_at.isascii() or not drawn_up_at.isdigit() or len(drawn_up_at) > _MAX_MINUTE_DIGITS:
            raise ValueError
        terms = Terms.from_json(decode(form["terms"].encode()))
        return ShownDraft(terms, Bounds.from_json(decode(form["bounds"].encode())), int(drawn_up_at))
    except (KeyError, ValueError, InvalidInputError) as error:
        raise InvalidInputError(
            Reason.CONSENT_TERMS_DIFFER, "what the page sent are no terms; open it again, and sign there"
        ) from error
