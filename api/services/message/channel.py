"""The port that messages leave by."""

from dataclasses import dataclass, field
from typing import Protocol

from ledger_node.domain.consent_text import Language


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it leaves. ``id``: the same each time it is tried; ``title``: of an e-mail; ``text``: one line."""

    id: str
    to: str = field(repr=False)
    title: str = field(repr=False)
    text: str = field(repr=False)
    language: Language
    kind: str


class ChannelError(Exception):
    """A channel did not take a letter. ``why`` holds nothing of it; ``final``: this address will never take it."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


class Channel(Protocol):
    """Takes letters for one kind of address."""

    def send(self, letter: Letter) -> None:
        """Send a letter. It may be tried again though it arrived, if the answer was lost.

        Raises:
            ChannelError: it was not taken.
        """
