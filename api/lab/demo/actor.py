"""What the people of the story do, in terms of the Python client."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from api.client.client import Client
from api.client.consent import accept, purpose_of, signing_domain
from api.home.home import Home
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.randomness import random_bytes

_POLL_S: Final = 0.05
_DAY: Final = 86_400


def attest(client: Client, file: Path, schema: str, on_progress: Callable[[int], None], **said: bool) -> Any:  # noqa: ANN401
    """Send a file in and return its finished job; ``said`` as for ``Client.upload``."""
    job = client.upload(file, schema, **said)
    while (state := client.job(job))["state"] in {"receiving", "queued", "running"}:
        on_progress(state["rows_read"])
        time.sleep(_POLL_S)
    if state["state"] == "failed":
        raise ChainError(Reason(state["reason"]), state["message"])
    on_progress(state["rows_read"])
    return state


def register(client: Client, home: Home, name: str, credit_code: str) -> str:
    """Register a firm with a fresh key and return its subject id."""
    key = random_bytes(32)
    home.write_key(name, key)
    body: dict[str, JSON] = {"credit_code": credit_code, "controllers": [to_hex(address_of(key))], "threshold": 1}
    registered = client.post("/v1/subjects", body)
    home.add_credential(name, {"kind": "subject", "id": registered["subject"], "key": f"keys/{name}.json"})
    return str(registered["subject"])


def grant(
    client: Client,
    key: bytes,
    bank: str,
    questions: Sequence[str],
    *,
    purpose: str = "loan_application",
    uses: int = 3,
    days: int = 30,
) -> tuple[str, bytes]:
    """Grant a consent and return its id and its withdrawal secret."""
    members = {member["name"]: member for member in client.get("/v1/members")["members"]}
    domain = signing_domain(client.get("/v1/ledger"))
    secret, now = random_bytes(32), clock.now()
    request = ConsentRequest(
        subject=from_hex(client.get("/v1/me")["id"], "subject"),
        grantee=from_hex(members[bank]["id"], "grantee"),
        grantee_name=bank,
        purpose=purpose,
        purpose_text=purpose_of(client, purpose).text(Language.CHINESE),
        questions=tuple(questions),
        departments=(),
        not_before=now,
        expires_at=now + days * _DAY,
        max_uses=uses,
        retention_days=30,
        salt=random_bytes(32),
    )
    terms, _ = accept(client, request, Language.CHINESE, secret)
    signature = to_hex(sign(terms.digest(domain), key))
    granted = client.post("/v1/consents", {"terms": terms.to_json(), "signatures": [signature]})
    return str(granted["id"]), secret
