"""The vectors of tests/vectors: the product gives every expected result, and the reference every valid one."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from ledger_node.domain.batch import Anchor, Batch, ShownAttestation
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import Committer, proof_from_json, proof_to_json
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms, signatures_from_json
from ledger_node.domain.consent_act import (
    NO_WORD,
    ChangeKind,
    SignedAct,
    answer_digest,
    grant_digest,
    grant_hash,
    signatures_digest,
    steward_digest,
    withdrawal_hash,
)
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.event import Inclusion
from ledger_node.domain.fact import EVERY_PURPOSE, IssuerPeriod, KeyRecord, LedgerFacts
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Basis, Receipt
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import (
    AtLeast,
    Below,
    Between,
    Equals,
    HasAll,
    HasAny,
    HasNone,
    NoneOf,
    OneOf,
    Reveal,
    lower,
)
from ledger_node.domain.status import WORD_BITS, Plane, StatusChange, StatusReason, changes_digest
from ledger_node.domain.subject import Controllers
from ledger_node.domain.ticket import CountedUse, UseOrder, use_digest, uses_digest
from ledger_node.domain.value import parse_date
from ledger_node.domain.verification import require_attestation
from tests.vectors import naive_ledger

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests" / "vectors"

# texts of consents have a test of their own: a word that is changed is another text, and nothing to refuse
FILES = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json")) if path.stem != "text"
}
CASES = {case["name"]: case for vectors in FILES.values() for case in vectors["cases"]}
CORRUPTIONS = [record for vectors in FILES.values() for record in vectors["corruptions"]]
PROOFS = {name: case for name, case in CASES.items() if case["kind"] == "field_proof"}
DIFFERS = {
    "batch": Reason.KEY_NOT_VALID,
    "status_change": Reason.KEY_NOT_VALID,
    "consent": Reason.CONSENT_ID_MISMATCH,
    "request": Reason.CONSENT_ID_MISMATCH,
    "grant": Reason.CONSENT_SIGNATURES_DIFFER,
    "grant_word": Reason.KEY_NOT_VALID,
    "answer": Reason.KEY_NOT_VALID,
    "change": Reason.KEY_NOT_VALID,
    "ticket": Reason.USE_DIFFERS,
    "use": Reason.USE_SIGNATURE_WRONG,
    "uses": Reason.USES_DIFFER,
    "receipt": Reason.KEY_NOT_VALID,
    "anchor": Reason.NOT_ANCHORED,
    "controllers": Reason.CONTROLLERS_MISMATCH,
    "withdrawal": Reason.CONSENT_WRONG_SECRET,
}


def blob(text):
    return bytes.fromhex(text[2:])


def statement_of(value, field):
    match value["kind"]:
        case "at_least":
            return AtLeast(value["j"])
        case "below":
            return Below(value["j"])
        case "between":
            return Between(value["low"], value["high"])
        case "one_of":
            return OneOf(frozenset(value["positions"]))
        case "none_of":
            return NoneOf(frozenset(value["positions"]))
        case "has_any" | "has_none" | "has_all" as kind:
            return {"has_any": HasAny, "has_none": HasNone, "has_all": HasAll}[kind](frozenset(value["positions"]))
        case "equals":
            return Equals(field.parse(value["value"]))
        case _:
            return Reveal()


def asked(case):
    """The schema, the field and the statement, read from the question."""
    schema = Schema.from_json(case["schema"])
    question = Question.from_json(case["question"], {schema.name: schema})
    field = schema.field(question.field)
    as_of = parse_date(case["as_of"], "as_of") if "as_of" in case else 0
    return schema, field, lower(question, field, as_of=as_of)


def field_proof(case):
    schema, field, statement = asked(case)
    assert statement == statement_of(case["statement"], field)
    proof = proof_from_json(case["proof"], field)
    return check_proof(schema, blob(case["fields_root"]), field, statement, proof)


def attestation(case):
    schema, network = Schema.from_json(case["schema"]), case["network"]
    members = {name: case[name] for name in ("header", "anchor", "index", "path")}
    shown = ShownAttestation.from_json({**members, "subject_key": "0x" + "00" * 32})
    anchor, ever = shown.anchor, (0, 2**53)
    place = (anchor.member, anchor.stream, anchor.number)
    domain = SigningDomain(network["chain_id"], blob(network["anchor_registry"]))
    facts = LedgerFacts(
        block_number=1,
        block_hash=bytes(32),
        block_time=anchor.anchored_at,
        anchor_domain=domain,
        consent_domain=domain,
        anchor_digests={place: blob(case["held"])},
        keys={(anchor.member, anchor.key): KeyRecord(*ever, 0, EVERY_PURPOSE)},
        issuers={(schema.id, shown.header.issuer): IssuerPeriod(*ever)},
        status={(anchor.member, plane, shown.position // WORD_BITS): 0 for plane in Plane},
    )
    require_attestation(shown, schema, facts)
    return "holds"


def digest(case):
    message, domain = case["message"], case.get("domain")
    where = domain and SigningDomain(domain["chain_id"], blob(domain["contract"]))
    return DIGESTS[case["kind"]](message, where)


def batch_digest(message, where):
    changes = changes_digest(*(list(map(int, message[name])) for name in ("words", "masks")))
    words = [blob(message[name]) for name in ("root", "previous_root")]
    numbers = message["stream"], message["number"], words[0], message["size"], words[1]
    return Batch(blob(message["member"]), *numbers, changes, message["deadline"]).digest(where)


def status_digest(message, where):
    changes = changes_digest(*(list(map(int, message[name])) for name in ("words", "masks")))
    member, plane, reason = blob(message["member"]), Plane(message["plane"]), StatusReason(message["reason"])
    return StatusChange(member, message["number"], plane, changes, reason, message["deadline"]).digest(where)


def consent_digest(message, where):
    return Consent(Terms.from_json(message["terms"]), Bounds.from_json(message["bounds"])).digest(where)


def signatures_of(message):
    return signatures_digest(signatures_from_json(message["signatures"]))


def steward_word(message, where):
    word = NO_WORD if message["word"] is None else SignedAct.from_json(message["word"]).digest
    kind = ChangeKind(message["kind"])
    return steward_digest(blob(message["consent"]), message["number"], kind, word, where)


def ticket_digest(message, where):
    order = UseOrder(
        number=message["number"],
        answered_by=blob(message["answered_by"]),
        not_after=message["not_after"],
        nonce=blob(message["nonce"]),
        seed=blob(message["seed"]),
        signature=bytes(65),
    )
    asked = {blob(group["department"]): group["claims"] for group in message["groups"]}
    about = {"consent": blob(message["consent"]), "bank": blob(message["bank"]), "purpose": message["purpose"]}
    return order.ticket(**about, asked=asked).digest(where)


def counted(message):
    return [CountedUse(use["number"], blob(use["ticket"]), use["time"]) for use in message["uses"]]


DIGESTS = {
    "batch": batch_digest,
    "status_change": status_digest,
    "consent": consent_digest,
    "request": lambda message, where: ConsentRequest.from_json(message["asked"]).digest(
        blob(message["answer_key"]), where
    ),
    "grant": lambda message, _: grant_hash(blob(message["withdrawal_hash"]), signatures_of(message)),
    "grant_word": lambda message, where: grant_digest(blob(message["consent"]), signatures_of(message), where),
    "answer": lambda message, where: answer_digest(blob(message["request"]), blob(message["consent"]), where),
    "change": steward_word,
    "ticket": ticket_digest,
    "use": lambda message, where: use_digest(
        blob(message["consent"]), message["number"], blob(message["ticket"]), message["not_after"], where
    ),
    "uses": lambda message, _: uses_digest(blob(message["consent"]), counted(message)),
    "receipt": lambda message, where: receipt_of(message, where).digest,
    "anchor": lambda message, _: Anchor.from_json(message).digest,
    "controllers": lambda message, _: Controllers.from_json(message).commitment,
    "withdrawal": lambda message, _: withdrawal_hash(blob(message["secret"])),
}


def receipt_of(message, domain):
    act, use = Act(message["act"]), message["use"]
    recorded = Inclusion(
        blob(message["transaction"]), message["block_number"], blob(message["block_hash"]), message["block_time"]
    )
    return Receipt(
        domain=domain,
        keeper=blob(message["keeper"]),
        act=act,
        id=blob(message["id"]),
        recorded=recorded,
        number=message["number"],
        use=use and blob(use),
        basis=Basis.from_json(message["basis"], act),
    )


def claim(case):
    schemas = {schema.name: schema for schema in map(Schema.from_json, case["schemas"])}
    asked, read = Claim.from_json(case["question"], schemas), Claim.parse(case["text"], schemas)
    asked.require_askable(schemas)
    if asked.text(schemas) != case["text"]:
        raise VerificationError(Reason.QUESTION_MALFORMED, "the words of a claim are not its question's")
    assert read == asked
    assert asked.to_json(schemas) == case["question"]
    return asked.outcome([Outcome(part) for part in case["parts"]])


def check(case):
    """What the product says of a case."""
    if case["kind"] == "claim":
        return claim(case)
    if case["kind"] == "field_proof":
        return field_proof(case)
    if case["kind"] == "attestation":
        return attestation(case)
    if digest(case) != blob(case["digest"]):
        raise VerificationError(DIFFERS[case["kind"]], "another digest")
    return "holds"


def refusal(record):
    try:
        return check(naive_ledger.changed(CASES[record["of"]], record["change"])), None
    except CredenceError as error:
        return error.reason, type(error)


def test_there_are_enough_of_them_and_no_name_twice():
    assert len(CASES) == sum(len(vectors["cases"]) for vectors in FILES.values()) >= 40
    assert len({record["name"] for record in CORRUPTIONS}) == len(CORRUPTIONS) >= 400
    belongs = Counter(record["name"].split("_")[0] for record in CORRUPTIONS)
    catalogue = [f"t{n}" for n in range(1, 15)] + ["p1", "p2", "p3", "p4", "p5", "p6", "p10", "p11", "p12"]
    assert not {*catalogue, "t16", "h1", "h2", "h3", "h4", "h5", "h7"} - set(belongs)
    assert {case["expect"] for case in CASES.values()} == {"holds", "does_not_hold", "cannot_tell"}
    assert {record["stage"] for record in CORRUPTIONS} == {"question", "form", "check"}
    assert sum(record["stage"] == "check" for record in CORRUPTIONS) >= 400


@pytest.mark.parametrize("name", CASES)
def test_product_and_reference_agree_on_the_valid_case(name):
    case = CASES[name]
    assert check(case) == naive_ledger.check(case) == case["expect"]


@pytest.mark.parametrize("name", PROOFS)
def test_the_product_commits_and_proves_byte_for_byte_as_the_vector_says(name):
    case = PROOFS[name]
    schema, field, statement = asked(case)
    assert to_hex(schema.id) == case["digests"]["schema_id"]
    committer, values, seed = Committer(schema), schema.parse_values(case["values"]), blob(case["seed"])
    tree = committer.commit(seed, values)
    assert (to_hex(tree.root), to_hex(tree.levels[0][field.index])) == (case["fields_root"], case["digests"]["leaf"])
    proof = Prover(committer, seed, values).prove(field, statement, may_disclose=True)
    assert proof_to_json(proof, field) == case["proof"]


@pytest.mark.parametrize("topic", FILES)
def test_every_corruption_is_refused_for_its_reason(topic):
    records = FILES[topic]["corruptions"]
    wrong = {record["name"]: found for record in records if (found := refusal(record)[0]) != record["expect"]["reason"]}
    assert not wrong


@pytest.mark.parametrize("topic", FILES)
def test_what_fails_the_check_is_a_no_and_what_cannot_be_asked_is_an_input_to_put_right(topic):
    kinds = {"check": VerificationError, "question": InvalidInputError}
    records = [record for record in FILES[topic]["corruptions"] if record["stage"] in kinds]
    assert records
    assert not [record["name"] for record in records if refusal(record)[1] is not kinds[record["stage"]]]


def test_the_files_are_what_the_script_writes():
    done = subprocess.run([ROOT / "scripts" / "make_vectors", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
