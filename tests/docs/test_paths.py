"""Files of the repository that pages name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests" / "vectors" / "README.md"]
FOLDERS = ("api", "ledger_node", "contracts", "scripts", "tests")
MODULE = re.compile(r"`(?:[\w./-]+/)?(\w+\.py)`")
CLAUSE = re.compile(r"^## \d+\. .* \[(.*)\]$", re.MULTILINE)
NAMED = re.compile(r"`((?:api|ledger_node|contracts|scripts|tests|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page):
    named = {one.rstrip("/") for one in NAMED.findall(page.read_text("utf-8"))}
    assert sorted(one for one in named if not (ROOT / one).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_that_a_page_names_without_their_folder_are_there(page):
    known = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    assert sorted(set(MODULE.findall(page.read_text("utf-8"))) - known) == []


def test_clauses_of_the_format_name_modules_of_the_rules():
    clauses = CLAUSE.findall((ROOT / "docs" / "format.md").read_text("utf-8"))
    named = {name.rstrip("/") for clause in clauses for name in clause.split(", ")}
    rules = {path.stem for path in (ROOT / "ledger_node" / "domain").rglob("*") if path.stem != "__init__"}
    assert len(named) > 10
    assert sorted(named - rules) == []
