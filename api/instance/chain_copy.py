"""Reading a chain while its node runs, as backups do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block of a chain."""

    block: int
    hash: bytes


class Moment(Protocol):
    """A chain at one moment, for as long as it is held."""

    @property
    def block(self) -> int:
        """The number of its newest block."""

    @property
    def block_hash(self) -> bytes:
        """The hash of its newest block."""

    def copy_to(self, path: Path) -> None:
        """Write this moment as a file."""


OpenMoment = Callable[[], AbstractContextManager[Moment]]
