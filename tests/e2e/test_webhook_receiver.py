"""The sample receiver of webhooks: genuine, in time, and once."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from ledger_node.domain.error import InvalidInputError, VerificationError
from tests.kit.webhook import receiver

NOW = 1_800_000_000
SECRET = "whsec_" + "QUJD" * 8


def message(*, at=NOW, body=None, secret=SECRET, **changes):
    text = json.dumps({"type": "consent.granted", "timestamp": "2027", "data": {}}) if body is None else body
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(at)}
    headers["Webhook-Signature"] = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), text)
    return {**headers, **changes}, text.encode()


def refusal_of(checking, headers, body, now=NOW):
    with pytest.raises(VerificationError) as refusal:
        checking.receive(headers, body, now=now)
    return refusal.value.reason


def test_a7_a_message_that_came_before_is_refused_also_after_a_restart(tmp_path):
    headers, body = message()
    assert receiver(tmp_path, SECRET).receive(headers, body, now=NOW).id == "msg_1"
    assert refusal_of(receiver(tmp_path, SECRET), headers, body) == "webhook_replayed"
    headers, body = message(at=NOW + 60)
    assert refusal_of(receiver(tmp_path, SECRET), headers, body, NOW + 60) == "webhook_replayed"


@pytest.mark.parametrize("late", [301, -301, 86_400])
def test_a7_a_message_that_is_late_or_early_is_refused(tmp_path, late):
    headers, body = message()
    assert refusal_of(receiver(tmp_path, SECRET), headers, body, NOW + late) == "webhook_late"
    assert receiver(tmp_path, SECRET).receive(headers, body, now=NOW + 300)


def test_a7_a_message_that_was_changed_or_is_by_another_is_refused(tmp_path):
    checking = receiver(tmp_path, SECRET)
    headers, body = message()
    for changed_headers, changed_body in (
        (headers, body + b" "),
        (headers, b"\xff"),
        ({**headers, "Webhook-Id": "msg_2"}, body),
        ({**headers, "Webhook-Timestamp": str(NOW + 1)}, body),
        ({**headers, "Webhook-Timestamp": "soon"}, body),
        ({**headers, "Webhook-Timestamp": "9" * 4000}, body),
        ({**headers, "Webhook-Timestamp": ""}, body),
        ({**headers, "Webhook-Signature": ""}, body),
        ({**headers, "Webhook-Signature": "v1,%%% v1 v2," + "QUJD" * 8}, body),
        ({**headers, "Webhook-Signature": headers["Webhook-Signature"].replace("v1,", "v1a,")}, body),
        ({}, body),
        message(secret="whsec_" + "QUJE" * 8),
    ):
        assert refusal_of(checking, changed_headers, changed_body) == "webhook_signature_wrong"
    assert checking.receive(headers, body, now=NOW)


def test_a_signed_body_that_is_no_message_is_malformed(tmp_path):
    checking = receiver(tmp_path, SECRET)
    for body in ("null", "{}", '{"type": "x", "timestamp": "y", "data": {}, "more": 1}', "["):
        headers, content = message(body=body)
        with pytest.raises(InvalidInputError):
            checking.receive(headers, content, now=NOW)
