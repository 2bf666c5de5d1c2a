"""The steps of a verification that are about its use: checked before it is sent, judged by what the ledger answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from api.catalogue.datatype import schemas
from api.services.verification.request import VerificationRequest, known
from api.services.verification.use_error import UseError
from api.services.verification.use_history import UseHistory
from api.services.verification.use_recorder import RecordedUse
from ledger_node.chain.port import StateProof, UseRefusal
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.consent_rule import is_resumed
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.evidence.slot import consent_record
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import SignedUse, UseOrder
from ledger_node.domain.ticket_slot import by_department

_UNUSABLE: Final = {
    UseRefusal.UNKNOWN: Reason.CONSENT_UNKNOWN,
    UseRefusal.WITHDRAWN: Reason.CONSENT_WITHDRAWN,
    UseRefusal.PAUSED: Reason.CONSENT_PAUSED,
    UseRefusal.NOT_YET_VALID: Reason.CONSENT_NOT_YET_VALID,
    UseRefusal.EXPIRED: Reason.CONSENT_EXPIRED,
}
"""Refusals of uses of which the consent is the reason: all claims are answered so."""


@dataclass(frozen=True, slots=True)
class FactSources:
    """Where what the ledger holds of a consent is completed: its uses, and the word by which it goes on."""

    history: UseHistory
    find_resumption: Callable[[bytes, ConsentRecord], SignedAct | None]


def with_signed_use(request: VerificationRequest, answering: bytes, domain: SigningDomain) -> VerificationRequest:
    """Return a request with the use that the bank signed for just these claims.

    ``answering``: the member that answers here.

    Raises:
        UseError: the use is for another member, number or ticket, or another key signed it; nothing is spent.
    """
    order, consent = known(request.order), known(request.consent).shown
    if order.answered_by != answering:
        raise UseError(Reason.USE_OTHER_MEMBER, "this use is for another member's answer", field="answered_by")
    if order.number > consent.bounds.max_uses:
        raise UseError(
            Reason.VALUE_OUT_OF_RANGE, f"this consent has the numbers 1 to {consent.bounds.max_uses}", field="number"
        )
    ticket = order.ticket(
        consent=consent.id,
        bank=request.bank,
        purpose=consent.terms.purpose,
        asked=by_department(request.claims, schemas()),
    ).digest(domain)
    signed = SignedUse(consent.id, order.number, ticket, order.not_after, order.signature)
    try:
        signed.require_signed_by(consent.bounds.spend_key, domain)
    except VerificationError as error:
        raise UseError(error.reason, error.message, field="signature") from error
    return replace(request, signed_use=signed)


def with_other_use(
    request: VerificationRequest, order: UseOrder, answering: bytes, domain: SigningDomain
) -> VerificationRequest:
    """Return a prepared request with another use than before, for the same claims.

    Raises:
        UseError: as ``with_signed_use``.
    """
    changed = with_signed_use(replace(request, order=order), answering, domain)
    ticket = known(changed.signed_use).ticket
    return replace(changed, inputs=replace(known(request.inputs), order=order, ticket=ticket))


def with_use(
    request: VerificationRequest, use: RecordedUse | Exception, free_number: Callable[[bytes], int | None]
) -> VerificationRequest:
    """Return a request with the use that was recorded for it; refused, where the ledger refused the use.

    ``free_number``: gives a number of a consent that can still be used, or None.
    """
    if isinstance(use, Exception):
        return request.with_outcome(use)
    match use.refusal:
        case None:
            return replace(request, use=use)
        case UseRefusal.NUMBER_USED:
            free = free_number(request.consent_id)
            return request.refused(Reason.CONSENT_EXHAUSTED) if free is None else request.with_outcome(_taken(free))
        case UseRefusal.TOO_LATE:
            error = UseError(Reason.USE_TOO_LATE, "the time is over that this use was signed for", field="not_after")
            return request.with_outcome(error)
        case UseRefusal.NUMBER_INVALID | UseRefusal.SIGNATURE_WRONG:
            # the ledger holds other bounds or keys under this id than were signed
            return request.refused(Reason.CONSENT_TERMS_DIFFER, "the ledger holds other bounds than the consent")
        case refusal:
            return request.refused(_UNUSABLE[refusal])


def is_number_taken(request: VerificationRequest) -> bool:
    """Return whether a request was refused only because the number of its use was taken."""
    return isinstance(request.outcome, UseError) and request.outcome.free_number is not None


def _taken(free: int) -> UseError:
    message = f"a use of this number was counted before; sign number {free}"
    return UseError(Reason.USE_NUMBER_TAKEN, message, field="number", free_number=free)


def with_facts(request: VerificationRequest, proof: StateProof, sources: FactSources) -> VerificationRequest:
    """Return a request with what the ledger holds at the block of its use: all uses so far, and what resumed it.

    Raises:
        ChainError: the ledger does not answer.
    """
    inputs, use, consent_id = known(request.inputs), known(request.use), request.consent_id
    record = consent_record(consent_id, proof.words)
    if record is None:
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not show this consent yet")
    found = sources.history.until(consent_id, record, use.counted_together(consent_id))
    resumption = sources.find_resumption(consent_id, record) if is_resumed(record) else None
    uses = tuple((use.number, use.ticket, use.time) for use in found.uses)
    inputs = replace(inputs, uses=uses, resumption=resumption)
    return replace(request, proof=proof, inputs=inputs, new_uses=found.new)
