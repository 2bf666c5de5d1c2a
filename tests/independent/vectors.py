"""The functions of this package on the cases of plain.json to digests.json (tests/vectors/README.md)."""

import copy
from types import SimpleNamespace
from typing import Any

from . import attestation as a
from . import claim, consent, controllers, fieldproof, question, schema, statement, strict, use, values
from .crypto import hashed_text, keccak, struct_hash, tagged, typed_digest, word
from .errors import need

STATUS = "StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason,uint64 deadline)"
ASKED = (
    "Asked(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint64 notBefore,uint64 expiresAt,"
    "uint32 maxUses,uint32 retentionDays,address spendKey,bytes32 salt)"
)
CHANGE = "Change(bytes32 consent,uint24 number,uint8 kind,bytes32 wordDigest)"
GRANT = "Grant(bytes32 consent,bytes32 signaturesDigest)"
ANSWER = "Answer(bytes32 request,bytes32 consent)"
RECEIPT = (
    "Receipt(string act,bytes32 keeper,bytes32 id,bytes32 transaction,uint64 blockNumber,bytes32 blockHash,"
    "uint64 blockTime,uint32 number,bytes32 use,bytes32 basis,string statement)"
)
RECORDED = "This is recorded on the ledger. 本事项已记录于账本。"


def changed(value: Any, changes: list[dict[str, Any]]) -> Any:
    """The value with each JSON pointer replaced, added or removed, in order."""
    value = copy.deepcopy(value)
    for change in changes:
        *way, last = [s.replace("~1", "/").replace("~0", "~") for s in change["path"].split("/")[1:]]
        at = value
        for step in way:
            at = at[int(step)] if isinstance(at, list) else at[step]
        key: Any = int(last) if isinstance(at, list) else last
        if change.get("remove"):
            del at[key]
        elif isinstance(at, list) and key == len(at):
            at.append(change["value"])
        else:
            at[key] = change["value"]
    return value


def field_proof(case: dict[str, Any]) -> str:
    """One question about one committed field."""
    read = schema.read(case["schema"])
    asked = question.read(case["question"], {read.name: read})
    field = read.by_name[asked.field]
    as_of = values.day(case["as_of"]) if "as_of" in case else 0
    meant = statement.of(asked, field, as_of)
    proof = fieldproof.read(case["proof"], field)
    return fieldproof.check(proof, meant, field, read, strict.octets(case["fields_root"], 32)).outcome


def attestation(case: dict[str, Any]) -> str:
    """Rules 1 to 5, as far as no fact of the chain is needed."""
    header, anchor = a.read_header(case["header"]), a.read_anchor(case["anchor"])
    one = a.Attestation(header, anchor, strict.integer(case["index"]), a.read_path(case["path"]), b"", header.digest())
    network = case["network"]
    need(header.schema_id == schema.read(case["schema"]).id, "schema_mismatch")
    trusted = (network["chain_id"], strict.octets(network["anchor_registry"], 20))
    need((header.chain_id, header.anchor_registry) == trusted, "other_network")
    a.check_place(one)
    need(anchor.stream == 0 and anchor.digest() == strict.octets(case["held"], 32), "not_anchored")
    need(header.issuer == anchor.member, "issuer_mismatch")
    return "holds"


def claim_case(case: dict[str, Any]) -> str:
    """The text and the JSON of a claim are read to the same, and what follows from its parts."""
    schemas = {one.name: one for one in map(schema.read, case["schemas"])}
    asked = case["question"]
    for value in strict.items(asked.get("of", [asked]), claim.MAX_PARTS):
        _on_ladder(value, schemas)
    read = claim.read(asked, schemas)
    need(claim.read_text(case["text"], schemas).text == case["text"], "question_malformed")
    need(read.text == case["text"], "question_malformed")
    return claim.outcome(read, case["parts"])


def _on_ladder(value: Any, schemas: dict[str, schema.Schema]) -> None:
    """A threshold that does not move with asOf is one of the ladder."""
    if isinstance(value, dict) and "of" not in value and not isinstance(value.get("operand"), dict):
        part = question.read(value, schemas)
        statement.of(part, schemas[part.schema].by_name[part.field], 0)


def changes(message: dict[str, Any]) -> bytes:
    """keccak(abi.encode(uint256[] words, uint256[] masks)), or zero for none (clause 7)."""
    words, masks = ([int(w) for w in message[name]] for name in ("words", "masks"))
    if not words:
        return bytes(32)
    head = word(64) + word(64 + 32 * (1 + len(words)))
    return keccak(head, *(word(len(part)) + b"".join(map(word, part)) for part in (words, masks)))


REASONS = {
    "consent": "consent_id_mismatch",
    "request": "consent_id_mismatch",
    "grant": "consent_signatures_differ",
    "ticket": "use_differs",
    "use": "use_signature_wrong",
    "uses": "uses_differ",
    "anchor": "not_anchored",
    "controllers": "controllers_mismatch",
    "withdrawal": "consent_wrong_secret",
}


def digest(case: dict[str, Any]) -> str:
    """A digest over a message."""
    kind, message, domain = case["kind"], case["message"], case.get("domain", {})
    if kind in BARE:
        found = BARE[kind](message)
    else:
        found = typed_digest(domain["chain_id"], strict.octets(domain["contract"], 20), STRUCTS[kind](message))
    need(found == strict.octets(case["digest"], 32), REASONS.get(kind, "key_not_valid"))
    return "holds"


def _b32(message: dict[str, Any], name: str) -> bytes:
    return strict.octets(message[name], 32)


def _uses(message: dict[str, Any]) -> bytes:
    counted = [use.Counted(one["number"], _b32(one, "ticket"), one["time"]) for one in message["uses"]]
    return use.uses_digest(_b32(message, "consent"), counted)


def _grant(message: dict[str, Any]) -> bytes:
    return consent.granted(_b32(message, "withdrawal_hash"), message["signatures"])


BARE = {
    "anchor": lambda message: a.read_anchor(message).digest(),
    "controllers": lambda message: controllers.read(message).commitment(),
    "withdrawal": lambda message: tagged(0x40, _b32(message, "secret")),
    "grant": _grant,
    "uses": _uses,
}


def _consent(message: dict[str, Any]) -> bytes:
    terms, bounds = consent.read_terms(message["terms"]), consent.read_bounds(message["bounds"])
    return struct_hash(consent.CONSENT, terms.struct(), bounds.struct())


def _request(message: dict[str, Any]) -> bytes:
    """What a bank asks for, and the answer key."""
    asked = message["asked"]
    strict.members(asked, f"{consent.SCOPE} not_before expires_at max_uses retention_days spend_key salt")
    scope, limits = consent.read_scope(asked), consent.read_limits(asked)
    words = consent.scope_words(SimpleNamespace(**scope))
    rest = scope["retention_days"], strict.octets(asked["spend_key"], 20), scope["salt"]
    inner = struct_hash(ASKED, *words, *limits, *rest)
    return struct_hash(
        f"Request(Asked asked,address answerKey){ASKED}", inner, strict.octets(message["answer_key"], 20)
    )


def _change(message: dict[str, Any]) -> bytes:
    bound = bytes(32) if message["word"] is None else consent.word_digest(message["word"])
    return struct_hash(CHANGE, _b32(message, "consent"), message["number"], message["kind"], bound)


def _ticket(message: dict[str, Any]) -> bytes:
    seen = {name: message[name] for name in ("number", "answered_by", "not_after", "nonce", "seed")}
    shown = use.read({**seen, "signature": "0x" + "00" * 65, "uses": []})
    asked = {_b32(group, "department"): group["claims"] for group in message["groups"]}
    return shown.ticket(_b32(message, "consent"), _b32(message, "bank"), message["purpose"], asked)


def _batch(message: dict[str, Any]) -> bytes:
    names = ("member", "root", "previous_root")
    member, root, previous = (strict.octets(message[name], 32) for name in names)
    numbers = member, message["stream"], message["number"], root, message["size"]
    return struct_hash(a.BATCH, *numbers, previous, changes(message), message["deadline"])


def _status(message: dict[str, Any]) -> bytes:
    member = strict.octets(message["member"], 32)
    numbers = message["number"], message["plane"]
    return struct_hash(STATUS, member, *numbers, changes(message), message["reason"], message["deadline"])


def _receipt(message: dict[str, Any]) -> bytes:
    names = ("keeper", "id", "transaction", "block_hash")
    keeper, identity, transaction, block_hash = (strict.octets(message[name], 32) for name in names)
    use = strict.octets(message["use"], 32) if message["use"] else 0
    basis = tagged(0x70, strict.canonical(message["basis"]))
    block = message["block_number"], block_hash, message["block_time"]
    head = hashed_text(message["act"]), keeper, identity, transaction, *block
    return struct_hash(RECEIPT, *head, message["number"], use, basis, hashed_text(RECORDED))


STRUCTS = {
    "batch": _batch,
    "status_change": _status,
    "consent": _consent,
    "request": _request,
    "grant_word": lambda message: struct_hash(
        GRANT, _b32(message, "consent"), consent.signatures_digest(message["signatures"])
    ),
    "answer": lambda message: struct_hash(ANSWER, _b32(message, "request"), _b32(message, "consent")),
    "change": _change,
    "ticket": _ticket,
    "use": lambda message: struct_hash(
        use.USE, _b32(message, "consent"), message["number"], _b32(message, "ticket"), message["not_after"]
    ),
    "receipt": _receipt,
}
