"""Forms that browsers send (application/x-www-form-urlencoded), read strictly: each field once, in UTF-8."""

import re
from typing import Final
from urllib.parse import parse_qsl

from ledger_node.domain.error import InvalidInputError, shown_name
from ledger_node.domain.reason import Reason

MAX_FORM_BYTES: Final = 64 << 10
MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_MAX_FIELDS: Final = 256
_ENCODED: Final = re.compile(rb"(?:[A-Za-z0-9*._~+&=-]|%[0-9A-Fa-f]{2})*")
_QUERY: Final = re.compile(rb"(?:[A-Za-z0-9*._~+&=/:,;@!$'()?-]|%[0-9A-Fa-f]{2})*")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_form(media_type: str, body: bytes) -> dict[str, str]:
    """Return the fields of a form; the lines of a text end as in Unix.

    Raises:
        InvalidInputError: ``media_type_unsupported``, ``too_large`` or ``request_invalid``.
    """
    if not body:
        return {}
    if media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise InvalidInputError(Reason.MEDIA_TYPE_UNSUPPORTED, f"a form is sent as {MEDIA_TYPE}")
    if len(body) > MAX_FORM_BYTES:
        raise too_large()
    return _fields(body, _ENCODED)


def read_query(query: bytes) -> dict[str, str]:
    """Return the fields of the part of an address behind its question mark.

    Raises:
        InvalidInputError: ``request_invalid``.
    """
    return _fields(query, _QUERY)


def too_large() -> InvalidInputError:
    """Return the refusal of a form that is longer than ours are."""
    return InvalidInputError(Reason.TOO_LARGE, f"a form has at most {MAX_FORM_BYTES} bytes")


def _fields(text: bytes, form: re.Pattern[bytes]) -> dict[str, str]:
    if not form.fullmatch(text):
        raise _malformed("the form is not encoded as browsers do it")
    if text.count(b"&") >= _MAX_FIELDS:
        raise _malformed(f"a form has at most {_MAX_FIELDS} fields")
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise _malformed("the form is no UTF-8") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise _malformed(f"the field '{shown_name(name)}' stands twice in the form")
        if _CONTROLS.search(name + value):
            raise _malformed("the form holds control characters")
        fields[name] = value.replace("\r\n", "\n").replace("\r", "\n")
    return fields


def _malformed(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.REQUEST_INVALID, message)
