"""How often Python looks for garbage in cycles, which our long-running processes hardly make."""

import gc
from typing import Final

_AT: Final = 50_000
"""Objects between two collections; a verification makes a few thousand."""


def collect_rarely() -> None:
    """Take what lives now for what will always live, and look for garbage less often: once a process has begun."""
    gc.freeze()
    gc.set_threshold(_AT)
