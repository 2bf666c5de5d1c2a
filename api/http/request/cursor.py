"""Cursors: where the next page begins, as a text that only this instance makes and reads."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Query, Request

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_TAG_BYTES: Final = 8

After: TypeAlias = Annotated[str | None, Query(description="where to go on: the 'next' of the last page")]


class CursorCodec:
    """``mac``: a keyed digest. A cursor of another list, or a changed one, is refused; none holds a secret."""

    def __init__(self, mac: Callable[[bytes], bytes]) -> None:
        self._mac = mac

    def write(self, listing: str, position: bytes) -> str:
        """Return the cursor of the row behind ``position`` in a list that ``listing`` names with its owner."""
        return base64.urlsafe_b64encode(position + self._tag(listing, position)).decode("ascii").rstrip("=")

    def read(self, listing: str, cursor: str) -> bytes:
        """Return the position of a cursor.

        Raises:
            InvalidInputError: ``cursor_invalid``.
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        position, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if len(raw) <= _TAG_BYTES or self.write(listing, position) != cursor or tag != self._tag(listing, position):
            raise InvalidInputError(
                Reason.CURSOR_INVALID,
                "this is no cursor of this list; leave 'after' out to begin, then send the 'next' of the last page",
                field="after",
            )
        return position

    def _tag(self, listing: str, position: bytes) -> bytes:
        return self._mac(b"cursor/" + listing.encode() + b"/" + position)[:_TAG_BYTES]


async def _cursors(request: Request) -> CursorCodec:
    codec: CursorCodec = request.app.state.cursor_codec
    return codec


Cursors: TypeAlias = Annotated[CursorCodec, Depends(_cursors)]
"""The cursors of the instance that answers."""
