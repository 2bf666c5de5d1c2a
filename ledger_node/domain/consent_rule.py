"""Rules 8 to 12 and 17 to 19: whether a consent allows an answer, and whether a use of it was spent for just this one.

The numbers are those of ``verification``.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Bounds, require_signed
from ledger_node.domain.consent_act import Change, SignedAct, change_digest, grant_hash, signatures_digest
from ledger_node.domain.controller_rule import require_controllers, require_no_hold
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import ConsentRecord, ConsentState, LedgerFacts
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import SchemaSet
from ledger_node.domain.selection import require_granted_to
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.subject import Signature
from ledger_node.domain.ticket import LIFETIME, CountedUse, SignedUse, uses_digest
from ledger_node.domain.ticket_slot import by_department

_THIS_USE: Final = 1
"""The use that an answer cost is counted in the consent's record already."""


def require_consent(
    shown: ShownConsent,
    facts: LedgerFacts,
    *,
    grantee: bytes,
    purpose: str | None = None,
    resumption: SignedAct | None = None,
) -> None:
    """Run rules 8 to 12. ``resumption``: what controllers signed for the last change of a consent that was resumed.

    Raises:
        VerificationError: naming the first rule that fails.
    """
    require_signed(shown.consent.digest(facts.consent_domain), shown.id)  # 8
    record = _granted(facts.consent)  # 8
    require_controllers(facts, shown.controllers, record.granted_at)  # 9
    shown.controllers.require_signatures(shown.id, shown.signatures)  # 10
    require_grant_digest(shown.bounds, shown.signatures, record)  # 10
    require_granted_to(shown.terms, grantee=grantee, purpose=purpose)  # 11
    require_usable(shown.bounds, record, now=facts.block_time, uses_already_counted=_THIS_USE)  # 8, 12
    _require_resumption(shown.id, record, resumption, facts)  # 12
    require_no_hold(facts, facts.block_time)  # 12


def rule_times(record: ConsentRecord | None, now: int) -> frozenset[int]:
    """Return the times at which rules 9 and 12 ask who controlled the subject, or whether it was held."""
    if record is None or not record.granted_at:
        return frozenset()
    return frozenset({record.granted_at, now} | ({record.changed_at} if is_resumed(record) else set()))


def is_resumed(record: ConsentRecord) -> bool:
    """Return whether a consent is live since it was resumed: nothing else is the last change of a live one."""
    return record.state is ConsentState.LIVE and record.changes > 0


def _granted(record: ConsentRecord | None) -> ConsentRecord:
    if record is None:
        raise VerificationError(Reason.CONSENT_UNKNOWN, "the ledger knows no such consent")
    if not record.granted_at:
        raise VerificationError(Reason.CONSENT_WITHDRAWN, "this consent was withdrawn before it was granted")
    return record


def _require_resumption(
    consent: bytes, record: ConsentRecord, resumption: SignedAct | None, facts: LedgerFacts
) -> None:
    require_resumed(record, resumption)
    if resumption is None or not is_resumed(record):
        return
    try:
        require_controllers(facts, resumption.controllers, record.changed_at)
        digest = change_digest(consent, Change.RESUME, record.changes, facts.consent_domain)
        resumption.controllers.require_signatures(digest, resumption.signatures)
    except VerificationError as error:
        raise VerificationError(
            Reason.CONSENT_PAUSED, f"this consent was paused, and what resumed it does not count: {error.message}"
        ) from error


def require_use(
    shown: ShownUse, consent: ShownConsent, claims: Iterable[Claim], schemas: SchemaSet, facts: LedgerFacts
) -> None:
    """Run rules 17 to 19 for an answer to exactly these claims.

    Raises:
        VerificationError: naming the first rule that fails.
    """
    counted = _require_counted(shown, consent.id, facts.consent)  # 17
    order, terms = shown.order, consent.terms
    ticket = order.ticket(
        consent=consent.id, bank=terms.grantee, purpose=terms.purpose, asked=by_department(claims, schemas)
    )
    if ticket.digest(facts.consent_domain) != counted.ticket:  # 18
        raise VerificationError(Reason.USE_DIFFERS, "the use that was counted is for another answer than this")
    if order.answered_by == terms.grantee:  # 18
        raise VerificationError(Reason.USE_OTHER_MEMBER, "the bank that asks does not answer itself")
    use = SignedUse(consent.id, order.number, counted.ticket, order.not_after, order.signature)
    use.require_signed_by(consent.bounds.spend_key, facts.consent_domain)  # 19
    if counted.time > order.not_after:  # 19
        raise VerificationError(Reason.USE_TOO_LATE, "the use was counted after the time that the bank signed for")
    if not 0 <= facts.block_time - counted.time <= LIFETIME:  # 19
        raise VerificationError(
            Reason.ANSWERED_LATE, f"a use is answered within {LIFETIME} seconds, and this was answered later"
        )


def _require_counted(shown: ShownUse, consent: bytes, record: ConsentRecord | None) -> CountedUse:
    if record is None or uses_digest(consent, shown.uses) != record.uses_digest:
        raise VerificationError(Reason.USES_DIFFER, "the ledger counted other uses of this consent than are shown")
    number, counted = shown.order.number, shown.counted
    if counted is None or not record.is_used(number) or [use.number for use in shown.uses].count(number) > 1:
        raise VerificationError(Reason.USE_NOT_RECORDED, "the ledger counted no use of this number")
    return counted


def require_usable(bounds: Bounds, record: ConsentRecord, *, now: int, uses_already_counted: int = 0) -> None:
    """Require that a consent may be used at block time ``now``.

    ``uses_already_counted``: uses in ``record`` that belong to the verification being checked.

    Raises:
        VerificationError: one reason each for unknown, different, withdrawn, paused, early, expired and exhausted.
    """
    _require_live(bounds, record)
    if now < record.not_before:
        raise VerificationError(Reason.CONSENT_NOT_YET_VALID, "this consent is not valid yet")
    if now >= record.expires_at:
        raise VerificationError(Reason.CONSENT_EXPIRED, "this consent has expired")
    if record.uses - uses_already_counted >= record.max_uses:
        raise VerificationError(Reason.CONSENT_EXHAUSTED, "all uses of this consent are spent")


def require_recorded(
    bounds: Bounds, signatures: Sequence[Signature], record: ConsentRecord, *, since: int | None
) -> None:
    """Require that what the ledger holds under an id is what granting ``bounds`` with these signatures leaves there.

    ``signatures``: of the controllers, in their one form. ``since``: when the controllers who signed took over, if that
    is known; an earlier grant is judged by their predecessors.

    Raises:
        VerificationError: ``consent_unknown``, ``consent_terms_differ``, ``consent_signatures_differ``,
            ``controllers_mismatch``, ``consent_withdrawn`` or ``consent_paused``.
    """
    _require_live(bounds, record)
    require_grant_digest(bounds, signatures, record)
    if since is not None and record.granted_at < since:
        raise VerificationError(
            Reason.CONTROLLERS_MISMATCH, "the ledger holds a grant from before these controllers were in force"
        )


def require_grant_digest(bounds: Bounds, signatures: Sequence[Signature], record: ConsentRecord) -> None:
    """Require that the grant was recorded with exactly these signatures, and for this withdrawal secret.

    Raises:
        VerificationError: ``consent_signatures_differ``.
    """
    if record.grant_digest != grant_hash(bounds.withdrawal_hash, signatures_digest(signatures)):
        raise VerificationError(
            Reason.CONSENT_SIGNATURES_DIFFER, "the grant was recorded for other signatures of controllers"
        )


def require_resumed(record: ConsentRecord, act: SignedAct | None) -> None:
    """Require of a live consent that its last change, if any, stands on what controllers signed.

    The steward key alone lets no consent go on. That ``act`` is the word of the controllers in force when the consent
    was resumed, for change number ``record.changes``, is for the caller to check.

    Raises:
        VerificationError: ``consent_paused``.
    """
    if record.state is ConsentState.LIVE and record.changes and (act is None or act.digest != record.word_digest):
        raise VerificationError(
            Reason.CONSENT_PAUSED, "this consent was paused, and no controllers' word that resumed it is kept"
        )


def _require_live(bounds: Bounds, record: ConsentRecord) -> None:
    if record.state is ConsentState.NONE:
        raise VerificationError(Reason.CONSENT_UNKNOWN, "the ledger knows no such consent")
    if record.state is ConsentState.WITHDRAWN:
        raise VerificationError(Reason.CONSENT_WITHDRAWN, "the subject has withdrawn this consent")
    held = (record.not_before, record.expires_at, record.max_uses, record.spend_key)
    if held != (bounds.not_before, bounds.expires_at, bounds.max_uses, bounds.spend_key):
        raise VerificationError(Reason.CONSENT_TERMS_DIFFER, "the ledger holds other bounds than the consent")
    if record.state is ConsentState.PAUSED:
        raise VerificationError(Reason.CONSENT_PAUSED, "the subject has paused this consent")
