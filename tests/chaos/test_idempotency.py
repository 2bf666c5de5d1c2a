"""kill -9 between the effect of a request and its answer: asked again with the same key, one effect and one answer."""

import json
import random
import threading

import httpx
import pytest

from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.randomness import random_bytes
from tests.kit.chaos.place import QUESTION, open_place

KILLS = 2
LONG = 60


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = open_place(tmp_path_factory.mktemp("keys"))
    yield made
    made.close()


def post(place, path, body, key, http=None):
    return (http or place.http("demo-bank")).post(path, json=body, headers={"Idempotency-Key": key})


def post_and_kill(place, chance, path, body, key):
    """Post, kill the API at some moment of it, start it again, and return the answer if there was one."""
    answers = []
    # it signs in first, so that the kill falls into the request
    http = place.http("demo-bank")
    assert http.get("/v1/me").status_code == 200

    def send():
        try:
            answers.append(post(place, path, body, key, http))
        except httpx.HTTPError:
            # the answer was lost with the process
            answers.append(None)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(chance.uniform(0, 0.15))
    place.served.kill_api(node_first=chance.random() < 0.5)
    sender.join()
    place.served.start()
    place.reconnect()
    return answers[0]


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_a4_after_kill_9_a_verification_has_cost_one_use_and_has_one_answer(place, request):
    chance = random.Random(41)
    for _ in range(LONG if request.config.getoption("--chaos") else KILLS):
        secret = random_bytes(32)
        terms = place.consent([QUESTION], secret=secret)
        consent = place.post_consent(terms)["id"]
        body, key = place.body(consent, [QUESTION]), f'"{random_bytes(16).hex()}"'
        lost = post_and_kill(place, chance, "/v1/verifications", body, key)
        first = post(place, "/v1/verifications", body, key)
        assert first.status_code == 200, first.text
        assert first.json()["presentation"]["claims"][0]["verdict"] == "holds"
        if lost is not None and lost.status_code == 200:
            assert lost.content == first.content
        again = post(place, "/v1/verifications", body, key)
        assert again.content == first.content
        (use,) = recorded(place, consent)
        assert to_hex(use.ticket) == first.json()["use"]["id"]


def recorded(place, consent):
    name = from_hex(consent, "consent")
    ledger = Web3Ledger(place.home.address_book(), Rpc(place.served.node()["url"]))
    return ledger.counted_uses([name])[name]


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_a4_after_kill_9_a_withdrawal_is_answered_as_one(place):
    chance = random.Random(42)
    secret = random_bytes(32)
    consent = place.post_consent(place.consent([QUESTION], secret=secret))["id"]
    path, body, key = f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)}, f'"{random_bytes(16).hex()}"'
    post_and_kill(place, chance, path, body, key)
    first = post(place, path, body, key)
    assert (first.status_code, json.loads(first.content)["state"]) == (200, "withdrawn")
    assert post(place, path, body, key).content == first.content
