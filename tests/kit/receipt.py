"""Receipts of the small world: one an act, each of which checks."""

from dataclasses import replace

from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_act import Change, SignedAct, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.event import Inclusion
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.receipt import Act, BankWord, Basis, Receipt
from ledger_node.domain.receipt_check import TrustedOperator
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.domain.ticket import use_digest
from tests.kit.authenticator import Authenticator
from tests.kit.world import (
    ANSWER_KEY,
    BANK,
    CONSENT_DOMAIN,
    CONTROLLER_KEYS,
    CONTROLLERS,
    DAY,
    NOW,
    SECRET,
    SPEND_KEY,
    bounds,
    consent,
    h,
    terms,
)

KEEPER, KEEPER_KEY = h("member", "keeper"), h("key of keeper")
TRUSTED = TrustedOperator(frozenset({address_of(KEEPER_KEY)}), KEEPER, CONSENT_DOMAIN)
RECORDED = Inclusion(h("transaction"), 41, h("block"), NOW)
PHONE = Authenticator(7)
PASSKEYS = Controllers(each_person([Passkey(PHONE.rp_id_hash, PHONE.public_key)]), 1, h("salt of passkeys"))
QUESTIONS = ("firm_facts.grade in {A, B} during 2025",)
SHOWN = consent(terms(questions=QUESTIONS), bounds(grant_before=NOW + DAY))
TICKET = h("ticket")
ASKED = ConsentRequest(
    subject=h("member", "subject"),
    grantee=BANK,
    grantee_name="虚构银行",
    purpose="loan_application",
    purpose_text="贷款申请审批",
    questions=QUESTIONS,
    departments=(h("department"),),
    not_before=NOW - DAY,
    expires_at=NOW + DAY,
    max_uses=3,
    retention_days=31,
    spend_key=address_of(h("spend key")),
    salt=h("salt of a request"),
)


def word(digest, signers=(0, 1)):
    return SignedAct(CONTROLLERS, tuple(sign(digest, CONTROLLER_KEYS[signer]) for signer in signers))


def passkey_word(digest):
    return SignedAct(PASSKEYS, (Assertion(*PHONE.assertion(digest)),))


def signed(receipt, key=KEEPER_KEY):
    return replace(receipt, signature=sign(receipt.digest, key))


def receipt(act, basis, **changes):
    about = {"domain": CONSENT_DOMAIN, "keeper": KEEPER, "recorded": RECORDED, "id": SHOWN.id}
    return signed(Receipt(act=act, basis=basis, **(about | changes)))


def changed(act, change, number):
    digest = change_digest(SHOWN.id, change, number, CONSENT_DOMAIN)
    return receipt(act, Basis(SHOWN, word(digest)), number=number)


def refused():
    request = ASKED.digest(address_of(ANSWER_KEY), CONSENT_DOMAIN)
    said = word(refusal_digest(request, CONSENT_DOMAIN))
    return receipt(Act.REFUSED, Basis(ASKED, said, answer_key=address_of(ANSWER_KEY)), id=request)


def bank_word(number=3, ticket=TICKET, not_after=NOW + 300, key=SPEND_KEY):
    return BankWord(not_after, sign(use_digest(SHOWN.id, number, ticket, not_after, CONSENT_DOMAIN), key))


def withdrawn(said):
    return receipt(Act.WITHDRAWN, Basis(SHOWN, said), number=1)


ALL = {
    "granted": receipt(Act.GRANTED, Basis(SHOWN)),
    "refused": refused(),
    "paused": changed(Act.PAUSED, Change.PAUSE, 1),
    "resumed": changed(Act.RESUMED, Change.RESUME, 2),
    "withdrawn by secret": receipt(Act.WITHDRAWN, Basis(SHOWN, secret=SECRET)),
    "withdrawn by a secret that is not shown": receipt(Act.WITHDRAWN, Basis(SHOWN)),
    "withdrawn by word": withdrawn(word(withdrawal_digest(SHOWN.id, CONSENT_DOMAIN))),
    "withdrawn by passkey": withdrawn(passkey_word(withdrawal_digest(SHOWN.id, CONSENT_DOMAIN))),
    "withdrawn by the steward alone": withdrawn(None),
    "paused by the steward alone": receipt(Act.PAUSED, Basis(SHOWN), number=1),
    "used": receipt(Act.USED, Basis(SHOWN, bank_word=bank_word()), number=3, use=TICKET),
}
