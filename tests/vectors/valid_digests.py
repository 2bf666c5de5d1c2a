"""The valid cases of digests.json."""

import hashlib

from tests.vectors import naive_ledger
from tests.vectors.naive import hexed
from tests.vectors.valid import h

DOMAIN = {"chain_id": 31337, "contract": hexed(h("AnchorRegistry")[:20])}
CONSENTS = {"chain_id": 31337, "contract": hexed(h("ConsentRegistry")[:20])}
ADDRESSES = [hexed(h("controller", number)[:20]) for number in range(3)]
BATCH = {
    "member": hexed(h("member", "tax")),
    "stream": 0,
    "number": 7,
    "root": hexed(h("root")),
    "size": 5,
    "previous_root": hexed(h("previous root")),
    "words": ["0", "17"],
    "masks": ["5", str(2**255 + 1)],
}
FIRST = {**BATCH, "number": 1, "size": 4096, "previous_root": "0x" + "00" * 32, "words": [], "masks": []}
LOG = {**BATCH, "stream": 1, "number": 3, "size": 1, "words": [], "masks": []}
STATUS = {
    "member": hexed(h("member", "tax")),
    "number": 4,
    "plane": 0,
    "words": ["1"],
    "masks": [str(2**44)],
    "reason": 1,
}
TERMS = {
    "version": 1,
    "subject": hexed(h("subject")),
    "grantee": hexed(h("bank")),
    "grantee_name": "虚构银行",
    "purpose": "loan_application",
    "purpose_text": "Decide on a loan application 贷款申请审批",
    "questions": ["firm_facts.paid >= 2000 CNY during 2025", "firm_facts.grade in {A, B}"],
    "departments": [hexed(h("member", "tax")), hexed(h("member", "registrar"))],
    "data_from": "2024-01-01",
    "data_to": "2025-12-31",
    "not_before": 1_794_000_000,
    "expires_at": 1_795_000_000,
    "max_uses": 3,
    "retention_days": 31,
    "salt": hexed(h("salt of terms")),
    "language": "zh",
    "text_digest": hexed(h("the text that was shown")),
    "revocation_hash": hexed(h("revocation hash")),
}
ANY = {"departments": [], "data_from": "", "data_to": ""}
ANCHOR = {
    "member": hexed(h("member", "tax")),
    "stream": 1,
    "number": 12,
    "root": hexed(h("root")),
    "size": 4096,
    "start": 1_048_576,
    "anchored_at": 1_794_086_400,
    "key": hexed(h("key of tax")[:20]),
}
CONTROLLERS = {"addresses": ADDRESSES, "threshold": 2, "salt": hexed(h("controllers' salt"))}
POINTS = (
    # the generator of P-256 (FIPS 186-5), and the key of RFC 6979, A.2.5
    (
        "0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ),
    (
        "0x60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    ),
)
RP_ID_HASH = "0x" + hashlib.sha256(b"portal.firm.example").hexdigest()
PASSKEYS = [{"kind": "passkey", "rp_id_hash": RP_ID_HASH, "public_key": point} for point in POINTS]
MIXED = {"keys": [ADDRESSES[0], *PASSKEYS], "threshold": 2, "salt": CONTROLLERS["salt"]}


SHOWN = {
    "consent": {
        "id": hexed(naive_ledger.digest("consent_terms", TERMS, CONSENTS)),
        "terms": TERMS,
        "signatures": ["0x" + "11" * 65],
        "controllers": CONTROLLERS,
    }
}
USED = {
    "act": "used",
    "keeper": hexed(h("member", "keeper")),
    "id": SHOWN["consent"]["id"],
    "transaction": hexed(h("transaction")),
    "block_number": 41,
    "block_hash": hexed(h("block")),
    "block_time": 1_794_086_400,
    "number": 2,
    "use": hexed(h("use")),
    "basis": SHOWN,
}
GRANTED = {**USED, "act": "granted", "number": 0, "use": None}


def case(name: str, kind: str, message: dict, domain: dict | None = None) -> dict:
    digest = hexed(naive_ledger.digest(kind, message, domain))
    where = {} if domain is None else {"domain": domain}
    return {"name": name, "kind": kind, **where, "message": message, "digest": digest, "expect": "holds"}


def digests() -> list[dict]:
    return [
        case("batch", "batch", BATCH, DOMAIN),
        case("batch_first", "batch", FIRST, DOMAIN),
        case("batch_access_log", "batch", LOG, DOMAIN),
        case("status_revoke", "status_change", STATUS, DOMAIN),
        case("status_superseded", "status_change", {**STATUS, "plane": 1, "reason": 0}, DOMAIN),
        case("terms", "consent_terms", TERMS, CONSENTS),
        case("terms_all_departments_any_data", "consent_terms", {**TERMS, **ANY}, CONSENTS),
        case("receipt_of_a_use", "receipt", USED, CONSENTS),
        case("receipt_of_a_grant", "receipt", GRANTED, CONSENTS),
        case("anchor", "anchor", ANCHOR),
        case("controllers_2_of_3", "controllers", CONTROLLERS),
        case("controllers_1_of_1", "controllers", {**CONTROLLERS, "addresses": ADDRESSES[:1], "threshold": 1}),
        case("controllers_key_and_passkeys", "controllers", MIXED),
        case("controllers_one_passkey", "controllers", {**MIXED, "keys": PASSKEYS[:1], "threshold": 1}),
        case("revocation", "revocation", {"secret": hexed(h("withdrawal secret"))}),
    ]
