"""A portal whose every page has something to show, under names that would do harm, and a crawler of its pages."""

import html
import re
from collections import deque

from sqlalchemy import insert

from api.catalogue.datatype import schemas
from api.portal.app import page_permissions
from api.services.staff.role import StaffRole
from api.storage import table
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language
from ledger_node.domain.signature import address_of
from tests.kit.bank_desk import SEED, bank_services
from tests.kit.enrolment_page import invite, signed_in
from tests.kit.portal import PortalInstance, portal_app
from tests.kit.small_instance import BANK, REGISTRAR
from tests.kit.staff import Office

USE = b"\x07" * 32
HARMFUL = (
    "<script>window.ran=1</script>",
    "\u202etxt.exe",
    "zero\u200bwidth",
    "长" * 200,
    "e\u0301" * 60,
    "' onmouseover='window.ran=1",
    "{{ 7 * 7 }}",
    "W" * 200,
)


class OneName:
    """Calls every firm the same, as if no rule of names had been there when it was invited."""

    def __init__(self, name):
        self.name = name

    def of(self, subjects):
        return dict.fromkeys(subjects, self.name)


class BankPortal(PortalInstance):
    """A portal instance with the services of banks too. Nothing has happened on it yet."""

    def __init__(self, folder):
        super().__init__(folder)
        for name, service in bank_services(self, Office(self, BANK)).items():
            setattr(self, name, service)


class FurnishedPortal(BankPortal):
    """An instance with a request, a consent, a use, an answer, a draft, an invitation and people."""

    def __init__(self, folder):
        super().__init__(folder)
        self.shop = self.new_shop()
        self.ask(self.shop)
        key = address_of(SEED.spend_key(b"\x05" * 32))
        self.consent_id = self.grant(self.shop, salt=b"\x05" * 32, spend_key=key)
        self.evidence.cases[BANK, USE] = "two_claims"
        use = {"consent": self.consent_id, "number": 1, "ticket": USE, "time": 0, "place": 0}
        self.store.write(insert(table.counted_use).values(use))
        self.officer = self.new_staff(BANK, *StaffRole)
        draft = self.request_drafts.start(BANK, self.shop.subject, "loan_application", staff=b"s" * 16, now=self.now())
        for text in ("tax_payment.paid_amount >= 500000 CNY during 2025", "penalty_summary.count_24m < 1"):
            self.request_drafts.add(BANK, draft.id, Claim.parse(text, schemas()))
        self.request_drafts.look_at(BANK, draft.id, Language.ENGLISH, self.now())
        self.clerk = self.new_staff(REGISTRAR, *StaffRole)
        invite(signed_in(self, portal_app(self), StaffRole.CLERK), self.new_code())
        self.firm_names = OneName("Firm")

    def people(self):
        """Return who may see pages, by kind."""
        return {"firm": self.shop.phones[0], "bank": self.officer, "registrar": self.clerk}


def links_of(text):
    """Return the addresses of this site that a page leads to, without what is downloaded and what is behind ``#``."""
    found = re.findall(r'<a\b[^>]*?href="([^"]+)"([^>]*)>', text)
    return [html.unescape(one).split("#")[0] for one, rest in found if one.startswith("/") and " download" not in rest]


def crawl(fetch, begin, most=120):
    """Return every page that links lead to from ``begin``, a few of each kind, with its status and text."""
    waiting, pages, kinds = deque(begin), {}, {}
    while waiting and len(pages) < most:
        path = waiting.popleft()
        kind = re.sub(r"[0-9a-f]{8,}", "*", path)
        if path in pages or kinds.get(kind, 0) >= 2:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        status, text = fetch(path)
        pages[path] = (status, text)
        waiting.extend(links_of(text))
    return pages


def fixed_pages(kind):
    """Return the pages without names in their addresses that a kind of visitor may see with all roles."""
    rows = ((name.partition(" "), row) for name, row in page_permissions().items())
    return sorted(
        path
        for (method, _, path), row in rows
        if method == "GET" and "{" not in path and (row.anybody or any(one.value == kind for one in row.kinds))
    )
