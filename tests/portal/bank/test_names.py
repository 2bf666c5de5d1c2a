"""B17: whatever a firm, a bank or a department is called, a page shows it and does nothing else."""

import html

import pytest
from sqlalchemy import insert

from api.storage import table
from ledger_node.domain.json_object import to_hex
from tests.kit.small_instance import BANK

USE = b"\x07" * 32
NAMES = [
    "<script>alert(1)</script>",
    "\u202etxt.exe",
    "zero\u200bwidth",
    "长" * 200,
    "e\u0301" * 20,
    "' onmouseover='x",
    "{{ 7 * 7 }}",
]


class Named:
    """Calls every firm the same."""

    def __init__(self, name):
        self._name = name

    def of(self, subjects):
        return dict.fromkeys(subjects, self._name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_escaped_and_isolated_on_every_page(bank, firm, name):
    bank.instance.firm_names = Named(name)
    consent = bank.granted(firm)
    asked = bank.small.ask(firm)
    bank.instance.evidence.cases[BANK, USE] = "two_claims"
    use = {"consent": consent, "number": 1, "ticket": USE, "time": 0, "place": 0}
    bank.small.store.write(insert(table.counted_use).values(use))
    paths = [
        "/bank/requests",
        f"/bank/requests/{to_hex(asked.id)}",
        "/bank/consents",
        f"/bank/consents/{to_hex(consent)}",
        f"/bank/answers/{to_hex(USE)}",
        "/bank/portfolio",
    ]
    for path in paths:
        text = bank.html(path)
        shown = html.escape(name, quote=True).replace("&#x27;", "&#39;")
        assert f"<bdi>{shown}</bdi>" in text
        assert "<script>alert" not in text
    assert "<script>alert" not in bank.html("/bank/new")
