"""The fake's part of consents: the rules of the ConsentRegistry, in its order."""

from contextlib import contextmanager
from dataclasses import replace

from ledger_node.chain.port import ConsentLedger, Role, UseResult
from ledger_node.domain.consent import NO_REQUEST, RequestState
from ledger_node.domain.consent_act import Change, withdrawal_hash
from ledger_node.domain.event import ConsentEvent, Step
from ledger_node.domain.fact import ConsentRecord, ConsentState, KeyPurpose
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import actor_of

MAX_USES_AT_A_TIME = 1024
MOST_SECONDS = 2**40 - 1
UNKNOWN, WITHDRAWN, NOT_YET_VALID, EXPIRED, EXHAUSTED, PAUSED = range(6)
"""Why a use was not counted, as the registry numbers it."""


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

    def refuse_consent(self, request):
        with self._relayed() as made:
            answer(made, request, RequestState.REFUSED)
            made.emit(ConsentEvent(Step.REFUSED, request, made.recorded))
        return made.mined

    def request_states(self, ids):
        return [self._state.requests.get(one, RequestState.NONE) for one in ids]

    def grant(self, consent, terms, *, request=NO_REQUEST):
        with self._relayed() as made:
            require(any(consent), "ConsentIdZero")
            require(consent not in made.state.consents, "ConsentExists")
            require(terms.not_before < terms.expires_at <= MOST_SECONDS, "ConsentPeriodInvalid")
            require(terms.expires_at > made.time, "ConsentExpired")
            require(terms.max_uses, "ConsentUsesZero")
            require(any(terms.withdrawal_hash), "ConsentRevocationHashZero")
            bounds = (made.time, terms.not_before, terms.expires_at, terms.max_uses)
            made.state.consents[consent] = ConsentRecord(ConsentState.LIVE, *bounds, 0, 0, terms.withdrawal_hash)
            made.emit(ConsentEvent(Step.GRANTED, consent, made.recorded))
            if any(request):
                answer(made, request, RequestState.GRANTED)
                made.emit(ConsentEvent(Step.ANSWERED, request, made.recorded, answer=consent))
        return made.mined

    def change_consent(self, consent, change, number):
        with self._relayed() as made:
            record = require_not_withdrawn(made, consent)
            if change is Change.PAUSE:
                require(record.state is not ConsentState.PAUSED, "ConsentAlreadyPaused")
                state, step = ConsentState.PAUSED, Step.PAUSED
            else:
                require(record.state is ConsentState.PAUSED, "ConsentNotPaused")
                state, step = ConsentState.LIVE, Step.RESUMED
            require(number == record.changes + 1, "ConsentChangeNumberWrong")
            made.state.consents[consent] = replace(record, changes=number, state=state)
            made.emit(ConsentEvent(step, consent, made.recorded, number=number))
        return made.mined

    def withdraw(self, consent, secret):
        self._as_relayer()
        with self.chain.transaction() as made:
            made.called("withdraw", secret)
            record = require_not_withdrawn(made, consent)
            require(withdrawal_hash(secret) == record.withdrawal_hash, "ConsentWrongSecret")
            withdraw(made, consent, by_secret=True)
        return made.mined

    def withdraw_by_request(self, consent):
        with self._relayed() as made:
            require_not_withdrawn(made, consent)
            withdraw(made, consent, by_secret=False)
        return made.mined

    def record_uses(self, uses):
        with self.chain.transaction() as made:
            actor_of(made, self._as_relayer(), Role.DEPARTMENT | Role.RELAYER, KeyPurpose.RELAY)
            require(len(uses) <= MAX_USES_AT_A_TIME, "UseListTooLong")
            return [record_use(made, consent, use) for consent, use in uses]

    def recorded_uses(self, consents):
        return {one: [event.use for _, event in self._used() if event.id == one] for one in consents}

    def recorded_use(self, consent, use):
        for mined, event in self._used():
            if (event.id, event.use) == (consent, use):
                return UseResult(True, event.number, None, mined)
        return None

    def uses_since(self, block):
        return [(event.id, event.use) for _, event in self._used(block)]

    def consent_events(self, consent):
        return [event for _, event in self._events() if isinstance(event, ConsentEvent) and event.id == consent]

    def withdrawal_secret(self, transaction):
        match self.chain.calls.get(transaction, []):
            case ["withdraw", secret]:
                return secret
            case _:
                return None

    def _used(self, block=0):
        is_use = (ConsentEvent, Step.USED)
        return [one for one in self._events(block) if (type(one[1]), getattr(one[1], "step", None)) == is_use]

    @contextmanager
    def _relayed(self):
        """Give a transaction that only a relayer may send."""
        key = self._as_relayer()
        with self.chain.transaction() as made:
            actor_of(made, key, Role.RELAYER, KeyPurpose.RELAY)
            yield made


def answer(made, request, state):
    """Answer an open request."""
    require(made.state.requests.get(request) is RequestState.OPEN, "RequestNotOpen")
    made.state.requests[request] = state


def require_not_withdrawn(made, consent):
    """Require that a consent was granted and not withdrawn, and return it."""
    record = made.state.consents.get(consent)
    require(record is not None, "ConsentUnknown")
    require(record.state is not ConsentState.WITHDRAWN, "ConsentNotLive")
    return record


def withdraw(made, consent, *, by_secret):
    """Withdraw for good."""
    made.state.consents[consent] = replace(made.state.consents[consent], state=ConsentState.WITHDRAWN)
    made.emit(ConsentEvent(Step.WITHDRAWN, consent, made.recorded, by_secret=by_secret))


def record_use(made, consent, use):
    """Count a use, or say why it is not counted."""
    record = made.state.consents.get(consent)
    refusal = why_unusable(record, made.time)
    if refusal is not None:
        return UseResult(False, 0, refusal, made.mined)
    uses = record.uses + 1
    made.state.consents[consent] = replace(record, uses=uses)
    made.emit(ConsentEvent(Step.USED, consent, made.recorded, number=uses, use=use))
    return UseResult(True, uses, None, made.mined)


def why_unusable(record, now):
    """Return the registry's refusal of a use, or None for a consent that may be used."""
    if record is None:
        return UNKNOWN
    if record.state is ConsentState.WITHDRAWN:
        return WITHDRAWN
    if record.state is ConsentState.PAUSED:
        return PAUSED
    if now < record.not_before:
        return NOT_YET_VALID
    if now >= record.expires_at:
        return EXPIRED
    return EXHAUSTED if record.uses >= record.max_uses else None
