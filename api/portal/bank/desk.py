"""Who sits at the desk of a bank, and what its pages all need: names, words, and the passkey's signature."""

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from api.language.translation import N_
from api.portal.bank.words import BankWords, FirmShown, firm_number
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.services.consent.stored_consent import StoredConsent
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.purpose import Purpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import day_in_china

BANK: Final = frozenset({Kind.BANK})
READS: Final = frozenset({StaffRole.OFFICER, StaffRole.ADMIN, StaffRole.AUDITOR})
ACTS: Final = frozenset({StaffRole.OFFICER})
pages = Pages(
    "bank",
    navigation=(
        (N_("Requests"), "/bank/requests"),
        (N_("Checks"), "/bank/consents"),
        (N_("Portfolio"), "/bank/portfolio"),
        (N_("Changes"), "/bank/changes"),
    ),
)


class Desk:
    """One page of a bank's person."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.instance = page.instance
        self.bank = page.visitor.id
        self._firms: dict[bytes, FirmShown] = {}

    @cached_property
    def words(self) -> BankWords:
        """Names and sentences in the language of the page."""
        names = {member.id: member.name for member in self.instance.ledger.members()}
        return BankWords(self.page.language, names)

    @property
    def today(self) -> int:
        """The day in China, in days from 1970-01-01."""
        return day_in_china(self.page.now)

    @property
    def staff(self) -> bytes:
        """Who looks, as the store names people."""
        person = self.page.visitor.staff
        return b"" if person is None else person.id

    @property
    def name(self) -> str:
        """What whoever looks is called."""
        person = self.page.visitor.staff
        return "" if person is None else person.name

    @property
    def may_act(self) -> bool:
        """Whether whoever looks is an officer, who asks and checks."""
        person = self.page.visitor.staff
        return person is not None and not ACTS.isdisjoint(person.roles)

    def load_firms(self, subjects: Iterable[bytes]) -> None:
        """Find out the names of firms that a page is about, all at once."""
        wanted = {one for one in subjects if one not in self._firms}
        names = self.instance.firm_names.of(wanted)
        self._firms |= {one: FirmShown(firm_number(one), names.get(one)) for one in wanted}

    def firm(self, subject: bytes) -> FirmShown:
        """Return a firm as this bank sees it."""
        self.load_firms([subject])
        return self._firms[subject]

    def purpose(self, code: str) -> Purpose:
        """Return a purpose of the consortium."""
        return self.instance.purposes.named(code)

    def purpose_text(self, code: str) -> str:
        """Return the words of a purpose; one that the council has ended keeps its code."""
        try:
            return self.purpose(code).text(self.page.language)
        except InvalidInputError:
            return code

    def id_in_path(self, name: str) -> bytes:
        """Return an id that the address names.

        Raises:
            InvalidInputError: ``not_found``; it is none.
        """
        return self._hex(self.page.path[name])

    def draft_in_path(self) -> bytes:
        """Return the id of a draft that the address names.

        Raises:
            InvalidInputError: ``not_found``; it is none.
        """
        raw = self.page.path["draft"]
        try:
            return bytes.fromhex(raw)
        except ValueError:
            raise _not_found() from None

    def consent(self) -> StoredConsent:
        """Return the consent that the address names, if it is one of this bank.

        Raises:
            VerificationError: ``consent_unknown``, also for one of another bank.
        """
        held = self.instance.consents.find(self.id_in_path("consent"))
        if held is None or held.shown.terms.grantee != self.bank:
            raise VerificationError(Reason.CONSENT_UNKNOWN, "there is no such consent of yours")
        return held

    def signed_by_officer(self, digest: bytes) -> OfficerSignature:
        """Check and keep what the officer who looks signed over ``digest``, as the form says.

        Raises:
            VerificationError: there is nothing, it is of another passkey, or it signs something else.
        """
        form, visitor = self.page.form, self.page.visitor.staff
        parts = [form.get(name, "") for name in ("authenticator_data", "client_data_json", "signature")]
        if not all(parts):
            raise VerificationError(Reason.SIGNATURE_MALFORMED, "nothing was signed, and nothing happened")
        try:
            assertion = Assertion(*(bytes.fromhex(part.removeprefix("0x")) for part in parts))
        except ValueError:
            raise VerificationError(Reason.SIGNATURE_MALFORMED, "what was signed cannot be read") from None
        assert visitor is not None  # noqa: S101 - the page is for a bank's people alone
        return self.instance.officers.keep(self.bank, digest, assertion, by=visitor, now=self.page.now)

    @staticmethod
    def _hex(text: str) -> bytes:
        try:
            return from_hex(text, "id")
        except InvalidInputError:
            raise _not_found() from None


def _not_found() -> InvalidInputError:
    return InvalidInputError(Reason.NOT_FOUND, "there is no such page")
