"""The answer to a verification: what the bank receives, and what is kept of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeAlias

import orjson

from api.catalogue.datatype import schemas
from api.services.evidence.store import SealedEvidence
from api.services.idempotency.stored_response import SealedResponse
from api.services.notification.reliance import Reliance
from api.vault.joint_key import VaultKey
from ledger_node.domain.canonical import JSON
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Told:
    """What a bank is told about one claim, which is given in its text form."""

    claim: str
    verdict: Outcome
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Spent:
    """The use that an answer cost: its id, the transaction that recorded it, and the receipt of it."""

    use: bytes
    transaction: bytes
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bank is told. ``body``: the JSON that it receives. ``use``: the id of the one that it cost, if it did.

    ``relied``: the attestations that it relies on. ``keys``: those of all attestations that it was made from.
    ``subject``: whom it shows something about.
    """

    told: Sequence[Told]
    body: bytes = field(repr=False)
    use: bytes | None = None
    relied: Sequence[Reliance] = ()
    evidence: SealedEvidence | None = None
    keys: tuple[VaultKey, ...] = ()
    subject: bytes | None = None

    @classmethod
    def showing(
        cls,
        presentation: Presentation,
        facts: LedgerFacts | None = None,
        spent: Spent | None = None,
        evidence: SealedEvidence | None = None,
        *,
        shown: JSON = None,
        entry: int = 0,
        keys: tuple[VaultKey, ...] = (),
    ) -> Self:
        """Return the answer that a presentation makes.

        ``facts``: what it was made from. ``shown``: its JSON form, where that was made before. ``entry``: index of
        the controllers' entry.
        """
        record = None if facts is None else facts.consent
        block: JSON = None
        if facts is not None:
            block = {"number": facts.block_number, "hash": to_hex(facts.block_hash), "time": facts.block_time}
        body: dict[str, JSON] = {
            "block": block,
            "use": None if spent is None else {"id": to_hex(spent.use), "transaction": to_hex(spent.transaction)},
            "uses": None if record is None else record.uses,
            "max_uses": None if record is None else record.max_uses,
            "controllers_entry": entry,
            "evidence": None if evidence is None else evidence.to_json(),
            "presentation": presentation.to_json(schemas()) if shown is None else shown,
            "receipt": None if spent is None else spent.receipt.to_json(),
        }
        use = None if spent is None else spent.use
        return cls(
            told=tuple(told_of(presentation)),
            body=orjson.dumps(body),
            use=use,
            relied=() if facts is None else tuple(Reliance.by(presentation, use, facts.block_number)),
            evidence=evidence,
            keys=keys,
            subject=None if presentation.consent is None else presentation.consent.terms.subject,
        )


def told_of(presentation: Presentation) -> list[Told]:
    """Return what a presentation tells."""
    return [Told(shown.claim.text(schemas()), shown.verdict, shown.reason) for shown in presentation.claims]


Keep: TypeAlias = Callable[[Answer], SealedResponse | None]
"""Returns what is kept of an answer for whoever asks again under the same key, sealed; None where nothing is."""


def keep_nothing(_: Answer) -> None:
    """Keep nothing for whoever asks again."""
