"""Names that callers made up, as errors may repeat them: what was meant for a name, and no value in its place."""

import re
from typing import Final

UNSHOWN: Final = "?"
_LONGEST: Final = 64
_NAME: Final = re.compile("[A-Za-z_]+(?:[0-9]{1,3}[A-Za-z_]+)*[0-9]{0,3}")


def shown_name(name: str) -> str:
    """Return ``name`` if it has the form of one: letters and ``_`` with few digits, as no code or amount has."""
    return name if len(name) <= _LONGEST and _NAME.fullmatch(name) else UNSHOWN
