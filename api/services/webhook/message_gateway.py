"""A signed hook for messages: a gateway of the operator, which passes them on as text messages or otherwise.

It is signed as webhooks are (standard webhooks), so a gateway can check that a message is ours and new.
"""

import asyncio
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from standardwebhooks import Webhook
from typing_extensions import override

from api.services.message.channel import Channel, ChannelError, Letter
from api.services.webhook.address import AddressRules, IpAddress, parse_url
from api.services.webhook.post import PostError
from ledger_node.domain.canonical import encode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SECRET: Final = re.compile("whsec_[A-Za-z0-9+/]{43,}={0,2}")


@dataclass(frozen=True, slots=True)
class GatewayEndpoint:
    """Where messages are posted, and the secret that signs them (``whsec_…``)."""

    url: str
    secret: str = field(repr=False)

    @classmethod
    def parse(cls, url: str, secret: str) -> "GatewayEndpoint":
        """Return the endpoint that the operator names.

        Raises:
            InvalidInputError: ``configuration``.
        """
        try:
            endpoint = parse_url(url, GatewayAddresses())
        except InvalidInputError as error:
            raise InvalidInputError(Reason.CONFIGURATION, f"CREDENCE_MESSAGE_HOOK: {error.message}") from None
        if endpoint.scheme != "https" and endpoint.host not in _HERE:
            raise InvalidInputError(Reason.CONFIGURATION, "CREDENCE_MESSAGE_HOOK must begin with https://")
        if not _SECRET.fullmatch(secret):
            raise InvalidInputError(
                Reason.CONFIGURATION,
                "CREDENCE_MESSAGE_HOOK_SECRET_FILE must hold whsec_ and 32 bytes or more in base64",
            )
        return cls(url, secret)


class GatewayAddresses(AddressRules):
    """Where a gateway may be: the operator names it, so inside its own network as well; without TLS on this machine."""

    schemes = ("https", "http")

    @override
    def allows(self, address: IpAddress) -> bool:
        return True


class Posting(Protocol):
    """Posts one body, as ``WebhookPost`` does."""

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> None:
        """Post once.

        Raises:
            PostError: the endpoint did not take it.
        """


class MessageGateway(Channel):
    """Posts letters to a gateway. ``now``: the clock, in seconds."""

    def __init__(self, endpoint: GatewayEndpoint, post: Posting, now: Callable[[], int]) -> None:
        self._url = endpoint.url
        self._signer = Webhook(endpoint.secret)
        self._post = post
        self._now = now

    @override
    def send(self, letter: Letter) -> None:
        data = {"to": letter.to, "text": letter.text, "language": letter.language.value, "kind": letter.kind}
        at = dt.datetime.fromtimestamp(self._now(), dt.UTC)
        body = encode({"type": "message", "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "data": data}).decode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Credence",
            "webhook-id": letter.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(letter.id, at, body),
        }
        try:
            asyncio.run(self._post.post(self._url, headers, body))
        except PostError as error:
            raise ChannelError(error.why) from None
