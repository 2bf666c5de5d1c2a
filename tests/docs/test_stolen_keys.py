"""Each line of the table of stolen keys names a test that there is."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^\|.*\| (.*) \|$", re.MULTILINE)


def test_each_line_of_the_table_names_a_test_that_there_is():
    page = (ROOT / "docs/threat-model.md").read_text("utf-8")
    table = page[page.index("## Stolen keys") :].split("\n## ")[0]
    _, _, *named = LINE.findall(table)
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    missing = [name for name in named if not re.search(rf"def {name.strip('`')}\(", written)]
    assert len(named) > 20
    assert missing == []
