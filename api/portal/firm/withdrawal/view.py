"""What whoever holds a slip sees: just the receipt number and when the consent ends anyway."""

from dataclasses import dataclass

from api.portal.firm.receipt_number import receipt_number
from api.services.draft.withdrawal_slip import WithdrawalSlip
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language


@dataclass(frozen=True, slots=True)
class SlipShown:
    """A slip that was read. ``text``: the slip itself, for the form that withdraws."""

    number: str
    until: str
    text: str
    is_withdrawn: bool = False


def slip_shown(slip: WithdrawalSlip, language: Language, *, is_withdrawn: bool = False) -> SlipShown:
    """Return what is shown of a slip."""
    until = time_words(slip.bounds.expires_at, language)
    return SlipShown(receipt_number(slip.order.shown.id), until, slip.to_text(), is_withdrawn)
