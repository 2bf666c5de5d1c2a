"""One request of a bank: as the firm sees it, and where it stands."""

from dataclasses import dataclass, replace

from api.portal.bank.list_view import RequestRow
from api.portal.bank.words import BankWords
from api.services.consent.request import StoredRequest


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request. ``lines``: what the firm reads, in the language of the page."""

    row: RequestRow
    lines: tuple[str, ...]


def request_page(row: RequestRow, held: StoredRequest, words: BankWords, purpose_text: str) -> RequestPage:
    """Return the page of a request. ``purpose_text``: of its purpose in the language of the page."""
    return RequestPage(row, words.request_lines(replace(held.asked, purpose_text=purpose_text)))
