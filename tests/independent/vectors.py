"""The functions of this package on the cases of plain.json to digests.json (tests/vectors/README.md)."""

import copy
from typing import Any

from . import attestation as a
from . import claim, consent, controllers, fieldproof, question, schema, statement, strict, values
from .crypto import hashed_text, keccak, struct_hash, tagged, typed_digest, word
from .errors import need

STATUS = "StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason)"
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


def digest(case: dict[str, Any]) -> str:
    """A digest over a message."""
    reasons = {"consent_terms": "consent_id_mismatch", "anchor": "not_anchored"}
    reasons |= {"controllers": "controllers_mismatch", "revocation": "consent_wrong_secret"}
    found = _digest(case["kind"], case["message"], case.get("domain", {}))
    need(found == strict.octets(case["digest"], 32), reasons.get(case["kind"], "key_not_valid"))
    return "holds"


def _digest(kind: str, message: dict[str, Any], domain: dict[str, Any]) -> bytes:
    if kind == "anchor":
        return a.read_anchor(message).digest()
    if kind == "controllers":
        return controllers.read(message).commitment()
    if kind == "revocation":
        return tagged(0x40, strict.octets(message["secret"], 32))
    network = domain["chain_id"], strict.octets(domain["contract"], 20)
    if kind == "consent_terms":
        return consent.read_terms(message).id(*network)
    structs = {"batch": _batch, "status_change": _status, "receipt": _receipt}
    return typed_digest(*network, structs[kind](message))


def _batch(message: dict[str, Any]) -> bytes:
    names = ("member", "root", "previous_root")
    member, root, previous = (strict.octets(message[name], 32) for name in names)
    numbers = member, message["stream"], message["number"], root, message["size"]
    return struct_hash(a.BATCH, *numbers, previous, changes(message))


def _status(message: dict[str, Any]) -> bytes:
    member = strict.octets(message["member"], 32)
    numbers = message["number"], message["plane"]
    return struct_hash(STATUS, member, *numbers, changes(message), message["reason"])


def _receipt(message: dict[str, Any]) -> bytes:
    names = ("keeper", "id", "transaction", "block_hash")
    keeper, identity, transaction, block_hash = (strict.octets(message[name], 32) for name in names)
    use = strict.octets(message["use"], 32) if message["use"] else 0
    basis = tagged(0x70, strict.canonical(message["basis"]))
    block = message["block_number"], block_hash, message["block_time"]
    head = hashed_text(message["act"]), keeper, identity, transaction, *block
    return struct_hash(RECEIPT, *head, message["number"], use, basis, hashed_text(RECORDED))
