"""Walks the texts of a page: what is not in the page's language, and what shop owners should not have to read (B18).

Names stand in ``<bdi>``, codes in ``<code>``, and what is shown in another language carries ``lang``: all these are
left out. What screen readers say (``alt``, ``aria-label``, ``placeholder``, ``title``) is a text like any other.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

ALLOWED = frozenset({"A4", "API", "CNY", "CSV", "English", "GB18030", "HTTP", "JSON", "PDF", "PIN", "QR", "UTF", "USB"})
"""What is written in Latin letters in Chinese too."""
FORBIDDEN = ("hash", "gas", "wallet", "0x", "block", "blockchain", "chain", "区块", "链", "哈希", "控制人")
"""Words of the machinery."""
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]+")
_CHINESE = re.compile(r"[\u3400-\u9fff\uff01-\uff5e]+")
_HIDDEN = {"script", "style", "template", "svg"}
_NAMES = {"bdi", "code"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SPOKEN = ("alt", "aria-label", "aria-description", "placeholder", "title")


class _Texts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.language = None
        self.shown = []
        self._open = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang")
        foreign = "lang" in given and self.language is not None and given["lang"] != self.language
        if not self._skips and not foreign:
            self.shown += [given[name] for name in _SPOKEN if given.get(name)]
            if tag == "input" and given.get("type") in {"submit", "button"}:
                self.shown.append(given.get("value") or "")
        if tag not in _VOID:
            self._open.append((tag, tag in _HIDDEN | _NAMES or foreign))

    def handle_endtag(self, tag):
        while self._open:
            last, _ = self._open.pop()
            if last == tag:
                break

    def handle_data(self, data):
        if not self._skips and data.strip():
            self.shown.append(" ".join(data.split()))

    @property
    def _skips(self):
        return any(skipped for _, skipped in self._open)


def texts(html: str) -> list[str]:
    """Return what the page says in its own language, without names and codes."""
    walked = _Texts()
    walked.feed(html)
    walked.close()
    return walked.shown


def latin_words(html: str, allowed: frozenset[str] = ALLOWED) -> set[str]:
    """Return the words in Latin letters of a page that should be Chinese."""
    return {word for text in texts(html) for word in _LATIN.findall(text)} - allowed


def chinese_words(html: str) -> set[str]:
    """Return the Chinese of a page that should be English."""
    return {word for text in texts(html) for word in _CHINESE.findall(text)}


def forbidden_words(html: str) -> set[str]:
    """Return the words that stand on no page of a firm."""
    return set(_forbidden(" ".join(texts(html)).lower()))


def _forbidden(said: str) -> Iterator[str]:
    for word in FORBIDDEN:
        if re.search(rf"(?<![a-z0-9]){re.escape(word)}", said) if word.isascii() else word in said:
            yield word


def faults(html: str, *, is_firm: bool = False) -> set[str]:
    """Return every word that is wrong on the page, whatever its language; a page without a language is all wrong."""
    walked = _Texts()
    walked.feed(html)
    if walked.language not in {"zh-CN", "en"}:
        return {f"lang={walked.language}"}
    wrong = latin_words(html) if walked.language == "zh-CN" else chinese_words(html)
    return wrong | (forbidden_words(html) if is_firm else set())
