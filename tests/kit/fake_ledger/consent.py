"""The fake's part of consents: the rules of the ConsentRegistry, in its order."""

from contextlib import contextmanager
from dataclasses import replace

from ledger_node.chain.port import MAX_USES_AT_A_TIME, ConsentLedger, Role, UseRefusal, UseResult
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_act import (
    NO_CONSENT,
    NO_WORD,
    ChangeKind,
    answer_digest,
    grant_digest,
    grant_hash,
    steward_digest,
    withdrawal_hash,
)
from ledger_node.domain.consent_scope import MAX_SECONDS, MAX_USES
from ledger_node.domain.error import VerificationError
from ledger_node.domain.event import ConsentEvent, Step
from ledger_node.domain.fact import ConsentRecord, ConsentState, KeyPurpose
from ledger_node.domain.signature import recover
from ledger_node.domain.ticket import CountedUse, uses_digest
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import actor_of, require_not_frozen

NOBODY = bytes(20)
NOTHING = bytes(32)
USES_FROZEN = "uses"
"""The place of the copied flag among what is frozen by name."""
STEPS = {
    ChangeKind.PAUSE: (Step.PAUSED, ConsentState.PAUSED),
    ChangeKind.RESUME: (Step.RESUMED, ConsentState.LIVE),
    ChangeKind.WITHDRAW: (Step.WITHDRAWN, ConsentState.WITHDRAWN),
}
NEVER = ConsentRecord(ConsentState.NONE, 0, 0, 0, 0, 0, 0, NOBODY, 0, NOTHING, NOTHING, NO_WORD)


class FakeConsents(FakeAccess, ConsentLedger):
    """Requests, consents and uses."""

    @property
    def consent_domain(self):
        return self._domain("ConsentRegistry")

    def consents(self, ids):
        return [self._state.consents.get(one) for one in ids], self.head()

    def request_consent(self, request):
        with self._relayed() as made:
            require(any(request), "RequestIdZero")
            require(request not in made.state.requests, "RequestExists")
            made.state.requests[request] = RequestState.OPEN
            made.emit(ConsentEvent(Step.REQUESTED, request, made.recorded))
        return made.mined

    def refuse_consent(self, order):
        with self._by_anybody() as made:
            require_not_frozen(made)
            self._answer(made, order, NO_CONSENT, RequestState.REFUSED)
            made.emit(ConsentEvent(Step.REFUSED, order.request, made.recorded))
        return made.mined

    def request_states(self, ids):
        return [self._state.requests.get(one, RequestState.NONE) for one in ids]

    def grant(self, order):
        shown, bounds = order.shown, order.shown.bounds
        with self._relayed() as made:
            before = made.state.consents.get(shown.id, NEVER)
            require(before.state is not ConsentState.WITHDRAWN, "ConsentNotLive")
            require(before.state is ConsentState.NONE, "ConsentExists")
            require_bounds(made, bounds)
            require(any(order.signatures_digest), "ConsentSignaturesDigestZero")
            digest = grant_digest(shown.id, order.signatures_digest, self.consent_domain)
            require(signed(digest, order.word, bounds.steward_key), "ConsentSignatureWrong")
            made.state.consents[shown.id] = ConsentRecord(
                state=ConsentState.LIVE,
                granted_at=made.time,
                not_before=bounds.not_before,
                expires_at=bounds.expires_at,
                max_uses=bounds.max_uses,
                changes=0,
                changed_at=0,
                spend_key=bounds.spend_key,
                used=0,
                uses_digest=shown.id,
                grant_digest=grant_hash(bounds.withdrawal_hash, order.signatures_digest),
                word_digest=NO_WORD,
            )
            made.emit(ConsentEvent(Step.GRANTED, shown.id, made.recorded))
            if order.answer is not None:
                self._answer(made, order.answer, shown.id, RequestState.GRANTED)
                made.emit(ConsentEvent(Step.ANSWERED, order.answer.request, made.recorded, answer=shown.id))
        return made.mined

    def change_consent(self, order):
        consent, (step, state) = order.shown.id, STEPS[order.kind]
        with self._by_anybody() as made:
            record = made.state.consents.get(consent, NEVER)
            if order.kind is not ChangeKind.WITHDRAW:
                require_not_frozen(made)
            require(record.state is not ConsentState.WITHDRAWN, "ConsentNotLive")
            if order.kind is not ChangeKind.WITHDRAW:
                require(record.state is not ConsentState.NONE, "ConsentUnknown")
            if order.kind is ChangeKind.PAUSE:
                require(record.state is not ConsentState.PAUSED, "ConsentAlreadyPaused")
            if order.kind is ChangeKind.RESUME:
                require(record.state is ConsentState.PAUSED, "ConsentNotPaused")
                require(any(order.word_digest), "ConsentWordDigestZero")
            require(order.number == record.changes + 1, "ConsentChangeNumberWrong")
            digest = steward_digest(consent, order.number, order.kind, order.word_digest, self.consent_domain)
            require(signed(digest, order.signature, order.shown.bounds.steward_key), "ConsentSignatureWrong")
            made.state.consents[consent] = replace(
                record, state=state, changes=order.number, changed_at=made.time, word_digest=order.word_digest
            )
            told = {"number": order.number, "word_digest": order.word_digest}
            made.emit(ConsentEvent(step, consent, made.recorded, **told))
        return made.mined

    def withdraw(self, order):
        consent = order.shown.id
        with self._by_anybody() as made:
            made.called("withdraw", order.secret)
            record = made.state.consents.get(consent, NEVER)
            require(record.state is not ConsentState.WITHDRAWN, "ConsentNotLive")
            right = withdrawal_hash(order.secret) == order.shown.bounds.withdrawal_hash
            require(right, "ConsentWrongSecret")
            made.state.consents[consent] = replace(record, state=ConsentState.WITHDRAWN, changed_at=made.time)
            made.emit(ConsentEvent(Step.WITHDRAWN, consent, made.recorded, by_secret=True, word_digest=NO_WORD))
        return made.mined

    def record_uses(self, uses):
        with self._by_anybody() as made:
            made.called("record_uses", *uses)
            require(USES_FROZEN not in made.state.use_freezes, "MembersFrozen")
            require(len(uses) <= MAX_USES_AT_A_TIME, "UseListTooLong")
            return [UseResult(self._count(made, use), made.mined) for use in uses]

    def counted_uses(self, consents, *, since=0):
        used = [(consent, use) for consent, use in self.uses_since(0) if use.time >= since]
        return {one: [use for consent, use in used if consent == one] for one in consents}

    def counted_use(self, consent, ticket):
        for _, event in self._used():
            if (event.id, event.use) == (consent, ticket):
                return counted(event), event.recorded
        return None

    def uses_since(self, block):
        return [(event.id, counted(event)) for _, event in self._used(block)]

    def consent_events(self, consent):
        return [event for _, event in self._events() if isinstance(event, ConsentEvent) and event.id == consent]

    def withdrawal_secret(self, transaction):
        match self.chain.calls.get(transaction, []):
            case ["withdraw", secret]:
                return secret
            case _:
                return None

    def signed_use(self, transaction, ticket):
        match self.chain.calls.get(transaction, []):
            case ["record_uses", *uses]:
                return next((use for use in uses if use.ticket == ticket), None)
            case _:
                return None

    def uses_frozen(self):
        return USES_FROZEN in self._state.use_freezes

    def follow_freeze(self):
        with self._by_anybody() as made:
            made.state.use_freezes.clear()
            if made.state.frozen:
                made.state.use_freezes[USES_FROZEN] = True
        return made.mined

    def _used(self, block=0):
        is_use = (ConsentEvent, Step.USED)
        return [one for one in self._events(block) if (type(one[1]), getattr(one[1], "step", None)) == is_use]

    def _answer(self, made, order, consent, state):
        """Answer an open request by its answer key."""
        require(made.state.requests.get(order.request) is RequestState.OPEN, "RequestNotOpen")
        digest = answer_digest(order.request, consent, self.consent_domain)
        require(signed(digest, order.signature, order.answer_key), "RequestSignatureWrong")
        made.state.requests[order.request] = state

    def _count(self, made, use):
        """Count a use, or return why it is not counted."""
        record = made.state.consents.get(use.consent, NEVER)
        refusal = self._why_not(use, record, made.time)
        if refusal is not None:
            return refusal
        entry = CountedUse(use.number, use.ticket, made.time)
        made.state.consents[use.consent] = replace(
            record,
            used=record.used | 1 << use.number - 1,
            uses_digest=uses_digest(record.uses_digest, [entry]),
        )
        made.emit(ConsentEvent(Step.USED, use.consent, made.recorded, number=use.number, use=use.ticket))
        return None

    def _why_not(self, use, record, now):
        if record.spend_key == NOBODY:
            return UseRefusal.UNKNOWN
        if not signed(use.digest(self.consent_domain), use.signature, record.spend_key):
            return UseRefusal.SIGNATURE_WRONG
        if record.state is not ConsentState.LIVE:
            withdrawn = record.state is ConsentState.WITHDRAWN
            return UseRefusal.WITHDRAWN if withdrawn else UseRefusal.PAUSED
        if now < record.not_before:
            return UseRefusal.NOT_YET_VALID
        if now >= record.expires_at:
            return UseRefusal.EXPIRED
        if now > use.not_after:
            return UseRefusal.TOO_LATE
        if not 0 < use.number <= record.max_uses:
            return UseRefusal.NUMBER_INVALID
        return UseRefusal.NUMBER_USED if record.is_used(use.number) else None

    @contextmanager
    def _relayed(self):
        """Give a transaction that only a relayer's key for relaying may send."""
        key = self._as_relayer()
        with self.chain.transaction() as made:
            actor_of(made, key, Role.RELAYER, KeyPurpose.RELAY)
            yield made

    @contextmanager
    def _by_anybody(self):
        """Give a transaction that any account may send."""
        self._as_relayer()
        with self.chain.transaction() as made:
            yield made


def counted(event):
    return CountedUse(event.number, event.use, event.recorded.block_time)


def signed(digest, signature, key):
    """Return whether ``key`` signed; a malformed signature is nobody's."""
    try:
        return recover(digest, signature) == key
    except VerificationError:
        return False


def require_bounds(made, bounds):
    """Require bounds that the registry grants now."""
    require(bounds.not_before < bounds.expires_at <= MAX_SECONDS, "ConsentPeriodInvalid")
    require(bounds.expires_at > made.time, "ConsentExpired")
    require(bounds.grant_before > made.time, "ConsentGrantLate")
    require(0 < bounds.max_uses <= MAX_USES, "ConsentUsesInvalid")
    require(NOBODY not in {bounds.spend_key, bounds.steward_key}, "ConsentKeyZero")
    require(any(bounds.withdrawal_hash), "ConsentWithdrawalHashZero")
