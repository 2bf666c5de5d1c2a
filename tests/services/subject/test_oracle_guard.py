"""Whoever is no party hears one answer, whatever was wrong."""

import pytest

from api.services.subject.registered_subject import unknown_to_strangers
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

UNKNOWN = VerificationError(Reason.CONSENT_UNKNOWN, "nothing of yours")
WRONG = InvalidInputError(Reason.THRESHOLD_NOT_MET, "one signature is missing")


def run(error, *, is_party):
    with unknown_to_strangers(UNKNOWN, is_party=is_party):
        raise error


def test_a_party_hears_what_is_wrong():
    with pytest.raises(InvalidInputError) as told:
        run(WRONG, is_party=True)
    assert told.value is WRONG


def test_a_stranger_hears_one_answer_without_its_cause():
    with pytest.raises(VerificationError) as told:
        run(WRONG, is_party=False)
    assert (told.value, told.value.__cause__, told.value.__suppress_context__) == (UNKNOWN, None, True)


def test_a_fault_of_ours_stays_a_fault():
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError(), is_party=False)


def test_what_is_right_goes_on():
    with unknown_to_strangers(UNKNOWN, is_party=False):
        pass
