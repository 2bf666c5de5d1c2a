"""The one reader of the environment, and the limits of the API."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_HOME: Final = ".credence"
DEFAULT_PORT: Final = 8700
ACCESS_INTERVAL_S: Final = 60
NOTIFY_INTERVAL_S: Final = 1.0
MAX_BODY_BYTES: Final = 1 << 20
MAX_UPLOAD_BYTES: Final = 4 << 30


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says; command-line options win over it."""

    home: Path
    url: str | None
    client_id: str | None
    key_file: Path | None
    rpc_urls: tuple[str, ...]


def environment() -> Environment:
    """Read CREDENCE_HOME, _URL, _CLIENT_ID, _KEY_FILE, and _RPC_URLS (addresses with commas between them)."""
    environ = os.environ  # noqa: TID251 - this is the one reader
    return Environment(
        Path(environ.get("CREDENCE_HOME", DEFAULT_HOME)),
        environ.get("CREDENCE_URL"),
        environ.get("CREDENCE_CLIENT_ID"),
        Path(key_file) if (key_file := environ.get("CREDENCE_KEY_FILE")) else None,
        tuple(url.strip() for url in environ.get("CREDENCE_RPC_URLS", "").split(",") if url.strip()),
    )
