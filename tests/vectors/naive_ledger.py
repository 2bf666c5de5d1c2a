"""Headers, batches, anchors and signed structs from JSON, naively and only from format.md. No ledger_node here."""

import json

from tests.kit import reference as ref
from tests.vectors import naive, naive_claim
from tests.vectors.naive import require

DIFFERS = {
    "batch": "key_not_valid",
    "status_change": "key_not_valid",
    "consent": "consent_id_mismatch",
    "request": "consent_id_mismatch",
    "grant": "consent_signatures_differ",
    "grant_word": "key_not_valid",
    "answer": "key_not_valid",
    "change": "key_not_valid",
    "use": "use_signature_wrong",
    "ticket": "use_differs",
    "uses": "uses_differ",
    "receipt": "key_not_valid",
    "anchor": "not_anchored",
    "controllers": "controllers_mismatch",
    "withdrawal": "consent_wrong_secret",
}
BATCH = (
    "Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,"
    "bytes32 supersededDigest,uint64 deadline)"
)
STATUS = "StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason,uint64 deadline)"
WHAT = (
    "uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,"
)
TERMS = (
    f"Terms({WHAT}uint32 retentionDays,bytes32 salt,string language,bytes32 textDigest,bytes32 wording,"
    "string[] departmentNames)"
)
ASKED = (
    f"Asked({WHAT}uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint32 retentionDays,address spendKey,bytes32 salt)"
)
BOUNDS = (
    "Bounds(uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint64 grantBefore,address spendKey,address stewardKey,"
    "bytes32 withdrawalHash)"
)
CONSENT = f"Consent(Terms terms,Bounds bounds){BOUNDS}{TERMS}"
REQUEST = f"Request(Asked asked,address answerKey){ASKED}"
GRANT = "Grant(bytes32 consent,bytes32 signaturesDigest)"
ANSWER = "Answer(bytes32 request,bytes32 consent)"
CHANGE = "Change(bytes32 consent,uint24 number,uint8 kind,bytes32 wordDigest)"
USE = "Use(bytes32 consent,uint32 number,bytes32 ticket,uint64 notAfter)"
TICKET = (
    "UseTicket(uint16 version,bytes32 consent,uint32 number,bytes32 bank,string purpose,bytes32 answeredBy,"
    "bytes32 claimsRoot,uint64 notAfter,bytes32 nonce)"
)
CLAIM_SLOTS = 16


RECEIPT = (
    "Receipt(string act,bytes32 keeper,bytes32 id,bytes32 transaction,uint64 blockNumber,bytes32 blockHash,"
    "uint64 blockTime,uint32 number,bytes32 use,bytes32 basis,string statement)"
)
RECORDED = "This is recorded on the ledger. 本事项已记录于账本。"


def blob(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def word(value: object) -> bytes:
    """One ABI word of an integer, or of bytes up to 32 (addresses stand at the end)."""
    return value.to_bytes(32, "big") if isinstance(value, int) else b"\x00" * (32 - len(blob(value))) + blob(value)


def header_digest(spec: dict, header: dict) -> bytes:
    """D of a header that says it is of ``spec``."""
    days = {name: ref.date(header[name]) for name in ("as_of", "period_from", "period_to")}
    rest = {**header, **days}
    for name in ("issuer", "supersedes"):
        rest[name] = blob(header[name])
    rest["registry"] = blob(header["anchor_registry"])
    return ref.header(spec, blob(header["fields_root"]), blob(header["subject_tag"]), rest)


def anchor_digest(anchor: dict) -> bytes:
    names = ("member", "stream", "number", "root", "size", "start", "anchored_at", "key")
    return ref.H(*(word(anchor[name]) for name in names))


def changes_digest(words: list[str], masks: list[str]) -> bytes:
    if not words:
        return bytes(32)
    lists = [word(len(words)), *map(word, map(int, words)), word(len(masks)), *map(word, map(int, masks))]
    return ref.H(word(64), word(64 + 32 + 32 * len(words)), *lists)


def signed(domain: dict, struct: bytes) -> bytes:
    kind = ref.H(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    where = word(domain["chain_id"]) + word(domain["contract"])
    return ref.H(b"\x19\x01", ref.H(kind, ref.H(b"Credence"), ref.H(b"1"), where), struct)


def text(value: str) -> bytes:
    return ref.H(value.encode())


def canonical(value: object) -> bytes:
    # for ASCII names and integers, RFC 8785 is sorted keys without spaces
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def struct(kind: str, message: dict, names: str) -> bytes:
    """The struct hash of members that are one word each."""
    return ref.H(text(kind), *(word(message[name]) for name in names.split()))


def what(message: dict) -> list[bytes]:
    """The words that terms and requests begin with."""
    parts = [word(message[part]) for part in ("version", "subject", "grantee")]
    parts += [text(message[part]) for part in ("grantee_name", "purpose", "purpose_text")]
    parts.append(ref.H(*map(text, message["questions"])))
    parts.append(ref.H(*map(word, message["departments"])))
    return [*parts, *(text(message[part]) for part in ("data_from", "data_to"))]


def terms_hash(terms: dict) -> bytes:
    said = [word(terms["retention_days"]), word(terms["salt"]), text(terms["language"]), word(terms["text_digest"])]
    said += [word(terms["wording"]), ref.H(*map(text, terms["department_names"]))]
    return ref.H(text(TERMS), *what(terms), *said)


def bounds_hash(bounds: dict) -> bytes:
    names = "not_before expires_at max_uses grant_before spend_key steward_key withdrawal_hash"
    return struct(BOUNDS, bounds, names)


def asked_hash(asked: dict) -> bytes:
    names = ("not_before", "expires_at", "max_uses", "retention_days", "spend_key", "salt")
    return ref.H(text(ASKED), *what(asked), *(word(asked[name]) for name in names))


def signatures_digest(signatures: list) -> bytes:
    return ref.H(b"\x41", canonical(signatures))


def word_digest(said: dict | None) -> bytes:
    """What a change binds of the controllers' word; zeros for none."""
    if said is None:
        return bytes(32)
    return ref.H(b"\x42", canonical({name: said[name] for name in ("controllers", "signatures")}))


def grant_digest(withdrawal_hash: str, signatures: list) -> bytes:
    return ref.H(word(withdrawal_hash), signatures_digest(signatures))


def claims_root(seed: bytes, groups: list[dict]) -> bytes:
    """The tree of 16 salted slots; each of ``groups`` is a department, zeros for none, with its claims' texts."""
    level = []
    for number in range(CLAIM_SLOTS):
        salt = ref.kdf(seed, "slot", number)
        if number < len(groups):
            group = groups[number]
            level.append(ref.H(b"\x57", salt, blob(group["department"]), ref.H(canonical(group["claims"]))))
        else:
            level.append(ref.H(b"\x59", salt))
    while len(level) > 1:
        level = [ref.H(b"\x58", *level[n : n + 2]) for n in range(0, len(level), 2)]
    return level[0]


def ticket_hash(message: dict) -> bytes:
    root = claims_root(blob(message["seed"]), message["groups"])
    head = [word(message[name]) for name in ("version", "consent", "number", "bank")]
    rest = [word(message["answered_by"]), root, word(message["not_after"]), word(message["nonce"])]
    return ref.H(text(TICKET), *head, text(message["purpose"]), *rest)


def change_digest(consent: bytes, number: int, statement: str, domain: dict) -> bytes:
    """What controllers sign to pause or resume."""
    kind = text("ConsentChange(bytes32 consent,uint24 number,string statement)")
    return signed(domain, ref.H(kind, consent, word(number), text(statement)))


def uses_digest(consent: bytes, uses: list[dict]) -> bytes:
    """What the registry holds after these uses, in the order in which they were counted."""
    for one in uses:
        consent = ref.H(consent, *(word(one[name]) for name in ("number", "ticket", "time")))
    return consent


def digest(kind: str, message: dict, domain: dict | None) -> bytes:
    match kind:
        case "anchor":
            return anchor_digest(message)
        case "controllers":
            keys = [controller(key) for key in message["keys"]]
            return ref.H(b"\x31", blob(message["salt"]), bytes([message["threshold"], len(keys)]), *keys)
        case "withdrawal":
            return ref.H(b"\x40", blob(message["secret"]))
        case "grant":
            return grant_digest(message["withdrawal_hash"], message["signatures"])
        case "uses":
            return uses_digest(blob(message["consent"]), message["uses"])
        case _:
            return signed(domain, STRUCTS[kind](message))


def batch_hash(message: dict) -> bytes:
    names = ("member", "stream", "number", "root", "size", "previous_root")
    parts = [word(message[part]) for part in names]
    changes = changes_digest(message["words"], message["masks"])
    return ref.H(text(BATCH), *parts, changes, word(message["deadline"]))


def status_hash(message: dict) -> bytes:
    parts = [word(message[part]) for part in ("member", "number", "plane")]
    changes = changes_digest(message["words"], message["masks"])
    return ref.H(text(STATUS), *parts, changes, word(message["reason"]), word(message["deadline"]))


def change_hash(message: dict) -> bytes:
    parts = [word(message[part]) for part in ("consent", "number", "kind")]
    return ref.H(text(CHANGE), *parts, word_digest(message["word"]))


def receipt_hash(message: dict) -> bytes:
    names = ("keeper", "id", "transaction", "block_number", "block_hash", "block_time", "number")
    parts = [word(message[part]) for part in names]
    parts.append(word(message["use"] or "0x"))
    parts += [ref.H(b"\x70", canonical(message["basis"])), text(RECORDED)]
    return ref.H(text(RECEIPT), text(message["act"]), *parts)


STRUCTS = {
    "batch": batch_hash,
    "status_change": status_hash,
    "consent": lambda message: ref.H(text(CONSENT), terms_hash(message["terms"]), bounds_hash(message["bounds"])),
    "request": lambda message: ref.H(text(REQUEST), asked_hash(message["asked"]), word(message["answer_key"])),
    "grant_word": lambda message: ref.H(
        text(GRANT), word(message["consent"]), signatures_digest(message["signatures"])
    ),
    "answer": lambda message: struct(ANSWER, message, "request consent"),
    "change": change_hash,
    "use": lambda message: struct(USE, message, "consent number ticket not_after"),
    "ticket": ticket_hash,
    "receipt": receipt_hash,
}


def controller(key: dict) -> bytes:
    """A key in the commitment to controllers: whose it is, and an address, or a passkey with its relying party."""
    person = bytes([key["person"]])
    if "address" in key:
        return person + b"\x01" + blob(key["address"])
    return person + b"\x02" + blob(key["passkey"]["rp_id_hash"]) + blob(key["passkey"]["public_key"])


def check_digest(case: dict) -> str:
    found = digest(case["kind"], case["message"], case.get("domain"))
    require(naive.hexed(found) == case["digest"], DIFFERS[case["kind"]])
    return "holds"


def check_attestation(case: dict) -> str:
    spec, header, anchor, network = case["schema"], case["header"], case["anchor"], case["network"]
    require(header["schema_id"] == naive.hexed(ref.schema_id(spec)), "schema_mismatch")
    where = header["chain_id"], header["anchor_registry"]
    require(where == (network["chain_id"], network["anchor_registry"]), "other_network")
    require(0 <= case["index"] < anchor["size"], "index_out_of_range")
    depth = 0
    while 2**depth < anchor["size"]:
        depth += 1
    require(len(case["path"]) == depth, "path_length")
    start = ref.H(b"\x04", header_digest(spec, header))
    root = naive.climb(start, case["index"], case["path"], b"\x05")
    require(naive.hexed(root) == anchor["root"], "not_in_batch")
    require(anchor["stream"] == 0 and naive.hexed(anchor_digest(anchor)) == case["held"], "not_anchored")
    require(header["issuer"] == anchor["member"], "issuer_mismatch")
    return "holds"


def check(case: dict) -> str:
    """What a case of any kind shows, or a refusal."""
    match case["kind"]:
        case "field_proof":
            return naive.check_field_proof(case)
        case "attestation":
            return check_attestation(case)
        case "claim":
            return naive_claim.check_claim(case)
        case _:
            return check_digest(case)


def changed(case: dict, changes: list[dict]) -> dict:
    """A copy of ``case`` with every change made; what is not changed is shared."""
    for change in changes:
        names = [name.replace("~1", "/").replace("~0", "~") for name in change["path"].split("/")[1:]]
        case = with_member(case, names, change)
    return case


def with_member(value: object, names: list[str], change: dict) -> object:
    copy = dict(value) if isinstance(value, dict) else list(value)
    key = names[0] if isinstance(value, dict) else int(names[0])
    if len(names) > 1:
        copy[key] = with_member(value[key], names[1:], change)
    elif change.get("remove"):
        del copy[key]
    elif isinstance(copy, list) and key == len(copy):
        copy.append(change["value"])
    else:
        copy[key] = change["value"]
    return copy
