"""What a browser sends beside a signature: what it was made over."""

from collections.abc import Mapping

from api.services.draft.draft import ShownDraft
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent import Bounds, Terms
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_MAX_MINUTE_DIGITS = 12


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
