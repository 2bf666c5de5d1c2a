"""What a firm's person does on the page of a request, without HTML."""

from api.services.draft.draft import ShownDraft
from api.services.draft.withdrawal_slip import WithdrawalSlip
from ledger_node.domain.consent_text import Language
from ledger_node.domain.signature import sign


def open_page(instance, firm, request, language=Language.ENGLISH):
    """Return the draft that the page of a request shows."""
    return instance.drafts.start(request, firm.subject, language, now=instance.now())


def agree(instance, firm, request, person=0, language=Language.ENGLISH):
    """Sign the draft of a request as one person, and return what it became."""
    draft = open_page(instance, firm, request, language)
    shown = ShownDraft(draft.consent.terms, draft.consent.bounds, draft.drawn_up_at)
    signature = sign(draft.id, firm.keys[person])
    return instance.drafts.sign(request, firm.subject, shown, signature, now=instance.now())


def slip_of(instance, held):
    """Return what the code of a consent's slip holds, behind the address."""
    secret = instance.drafts.find_secret(held)
    return WithdrawalSlip.of(held.shown.consent, instance.ledger.consent_domain, secret).to_text()
