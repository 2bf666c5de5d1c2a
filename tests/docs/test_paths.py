"""Files of the repository that pages name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMED = re.compile(r"`((?:api|ledger_node|contracts|scripts|tests|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page):
    named = {one.rstrip("/") for one in NAMED.findall(page.read_text("utf-8"))}
    assert sorted(one for one in named if not (ROOT / one).exists()) == []
