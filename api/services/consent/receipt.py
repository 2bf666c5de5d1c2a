"""Receipts of consents, derived again for every request from the store and the chain.

Only the signatures of the controllers are written for a receipt, and they are stored before they are sent to the
ledger. So there is no moment at which a receipt can be lost. The operator's signature is deterministic: asking again,
also after a restart, gives the same bytes.
"""

from dataclasses import replace

from api.services.consent.request import StoredRequest
from api.services.consent.signed_act import find_signed_act
from api.services.consent.stored_consent import ConsentReader, StoredConsent
from api.services.staff.officer import find_officers
from api.storage.database import Store
from api.vault.department import Operator
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.event import ConsentEvent, Step
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.receipt import Act, BankWord, Basis, Receipt


class ConsentReceipts:
    """Signs receipts with the operator's key."""

    def __init__(self, store: Store, ledger: ConsentLedger, consents: ConsentReader, operator: Operator) -> None:
        self._store = store
        self._ledger = ledger
        self._consents = consents
        self._operator = operator

    def of_consent(self, held: StoredConsent) -> list[Receipt]:
        """Return the receipts of all that happened to a consent, in the order of the ledger.

        Acts that another instance relayed are not among them: it stores what was signed for them.

        Raises:
            ChainError: the ledger does not answer.
        """
        receipts = []
        for event in self._ledger.consent_events(held.shown.id):
            basis = self._basis(held, event)
            if basis is not None:
                receipts.append(self._receipt(Act[event.step.name], event, basis))
        return receipts

    def of_request(self, held: StoredRequest) -> Receipt | None:
        """Return the receipt of the answer to a request: its refusal, or the grant; None while it is open.

        Raises:
            ChainError: the ledger does not answer.
        """
        for event in self._ledger.consent_events(held.id):
            if event.step is Step.REFUSED:
                signed = find_signed_act(self._store, held.id, Act.REFUSED)
                if signed is None:
                    return None
                officer = self._officer(held.id)
                basis = Basis(held.asked, signed, answer_key=held.answer_key, officer=officer)
                return self._receipt(Act.REFUSED, event, basis)
            granted = None if event.answer is None else self._consents.find(event.answer)
            if granted is not None:
                return self.of_consent(granted)[0]
        return None

    def _basis(self, held: StoredConsent, event: ConsentEvent) -> Basis | None:
        if event.by_secret:
            return Basis(held.shown, secret=self._ledger.withdrawal_secret(event.recorded.transaction))
        if event.step is Step.GRANTED:
            return Basis(held.shown)
        if event.use is not None:
            use = self._ledger.signed_use(event.recorded.transaction, event.use)
            if use is None:
                return None
            word = BankWord(use.not_after, use.signature)
            return Basis(held.shown, bank_word=word, officer=self._officer(event.use))
        signed = find_signed_act(self._store, event.id, Act[event.step.name], number=event.number)
        # a word that was signed here under a number that another node's change took is none of this act
        return None if signed is None or signed.digest != event.word_digest else Basis(held.shown, signed)

    def _officer(self, signed: bytes) -> OfficerSignature | None:
        return find_officers(self._store, [signed]).get(signed)

    def _receipt(self, act: Act, event: ConsentEvent, basis: Basis) -> Receipt:
        receipt = Receipt(
            domain=self._ledger.consent_domain,
            keeper=self._operator.member,
            act=act,
            id=event.id,
            recorded=event.recorded,
            number=event.number,
            use=event.use,
            basis=basis,
        )
        return replace(receipt, signature=self._operator.signing_key.sign(receipt.digest))
