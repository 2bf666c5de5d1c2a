"""What a firm sees of a consent of its own: how it stands, its words, how to pause and withdraw it, and its slip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import segno
from markupsafe import Markup

from api.instance.wiring import Instance
from api.portal.firm.home.view import purpose_words, state_of
from api.portal.firm.receipt_number import receipt_number
from api.services.consent.stored_consent import StoredConsent
from api.services.draft.withdrawal_slip import WithdrawalSlip
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_act import Change, change_digest, withdrawal_digest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import to_hex

_CHANGES: Final = {"live": Change.PAUSE, "early": Change.PAUSE, "paused": Change.RESUME}
_WITHDRAWABLE: Final = frozenset({"live", "early", "paused", "pending", "exhausted"})


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """The page. ``state``: of ``state_name``, or refused. ``change``: pause, resume, or None where neither is possible.

    ``number``: of that change. ``needs_signature``: to withdraw, since the consent was drawn up elsewhere.
    ``language``: of the words.
    ``changers``, ``withdrawers``: how many persons signed for that and wait for others, of ``needed``.
    """

    path: str
    receipt: str
    number: str
    bank: str
    purpose: str
    state: str
    uses_left: int
    max_uses: int
    begins: str
    until: str
    retention_days: int
    language: str
    lines: tuple[str, ...]
    can_withdraw: bool
    needs_signature: bool
    change: str | None
    change_number: int
    changers: int
    withdrawers: int
    needed: int
    data: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class SlipPage:
    """A slip to print. ``code``: a QR code, as a picture. Nothing says whose consent it is, or which bank's."""

    number: str
    until: str
    code: Markup


def consent_page(
    instance: Instance, held: StoredConsent, credentials: Sequence[str], language: Language, now: int
) -> ConsentPage:
    """Return the page of a consent.

    Raises:
        ChainError: the ledger does not answer.
    """
    consent, terms, bounds = held.shown.id, held.shown.terms, held.shown.bounds
    (record,), block = instance.ledger.consents([consent])
    state = state_of(instance, held, record, max(now, block.time))
    change, number = _CHANGES.get(state), 1 if record is None else record.changes + 1
    domain = instance.ledger.consent_domain
    digests = {"withdraw": withdrawal_digest(consent, domain)}
    if change is not None:
        digests[change.value] = change_digest(consent, change, number, domain)
    waiting = {act: len(instance.joint_acts.persons(terms.subject, digest)) for act, digest in digests.items()}
    return ConsentPage(
        path=f"/consents/{consent.hex()}",
        receipt=f"/receipts/{consent.hex()}",
        number=receipt_number(consent),
        bank=terms.grantee_name,
        purpose=purpose_words(instance, held, language),
        state=state,
        uses_left=bounds.max_uses - (0 if record is None else record.uses),
        max_uses=bounds.max_uses,
        begins=time_words(bounds.not_before, language),
        until=time_words(bounds.expires_at, language),
        retention_days=terms.retention_days,
        language=terms.language,
        lines=tuple(held.text.rstrip("\n").split("\n")),
        can_withdraw=state in _WITHDRAWABLE,
        needs_signature=instance.drafts.find_secret(held) is None,
        change=None if change is None else change.value,
        change_number=number,
        changers=0 if change is None else waiting[change.value],
        withdrawers=waiting["withdraw"],
        needed=instance.controllers.current(terms.subject).controllers.threshold,
        data={
            "domain": {"chain_id": domain.chain_id, "contract": to_hex(domain.contract)},
            "credentials": list(credentials),
            "consent": to_hex(consent),
            "number": number,
            "expected": {act: digest.hex() for act, digest in digests.items()},
        },
    )


def slip_page(instance: Instance, held: StoredConsent, origin: str, language: Language) -> SlipPage | None:
    """Return the slip of a consent, or None where it was drawn up elsewhere. ``origin``: of the portal."""
    secret = instance.drafts.find_secret(held)
    if secret is None:
        return None
    slip = WithdrawalSlip.of(held.shown.consent, instance.ledger.consent_domain, secret)
    return SlipPage(
        number=receipt_number(held.shown.id),
        until=time_words(held.shown.bounds.expires_at, language),
        code=_code(f"{origin}/withdraw#{slip.to_text()}"),
    )


def _code(link: str) -> Markup:
    drawn = segno.make(link, error="m", micro=False)
    # made of numbers alone
    return Markup(drawn.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None))  # nosec B704 # noqa: S704
