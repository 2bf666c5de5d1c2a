"""Addresses that messages go to: e-mail and telephone numbers, each in one writing."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_MAX_EMAIL: Final = 254
_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL: Final = re.compile(
    rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@({_LABEL}\.)+[a-z]{{2,63}}"
)
_MAX_LOCAL: Final = 64
_PHONE: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_MAINLAND: Final = re.compile("1[3-9][0-9]{9}")
_BETWEEN: Final = re.compile(r"[ ()\u00a0-]")


class ContactChannel(StrEnum):
    """By what a firm is told."""

    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a firm is told. ``text``: a telephone number begins with + and its country."""

    channel: ContactChannel
    text: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Return what a page shows of it: enough to know it again, too little to use it."""
        if self.channel is ContactChannel.PHONE:
            return f"{self.text[:3]}…{self.text[-4:]}"
        local, _, domain = self.text.partition("@")
        return f"{local[0]}…@{domain}"


def read_address(raw: str) -> Address:
    """Return the address that somebody typed. Numbers without a country are of mainland China.

    Raises:
        InvalidInputError: ``value_malformed``; it is neither an e-mail address nor a telephone number.
    """
    plain = raw.strip()
    local, at, domain = plain.rpartition("@")
    if at:
        email = f"{local}@{domain.lower()}"
        if len(email) <= _MAX_EMAIL and len(local) <= _MAX_LOCAL and _EMAIL.fullmatch(email):
            return Address(ContactChannel.EMAIL, email)
    else:
        number = _BETWEEN.sub("", plain)
        number = f"+86{number}" if _MAINLAND.fullmatch(number) else number
        if _PHONE.fullmatch(number):
            return Address(ContactChannel.PHONE, number)
    raise InvalidInputError(
        Reason.VALUE_MALFORMED,
        "write an e-mail address, or a telephone number such as 138 0013 8000 or +86 138 0013 8000",
        field="address",
    )
