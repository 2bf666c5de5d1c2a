"""What becomes of a stored transaction, row by row of the table in docs/architecture.md."""

import pytest

from ledger_node.chain.pending_transaction import FINAL, Observation, State, Submission, next_state, renewed

STORED = Submission()
SENT = Submission(State.SENT)
IN_DOUBT = Submission(State.IN_DOUBT)
OPEN = [STORED, SENT, IN_DOUBT]


def after(transaction, *seen):
    for one in seen:
        transaction = next_state(transaction, one)
    return transaction


@pytest.mark.parametrize("transaction", OPEN)
def test_a_receipt_means_that_it_is_mined(transaction):
    assert after(transaction, Observation.RECEIPT).state is State.MINED


@pytest.mark.parametrize("transaction", OPEN)
def test_a_nonce_that_another_transaction_took_counts_when_it_is_seen_twice(transaction):
    once = after(transaction, Observation.NONCE_USED)
    assert (once.state, once.pause_s) == (transaction.state, 0.02)
    assert after(once, Observation.NONCE_USED).state is State.OVERTAKEN


def test_a_nonce_seen_used_twice_counts_also_where_something_else_is_seen_in_between():
    seen = (Observation.NONCE_USED, Observation.NO_ANSWER, Observation.ACCEPTED, Observation.NONCE_USED)
    assert after(STORED, *seen).state is State.OVERTAKEN


def test_a_receipt_counts_though_the_nonce_was_seen_used_once():
    assert after(SENT, Observation.NONCE_USED, Observation.RECEIPT).state is State.MINED


def test_one_that_was_overtaken_begins_anew_and_must_be_overtaken_twice_again():
    overtaken = after(IN_DOUBT, Observation.NO_ANSWER, Observation.NONCE_USED, Observation.NONCE_USED)
    anew = renewed(overtaken)
    assert anew == Submission(State.STORED, tries=1)
    assert after(anew, Observation.NONCE_USED).state is State.STORED


def test_what_everybody_refuses_and_nobody_knows_is_cancelled():
    assert after(STORED, Observation.REFUSED).state is State.CANCELLED


@pytest.mark.parametrize("transaction", [SENT, IN_DOUBT])
def test_what_was_ever_in_doubt_is_never_cancelled(transaction):
    assert after(transaction, Observation.REFUSED) == transaction
    assert after(transaction, *[Observation.UNREACHED] * 9).state is State.IN_DOUBT


def test_what_no_endpoint_got_five_times_is_cancelled():
    tried = after(STORED, *[Observation.UNREACHED] * 4)
    assert (tried.state, tried.tries) == (State.STORED, 4)
    assert after(tried, Observation.UNREACHED).state is State.CANCELLED


@pytest.mark.parametrize("transaction", OPEN)
def test_what_nobody_answers_is_in_doubt(transaction):
    assert after(transaction, Observation.NO_ANSWER).state is State.IN_DOUBT


@pytest.mark.parametrize("transaction", OPEN)
def test_what_an_endpoint_took_is_sent_and_is_sent_again_after_two_seconds(transaction):
    taken = after(transaction, Observation.ACCEPTED)
    assert (taken.state, taken.tries, taken.pause_s) == (State.SENT, 0, 2.0)


def test_pauses_double_up_to_half_a_minute():
    pauses = [after(IN_DOUBT, *[Observation.NO_ANSWER] * count).pause_s for count in (1, 2, 3, 10, 11, 12, 2000)]
    assert pauses == [0.04, 0.08, 0.16, 20.48, 30.0, 30.0, 30.0]
    assert after(IN_DOUBT, *[Observation.NO_ANSWER] * 3, Observation.ACCEPTED).pause_s == 16.0


@pytest.mark.parametrize("transaction", [Submission(state) for state in State if state in FINAL])
@pytest.mark.parametrize("seen", Observation)
def test_what_is_over_stays_as_it_is(transaction, seen):
    assert next_state(transaction, seen) == transaction


@pytest.mark.parametrize(("state", "may_be_known"), [(state, state in {"sent", "in_doubt"}) for state in State])
def test_only_what_was_sent_may_be_known_to_an_endpoint(state, may_be_known):
    assert Submission(state).may_be_known == may_be_known
