"""The pages are in plain English, as far as a program can see: short sentences, and lines that fit a screen.

Code blocks, tables and headings are left out; a piece of inline code counts as one word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINE = 100
MAX_WORDS = 25
PAGES = frozenset(
    {
        "docs/api.md",
        "docs/architecture.md",
        "docs/operating.md",
        "README.md",
        *(f"docs/promises/{name}.md" for name in ("backup", "crash-safety", "erasure", "fairness", "submission")),
        "docs/consent.md",
        "docs/evidence.md",
        "docs/threat-model.md",
    }
)
HELD = sorted(PAGES)

FENCE = re.compile(r"\s*(```|~~~)")
BULLET = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
ABBREVIATION = re.compile(r"\b(?i:e\.g|i\.e|cf|vs|ca)\.|\betc\.(?=\s+[^\sA-Z])")
END = re.compile(r"(?<=[.!?])[\"')\]]*\s+")
LONG = "a " * MAX_WORDS + "sentence."


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or an item of a list, and the number of its first line."""

    line: int
    lines: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Return its sentences, with each piece of inline code as one word."""
        text = CODE.sub("code", "\n".join(self.lines)).replace("*", "")
        text = ABBREVIATION.sub(lambda found: found[0].replace(".", ""), LINK.sub(r"\1", text))
        return END.split(" ".join(text.split()))


def blocks(page: str) -> Iterator[Block]:
    """Yield the prose of a page."""
    # a comment keeps its line ends, so that numbers of lines stay true
    lines = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), page).splitlines()
    held: list[str] = []
    is_fenced = False
    for number, line in enumerate([*lines, ""], start=1):
        is_fence = FENCE.match(line) is not None
        is_fenced ^= is_fence
        is_code = is_fence or is_fenced or (line.startswith("    ") and not held)
        is_prose = bool(line.strip()) and not is_code and not line.lstrip().startswith(("|", "#"))
        if held and (not is_prose or BULLET.match(line)):
            yield Block(number - len(held), tuple(held))
            held = []
        if is_prose:
            held.append(line)


def faults(page: str) -> list[str]:
    """Return what of a page is too long, each with its line."""
    found = []
    for block in blocks(page):
        for number, line in enumerate(block.lines, start=block.line):
            if len(line) > MAX_LINE:
                found.append(f"line {number}: {len(line)} characters")
        for sentence in block.sentences():
            count = sum(any(letter.isalnum() for letter in word) for word in BULLET.sub("", sentence, count=1).split())
            if count > MAX_WORDS:
                found.append(f"line {block.line}: {count} words: {sentence}")
    return found


@pytest.mark.parametrize("name", HELD)
def test_a_page_has_short_sentences_and_lines(name):
    found = faults((ROOT / name).read_text("utf-8"))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", HELD)
def test_a_long_sentence_or_line_in_a_page_is_noticed(name):
    page = (ROOT / name).read_text("utf-8")
    for planted in (LONG, f"- {LONG}", f"A short one. {LONG}", "x" * (MAX_LINE + 1)):
        assert len(faults(f"{page}\n{planted}\n")) == len(faults(page)) + 1


@pytest.mark.parametrize(
    "text",
    [
        f"    {LONG}",
        f"```\n{LONG}\n```",
        f"| {LONG} |",
        f"# {LONG}",
        f"<!-- {LONG} -->",
        f"See `{LONG}`.",
        "a " * MAX_WORDS + "— [](here).\nAnother sentence (of a few words).",
    ],
    ids=["indented code", "fenced code", "table", "heading", "comment", "inline code", "two sentences"],
)
def test_what_is_no_long_sentence_passes(text):
    assert faults(text) == []


@pytest.mark.parametrize("abbreviation", ["e.g.", "i.e.", "(e.g.", "etc. and", "cf."])
def test_an_abbreviation_ends_no_sentence(abbreviation):
    assert faults("a " * (MAX_WORDS - 1) + f"{abbreviation} more words.") != []


def test_every_page_is_there():
    assert {name for name in PAGES if (ROOT / name).is_file()} == PAGES
