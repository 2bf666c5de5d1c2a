"""Delivering notifications: in order, at least once, with pauses that grow; and secrets that change over."""

import datetime as dt
import json

import pytest
from standardwebhooks import Webhook

from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.services.webhook.address import AddressRules
from api.services.webhook.delivery import LONGEST_PAUSE_S, STOP_AFTER_S, WebhookDeliveries, pause_after
from api.services.webhook.endpoint import BOTH_SIGN_S, Webhooks
from api.services.webhook.post import PostError
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import BANK, REGISTRAR, refused

URL = "https://bank.example/hook"


class Post:
    """Takes what is posted; ``faults`` are raised in turn, and nothing when there are none left."""

    def __init__(self):
        self.faults, self.taken = [], []

    async def post(self, url, headers, body):
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append((url, headers, body))


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def webhooks(instance):
    kek = instance.departments[REGISTRAR].kek
    parts = (instance.store, instance.keys, instance.removals, kek, AddressRules())
    return Webhooks(*parts, lambda *_: ["8.8.8.8"], instance.now)


@pytest.fixture
def deliveries(instance, webhooks, post):
    return WebhookDeliveries(instance.store, webhooks, post, instance.now)


@pytest.fixture
def tell(instance):
    """Write notifications of the bank."""

    def write(*numbers):
        notices = [Notice(BANK, NoticeKind.PAUSED, instance.now(), {"number": number}) for number in numbers]
        with instance.store.begin() as connection:
            write_notices(connection, notices)

    return write


def numbers(post):
    return [json.loads(body)["data"]["number"] for _, _, body in post.taken]


def test_notifications_are_delivered_once_and_in_order(webhooks, deliveries, post, tell):
    tell(0)
    webhooks.register(BANK, URL)
    tell(1, 2, 3)
    deliveries.deliver_due()
    deliveries.deliver_due()
    # what was told before there was an endpoint is in the feed alone
    assert numbers(post) == [1, 2, 3]
    assert webhooks.show(BANK)["waiting"] == 0


def test_a_message_is_signed_with_the_secret_of_the_endpoint(webhooks, deliveries, post, tell, instance):
    secret = webhooks.register(BANK, URL)["secret"]
    tell(1)
    deliveries.deliver_due()
    ((url, headers, body),) = post.taken
    assert (url, headers["webhook-timestamp"]) == (URL, str(instance.now()))
    assert headers["webhook-signature"] == signature(secret, headers, body)


def signature(secret, headers, body):
    at = dt.datetime.fromtimestamp(int(headers["webhook-timestamp"]), dt.UTC)
    return Webhook(secret).sign(headers["webhook-id"], at, body)


def test_the_secret_before_signs_as_well_for_a_day(webhooks, deliveries, post, tell, instance):
    first, second = (webhooks.register(BANK, URL)["secret"] for _ in range(2))
    for _ in range(2):
        tell(len(post.taken))
        deliveries.deliver_due()
        instance.chain.pass_time(BOTH_SIGN_S)
    (early, late) = [(headers, body) for _, headers, body in post.taken]
    assert early[0]["webhook-signature"].split(" ") == [signature(one, *early) for one in (second, first)]
    assert late[0]["webhook-signature"] == signature(second, *late)


def test_an_endpoint_that_fails_is_tried_again_later_and_loses_nothing(webhooks, deliveries, post, tell, instance):
    webhooks.register(BANK, URL)
    tell(1, 2)
    post.faults = [PostError("status 500"), PostError("status 500")]
    deliveries.deliver_due()
    deliveries.deliver_due()
    shown = webhooks.show(BANK)
    assert (shown["state"], shown["attempts"], shown["last_failure"], shown["waiting"]) == (
        "failing",
        1,
        "status 500",
        2,
    )
    assert shown["next_at"] == instance.now() + pause_after(1)
    instance.chain.pass_time(pause_after(1))
    deliveries.deliver_due()
    assert webhooks.show(BANK)["attempts"] == 2
    instance.chain.pass_time(pause_after(2))
    deliveries.deliver_due()
    assert numbers(post) == [1, 2]
    assert webhooks.show(BANK)["state"] == "active"


@pytest.mark.parametrize("how", ["gone", "too long"])
def test_an_endpoint_that_never_takes_anything_is_stopped_and_goes_on_when_it_is_registered_again(
    webhooks, deliveries, post, tell, instance, how
):
    webhooks.register(BANK, URL)
    tell(1)
    if how == "gone":
        post.faults = [PostError("status 410", final=True)]
    else:
        post.faults = [PostError("no answer in time")] * 2
        deliveries.deliver_due()
        instance.chain.pass_time(STOP_AFTER_S)
    deliveries.deliver_due()
    assert webhooks.show(BANK)["state"] == "stopped"
    instance.chain.pass_time(STOP_AFTER_S)
    deliveries.deliver_due()
    assert post.taken == []
    webhooks.register(BANK, URL)
    deliveries.deliver_due()
    assert numbers(post) == [1]


def test_pauses_double_up_to_an_hour():
    assert [pause_after(attempts) for attempts in (1, 2, 3, 30)] == [5, 10, 20, LONGEST_PAUSE_S]


def test_what_is_removed_is_told_nothing(webhooks, deliveries, post, tell):
    webhooks.register(BANK, URL)
    tell(1)
    webhooks.remove(BANK)
    deliveries.deliver_due()
    assert post.taken == []
    assert refused(webhooks.show, BANK) is Reason.NOT_FOUND
    assert refused(webhooks.remove, BANK) is Reason.NOT_FOUND


def test_an_endpoint_whose_key_is_gone_is_forgotten(webhooks, instance):
    webhooks.register(BANK, URL)
    webhooks.forget_lost()
    assert webhooks.show(BANK)["url"] == URL
    instance.keys.delete(instance.webhook_keys())
    webhooks.forget_lost()
    assert refused(webhooks.show, BANK) is Reason.NOT_FOUND


def test_only_public_addresses_are_registered(webhooks):
    assert refused(webhooks.register, BANK, "http://bank.example") is Reason.WEBHOOK_URL_REFUSED
    assert refused(webhooks.show, BANK) is Reason.NOT_FOUND
