"""What the forms about signers bring back."""

from collections.abc import Mapping
from typing import Final

from api.services.signer.signer_change import SignerSet, WantedChange
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import ControllerKey

_MAX_DIGITS: Final = 12


def number_in(form: Mapping[str, str], name: str) -> int:
    """Return a number of a form.

    Raises:
        InvalidInputError: ``value_malformed``.
    """
    text = form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise InvalidInputError(Reason.VALUE_MALFORMED, "this is no number", field=name)
    return int(text)


def id_in_form(form: Mapping[str, str], name: str) -> bytes:
    """Return what a hidden field of a form names.

    Raises:
        InvalidInputError: ``not_found``.
    """
    try:
        return bytes.fromhex(form.get(name, ""))
    except ValueError as error:
        raise InvalidInputError(Reason.NOT_FOUND, "the page named nothing that is there", field=name) from error


def wanted_change(form: Mapping[str, str], current: SignerSet) -> WantedChange:
    """Return the change that a form asks for.

    Raises:
        InvalidInputError: ``not_found`` or ``value_malformed``.
    """
    threshold = number_in(form, "threshold") if form.get("threshold") else None
    if "take_in" in form:
        return WantedChange(take_in=(id_in_form(form, "take_in"),), threshold=threshold)
    if "remove" in form:
        return WantedChange(remove=frozenset({_key(id_in_form(form, "remove"), current)}), threshold=threshold)
    if "remove_person" in form:
        number = number_in(form, "remove_person")
        current.name_of(number)
        return WantedChange(remove_persons=frozenset({number}), threshold=threshold)
    return WantedChange(threshold=number_in(form, "threshold"))


def _key(named: bytes, current: SignerSet) -> ControllerKey:
    for one in current.keys:
        key = one.controller.key
        if named == (key.public_key if isinstance(key, Passkey) else key):
            return key
    raise InvalidInputError(Reason.NOT_FOUND, "no such device signs for this firm", field="remove")
