"""Webhooks: registered, signed, and delivered in order through failures and restarts."""

import json
import threading

import pytest

from api.client.client import ApiError
from api.services.webhook.delivery import FIRST_PAUSE_S, LONGEST_PAUSE_S, STOP_AFTER_S, pause_after
from api.services.webhook.endpoint import BOTH_SIGN_S, Secrets
from api.work.periodic import Periodic
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.webhook import BANK, HOST, Endpoint, receiver


def test_what_is_told_arrives_signed_in_order_and_once(member, endpoint, url, tmp_path):
    secret = member.webhooks.register(BANK, url)["secret"]
    ids = member.tell(3)
    member.tell(2, recipient=random_bytes(32))
    member.deliveries.deliver_due()
    member.deliveries.deliver_due()
    assert endpoint.ids() == ids
    checking = receiver(tmp_path, secret)
    for one in endpoint.received:
        message = checking.receive(one.headers, one.body, now=member.now)
        assert (message.kind, set(message.data)) == ("consent.granted", {"consent"})
        assert set(json.loads(one.body)) == {"type", "timestamp", "data"}
        assert one.headers["Host"] == f"{HOST}:{endpoint.port}"
        assert one.path == "/credence?of=bank"
    assert member.webhooks.show(BANK)["waiting"] == 0


def test_a_new_endpoint_begins_with_what_happens_from_now_on(member, endpoint, url):
    member.tell(2)
    member.webhooks.register(BANK, url)
    ids = member.tell(1)
    member.deliveries.deliver_due()
    assert endpoint.ids() == ids


def test_a_failing_endpoint_is_tried_again_later_each_time_also_after_a_restart(member, endpoint, url):
    member.webhooks.register(BANK, url)
    ids = member.tell(2)
    endpoint.statuses = [500, 503, 302]
    for attempt in range(1, 4):
        member.deliveries.deliver_due()
        shown = member.webhooks.show(BANK)
        assert (shown["state"], shown["attempts"], shown["waiting"]) == ("failing", attempt, 2)
        assert shown["next_at"] == member.now + FIRST_PAUSE_S * 2 ** (attempt - 1)
        member.open()
        member.now = shown["next_at"] - 1
        member.deliveries.deliver_due()
        assert len(endpoint.received) == attempt
        member.now += 1
    assert shown["last_failure"] == "status 302"
    member.deliveries.deliver_due()
    assert endpoint.ids() == [ids[0]] * 4 + [ids[1]]
    shown = member.webhooks.show(BANK)
    assert (shown["state"], shown["attempts"], shown["failing_since"], shown["last_failure"]) == (
        "active",
        0,
        None,
        None,
    )


def test_pauses_double_up_to_an_hour():
    pauses = [pause_after(attempts) for attempts in range(1, 40)]
    assert pauses[:3] == [5, 10, 20]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_after_three_days_an_endpoint_is_stopped_and_goes_on_where_it_stood(member, endpoint, url):
    member.webhooks.register(BANK, url)
    ids = member.tell(2)
    began = member.now
    endpoint.statuses = [500] * 1000
    while (shown := member.webhooks.show(BANK))["state"] != "stopped":
        member.now = shown["next_at"] or member.now
        member.deliveries.deliver_due()
    assert STOP_AFTER_S <= member.now - began <= STOP_AFTER_S + LONGEST_PAUSE_S
    count = len(endpoint.received)
    member.now += 10 * STOP_AFTER_S
    member.deliveries.deliver_due()
    assert len(endpoint.received) == count
    endpoint.statuses = []
    assert member.webhooks.register(BANK, url)["state"] == "active"
    member.deliveries.deliver_due()
    assert endpoint.ids()[count:] == ids


def test_an_endpoint_that_is_gone_is_stopped_at_once(member, endpoint, url):
    member.webhooks.register(BANK, url)
    member.tell()
    endpoint.statuses = [410]
    member.deliveries.deliver_due()
    assert member.webhooks.show(BANK)["state"] == "stopped"


def test_redirects_are_not_followed(member, endpoint, url):
    other = Endpoint()
    try:
        endpoint.statuses, endpoint.headers = [307], {"Location": f"http://127.0.0.1:{other.port}/"}
        member.webhooks.register(BANK, url)
        member.tell()
        member.deliveries.deliver_due()
        assert (len(endpoint.received), other.received) == (1, [])
        assert member.webhooks.show(BANK)["last_failure"] == "status 307"
    finally:
        other.close()


def test_both_secrets_sign_for_a_day_after_a_rotation(member, endpoint, url, tmp_path):
    old = member.webhooks.register(BANK, url)["secret"]
    new = member.webhooks.register(BANK, url)["secret"]
    assert old != new
    member.tell()
    member.deliveries.deliver_due()
    member.now += BOTH_SIGN_S
    member.tell()
    member.deliveries.deliver_due()
    during, after = endpoint.received
    for number, secret in enumerate((old, new)):
        (tmp_path / str(number)).mkdir()
        checking = receiver(tmp_path / str(number), secret)
        assert checking.receive(during.headers, during.body, now=member.now - BOTH_SIGN_S)
    with pytest.raises(VerificationError) as refusal:
        receiver(tmp_path, old).receive(after.headers, after.body, now=member.now)
    assert refusal.value.reason == "webhook_signature_wrong"
    assert receiver(tmp_path, new).receive(after.headers, after.body, now=member.now)


def test_a_secret_is_shown_once_and_stands_nowhere(member, url):
    secret = member.webhooks.register(BANK, url)["secret"]
    assert "secret" not in member.webhooks.show(BANK)
    assert secret not in repr(Secrets((secret,)))
    for file in member.path.parent.iterdir():
        assert secret.removeprefix("whsec_").encode() not in file.read_bytes()
    member.webhooks.remove(BANK)
    for call in (lambda: member.webhooks.show(BANK), lambda: member.webhooks.remove(BANK)):
        with pytest.raises(InvalidInputError) as refusal:
            call()
        assert refusal.value.reason == "not_found"


def test_an_endpoint_that_is_removed_gets_nothing_more(member, endpoint, url):
    member.webhooks.register(BANK, url)
    member.tell()
    member.webhooks.remove(BANK)
    member.deliveries.deliver_due()
    assert endpoint.received == []


def test_an_endpoint_that_never_answers_holds_nobody_up(member, endpoint, url):
    member.deadline_s = 0.3
    member.open()
    holding = threading.Event()
    silent = Endpoint()
    silent.server.RequestHandlerClass.do_POST = lambda _: holding.wait(20)
    member.names["silent.example"] = ["127.0.0.1"]
    other = random_bytes(32)
    try:
        member.webhooks.register(other, f"http://silent.example:{silent.port}/")
        member.webhooks.register(BANK, url)
        member.tell(recipient=other)
        ids = member.tell()
        member.deliveries.deliver_due()
        assert endpoint.ids() == ids
        assert member.webhooks.show(other)["last_failure"] == "no answer in time"
    finally:
        holding.set()
        silent.close()


def test_a_port_that_nobody_listens_on_is_a_failure(member):
    closed = Endpoint()
    closed.close()
    member.webhooks.register(BANK, f"http://{HOST}:{closed.port}/")
    member.tell()
    member.deliveries.deliver_due()
    assert member.webhooks.show(BANK)["last_failure"] == "no connection (ConnectError)"


def test_the_worker_delivers_by_itself_until_it_is_stopped(member, endpoint, url):
    member.webhooks.register(BANK, url)
    ids = member.tell(2)
    arrived = threading.Event()
    post = endpoint.server.RequestHandlerClass.do_POST

    def watch(handler):
        post(handler)
        if len(endpoint.received) == len(ids):
            arrived.set()

    endpoint.server.RequestHandlerClass.do_POST = watch
    rounds = Periodic(member.deliveries.deliver_due, interval_s=0.05, name="webhooks")
    rounds.start()
    assert arrived.wait(60)
    rounds.stop()
    assert endpoint.ids() == ids


def test_members_register_and_nobody_else_does(place):
    with pytest.raises(ApiError) as refusal:
        place.shop.client.put("/v1/webhook", {"url": "https://hooks.bank.example/"})
    assert (refusal.value.status, refusal.value.reason) == (403, "not_allowed")
    for body, reason in (
        ({"url": "http://hooks.bank.example/"}, "webhook_url_refused"),
        ({"url": 1}, "type_wrong"),
        ({}, "field_missing"),
        ({"url": "https://x.example/", "more": 1}, "field_unknown"),
        ({"url": "https://x/" + "x" * 2000}, "too_large"),
    ):
        with pytest.raises(ApiError) as refusal:
            place.bank.put("/v1/webhook", body)
        assert refusal.value.reason == reason
    for call in (place.bank.get, place.bank.delete):
        with pytest.raises(ApiError) as refusal:
            call("/v1/webhook")
        assert (refusal.value.status, refusal.value.reason) == (404, "not_found")
    done = place.credence("webhook", "set", "https://127.0.0.1/", "--as", "demo-bank")
    assert (done.returncode, "webhook_address_refused" in done.stderr) == (5, True)
    done = place.credence("webhook", "show", "--as", "demo-bank")
    assert (done.returncode, "not_found" in done.stderr) == (5, True)


def test_an_address_can_be_registered_shown_and_removed_by_command(place):
    # a public address is needed and never connected to: nothing is told to a department
    done = place.credence("webhook", "set", "https://93.184.216.34/hook", "--as", "tax-bureau")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("whsec_")
    done = place.credence("webhook", "show", "--as", "tax-bureau", "--json")
    assert printed(done)["url"] == "https://93.184.216.34/hook"
    assert "whsec_" not in done.stdout
    assert place.credence("webhook", "remove", "--as", "tax-bureau").returncode == 0
    assert place.credence("webhook", "remove", "--as", "tax-bureau").returncode == 5
