"""From a draft to the request that a firm gets: what is asked, its id, and sending it once."""

from typing import Final, Protocol

from api.services.asking.draft import RequestDraft, RequestDrafts
from api.services.consent.request import ConsentRequestService, StoredRequest
from api.services.consent.spend_seed import SpendSeeds
from ledger_node.chain.port import ConsentLedger, MemberLedger
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of


class RequestLedger(ConsentLedger, MemberLedger, Protocol):
    """What requests are recorded on, and who the members are."""


LOOK_LIFETIME_S: Final = 3600
"""So long after the last look a draft may be sent with the times that were shown."""


class RequestSending:
    """Sends drafts."""

    def __init__(
        self,
        drafts: RequestDrafts,
        requests: ConsentRequestService,
        seeds: SpendSeeds,
        purposes: Purposes,
        ledger: RequestLedger,
    ) -> None:
        self._drafts = drafts
        self._requests = requests
        self._seeds = seeds
        self._purposes = purposes
        self._ledger = ledger

    def can_send(self, bank: bytes) -> bool:
        """Return whether this instance can answer and spend for a bank: it handed its seed over."""
        return self._seeds.is_held(bank)

    def asked(self, draft: RequestDraft, *, now: int) -> ConsentRequest:
        """Return what a draft asks for, with the keys that follow from the bank's seed and the draft.

        Raises:
            InvalidInputError: ``field_missing``, the bank handed no seed over.
        """
        seed = self._seeds.require(draft.bank, "spend_key")
        return self._request(draft, address_of(seed.spend_key(draft.salt)), now)

    def preview(self, draft: RequestDraft, *, now: int) -> ConsentRequest:
        """Return what a draft asks for, also where no seed is here: the spend key stands in no words."""
        return self._request(draft, bytes(20), now)

    def id_of(self, draft: RequestDraft, *, now: int) -> bytes:
        """Return the id of the request that a draft becomes, which the officer signs.

        Raises:
            InvalidInputError: as ``asked``.
        """
        return self.asked(draft, now=now).digest(address_of(self._answer_key(draft)), self._ledger.consent_domain)

    def send(self, bank: bytes, draft_id: bytes, *, now: int) -> StoredRequest:
        """Send a draft as it was looked at last; sending it again changes nothing.

        Raises:
            InvalidInputError: ``field_missing`` with the field ``look``, nobody looked at it since it was changed or
                for an hour; or what cannot be asked. ``not_found``.
            ChainError: the ledger does not answer; it goes on by itself.
        """
        draft = self._drafts.find(bank, draft_id)
        if draft.request is not None:
            return self._requests.find(draft.request)
        if draft.begins_at is None or not 0 <= now - draft.begins_at < LOOK_LIFETIME_S:
            message = "look at the request once more before you send it"
            raise InvalidInputError(Reason.FIELD_MISSING, message, field="look")
        asked, answer_key = self.asked(draft, now=now), self._answer_key(draft)
        try:
            held = self._requests.ask(asked, answer_key, bank=bank, now=now)
        except ChainError:
            # it is stored, and goes on by itself
            self._drafts.note_sent(draft, asked.digest(address_of(answer_key), self._ledger.consent_domain))
            raise
        self._drafts.note_sent(draft, held.id)
        return held

    def _name_of(self, bank: bytes) -> str:
        for member in self._ledger.members():
            if member.id == bank:
                return member.name
        raise InvalidInputError(Reason.MEMBER_UNKNOWN, "the ledger knows no such member", field="grantee")

    def _answer_key(self, draft: RequestDraft) -> bytes:
        return self._seeds.require(draft.bank, "answer_key").answer_key(draft.salt)

    def _request(self, draft: RequestDraft, spend_key: bytes, now: int) -> ConsentRequest:
        begins_at = now // 60 * 60 if draft.begins_at is None else draft.begins_at
        purpose = self._purposes.named(draft.purpose)
        return ConsentRequest(
            subject=draft.subject,
            grantee=draft.bank,
            grantee_name=self._name_of(draft.bank),
            purpose=draft.purpose,
            purpose_text=purpose.text(draft.language or Language.CHINESE),
            questions=draft.questions,
            departments=(),
            not_before=begins_at,
            expires_at=begins_at + draft.days * 86_400,
            max_uses=draft.uses,
            retention_days=draft.retention_days,
            spend_key=spend_key,
            salt=draft.salt,
        )
