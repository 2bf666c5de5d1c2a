"""Challenges of pages: good for one purpose, once, for five minutes, and made by this instance alone."""

import pytest

from api.services.passkey.challenge import LIFETIME_S, Challenges
from ledger_node.domain.hashing import hmac_sha256
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import refused

NOW = 1_795_000_000


@pytest.fixture
def challenges():
    return Challenges(lambda data: hmac_sha256(b"k" * 32, data))


def redeem(instance, challenges, purpose, token, now=NOW):
    with instance.store.begin() as connection:
        return challenges.redeem(connection, purpose, token, now=now)


def test_a_challenge_is_taken_once(instance, challenges):
    made = challenges.make("sign-in", now=NOW)
    assert redeem(instance, challenges, "sign-in", made.token) == made.digest
    assert refused(redeem, instance, challenges, "sign-in", made.token) is Reason.SIGN_IN_LATE


def test_looking_at_a_challenge_does_not_take_it(instance, challenges):
    made = challenges.make("sign-in", now=NOW)
    assert challenges.look("sign-in", made.token, now=NOW) == (made.digest, NOW + LIFETIME_S)
    assert redeem(instance, challenges, "sign-in", made.token) == made.digest


@pytest.mark.parametrize("late", [LIFETIME_S, -1])
def test_a_challenge_counts_for_five_minutes_from_now_on(instance, challenges, late):
    made = challenges.make("sign-in", now=NOW)
    assert refused(redeem, instance, challenges, "sign-in", made.token, NOW + late) is Reason.SIGN_IN_LATE


def test_a_challenge_for_something_else_or_of_another_instance_does_not_count(instance, challenges):
    other = Challenges(lambda data: hmac_sha256(b"o" * 32, data)).make("sign-in", now=NOW).token
    for token in (challenges.make("fresh", now=NOW).token, other, "", "zz", "00" * 40):
        assert refused(redeem, instance, challenges, "sign-in", token) is Reason.SIGN_IN_LATE


def test_no_two_challenges_are_alike(challenges):
    assert len({challenges.make("sign-in", now=NOW).digest for _ in range(20)}) == 20
