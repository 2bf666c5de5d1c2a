"""By what firms are told outside the pages: a server for e-mail, a hook for text messages."""

from dataclasses import dataclass, field
from pathlib import Path

from api.files.private import read_private_text
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """Where messages are handed in; None: nothing of the kind is sent.

    ``smtp_url``: of the server that takes e-mail, ``smtp_sender``: who it comes from. ``hook``: where text messages are
    posted, signed with ``hook_secret``.
    """

    smtp_url: str | None = field(default=None, repr=False)
    smtp_sender: str | None = None
    hook: str | None = field(default=None, repr=False)
    hook_secret: str | None = field(default=None, repr=False)

    @classmethod
    def read(
        cls, smtp_url: str | None, smtp_sender: str | None, hook: str | None, hook_secret_file: str | None
    ) -> "MessageSettings":
        """Return what the environment says; empty texts are none.

        Raises:
            InvalidInputError: ``configuration``; one of a pair is missing, or the file cannot be read.
        """
        if bool(smtp_url) != bool(smtp_sender):
            raise InvalidInputError(Reason.CONFIGURATION, "CREDENCE_SMTP_URL and CREDENCE_SMTP_SENDER belong together")
        if bool(hook) != bool(hook_secret_file):
            raise InvalidInputError(
                Reason.CONFIGURATION, "CREDENCE_MESSAGE_HOOK and CREDENCE_MESSAGE_HOOK_SECRET_FILE belong together"
            )
        secret = read_private_text(Path(hook_secret_file)) if hook_secret_file else None
        return cls(smtp_url or None, smtp_sender or None, hook or None, secret)
