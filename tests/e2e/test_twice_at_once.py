"""What is asked for twice at the same moment happens once, and no answer is a fault."""

from concurrent.futures import ThreadPoolExecutor

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from tests.kit.served import SEED


def together(calls):
    def outcome(call):
        try:
            return call()
        except ApiError as error:
            return error.reason

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def post(client, path, body):
    return lambda: client.post(path, body)


def test_one_grant_that_is_sent_four_times_at_once_is_one_grant(place):
    terms = place.consent(["tax_credit_rating.grade in {A, B}"])
    answers = together([lambda: place.post_consent(terms)] * 4)
    assert sorted(answer if isinstance(answer, str) else "granted" for answer in answers) == [
        "consent_exists",
        "consent_exists",
        "consent_exists",
        "granted",
    ]


def test_firms_that_are_erased_at_the_same_moment_are_all_erased(place):
    firms = [place.fresh() for _ in range(6)]
    place.attest("tax_payment", [(firm, {}) for firm in firms])
    calls = [
        post(place.client("tax-bureau"), "/v1/erasures", {"credit_code": credit_code(firm, SEED)}) for firm in firms
    ]
    assert [answer["erased"] for answer in together(calls)] == [1] * len(firms)


def test_a_firm_that_is_registered_four_times_at_once_is_one_subject(place):
    body = {
        "credit_code": credit_code(place.fresh(), SEED),
        "controllers": [{"person": 1, "address": "0x" + "44" * 20}],
        "threshold": 1,
    }
    answers = together([post(place.client("market-regulator"), "/v1/subjects", body) for _ in range(4)])
    assert len({answer["subject"] for answer in answers}) == 1
