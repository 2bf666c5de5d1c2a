"""Token buckets and limits of one caller, on a clock that the test sets."""

import asyncio

import pytest

from api.home.settings import MAX_IN_FLIGHT, HttpSettings, Rate
from api.http.problem.document import TryLaterError
from api.http.request.rate_limit import RateLimits, RequestClass, TokenBuckets

A, B = b"bank a", b"bank b"


def test_a_bucket_gives_its_burst_and_then_its_rate():
    buckets = TokenBuckets(Rate(2, 3))
    assert [buckets.take(A, 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take(A, 0.4) == pytest.approx(0.1)
    assert buckets.take(A, 0.5) == 0
    assert buckets.take(A, 0.5) > 0


def test_a_bucket_never_holds_more_than_its_burst():
    buckets = TokenBuckets(Rate(2, 3))
    assert [buckets.take(A, 0.0), *(buckets.take(A, 1000.0) for _ in range(4))] == [0, 0, 0, 0, 0.5]


def test_a9_an_empty_bucket_of_one_caller_is_full_for_another():
    buckets = TokenBuckets(Rate(1, 1))
    assert buckets.take(A, 0.0) == 0
    assert buckets.take(A, 0.0) == 1
    assert buckets.take(B, 0.0) == 0


def test_a_refused_request_takes_nothing():
    buckets = TokenBuckets(Rate(1, 1))
    buckets.take(A, 0.0)
    assert {buckets.take(A, 0.0) for _ in range(100)} == {1}
    assert buckets.take(A, 1.0) == 0


def test_callers_that_are_many_are_not_kept_for_ever():
    buckets = TokenBuckets(Rate(1, 1))
    for number in range(10_001):
        buckets.take(number.to_bytes(4, "big"), 0.0)
    assert len(buckets._held) == 10_000


def limits(**rates):
    return RateLimits(HttpSettings(**rates), lambda: 0.0)


def test_a9_the_refusal_says_when_to_try_again():
    made = limits(verifications=Rate(0.1, 1))
    with made.admitted(A, RequestClass.VERIFICATION):
        pass
    with pytest.raises(TryLaterError) as refused, made.admitted(A, RequestClass.VERIFICATION):
        pass
    assert (refused.value.reason, refused.value.seconds) == ("rate_limited", 10)


def test_reads_and_verifications_have_buckets_of_their_own():
    made = limits(verifications=Rate(1, 1), reads=Rate(1, 1))
    for sort in (RequestClass.VERIFICATION, RequestClass.READ):
        with made.admitted(A, sort):
            pass


def test_requests_under_way_are_counted_and_forgotten():
    made = limits()
    under_way = [made.admitted(A, RequestClass.READ) for _ in range(MAX_IN_FLIGHT)]
    for one in under_way:
        one.__enter__()
    with pytest.raises(TryLaterError) as refused, made.admitted(A, RequestClass.READ):
        pass
    assert refused.value.reason == "rate_limited"
    with made.admitted(B, RequestClass.READ):
        pass
    under_way[0].__exit__(None, None, None)
    with made.admitted(A, RequestClass.READ):
        pass
    for one in under_way[1:]:
        one.__exit__(None, None, None)
    assert made._in_flight == {}


def test_a9_who_has_all_its_requests_under_way_waits_for_room_and_is_refused_in_the_end(monkeypatch):
    monkeypatch.setattr("api.http.request.rate_limit._PATIENCE_S", 0.2)
    made = limits()
    under_way = [made.admitted(A, RequestClass.READ) for _ in range(MAX_IN_FLIGHT)]
    for one in under_way:
        one.__enter__()

    async def run():
        await made.wait_for_room(B)
        waiting = asyncio.ensure_future(made.wait_for_room(A))
        await asyncio.sleep(0.03)
        assert not waiting.done()
        under_way.pop().__exit__(None, None, None)
        await asyncio.wait_for(waiting, 5)
        under_way.append(made.admitted(A, RequestClass.READ))
        under_way[-1].__enter__()
        # nobody waits for ever
        await asyncio.wait_for(made.wait_for_room(A), 5)
        with pytest.raises(TryLaterError), made.admitted(A, RequestClass.READ):
            pass
        assert made._waiting == {}
        # of many that wait, one goes on for every one that ends
        many = [asyncio.ensure_future(made.wait_for_room(A)) for _ in range(20)]
        await asyncio.sleep(0.03)
        under_way.pop().__exit__(None, None, None)
        await asyncio.sleep(0.03)
        assert sum(one.done() for one in many) == 1
        await asyncio.gather(*many)
        assert made._waiting == {}

    asyncio.run(run())
