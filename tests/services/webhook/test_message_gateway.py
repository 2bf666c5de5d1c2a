"""Messages to a gateway are signed, and whoever has not the secret cannot make one."""

import json

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from api.home.message_settings import MessageSettings
from api.instance.message_channel import channels_of
from api.services.message.address import ContactChannel
from api.services.message.channel import ChannelError, Letter
from api.services.message.smtp import SmtpChannel
from api.services.webhook.message_gateway import GatewayEndpoint, MessageGateway
from api.services.webhook.post import PostError
from ledger_node import clock
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

URL = "https://gateway.example/messages"
SECRET = "whsec_" + "A" * 43 + "="
LETTER = Letter("out_1", "+8613800138000", "企业通知", "有银行申请贵企业授权。", Language.CHINESE, "consent.requested")


class Post:
    """Takes what is posted, or raises ``fault``."""

    def __init__(self, fault=None):
        self.fault, self.taken = fault, []

    async def post(self, url, headers, body):
        if self.fault is not None:
            raise self.fault
        self.taken.append((url, headers, body))


def test_a_gateway_gets_a_signed_message_with_an_address_and_a_text():
    post = Post()
    MessageGateway(GatewayEndpoint.parse(URL, SECRET), post, clock.now).send(LETTER)
    [(url, headers, body)] = post.taken
    assert url == URL
    assert headers["webhook-id"] == "out_1"
    data = Webhook(SECRET).verify(body, headers)["data"]
    assert data == {"to": LETTER.to, "text": LETTER.text, "language": "zh", "kind": "consent.requested"}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace("8000", "8001"), headers)
    assert json.loads(body)["type"] == "message"


def test_a_gateway_that_takes_nothing_is_tried_again():
    gateway = MessageGateway(GatewayEndpoint.parse(URL, SECRET), Post(PostError("status 503")), clock.now)
    with pytest.raises(ChannelError) as refused:
        gateway.send(LETTER)
    assert (refused.value.why, refused.value.final) == ("status 503", False)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://gateway.example/messages", SECRET),
        ("ftp://gateway.example", SECRET),
        ("https://user:pass@gateway.example", SECRET),
        (URL, "whsec_short"),
        (URL, "A" * 44),
    ],
)
def test_a_gateway_without_tls_or_with_a_weak_secret_is_refused(url, secret):
    with pytest.raises(InvalidInputError) as refused:
        GatewayEndpoint.parse(url, secret)
    assert refused.value.reason is Reason.CONFIGURATION
    assert secret not in refused.value.message
    assert "pass" not in refused.value.message.replace("password", "")


def test_a_gateway_on_this_machine_needs_no_tls():
    assert GatewayEndpoint.parse("http://127.0.0.1:8080/messages", SECRET).url.startswith("http://")


def test_an_instance_sends_by_what_its_settings_name():
    assert channels_of(MessageSettings(), clock.now) == {}
    both = MessageSettings("smtp://mail.example", "a@b.example", URL, SECRET)
    made = channels_of(both, clock.now)
    assert isinstance(made[ContactChannel.EMAIL], SmtpChannel)
    assert isinstance(made[ContactChannel.PHONE], MessageGateway)
