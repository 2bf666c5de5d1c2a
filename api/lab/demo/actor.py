"""What the people of the story do, in terms of the Python client."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from api.catalogue.synthetic import write_export
from api.client.client import Client
from api.client.consent import accept, purpose_of, signing_domain
from api.client.spending import OfferedSpendKey
from api.home.home import Home
from api.lab.demo.server import InstanceProcess
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.purpose import Purpose
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.spending import SpendSeed
from ledger_node.randomness import random_bytes

_POLL_S: Final = 0.05
_DAY: Final = 86_400
DEPARTMENTS: Final = {
    "tax_payment": "tax-bureau",
    "tax_credit_rating": "tax-bureau",
    "penalty_summary": "market-regulator",
}
"""Which department attests to which type."""


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


def attest_all(served: InstanceProcess, folder: Path, rows: int, seed: int) -> None:
    """Have every department attest to an export of ``rows`` rows, which stays in ``folder``."""
    for schema, department in DEPARTMENTS.items():
        attest(served.client(department), export_of(folder, schema, rows, seed), schema, lambda _: None)


def export_of(folder: Path, schema: str, rows: int, seed: int) -> Path:
    """Write a synthetic export and return its file."""
    file = folder / f"{schema}-{seed}.csv"
    write_export(file, schema, rows, seed=seed)
    return file


def register(client: Client, home: Home, name: str, credit_code: str) -> str:
    """Register a firm with a fresh key and return its subject id."""
    key = random_bytes(32)
    home.write_key(name, key)
    body: dict[str, JSON] = {
        "credit_code": credit_code,
        "controllers": [{"person": 1, "address": to_hex(address_of(key))}],
        "threshold": 1,
    }
    registered = client.post("/v1/subjects", body)
    home.add_credential(name, {"kind": "subject", "id": registered["subject"], "key": f"keys/{name}.json"})
    return str(registered["subject"])


def consent_request(
    subject: bytes,
    bank: tuple[str, bytes],
    purpose: Purpose,
    questions: Sequence[str],
    key: OfferedSpendKey,
    *,
    days: int,
    uses: int,
) -> ConsentRequest:
    """Return what a bank (its name and id) asks of a firm, from now on; ``key`` spends the uses."""
    name, grantee = bank
    now = whole_minute(clock.now())
    return ConsentRequest(
        subject=subject,
        grantee=grantee,
        grantee_name=name,
        purpose=purpose.code,
        purpose_text=purpose.text(Language.CHINESE),
        questions=tuple(questions),
        departments=(),
        not_before=now,
        expires_at=now + days * _DAY,
        max_uses=uses,
        retention_days=30,
        spend_key=key.address,
        salt=key.salt,
    )


def ask(client: Client, seed: SpendSeed, subject: str, questions: Sequence[str]) -> str:
    """Have a bank ask a firm for a consent, and return the id of its request."""
    me = client.get("/v1/me")
    names = {member["id"]: str(member["name"]) for member in client.get("/v1/members")["members"]}
    key, bank = OfferedSpendKey.draw(seed), (names[me["id"]], from_hex(me["id"], "bank"))
    firm, purpose = from_hex(subject, "subject"), purpose_of(client, "loan_application")
    request = consent_request(firm, bank, purpose, questions, key, days=30, uses=3)
    body: dict[str, JSON] = {"request": request.to_json(), "answer_key": to_hex(seed.answer_key(key.salt))}
    return str(client.post("/v1/consent-requests", body)["id"])


def accept_request(client: Client, key: bytes, request: str) -> tuple[str, bytes]:
    """Have a firm grant what it was asked for; return the id of the consent and its withdrawal secret."""
    wanted = next(one for one in client.get("/v1/consent-requests")["requests"] if one["id"] == request)
    return _sign(client, key, ConsentRequest.from_json(wanted["request"]), request)


def grant(
    client: Client,
    key: bytes,
    bank: str,
    questions: Sequence[str],
    *,
    seed: SpendSeed,
    purpose: str = "loan_application",
    uses: int = 3,
    days: int = 30,
) -> tuple[str, bytes]:
    """Have a firm grant a consent of its own accord; return its id and its withdrawal secret. ``seed``: the bank's."""
    members = {member["name"]: member for member in client.get("/v1/members")["members"]}
    subject = from_hex(client.get("/v1/me")["id"], "subject")
    grantee = bank, from_hex(members[bank]["id"], "grantee")
    offered = OfferedSpendKey.draw(seed)
    request = consent_request(subject, grantee, purpose_of(client, purpose), questions, offered, days=days, uses=uses)
    return _sign(client, key, request, None)


def _sign(client: Client, key: bytes, asked: ConsentRequest, request: str | None) -> tuple[str, bytes]:
    secret, domain = random_bytes(32), signing_domain(client.get("/v1/ledger"))
    consent, _ = accept(client, asked, Language.CHINESE, secret, now=clock.now())
    body: dict[str, JSON] = {
        "terms": consent.terms.to_json(),
        "bounds": consent.bounds.to_json(),
        "signatures": [to_hex(sign(consent.digest(domain), key))],
        "request": request,
    }
    return str(client.post("/v1/consents", body)["id"]), secret
