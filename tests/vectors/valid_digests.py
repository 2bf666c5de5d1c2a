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
    "deadline": 1_794_172_800,
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
    "deadline": 1_794_172_800,
}
SCOPE = {
    "version": 2,
    "subject": hexed(h("subject")),
    "grantee": hexed(h("bank")),
    "grantee_name": "虚构银行",
    "purpose": "loan_application",
    "purpose_text": "Decide on a loan application 贷款申请审批",
    "questions": ["firm_facts.paid >= 2000 CNY during 2025", "firm_facts.grade in {A, B}"],
    "departments": [hexed(h("member", "tax")), hexed(h("member", "registrar"))],
    "data_from": "2024-01-01",
    "data_to": "2025-12-31",
}
LIMITS = {"not_before": 1_794_000_000, "expires_at": 1_795_000_020, "max_uses": 3}
TERMS = {
    **SCOPE,
    "retention_days": 31,
    "salt": hexed(h("salt of terms")),
    "language": "zh",
    "text_digest": hexed(h("the text that was shown")),
    "wording": hexed(h("the words of the council")),
    "department_names": ["虚构市市场监督管理局", "虚构市税务局"],
}
BOUNDS = {
    **LIMITS,
    "grant_before": 1_794_100_020,
    "spend_key": hexed(h("spend key")[:20]),
    "steward_key": hexed(h("steward key")[:20]),
    "withdrawal_hash": hexed(naive_ledger.digest("withdrawal", {"secret": hexed(h("withdrawal secret"))}, None)),
}
CONSENT = {"terms": TERMS, "bounds": BOUNDS}
REQUEST = {
    "asked": {
        **SCOPE,
        **LIMITS,
        "retention_days": 31,
        "spend_key": BOUNDS["spend_key"],
        "salt": hexed(h("salt of a request")),
    },
    "answer_key": hexed(h("answer key")[:20]),
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
EACH = [{"person": number, "address": address} for number, address in enumerate(ADDRESSES, start=1)]
CONTROLLERS = {"keys": EACH, "threshold": 2, "salt": hexed(h("controllers' salt"))}
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
PASSKEYS = [
    {"person": 2, "passkey": {"rp_id_hash": RP_ID_HASH, "public_key": POINTS[0]}},
    {"person": 1, "passkey": {"rp_id_hash": RP_ID_HASH, "public_key": POINTS[1]}},
]
MIXED = {"keys": [EACH[0], *PASSKEYS], "threshold": 2, "salt": CONTROLLERS["salt"]}
ID = hexed(naive_ledger.digest("consent", CONSENT, CONSENTS))
TWO_DEVICES = [EACH[0], {**EACH[1], "person": 1}, EACH[2]]
SIGNATURES = ["0x" + "11" * 65, "0x" + "12" * 65]
WORD = {"controllers": CONTROLLERS, "signatures": SIGNATURES}
GROUPS = [
    {"department": "0x" + "00" * 32, "claims": ["firm_facts.grade in {A, B}"]},
    {"department": hexed(h("member", "tax")), "claims": ["firm_facts[issuer=0x00].paid >= 2000 CNY", "另一问题"]},
]
TICKET = {
    "version": 2,
    "consent": ID,
    "number": 2,
    "bank": TERMS["grantee"],
    "purpose": TERMS["purpose"],
    "answered_by": hexed(h("member", "keeper")),
    "groups": GROUPS,
    "seed": hexed(h("seed of claims")),
    "not_after": 1_794_086_700,
    "nonce": hexed(h("nonce")),
}
TICKET_ID = hexed(naive_ledger.digest("ticket", TICKET, CONSENTS))
USE = {"consent": ID, "number": 2, "ticket": TICKET_ID, "not_after": TICKET["not_after"]}
USES = {
    "consent": ID,
    "uses": [
        {"number": 3, "ticket": hexed(h("another ticket")), "time": 1_794_050_000},
        {"number": 2, "ticket": TICKET_ID, "time": 1_794_086_400},
    ],
}
SHOWN = {"consent": {"id": ID, **CONSENT, "signatures": SIGNATURES, "controllers": CONTROLLERS}}
USED = {
    "act": "used",
    "keeper": hexed(h("member", "keeper")),
    "id": ID,
    "transaction": hexed(h("transaction")),
    "block_number": 41,
    "block_hash": hexed(h("block")),
    "block_time": 1_794_086_400,
    "number": 2,
    "use": TICKET_ID,
    "basis": {**SHOWN, "use": {"not_after": TICKET["not_after"], "signature": "0x" + "13" * 65}},
}
GRANTED = {**USED, "act": "granted", "number": 0, "use": None, "basis": SHOWN}


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
        case("status_erased", "status_change", {**STATUS, "reason": 2}, DOMAIN),
        case("status_superseded", "status_change", {**STATUS, "plane": 1}, DOMAIN),
        case("consent", "consent", CONSENT, CONSENTS),
        case("consent_all_departments_any_data", "consent", {**CONSENT, "terms": {**TERMS, **ANY}}, CONSENTS),
        case("request", "request", REQUEST, CONSENTS),
        case("grant", "grant", {"withdrawal_hash": BOUNDS["withdrawal_hash"], "signatures": SIGNATURES}),
        case("grant_word", "grant_word", {"consent": ID, "signatures": SIGNATURES}, CONSENTS),
        case("answer", "answer", {"request": hexed(h("request")), "consent": ID}, CONSENTS),
        case("answer_of_a_refusal", "answer", {"request": hexed(h("request")), "consent": "0x" + "00" * 32}, CONSENTS),
        case("pause_without_a_word", "change", {"consent": ID, "number": 1, "kind": 1, "word": None}, CONSENTS),
        case("resume", "change", {"consent": ID, "number": 2, "kind": 2, "word": WORD}, CONSENTS),
        case("ticket", "ticket", TICKET, CONSENTS),
        case("use", "use", USE, CONSENTS),
        case("uses", "uses", USES),
        case("uses_none", "uses", {"consent": ID, "uses": []}),
        case("receipt_of_a_use", "receipt", USED, CONSENTS),
        case("receipt_of_a_grant", "receipt", GRANTED, CONSENTS),
        case("anchor", "anchor", ANCHOR),
        case("controllers_2_of_3", "controllers", CONTROLLERS),
        case("controllers_2_of_2_with_two_devices", "controllers", {**CONTROLLERS, "keys": TWO_DEVICES}),
        case("controllers_1_of_1", "controllers", {**CONTROLLERS, "keys": EACH[:1], "threshold": 1}),
        case("controllers_key_and_passkeys", "controllers", MIXED),
        case("controllers_one_passkey", "controllers", {**MIXED, "keys": PASSKEYS[:1], "threshold": 1}),
        case("withdrawal", "withdrawal", {"secret": hexed(h("withdrawal secret"))}),
    ]
