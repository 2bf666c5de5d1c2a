"""The channels by which an instance sends messages, as its settings say."""

from collections.abc import Callable, Mapping

from api.home.message_settings import MessageSettings
from api.services.message.address import ContactChannel
from api.services.message.channel import Channel
from api.services.message.smtp import SmtpChannel, SmtpServer
from api.services.webhook.address import system_addresses
from api.services.webhook.message_gateway import GatewayAddresses, GatewayEndpoint, MessageGateway
from api.services.webhook.post import WebhookPost


def channels_of(settings: MessageSettings, now: Callable[[], int]) -> Mapping[ContactChannel, Channel]:
    """Return what sends, by the kind of address. ``now``: the clock.

    Raises:
        InvalidInputError: ``configuration``; a setting makes no sense.
    """
    channels: dict[ContactChannel, Channel] = {}
    if settings.smtp_url is not None and settings.smtp_sender is not None:
        channels[ContactChannel.EMAIL] = SmtpChannel(SmtpServer.parse(settings.smtp_url, settings.smtp_sender))
    if settings.hook is not None and settings.hook_secret is not None:
        endpoint = GatewayEndpoint.parse(settings.hook, settings.hook_secret)
        post = WebhookPost(GatewayAddresses(), system_addresses)
        channels[ContactChannel.PHONE] = MessageGateway(endpoint, post, now)
    return channels
