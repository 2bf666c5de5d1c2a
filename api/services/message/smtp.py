"""E-mail: one letter a connection, over TLS unless the server is on this machine."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from api.services.message.address import ContactChannel, read_address
from api.services.message.channel import Channel, ChannelError, Letter
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

TIMEOUT_S: Final = 15.0
_PERMANENT: Final = 500


class SmtpTls(StrEnum):
    """How a connection to the server is secured."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


_SCHEMES: Final = {
    "smtps": (SmtpTls.IMPLICIT, 465),
    "smtp": (SmtpTls.STARTTLS, 587),
    "smtp+plain": (SmtpTls.NONE, 25),
}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where e-mail is handed in. ``sender``: the address that it comes from."""

    host: str
    port: int
    tls: SmtpTls
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str, sender: str) -> "SmtpServer":
        """Read ``smtps://USER:PASSWORD@HOST``, ``smtp://…`` (STARTTLS), or ``smtp+plain://`` on this machine.

        Raises:
            InvalidInputError: ``configuration``; nothing of the address is repeated, since it may hold a password.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        secured = _SCHEMES.get(parts.scheme)
        if host is None or secured is None or parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise _wrong("CREDENCE_SMTP_URL must be like smtps://USER:PASSWORD@HOST:465 or smtp://HOST:587")
        if (parts.username is None) != (parts.password is None):
            raise _wrong("CREDENCE_SMTP_URL must name both a user and a password, or none")
        if secured[0] is SmtpTls.NONE and not _is_loopback(host):
            raise _wrong("CREDENCE_SMTP_URL may be smtp+plain:// only for a server on this machine")
        try:
            sound = read_address(sender)
        except InvalidInputError:
            sound = None
        if sound is None or sound.channel is not ContactChannel.EMAIL:
            raise _wrong("CREDENCE_SMTP_SENDER must be one e-mail address")
        user, password = parts.username, parts.password
        return cls(
            host,
            port or secured[1],
            secured[0],
            sound.text,
            None if user is None else unquote(user),
            None if password is None else unquote(password),
        )


class SmtpChannel(Channel):
    """Sends e-mail by one server. ``context``: whom to trust, the system's authorities by default."""

    def __init__(
        self, server: SmtpServer, *, context: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._server = server
        self._context = context or ssl.create_default_context()
        self._timeout_s = timeout_s

    @override
    def send(self, letter: Letter) -> None:
        try:
            with self._connected() as connection:
                refused = connection.send_message(self._message(letter), self._server.sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            code = min(answer[0] for answer in error.recipients.values())
            raise ChannelError(f"the address was refused ({code})", final=code >= _PERMANENT) from None
        except smtplib.SMTPResponseException as error:
            # its text may repeat an address
            raise ChannelError(f"the server answers {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(f"no connection ({type(error).__name__})") from None
        if refused:
            raise ChannelError("the address was refused", final=True)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        if server.tls is SmtpTls.IMPLICIT:
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout_s, context=self._context
            )
        else:
            made = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
        with made as connection:
            if server.tls is SmtpTls.STARTTLS:
                connection.starttls(context=self._context)
            if server.user is not None and server.password is not None:
                connection.login(server.user, server.password)
            yield connection

    def _message(self, letter: Letter) -> EmailMessage:
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = self._server.sender, letter.to, letter.title
        # a server that gets it twice knows it again
        made["Message-ID"] = f"<{letter.id}@{self._server.sender.rpartition('@')[2]}>"
        made["Auto-Submitted"] = "auto-generated"
        made["Content-Language"] = letter.language.value
        made.set_content(letter.text + "\n")
        return made


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.CONFIGURATION, message)
