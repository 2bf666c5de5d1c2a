"""The list of cases in docs/cases.md and the tests that carry their ids are the same."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTED = re.compile(r"^\| ([A-Z]\d{1,2}) \| \S", re.MULTILINE)
NAMED = re.compile(r"def test_([tphcandlefsk])(\d{1,2})_")


def test_every_case_of_the_list_has_a_test_and_every_named_test_a_line():
    listed = LISTED.findall((ROOT / "docs" / "cases.md").read_text("utf-8"))
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {letter.upper() + number for source in sources for letter, number in NAMED.findall(source)}
    assert len(listed) == len(set(listed))
    assert set(listed) == named
