"""The one reader of the environment, and the limits of the API."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.files.private import read_private
from api.home.message_settings import MessageSettings
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

DEFAULT_HOME: Final = ".credence"
DEFAULT_PORT: Final = 8700
ACCESS_INTERVAL_S: Final = 60
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
_LEAST_TOKEN: Final = 24
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/=-]{%d,}" % _LEAST_TOKEN)
_COUNT: Final = re.compile("[0-9]{1,9}")
_TIME: Final = re.compile("([0-9]{1,7})([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MAX_TIME_S: Final = 366 * 86_400
NOTIFY_INTERVAL_S: Final = 1.0
RESUME_INTERVAL_S: Final = 1.0
MAX_BODY_BYTES: Final = 1 << 20
MAX_UPLOAD_BYTES: Final = 4 << 30
MAX_HEADER_BYTES: Final = 16 << 10
MAX_QUERY_BYTES: Final = 16 << 10
MAX_IN_FLIGHT: Final = 128
"""Requests of one caller that are under way at the same time."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second on average, and ``burst`` at once."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How the API meets its callers. Rates hold for each member and subject; ``anonymous`` for each address."""

    reads: Rate = Rate(400, 800)
    verifications: Rate = Rate(300, 600)
    effects: Rate = Rate(100, 200)
    anonymous: Rate = Rate(100, 400)
    body_pause_s: float = 20
    """How long a body may pause on its way."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may call the API from a browser."""
    at_once: int = 96
    """Verifications that are worked on at the same time; others wait for their turn."""
    beside_others: int = 2
    """How many of them may be one bank's while other banks ask as well."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How the instance is watched."""

    metrics_token: bytes | None = field(default=None, repr=False)
    """What a reader of /metrics shows; without one only callers on this machine may read."""
    ready_age_s: float | None = None
    """When a head is old and a transaction stuck, in seconds; None: what follows from the beat of the access log."""
    slow_s: float = 1.0
    """A request that takes longer gets a line in the log."""


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """How long the portal makes people wait, and how long what it hands out holds good; all in seconds.

    Waits give a firm time to object before an act counts. An instance for trying things out may shorten them.
    """

    first_wait_s: int = 86_400
    """From a registration at the counter or by post to the first grant and the first look at values."""
    file_wait_s: int = 86_400
    """From the wish for a file of one's own records to the file."""
    counter_wait_s: int = 86_400
    """From a consent at the counter to the first use of it."""
    invitation_s: int = 7 * 86_400
    """How long a code of an invitation holds good."""
    handover_s: int = 86_400
    """How long the code holds good by which a firm lets one bank find it."""
    contact_code_s: int = 3_600
    """How long the code holds good that confirms an address for notices."""
    draft_s: int = 900
    """How long a draft of a consent that nobody has signed can be signed."""
    device_link_s: int = 600
    """How long a link holds good that takes a page to another device."""

    @property
    def shortened(self) -> tuple[str, ...]:
        """Return the names of the waits that are shorter than usual; the portal says so on each page."""
        names = ("first_wait_s", "file_wait_s", "counter_wait_s")
        return tuple(name for name in names if getattr(self, name) < getattr(PortalSettings(), name))


PORTAL_VARIABLES: Final = {
    "first_wait_s": "CREDENCE_FIRST_WAIT",
    "file_wait_s": "CREDENCE_FILE_WAIT",
    "counter_wait_s": "CREDENCE_COUNTER_WAIT",
    "invitation_s": "CREDENCE_INVITATION_LIFETIME",
    "handover_s": "CREDENCE_HANDOVER_LIFETIME",
    "contact_code_s": "CREDENCE_CONTACT_CODE_LIFETIME",
    "draft_s": "CREDENCE_DRAFT_LIFETIME",
    "device_link_s": "CREDENCE_DEVICE_LINK_LIFETIME",
}
"""Field of ``PortalSettings`` -> the variable that sets it. A wait may be 0, a lifetime may not."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says; command-line options win over it."""

    home: Path
    url: str | None
    client_id: str | None
    key_file: Path | None
    rpc_urls: tuple[str, ...]
    database_url: str | None = field(repr=False)
    """Where the store is, if it is not in the folder. It may hold a password, so no option of a command names it."""
    keys_url: str | None = field(repr=False)
    """Where the key ledger is, likewise."""
    keys_copy: Path | None
    """Where the one copy of the key ledger is; every erasure replaces it before it is answered."""
    backup_recipients: tuple[str, ...]
    """Who can open backups: recipients of age."""


def environment() -> Environment:
    """Read CREDENCE_HOME, _URL, _CLIENT_ID, _KEY_FILE, _RPC_URLS (commas between them), _DATABASE_URL, _KEYS_URL,
    _KEYS_COPY and _BACKUP_RECIPIENTS (spaces between them).
    """  # noqa: D205 - one list
    environ = os.environ  # noqa: TID251 - this is the one reader
    return Environment(
        Path(environ.get("CREDENCE_HOME", DEFAULT_HOME)),
        environ.get("CREDENCE_URL"),
        environ.get("CREDENCE_CLIENT_ID"),
        Path(key_file) if (key_file := environ.get("CREDENCE_KEY_FILE")) else None,
        tuple(url.strip() for url in environ.get("CREDENCE_RPC_URLS", "").split(",") if url.strip()),
        environ.get("CREDENCE_DATABASE_URL") or None,
        environ.get("CREDENCE_KEYS_URL") or None,
        Path(copy) if (copy := environ.get("CREDENCE_KEYS_COPY")) else None,
        tuple(environ.get("CREDENCE_BACKUP_RECIPIENTS", "").split()),
    )


def locale_variables() -> Mapping[str, str]:
    """Return what names the language of the terminal: LC_ALL, LC_MESSAGES and LANG, as far as they are set."""
    environ = os.environ  # noqa: TID251 - this is the one reader
    return {name: environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if name in environ}


def environment_of_child(
    database_url: str | None, keys_url: str | None = None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return this process's environment for a child whose store and key ledger are there, or in its folder.

    ``more``: variables that it has besides.
    """
    variables = {**os.environ, **(more or {})}  # noqa: TID251 - this is the one reader
    for name, url in (("CREDENCE_DATABASE_URL", database_url), ("CREDENCE_KEYS_URL", keys_url)):
        variables.pop(name, None)
        if url is not None:
            variables[name] = url
    return variables


def http_settings() -> HttpSettings:
    """Read CREDENCE_RATE_READS, _VERIFICATIONS, _EFFECTS, _ANONYMOUS, CREDENCE_BODY_PAUSE, CREDENCE_CORS_ORIGINS and
    CREDENCE_VERIFICATIONS_AT_ONCE.

    Raises:
        InvalidInputError: ``configuration``, naming the variable.
    """  # noqa: D205 - one list
    environ = os.environ  # noqa: TID251 - this is the one reader
    usual = HttpSettings()
    return HttpSettings(
        _rate(environ, "READS", usual.reads),
        _rate(environ, "VERIFICATIONS", usual.verifications),
        _rate(environ, "EFFECTS", usual.effects),
        _rate(environ, "ANONYMOUS", usual.anonymous),
        _positive("CREDENCE_BODY_PAUSE", environ.get("CREDENCE_BODY_PAUSE", str(usual.body_pause_s))),
        tuple(_origin(text) for text in environ.get("CREDENCE_CORS_ORIGINS", "").split()),
        *_at_once(environ, usual),
    )


def watch_settings() -> WatchSettings:
    """Read CREDENCE_METRICS_TOKEN_FILE, CREDENCE_READY_AGE and CREDENCE_LOG_SLOW.

    Raises:
        InvalidInputError: ``configuration``, naming the variable or the file.
    """
    environ = os.environ  # noqa: TID251 - this is the one reader
    file, age = environ.get("CREDENCE_METRICS_TOKEN_FILE"), environ.get("CREDENCE_READY_AGE")
    return WatchSettings(
        _token(Path(file)) if file else None,
        _positive("CREDENCE_READY_AGE", age) if age else None,
        _positive("CREDENCE_LOG_SLOW", environ.get("CREDENCE_LOG_SLOW", str(WatchSettings().slow_s))),
    )


def portal_settings() -> PortalSettings:
    """Read the variables of ``PORTAL_VARIABLES``: a number of seconds, or a number with a unit, such as 15m, 24h, 7d.

    Raises:
        InvalidInputError: ``configuration``, naming the variable.
    """
    environ = os.environ  # noqa: TID251 - this is the one reader
    texts = {name: environ.get(variable) for name, variable in PORTAL_VARIABLES.items()}
    return PortalSettings(**{name: _time(name, text) for name, text in texts.items() if text is not None})


def message_settings() -> MessageSettings:
    """Read CREDENCE_SMTP_URL, CREDENCE_SMTP_SENDER, CREDENCE_MESSAGE_HOOK and CREDENCE_MESSAGE_HOOK_SECRET_FILE.

    Raises:
        InvalidInputError: ``configuration``; one of two that belong together is missing, or the file cannot be read.
    """
    environ = os.environ  # noqa: TID251 - this is the one reader
    return MessageSettings.read(
        environ.get("CREDENCE_SMTP_URL"),
        environ.get("CREDENCE_SMTP_SENDER"),
        environ.get("CREDENCE_MESSAGE_HOOK"),
        environ.get("CREDENCE_MESSAGE_HOOK_SECRET_FILE"),
    )


def _time(name: str, text: str) -> int:
    found = _TIME.fullmatch(text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else -1
    if not (0 if "wait" in name else 1) <= seconds <= _MAX_TIME_S:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"{PORTAL_VARIABLES[name]} must be a time such as 90s, 15m, 24h or 7d, of a year at most",
        )
    return seconds


def _token(path: Path) -> bytes:
    token = read_private(path).strip()
    if not _TOKEN.fullmatch(token):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"{path} must hold one token of {_LEAST_TOKEN} or more letters, digits and -._~+/=; "
            "make one with: openssl rand -hex 32",
        )
    return token


def _rate(environ: Mapping[str, str], name: str, usual: Rate) -> Rate:
    variable = f"CREDENCE_RATE_{name}"
    per_s, _, burst = environ.get(variable, f"{usual.per_s}/{usual.burst}").partition("/")
    if not _COUNT.fullmatch(burst) or int(burst) == 0:
        raise InvalidInputError(
            Reason.CONFIGURATION, f"{variable} must be two numbers like 300/600: requests a second, and at once"
        )
    return Rate(_positive(variable, per_s), int(burst))


def _at_once(environ: Mapping[str, str], usual: HttpSettings) -> tuple[int, int]:
    variable = "CREDENCE_VERIFICATIONS_AT_ONCE"
    texts = environ.get(variable, f"{usual.at_once}/{usual.beside_others}").partition("/")[::2]
    numbers = [int(text) for text in texts if _COUNT.fullmatch(text)]
    if len(numbers) != len(texts) or not 0 < numbers[1] <= numbers[0]:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"{variable} must be two numbers like 96/2: verifications at once, and one bank's while others ask",
        )
    return numbers[0], numbers[1]


def _positive(variable: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise InvalidInputError(Reason.CONFIGURATION, f"{variable} must be a number above 0")
    return value


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            "CREDENCE_CORS_ORIGINS must list origins like https://portal.example, with spaces between them",
        )
    return text
