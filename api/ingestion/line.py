"""Lines of an upload: bytes that come in any pieces, in one of two encodings, become lines of text; none is lost."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

MAX_LINE: Final = 65_536
_ENCODINGS: Final = ("utf-8-sig", "gb18030")

Chunks = Callable[[], Iterable[bytes]]
"""The upload, which can be read more than once."""


def read_text_lines(chunks: Chunks) -> Iterator[str]:
    """Yield lines without their ends, which are CR, LF or CRLF, also mixed; of a long one only so much that it shows.

    Raises:
        InvalidInputError: ``encoding_wrong``.
    """
    encoding = next((name for name in _ENCODINGS if _decodes(chunks, name)), None)
    if encoding is None:
        raise InvalidInputError(Reason.ENCODING_WRONG, "save the file as UTF-8 or GB18030 and send it again")
    rest = held = ""
    for text in _decoded(chunks, encoding):
        whole = held + text
        # an LF may follow in the next piece, and the two are one end
        held = "\r" if whole.endswith("\r") else ""
        with_one_end = whole.removesuffix(held).replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = (rest + with_one_end).split("\n")
        yield from lines
        rest = rest[: MAX_LINE + 1]
    if rest or held:
        yield rest


def _decoded(chunks: Chunks, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for chunk in chunks():
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _decodes(chunks: Chunks, encoding: str) -> bool:
    try:
        for _ in _decoded(chunks, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True
