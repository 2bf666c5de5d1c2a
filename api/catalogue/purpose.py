"""The purposes that a new consortium begins with; its council may agree on others (docs/consent.md)."""

from functools import cache
from importlib.resources import files

from ledger_node.domain.canonical import decode
from ledger_node.domain.purpose import Purposes


@cache
def default_purposes() -> Purposes:
    """Return the purposes of the catalogue."""
    return Purposes.from_json(decode((files("api.catalogue") / "purposes.json").read_bytes()))
