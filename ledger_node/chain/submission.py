"""What becomes of a stored transaction, by what is seen of it: a pure state machine without I/O and without a clock.

Receipts and counts decide, never the words of an error:

1. A receipt: the transaction is mined, whether it succeeded or reverted.
2. The account's count is past its nonce and there is no receipt, seen twice: another transaction took the nonce.
   This one can never be mined and gets the next nonce.
3. Every endpoint refuses it, none knows it, and it was never in doubt: it is cancelled.
4. No endpoint got it, five times: it is cancelled.
5. Anything else: an endpoint has it or may have it. The same bytes are sent again until one of the above is seen.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

FIRST_PAUSE_S: Final = 0.02
_RESEND_S: Final = 2.0
_LONGEST_RESEND_S: Final = 30.0
_DOUBLINGS: Final = 12
_TRIES: Final = 5
_SURE: Final = 2
"""How often it must be seen that another transaction took a nonce: a node may learn of receipts a moment late."""


class State(StrEnum):
    """Where a stored transaction stands."""

    STORED = "stored"
    """No endpoint has it."""
    SENT = "sent"
    """An endpoint has it."""
    IN_DOUBT = "in_doubt"
    """An endpoint may have it."""
    MINED = "mined"
    """It has a receipt."""
    OVERTAKEN = "overtaken"
    """Another transaction was mined under its nonce. ``renewed`` begins anew under the next one."""
    CANCELLED = "cancelled"
    """Nothing happened, and nothing will."""

    @property
    def is_final(self) -> bool:
        """Whether nothing that is seen changes it any more."""
        return self in {State.MINED, State.OVERTAKEN, State.CANCELLED}


class Observation(StrEnum):
    """What is seen of a transaction at the endpoints."""

    RECEIPT = "receipt"
    """It is mined."""
    ACCEPTED = "accepted"
    """An endpoint took it, or knows it."""
    NO_ANSWER = "no_answer"
    """It was sent, and nobody has answered."""
    UNREACHED = "unreached"
    """It was sent, and surely no endpoint got it."""
    NONCE_USED = "nonce_used"
    """The account's count is past its nonce, and it has no receipt."""
    REFUSED = "refused"
    """Every endpoint that was asked refuses it, and none knows it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """How far a stored transaction has come.

    ``tries``: how often it was sent without an answer. ``overtakings``: how often its nonce was seen used by another
    one. ``pause_s``: how long to wait after the last observation until it is sent again.
    """

    state: State = State.STORED
    tries: int = 0
    overtakings: int = 0
    pause_s: float = 0.0

    @property
    def may_be_known(self) -> bool:
        """Whether an endpoint has it or may have it, so that its bytes must never be given up for others."""
        return self.state in {State.SENT, State.IN_DOUBT}


def next_state(transaction: Submission, seen: Observation) -> Submission:
    """Return how far a transaction has come after ``seen``."""
    if transaction.state.is_final:
        return transaction
    match seen:
        case Observation.RECEIPT:
            return replace(transaction, state=State.MINED)
        case Observation.ACCEPTED:
            return replace(transaction, state=State.SENT, pause_s=_growing(_RESEND_S, transaction.tries))
        case Observation.NO_ANSWER:
            return _sent_in_vain(transaction, State.IN_DOUBT)
        case Observation.UNREACHED if not transaction.may_be_known:
            tried = _sent_in_vain(transaction, State.STORED)
            return tried if tried.tries < _TRIES else replace(tried, state=State.CANCELLED)
        case Observation.UNREACHED:
            return _sent_in_vain(transaction, State.IN_DOUBT)
        case Observation.NONCE_USED:
            seen_again = transaction.overtakings + 1
            state = transaction.state if seen_again < _SURE else State.OVERTAKEN
            return replace(transaction, state=state, overtakings=seen_again, pause_s=FIRST_PAUSE_S)
        case Observation.REFUSED:
            # an endpoint that may have it could still send it on, so this one stays in doubt
            return transaction if transaction.may_be_known else replace(transaction, state=State.CANCELLED)
    assert_never(seen)


def renewed(transaction: Submission) -> Submission:
    """Return where an overtaken transaction begins under its new nonce."""
    return Submission(tries=transaction.tries)


def _sent_in_vain(transaction: Submission, state: State) -> Submission:
    tries = transaction.tries + 1
    return replace(transaction, state=state, tries=tries, pause_s=_growing(FIRST_PAUSE_S, tries))


def _growing(first_s: float, tries: int) -> float:
    return min(first_s * float(2 ** min(tries, _DOUBLINGS)), _LONGEST_RESEND_S)
