"""Posting to an endpoint: the name is resolved once, and the connection goes to exactly that address.

So a name that is public when it is checked and internal when it is used (DNS rebinding) leads nowhere. TLS is
checked against the name. Redirects are not followed, proxies not used, and the answer's body is not read.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

import httpx

from api.services.webhook.address import AddressRules, Resolver, parse_url, require_address
from ledger_node.domain.error import InvalidInputError

DEADLINE_S: Final = 15.0
"""For all of it, so that an endpoint that answers drop by drop holds nobody up."""
GONE: Final = 410


class PostError(Exception):
    """An endpoint did not take a message. ``why`` may be shown; ``final`` says that it never will."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


class WebhookPost:
    """Posts messages. ``tls``: whom to trust, the system's authorities by default."""

    def __init__(
        self,
        rules: AddressRules,
        resolve: Resolver,
        *,
        tls: ssl.SSLContext | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._rules = rules
        self._resolve = resolve
        self._tls = tls or ssl.create_default_context()
        self._deadline_s = deadline_s

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> None:
        """Post once.

        Raises:
            PostError: the endpoint did not answer with 2xx, or may not be connected to.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                status = await self._status(url, headers, body)
        except TimeoutError as error:
            raise PostError("no answer in time") from error
        except InvalidInputError as error:
            raise PostError(error.reason.value) from error
        except httpx.HTTPError as error:
            raise PostError(f"no connection ({type(error).__name__})") from error
        if not 200 <= status < 300:  # noqa: PLR2004 - the 2xx of HTTP
            raise PostError(f"status {status}", final=status == GONE)

    async def _status(self, url: str, headers: Mapping[str, str], body: str) -> int:
        endpoint = parse_url(url, self._rules)
        address = await asyncio.to_thread(require_address, endpoint, self._rules, self._resolve)
        host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - of the internet protocol
        target = f"{endpoint.scheme}://{host}:{endpoint.port}{endpoint.path}"
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._deadline_s
        ) as client:
            request = client.build_request(
                "POST",
                target,
                headers={**headers, "Host": endpoint.authority},
                content=body.encode(),
                extensions={"sni_hostname": endpoint.host},
            )
            response = await client.send(request, stream=True)
            await response.aclose()
            return response.status_code
