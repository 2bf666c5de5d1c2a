"""The API is killed between an act, its notification and its delivery: told once, delivered, and receipts as before."""

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from http import HTTPStatus

import pytest

from api.client.client import ApiError
from api.client.credential import Credential
from api.client.webhook import SeenMessages, WebhookReceiver
from ledger_node import clock
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.canonical import encode
from ledger_node.domain.consent_act import Change, change_digest, withdrawal_digest
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from ledger_node.domain.signature import sign
from tests.kit.chaos.place import PATIENCE_S, QUESTION, open_place
from tests.kit.webhook import Endpoint

SEED = 20_261_126
LIVES = 3
ACTS = ["granted", "used", "paused", "resumed", "withdrawn"]


@pytest.fixture
def place(tmp_path):
    made = open_place(tmp_path)
    yield made
    made.close()


def until_done(call, *, done=()):
    """Do something that a kill may cut off, until it is done; ``done``: the reasons that say that it was before."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call()
        except ApiError as error:
            if error.reason in done:
                return None
            if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        except ChainError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def live(place, consent, terms):
    """Take a consent from its grant to its withdrawal, by signatures throughout."""
    key, domain = place.shop.keys[0], place.ledger.consent_domain

    def post(path, body):
        return place.client("demo-bank").post(path, body)

    def change(what, number):
        digest = change_digest(consent, what, number, domain)
        body = {"change": what.value, "number": number, "signatures": [to_hex(sign(digest, key))]}
        return post(f"/v1/consents/{to_hex(consent)}/changes", body)

    withdrawal = {"signatures": [to_hex(sign(withdrawal_digest(consent, domain), key))]}
    until_done(lambda: place.post_consent(terms, client=place.client("demo-bank")), done={"consent_exists"})
    until_done(lambda: place.verify(to_hex(consent), [QUESTION], client=place.client("demo-bank")))
    until_done(lambda: change(Change.PAUSE, 1), done={"consent_changed_already", "consent_paused"})
    until_done(lambda: change(Change.RESUME, 2), done={"consent_changed_already", "consent_not_paused"})
    until_done(lambda: post(f"/v1/consents/{to_hex(consent)}/withdrawal", withdrawal), done={"consent_withdrawn"})


def receipts_of(place, consent):
    return until_done(lambda: place.client("demo-bank").receipts(to_hex(consent)))


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
def test_kills_between_act_notification_and_delivery_lose_and_double_nothing(place, tmp_path):
    chance = random.Random(SEED)
    endpoint = Endpoint()
    secret = place.client("demo-bank").put("/v1/webhook", {"url": f"http://127.0.0.1:{endpoint.port}/"})["secret"]
    consents = []
    try:
        for _ in range(LIVES):
            terms = place.consent([QUESTION], uses=3)
            consents.append(terms.digest(place.ledger.consent_domain))
            living = threading.Thread(target=live, args=(place, consents[-1], terms), daemon=True)
            living.start()
            time.sleep(chance.uniform(0, 0.8))
            place.served.kill_api(node_first=chance.random() < 0.5)
            place.served.start()
            place.reconnect()
            living.join(PATIENCE_S)
            assert not living.is_alive(), place.served.words()
        bank = wait_told(place, consents)
    finally:
        endpoint.close()
    trusted = TrustedOperator(place.home.relayer_keys(), None, place.ledger.consent_domain)
    before = [receipts_of(place, consent) for consent in consents]
    for receipts in before:
        assert [receipt["act"] for receipt in receipts if receipt["act"] != "used"] == [
            act for act in ACTS if act != "used"
        ]
        assert all(check_receipt(encode(receipt), trusted) for receipt in receipts)
    place.served.kill_api(node_first=True)
    place.served.start()
    assert [receipts_of(place, consent) for consent in consents] == before
    told = Counter((one["kind"], one["data"].get("consent")) for one in bank)
    for consent in consents:
        for act in ("granted", "paused", "resumed", "withdrawn"):
            assert told[f"consent.{act}", to_hex(consent)] == 1
    shop = place.client_with(Credential.of_controller(place.shop.subject, place.shop.keys[0]))
    ledger = Web3Ledger(place.home.address_book(), Rpc(place.served.node()["url"]))
    used = Counter(one["data"]["use"] for one in shop.notifications() if one["kind"] == "consent.used")
    recorded = ledger.counted_uses(consents)
    assert used == Counter(to_hex(use.ticket) for uses in recorded.values() for use in uses)
    receiver = WebhookReceiver(secret, SeenMessages(tmp_path / "seen.sqlite3"))
    taken = []
    for one in endpoint.received:
        with suppress(VerificationError):
            taken.append(receiver.receive(one.headers, one.body, now=clock.now()).id)
    assert taken == [one["id"] for one in bank]


def wait_told(place, consents):
    """Return what the bank was told, once it was told all of it and its endpoint took it."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        client = place.client("demo-bank")
        told = until_done(client.notifications)
        ended = {one["data"]["consent"] for one in told if one["kind"] == "consent.withdrawn"}
        if ended >= {to_hex(consent) for consent in consents} and client.get("/v1/webhook")["waiting"] == 0:
            return told
        assert time.monotonic() < deadline, (told[-3:], place.served.words())
        time.sleep(0.1)
