"""What a browser may do with an answer (Content Security Policy Level 3)."""

import base64
import hashlib
from typing import Final

DEFAULT_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page_policy(style: str) -> str:
    """Return the policy of a page without scripts whose one style sheet is ``style``."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return f"{DEFAULT_POLICY}; style-src 'sha256-{digest}'"
