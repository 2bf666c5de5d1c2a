"""What a firm sees when it lets a bank find it: the banks, and then a code for one of them."""

from dataclasses import dataclass, field

from markupsafe import Markup

from api.instance.wiring import Instance
from api.portal.shell.qr import qr_svg
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language


@dataclass(frozen=True, slots=True)
class BankChoice:
    """A bank that a code can be for. ``id``: in hexadecimal digits, for the form alone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class HandoverCode:
    """A code, shown this once. ``bank``: whom to tell it; ``qr``: the code itself, as a picture."""

    bank: str
    code: str = field(repr=False)
    qr: Markup = field(repr=False)
    until: str


def bank_choices(instance: Instance) -> tuple[BankChoice, ...]:
    """Return the banks by name.

    Raises:
        ChainError: the ledger does not answer.
    """
    named = [BankChoice(bank.hex(), name) for bank, name in instance.handovers.banks().items()]
    return tuple(sorted(named, key=lambda one: (one.name, one.id)))


def handover_code(instance: Instance, subject: bytes, bank: bytes, language: Language, now: int) -> HandoverCode:
    """Make a code for a bank; an unused one for the same bank ends.

    Raises:
        InvalidInputError: ``member_unknown``: there is no such bank.
        ChainError: the ledger does not answer.
    """
    code = instance.handovers.make(subject, bank)
    name = instance.handovers.banks()[bank]
    until = time_words(now + instance.portal_settings.handover_s, language)
    return HandoverCode(name, code, qr_svg(code), until)
