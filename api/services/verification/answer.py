"""The answer to a verification: what the bank receives, and what is stored of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

import orjson

from api.catalogue.datatype import schemas
from api.services.evidence.store import SealedEvidence
from api.services.idempotency.stored_response import SealedResponse
from api.services.notification.reliance import Reliance
from api.vault.cipher import VaultKey
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import Presentation, ShownClaim
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Receipt

MESSAGES: Final = {
    Reason.CONSENT_UNKNOWN: "there is no such consent for this bank",
    Reason.CONSENT_WITHDRAWN: "the subject has withdrawn this consent",
    Reason.CONSENT_NOT_YET_VALID: "this consent is not valid yet",
    Reason.CONSENT_EXPIRED: "this consent has expired",
    Reason.CONSENT_PAUSED: "the subject has paused this consent",
    Reason.CONSENT_EXHAUSTED: "all uses of this consent are spent",
    Reason.NO_ATTESTATION: "no department has attested to this for the subject and period",
    Reason.ERASED: "the department has erased what it attested to",
    Reason.CONSENT_OTHER_DEPARTMENT: "the consent does not cover attestations of this department",
    Reason.KIND_NOT_NAMED: "several kinds are attested for the subject and period, and the question names none",
    Reason.DEPARTMENT_NOT_NAMED: "several departments may attest to this, and neither question nor consent names one",
    Reason.QUARANTINED: "the ledger calls it erased, and the operator has not said yet whether it is",
}
"""Why a claim cannot be told, where no rule of verification says it."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What a bank is told about one claim, which is given in its text form."""

    claim: str
    verdict: Outcome
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class UseReceipt:
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

    results: Sequence[ClaimResult]
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
        use: UseReceipt | None = None,
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
        consent = None if facts is None else facts.consent
        block: JSON = None
        if facts is not None:
            block = {"number": facts.block_number, "hash": to_hex(facts.block_hash), "time": facts.block_time}
        body: dict[str, JSON] = {
            "block": block,
            "use": None if use is None else {"id": to_hex(use.use), "transaction": to_hex(use.transaction)},
            "uses": None if consent is None else consent.uses,
            "max_uses": None if consent is None else consent.max_uses,
            "controllers_entry": entry,
            "evidence": None if evidence is None else evidence.to_json(),
            "presentation": presentation.to_json(schemas()) if shown is None else shown,
            "receipt": None if use is None else use.receipt.to_json(),
        }
        use_id = None if use is None else use.use
        return cls(
            results=tuple(results_of(presentation)),
            body=orjson.dumps(body),
            use=use_id,
            relied=() if facts is None else tuple(Reliance.by(presentation, use_id, facts.block_number)),
            evidence=evidence,
            keys=keys,
            subject=None if presentation.consent is None else presentation.consent.terms.subject,
        )


StoreResponse: TypeAlias = Callable[[Answer], SealedResponse | None]
"""Returns what is stored of an answer for whoever asks again under the same key, sealed; None where nothing is."""


def store_nothing(_: Answer) -> None:
    """Store nothing for whoever asks again."""


def results_of(presentation: Presentation) -> list[ClaimResult]:
    """Return what a presentation says of each claim."""
    return [ClaimResult(shown.claim.text(schemas()), shown.verdict, shown.reason) for shown in presentation.claims]


def cannot_tell(claim: Claim, reason: Reason, message: str | None = None) -> ShownClaim:
    """Return what a claim comes to that cannot be told."""
    return ShownClaim(claim, Outcome.CANNOT_TELL, reason, message or MESSAGES[reason])


def refusal(claims: Sequence[Claim], reason: Reason, message: str | None = None) -> Presentation:
    """Return the presentation that tells none of ``claims``, all for the same reason."""
    return Presentation(tuple(cannot_tell(claim, reason, message) for claim in claims))
