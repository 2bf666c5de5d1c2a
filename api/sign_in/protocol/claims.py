"""JSON of tokens (RFC 7515, RFC 7519): headers and claims sets, and the times in these.

Other members than those that are asked for are passed over, whatever they hold. So this JSON may have fractions,
which nothing else of ours reads.
"""

import json
import math
from typing import Final, NoReturn

from ledger_node.domain.canonical import JSON, require_shallow
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason

_LATEST: Final = 2**53


def read_object(data: bytes, what: str) -> JsonObject:
    """Return the JSON object that a part of a token is.

    Raises:
        InvalidInputError: a JSON reason.
        ValueError: it is no JSON in UTF-8.
    """
    text = data.decode("utf-8")
    require_shallow(text)
    value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    if "\\ud" in text.lower():
        # a lone surrogate is no text: writing it as UTF-8 fails
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return JsonObject(value, what)


def time_of(claims: JsonObject, name: str) -> int:
    """Return a NumericDate in whole seconds; a part of a second is cut off."""
    return math.floor(_number(claims, name))


def start_of(claims: JsonObject, name: str) -> int:
    """Return a NumericDate from which something counts: the next whole second."""
    return math.ceil(_number(claims, name))


def _number(claims: JsonObject, name: str) -> float:
    value: object = claims.take(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise InvalidInputError(
            Reason.VALUE_MALFORMED, f"'{name}' must be a time: seconds since 1970-01-01 UTC", field=name
        )
    return value


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidInputError(Reason.JSON_DUPLICATE_KEY, "a member stands twice in one object")
    return members


def _no_number(_: str) -> NoReturn:
    raise InvalidInputError(Reason.JSON_MALFORMED, "NaN and Infinity are no JSON")
