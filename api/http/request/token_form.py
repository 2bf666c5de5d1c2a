"""The form that a request for a token is (RFC 6749, 4.4.2; RFC 7521, 4.2)."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from api.sign_in.protocol.assertion import ASSERTION_TYPE
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

GRANT: Final = "client_credentials"
MAX_FORM: Final = 16 * 1024
_MAX_FIELDS: Final = 16


class FormError(InvalidInputError):
    """The form asks for what is not given here. ``code``: what RFC 6749 (5.2) calls it."""

    def __init__(self, code: str, reason: Reason, message: str, name: str | None = None) -> None:
        super().__init__(reason, message, field=name)
        self.code = code


@dataclass(frozen=True, slots=True)
class TokenForm:
    """What counts of a form. ``client``: who the request says it is from, if it does."""

    assertion: str = field(repr=False)
    client: str | None

    @classmethod
    def read(cls, form: bytes) -> "TokenForm":
        """Read a form; members that are not known are passed over, and empty ones are as good as missing.

        Raises:
            FormError: ``request_invalid`` or ``field_missing``.
        """
        fields = _fields(form)
        _require(fields, "grant_type", GRANT, "unsupported_grant_type")
        if "scope" in fields:
            raise FormError(
                "invalid_scope", Reason.REQUEST_INVALID, "there are no scopes here; leave 'scope' out", "scope"
            )
        if "client_secret" in fields:
            raise FormError(
                "invalid_client", Reason.REQUEST_INVALID, "nobody has a secret here; sign an assertion", "client_secret"
            )
        _require(fields, "client_assertion_type", ASSERTION_TYPE, "invalid_request")
        if "client_assertion" not in fields:
            raise _missing("client_assertion")
        return cls(fields["client_assertion"], fields.get("client_id"))


def _fields(form: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            form.decode("ascii"), keep_blank_values=True, strict_parsing=bool(form), max_num_fields=_MAX_FIELDS
        )
    except ValueError as error:
        raise FormError(
            "invalid_request", Reason.REQUEST_INVALID, "send a form: application/x-www-form-urlencoded (RFC 6749)"
        ) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormError("invalid_request", Reason.REQUEST_INVALID, "a member of the form is there twice")
    return {name: value for name, value in pairs if value}


def _require(fields: dict[str, str], name: str, expected: str, otherwise: str) -> None:
    if name not in fields:
        raise _missing(name)
    if fields[name] != expected:
        raise FormError(otherwise, Reason.REQUEST_INVALID, f"'{name}' must be {expected}", name)


def _missing(name: str) -> FormError:
    return FormError("invalid_request", Reason.FIELD_MISSING, f"the form lacks '{name}'", name)
