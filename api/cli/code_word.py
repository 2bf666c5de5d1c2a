"""Words for codes that stand in tables: English shows the code itself, Chinese its word."""

from api.cli.language import gettext
from api.language.translation import N_

_WORDS = frozenset(
    {
        # states of consents and requests
        *(N_("pending"), N_("live"), N_("early"), N_("paused"), N_("expired"), N_("exhausted"), N_("withdrawn")),
        *(N_("refused"), N_("open"), N_("granted"), N_("resumed"), N_("used")),
        # verdicts, and how checks end
        *(N_("holds"), N_("does_not_hold"), N_("cannot_tell"), N_("passed"), N_("failed"), N_("not_reached")),
        # steps of checking evidence
        *(N_("form"), N_("network"), N_("block"), N_("state"), N_("members"), N_("keys"), N_("consent")),
        *(N_("subject"), N_("answers"), N_("receipt"), N_("day")),
        # notifications
        *(N_("consent.requested"), N_("consent.refused"), N_("consent.granted"), N_("consent.paused")),
        *(N_("consent.resumed"), N_("consent.withdrawn"), N_("consent.expired"), N_("consent.not_granted")),
        *(N_("consent.used"), N_("attestation.revoked"), N_("attestation.superseded"), N_("attestation.restored")),
        # who changed the controllers of a firm, and how
        *(N_("registration"), N_("rotation"), N_("recovery")),
        # rows of the access log
        *(N_("anchored"), N_("waits")),
    }
)


def word(code: str) -> str:
    """Return the word for a code; one that has none stays as it is."""
    return gettext(code) if code in _WORDS else code
