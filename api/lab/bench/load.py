"""Load from wrk: requests that are signed beforehand, each sent once, by as many connections as are asked for."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from api.client.session import Session
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

_SCRIPT: Final = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What wrk saw. ``told``: answers in which a claim holds; ``limited``: 429; ``missing``: it ran out of requests."""

    seconds: float
    answered: int
    told: int
    limited: int
    refused: int
    missing: int
    broken: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def require_wrk() -> str:
    """Return where wrk is.

    Raises:
        InvalidInputError: ``configuration``; it is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise InvalidInputError(Reason.CONFIGURATION, "wrk is not installed: apt-get install wrk")
    return found


def signed_posts(session: Session, url: str, path: str, bodies: Iterable[bytes]) -> list[bytes]:
    """Return one signed request a body, with an Idempotency-Key, as the Python client sends it."""
    made = []
    for body in bodies:
        request = httpx.Request("POST", url + path)
        session.prove(request)
        head = [
            f"POST {path} HTTP/1.1",
            f"Host: {urlsplit(url).netloc}",
            f"Authorization: {request.headers['Authorization']}",
            f"DPoP: {request.headers['DPoP']}",
            f'Idempotency-Key: "{random_bytes(16).hex()}"',
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        made.append("\r\n".join((*head, "", "")).encode("ascii") + body)
    return made


class Load:
    """wrk at work on ``requests``: ``connections`` of them, each pausing ``pause_ms`` between its requests."""

    def __init__(
        self, url: str, requests: Sequence[bytes], file: Path, *, connections: int, seconds: int, pause_ms: float = 0
    ) -> None:
        file.write_bytes(b"".join(b"%d\n%s" % (len(request), request) for request in requests))
        command = [require_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        command += ["-s", str(_SCRIPT), url, "--", str(file), str(pause_ms)]
        self._command = command

    def run(self) -> LoadResult:
        """Send until the time is over, and return what was seen.

        Raises:
            InvalidInputError: ``configuration``; wrk failed.
        """
        ran = subprocess.run(self._command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - wrk, from PATH
        if ran.returncode != 0:
            raise InvalidInputError(Reason.CONFIGURATION, f"wrk failed: {ran.stdout[-500:]}")
        return LoadResult(**json.loads(ran.stdout.splitlines()[-1]))
