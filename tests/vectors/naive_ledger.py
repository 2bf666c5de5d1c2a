"""Headers, batches, anchors and signed structs from JSON, naively and only from format.md. No ledger_node here."""

import json

from tests.kit import reference as ref
from tests.vectors import naive, naive_claim
from tests.vectors.naive import require

DIFFERS = {
    "batch": "key_not_valid",
    "status_change": "key_not_valid",
    "consent_terms": "consent_id_mismatch",
    "receipt": "key_not_valid",
    "anchor": "not_anchored",
    "controllers": "controllers_mismatch",
    "revocation": "consent_wrong_secret",
}
TERMS = (
    "ConsentTerms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint64 notBefore,uint64 expiresAt,"
    "uint32 maxUses,uint32 retentionDays,bytes32 salt,string language,bytes32 textDigest,bytes32 revocationHash)"
)


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


def digest(kind: str, message: dict, domain: dict | None) -> bytes:
    match kind:
        case "batch":
            name = b"Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,"
            names = ("member", "stream", "number", "root", "size", "previous_root")
            parts = [word(message[part]) for part in names]
            changes = changes_digest(message["words"], message["masks"])
            return signed(domain, ref.H(ref.H(name, b"bytes32 supersededDigest)"), *parts, changes))
        case "status_change":
            name = b"StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason)"
            parts = [word(message[part]) for part in ("member", "number", "plane")]
            changes = changes_digest(message["words"], message["masks"])
            return signed(domain, ref.H(ref.H(name), *parts, changes, word(message["reason"])))
        case "consent_terms":
            parts = [word(message[part]) for part in ("version", "subject", "grantee")]
            parts += [text(message[part]) for part in ("grantee_name", "purpose", "purpose_text")]
            parts.append(ref.H(*map(text, message["questions"])))
            parts.append(ref.H(*map(word, message["departments"])))
            parts += [text(message[part]) for part in ("data_from", "data_to")]
            names = ("not_before", "expires_at", "max_uses", "retention_days", "salt")
            parts += [word(message[part]) for part in names]
            said = [text(message["language"]), word(message["text_digest"]), word(message["revocation_hash"])]
            return signed(domain, ref.H(text(TERMS), *parts, *said))
        case "receipt":
            names = ("keeper", "id", "transaction", "block_number", "block_hash", "block_time", "number")
            parts = [word(message[part]) for part in names]
            parts.append(word(message["use"] or "0x"))
            basis = json.dumps(message["basis"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            parts += [ref.H(b"\x70", basis.encode()), text(RECORDED)]
            return signed(domain, ref.H(text(RECEIPT), text(message["act"]), *parts))
        case "anchor":
            return anchor_digest(message)
        case "controllers":
            keys = [controller(key) for key in message["keys" if "keys" in message else "addresses"]]
            return ref.H(b"\x31", blob(message["salt"]), bytes([message["threshold"], len(keys)]), *keys)
        case _:
            return ref.H(b"\x40", blob(message["secret"]))


def controller(key: str | dict) -> bytes:
    """A key in the commitment to controllers: an address, or a passkey with its relying party."""
    if isinstance(key, str):
        return b"\x01" + blob(key)
    return b"\x02" + blob(key["rp_id_hash"]) + blob(key["public_key"])


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
