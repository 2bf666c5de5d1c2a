"""A client of the HTTP API. Every refusal becomes an ``ApiError`` with its reason code."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx

from api.client.credential import Credential
from api.client.error import ApiError, NoAnswerError, is_refused, refusal_of, silence
from api.client.session import Session
from ledger_node.domain.canonical import JSON
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

__all__ = ["ApiError", "Client"]

_TIMEOUT_S: Final = 60.0
_CHUNK: Final = 1 << 18
_TRIES: Final = 3


class Client:
    """One caller of one API, signed in with ``credential``, or by ``session``, where there is one.

    ``home``: the folder that names the address, where nobody else does.
    """

    def __init__(
        self,
        url: str,
        credential: Credential | None = None,
        *,
        session: Session | None = None,
        home: Path | None = None,
    ) -> None:
        if credential is not None:
            session = Session(url, credential)
        self._home = home
        self._http = httpx.Client(base_url=url, auth=session, timeout=_TIMEOUT_S, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON of the route
        """Return the JSON of a resource."""
        return self._request("GET", path, params=query)

    def post(self, path: str, body: JSON) -> Any:  # noqa: ANN401 - JSON of the route
        """Post JSON and return the JSON of the answer; whatever the network does, the effect happens once."""
        return self._post(path, json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def put(self, path: str, body: JSON) -> Any:  # noqa: ANN401 - JSON of the route
        """Put JSON and return the JSON of the answer."""
        return self._request("PUT", path, json=body)

    def delete(self, path: str) -> Any:  # noqa: ANN401 - JSON of the route
        """Delete a resource and return the JSON of the answer."""
        return self._request("DELETE", path)

    def upload(self, path: Path, schema: str, *, correct: bool = False, restore_erased: bool = False) -> str:
        """Stream a CSV or NDJSON file in and return the id of its job.

        ``correct``: rows may replace what is attested for the same day or a later one. ``restore_erased``: rows may be
        about firms that the department erased.
        """
        media_type = "application/x-ndjson" if path.suffix.lower() in {".ndjson", ".jsonl"} else "text/csv"
        said = {name: "true" for name, is_so in (("correct", correct), ("restore_erased", restore_erased)) if is_so}
        answer = self._post("/v1/attestations", _Parts(path), media_type, schema=schema, **said)
        return str(answer["job"])

    def job(self, job: str) -> Any:  # noqa: ANN401 - JSON of the route
        """Return the progress of a job."""
        return self.get(f"/v1/jobs/{job}")

    def results(self, job: str, status: str | None = None) -> Iterator[Any]:
        """Yield the results of a job row by row."""
        said = {} if status is None else {"status": status}
        for page in self._pages(f"/v1/jobs/{job}/results", **said):
            yield from page["results"]

    def access_rows(self) -> tuple[str, list[Any]]:
        """Return the keeper of the access log, and all rows of it that are yours, oldest first."""
        pages = list(self._pages("/v1/access-log"))
        return str(pages[-1]["keeper"]), [row for page in pages for row in page["rows"]]

    def notifications(self, after: str | None = None) -> list[Any]:
        """Return what you are told behind the notification ``after``, oldest first."""
        begin = {} if after is None else {"after": after}
        return [one for page in self._pages("/v1/notifications", **begin) for one in page["notifications"]]

    def _pages(self, path: str, **query: str | int) -> Iterator[Any]:
        page = self.get(path, **query)
        yield page
        while page["next"] is not None:
            page = self.get(path, **query | {"after": page["next"]})
            yield page

    def receipts(self, about: str) -> list[Any]:
        """Return the receipts of a consent of yours, or that of the answer to a request."""
        try:
            return [item["receipt"] for item in self.get(f"/v1/consents/{about}/receipts")["receipts"]]
        except ApiError as error:
            if error.reason is not Reason.CONSENT_UNKNOWN:
                raise
        return [self.get(f"/v1/consent-requests/{about}/receipt")]

    def verify(
        self,
        consent: str,
        claims: Sequence[JSON],
        use: JSON,
        *,
        purpose: str | None = None,
        max_age_days: int | None = None,
        operator: str | None = None,
    ) -> Any:  # noqa: ANN401 - JSON of the route
        """Ask claims under a consent and return the whole answer; ``use``: as its spend key signed it for them."""
        policy = None if max_age_days is None else {"max_age_days": max_age_days}
        said = {"consent": consent, "claims": list(claims), "use": use, "policy": policy}
        said |= {"purpose": purpose, "operator": operator}
        return self.post("/v1/verifications", {name: value for name, value in said.items() if value is not None})

    def _post(self, path: str, content: bytes | Iterable[bytes], media_type: str, **query: str) -> Any:  # noqa: ANN401 - JSON of the route
        """Post with a fresh Idempotency-Key; where no answer comes, again with the same one, and a proof of its own."""
        headers = {"Content-Type": media_type, "Idempotency-Key": f'"{random_bytes(16).hex()}"'}
        for _ in range(_TRIES - 1):
            with suppress(NoAnswerError):
                return self._request("POST", path, content=content, headers=headers, params=query)
        return self._request("POST", path, content=content, headers=headers, params=query)

    def evidence(self, use: str) -> bytes:
        """Return the evidence of the answer that cost ``use``, byte for byte."""
        return self._send("GET", f"/v1/verifications/{use}/evidence").content

    def _request(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - passed on to httpx
        return self._send(method, path, **options).json()

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - passed on to httpx
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise silence(self._http.base_url, self._home if is_refused(error) else None) from error
        if response.is_success:
            return response
        raise refusal_of(response)


class _Parts:
    """A file in parts, from its beginning each time it is sent."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while part := file.read(_CHUNK):
                yield part
