"""A verifier of evidence bundles, written from docs/format.md and docs/evidence.md alone."""

from .checks import Outcome, verify
from .errors import RefusedError

__all__ = ["Outcome", "RefusedError", "verify"]
