"""Short ids: the first digits of an id stand for it where they begin no other id that the caller can list."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from api.client.client import Client
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

_WHOLE: Final = 64
_PREFIX: Final = re.compile("[0-9a-f]{6,64}")


def whole_id(raw: str, field: str, listed: Callable[[], Iterable[str]], unknown: Reason) -> str:
    """Return the id that ``raw`` is or begins. ``listed``: asked only for one that is not whole.

    Raises:
        InvalidInputError: ``value_malformed``: it is no id, has fewer than 6 digits, or begins several ids;
            ``unknown``: it begins none.
    """
    digits = raw.lower().removeprefix("0x")
    if not _PREFIX.fullmatch(digits):
        return to_hex(from_hex(raw, field))
    start = f"0x{digits}"
    if len(digits) == _WHOLE:
        return start
    found = {one for one in listed() if one.startswith(start)}
    if len(found) > 1:
        raise InvalidInputError(
            Reason.VALUE_MALFORMED, f"{len(found)} ids begin with {start}; write more of its digits", field=field
        )
    if not found:
        raise InvalidInputError(unknown, f"no id that you can list begins with {start}", field=field)
    return found.pop()


def consent_id(client: Client, raw: str) -> str:
    """Return the id of a consent of the caller."""
    return whole_id(raw, "consent", lambda: _consents(client), Reason.CONSENT_UNKNOWN)


def request_id(client: Client, raw: str) -> str:
    """Return the id of a request to the caller, or by it."""
    return whole_id(raw, "request", lambda: _requests(client), Reason.REQUEST_UNKNOWN)


def consent_or_request_id(client: Client, raw: str) -> str:
    """Return the id of a consent or of a request of the caller."""
    return whole_id(raw, "consent", lambda: [*_consents(client), *_requests(client)], Reason.CONSENT_UNKNOWN)


def subject_id(client: Client, raw: str) -> str:
    """Return the id of a subject that has granted the caller, a bank, a consent, or was asked for one."""
    return whole_id(raw, "subject", lambda: _subjects(client), Reason.SUBJECT_UNKNOWN)


def use_id(client: Client, raw: str) -> str:
    """Return the id of a use that stands in the caller's access log."""
    return whole_id(raw, "use", lambda: _uses(client), Reason.NOT_FOUND)


def _consents(client: Client) -> list[str]:
    return [one["id"] for one in client.get("/v1/consents")["consents"]]


def _requests(client: Client) -> list[str]:
    return [one["id"] for one in client.get("/v1/consent-requests")["requests"]]


def _subjects(client: Client) -> list[str]:
    granted = [one["terms"]["subject"] for one in client.get("/v1/consents")["consents"]]
    return granted + [one["request"]["subject"] for one in client.get("/v1/consent-requests")["requests"]]


def _uses(client: Client) -> list[str]:
    told = [one["row"] for one in client.access_rows()[1] if one.get("row") is not None]
    return [row["use"] for row in told if row["use"] is not None]
