"""The answer to a verification: what the bank receives, and what is kept of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from api.catalogue.datatype import schemas
from api.services.evidence import SealedEvidence
from api.services.reliance import Relied
from api.vault.joint_key import VaultKey
from ledger_node.domain.canonical import JSON
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.receipt import Receipt
from ledger_node.domain.record import to_hex


@dataclass(frozen=True, slots=True)
class Answer:
    """A presentation with the block it holds at and the use that it cost, if it cost one."""

    presentation: Presentation
    facts: LedgerFacts | None = None
    use: bytes | None = None
    transaction: bytes | None = None
    controllers_entry: int = 0
    receipt: Receipt | None = None
    evidence: SealedEvidence | None = None
    keys: tuple[VaultKey, ...] = ()
    """Those of all attestations that it was made from."""
    shown: JSON = None
    """The JSON form of the presentation, where its evidence was made of it."""

    @property
    def relied(self) -> Sequence[Relied]:
        """The attestations that this answer relies on."""
        return [] if self.facts is None else Relied.by(self.presentation, self.use, self.facts.block_number)

    def to_json(self) -> dict[str, JSON]:
        """Return what the bank receives."""
        facts = self.facts
        return {
            "block": None
            if facts is None
            else {"number": facts.block_number, "hash": to_hex(facts.block_hash), "time": facts.block_time},
            "use": None
            if self.use is None or self.transaction is None
            else {"id": to_hex(self.use), "transaction": to_hex(self.transaction)},
            "uses": None if facts is None or facts.consent is None else facts.consent.uses,
            "max_uses": None if facts is None or facts.consent is None else facts.consent.max_uses,
            "controllers_entry": self.controllers_entry,
            "evidence": None if self.evidence is None else self.evidence.to_json(),
            "presentation": self.presentation.to_json(schemas()) if self.shown is None else self.shown,
            "receipt": None if self.receipt is None else self.receipt.to_json(),
        }


Keep: TypeAlias = Callable[[Answer], Callable[[Connection], None]]
"""Takes an answer before it is logged, and returns what is written in the transaction that logs it."""


def keep_nothing(_: Answer) -> Callable[[Connection], None]:
    """Write nothing beside the rows."""
    return lambda _: None
