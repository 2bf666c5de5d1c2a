"""A small world that makes bundles of evidence naively, from format.md. Change one thing, and look at the reason."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.kit import reference as ref
from tests.vectors import naive, naive_claim, naive_ledger, naive_passkey
from tests.vectors import naive_state as state
from tests.vectors.naive import hexed
from tests.vectors.naive_ledger import blob
from tests.vectors.valid import FINE, FINE_VALUES, FIRM, LEVY, LEVY_VALUES, MORE, MORE_VALUES, VALUES, fen, h

DAY = 86_400
NOW = 1_794_400_000
CHAIN_ID = 31337
GENESIS = h("genesis")
CODE = "91990000MABYF3008C"
BANK, SUBJECT = h("bank"), h("subject")
NAMES = {
    h("member", "tax"): "虚构市税务局",
    h("member", "registrar"): "虚构市市场监督管理局（统一社会信用代码登记）",
    h("member", "court"): "Court of Nowhere",
    h("member", "host"): "Host",
    BANK: "虚构银行",
}
TAX, REGISTRAR, COURT, HOST = list(NAMES)[:4]
MEMBER_KEYS = {member: h("key of", member.hex()) for member in NAMES}
CONTROLLER_KEYS = [h("controller", number) for number in range(3)]
SEALER = h("sealer")
VALIDATORS = sorted((h("validator", number) for number in range(4)), key=state.address)
CONTRACTS = {name: (h(name)[:20], h("code of", name)) for name in state.CONTRACTS}
REGISTRATION = {
    "name": "subject_registration",
    "version": 1,
    "fields": [{"name": "subject_id", "type": "code", "mode": "plain"}],
}
MINI = {
    "name": "mini",
    "version": 1,
    "fields": [{"name": "state", "type": "enum", "mode": "enum", "members": ["on", "off"]}],
}
SPECS = {spec["name"]: spec for spec in (FIRM, FINE, REGISTRATION, MINI, LEVY, MORE)}
OLD_LEVY = {
    **LEVY,
    "version": 1,
    "per": [{"field": "kind", "total": "all"}, {"field": "place"}],
    "fields": [
        *LEVY["fields"][:2],
        {**LEVY["fields"][2], "ladder": {"kind": "one_digit", "from": "1000", "to": "10000"}},
        {**LEVY["fields"][3], "members": ["A", "B", "C"]},
    ],
}
DOLLAR_LEVY = {
    **LEVY,
    "version": 1,
    "fields": [{**one, "currency": "USD"} if one["name"] == "paid" else one for one in LEVY["fields"]],
}
ISSUERS = {
    "firm_facts": TAX,
    "mini": TAX,
    "levy": TAX,
    "firm_more": TAX,
    "tax_fine": COURT,
    "subject_registration": REGISTRAR,
}
RAW = {
    "firm_facts": VALUES,
    "tax_fine": FINE_VALUES,
    "mini": {"state": "on"},
    "levy": LEVY_VALUES,
    "firm_more": MORE_VALUES,
    "subject_registration": {"subject_id": hexed(SUBJECT)},
}
EVER = (NOW - 1000 * DAY, NOW + 1000 * DAY, 0)
PAID = {"schema": "firm_facts", "field": "paid", "op": ">=", "operand": fen(200_000), "period": "2025"}
GRADE = {"schema": "firm_facts", "field": "grade", "op": "in", "operand": ["C", "D"]}
SALES = {"schema": "firm_facts", "field": "sales", "op": ">=", "operand": fen(200_000)}
INCOME = {"schema": "tax_fine", "field": "income", "op": "<", "operand": fen(48_000)}
_MADE: dict[str, dict] = {}
STATE = {"schema": "mini", "field": "state", "op": "equals", "operand": "on"}
BOTH = {"needed": 2, "of": [PAID, INCOME]}
GRADE_THEN, SALES_THEN, INCOME_THEN = ({**one, "period": "2025"} for one in (GRADE, SALES, INCOME))
BY_TAX, BY_COURT = ({"issuer": hexed(one)} for one in (TAX, COURT))
BOTH_THEN = {"needed": 2, "of": [{**PAID, **BY_TAX}, {**INCOME_THEN, **BY_COURT}]}
EITHER = {"needed": 1, "of": [PAID, INCOME]}
NEITHER = {"needed": 1, "of": [GRADE, {**INCOME, "op": ">="}]}
KIND = {"schema": "firm_facts", "field": "kind", "op": "equals", "operand": "10101", "period": "2025"}
OTHER_KIND = {**KIND, "operand": "10102"}
KEEPER = (8, 1)
"""Roles and state of a member that records consents."""
HOST_SAYS = {"reason": "no_attestation", "message": "no department has attested to this"}


@dataclass(frozen=True)
class World:
    """Everything that goes into a bundle. ``told``: claims that the host cannot tell, by number."""

    questions: tuple = (PAID, GRADE)
    told: dict = field(default_factory=dict)
    raw: dict = field(default_factory=lambda: RAW)
    headers: dict = field(default_factory=dict)
    anchors: dict = field(default_factory=dict)
    batch_signers: dict = field(default_factory=dict)
    terms: dict = field(default_factory=dict)
    signers: tuple = (0, 1)
    signed_for: dict = field(default_factory=dict)
    record: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    periods: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    entries: tuple = ((0, NOW - 9 * DAY),)
    entry: int = 0
    names: dict = field(default_factory=lambda: NAMES)
    standings: dict = field(default_factory=dict)
    """Roles and state of the member that signs the receipt."""
    every_part: bool = False
    """Whether combinations show all their parts, and not only those that decide."""
    extra_words: dict = field(default_factory=dict)
    filler: int = 12
    number: int = 1000
    time: int = NOW
    engine: str = "sealer"
    sealers: tuple = (0, 1, 2)
    committed: dict = field(default_factory=dict)
    receipt: dict | None = field(default_factory=dict)
    """Changes to the receipt, None for no receipt."""
    seed: str = "one"
    shown_by: dict = field(default_factory=dict)
    """The versions of schemas that attestations are of, where they are not the newest, by name."""
    proven_as: dict = field(default_factory=dict)
    """The question that is proven in the place of a claim's own, by the claim's number."""
    said: dict = field(default_factory=dict)
    """Members of a claim that its proof does not give, by the claim's number; a receipt signs them."""
    passkey: dict | None = None
    """Whether the third controller has a passkey, and what is other about its assertion."""

    def but(self, **changes: Any) -> "World":
        return replace(self, **changes)


def controllers(entry: int, *, passkey: bool = False) -> dict:
    addresses = [hexed(state.address(key)) for key in CONTROLLER_KEYS]
    keys = {"keys": [*addresses[:2], naive_passkey.KEY]} if passkey else {"addresses": addresses}
    return {**keys, "threshold": 2, "salt": hexed(h("controllers' salt", entry))}


def commitment(entry: int, *, passkey: bool = False) -> bytes:
    return naive_ledger.digest("controllers", controllers(entry, passkey=passkey), None)


def domain(contract: str) -> dict:
    return {"chain_id": CHAIN_ID, "contract": hexed(CONTRACTS[contract][0])}


class Attested:
    """One attestation: what is shown of it, and what proves from it."""

    def __init__(self, world: World, schema: str) -> None:
        self.spec, self.seed = world.shown_by.get(schema, SPECS[schema]), h("seed", world.seed, schema)
        raw = world.raw[schema]
        self.row = [naive.native(one, raw[one["name"]]) for one in self.spec["fields"]]
        self.header = {
            "schema_id": hexed(ref.schema_id(self.spec)),
            "fields_root": hexed(ref.fields_root(self.spec, self.seed, self.row)),
            "subject_tag": hexed(ref.subject_tag(self.seed, CODE)),
            "issuer": hexed(ISSUERS[schema]),
            "issued_at": NOW - 5 * DAY,
            "valid_until": NOW + 100 * DAY,
            "as_of": "2026-10-31",
            "period_from": "2025-01-01",
            "period_to": "2025-12-31",
            "supersedes": "0x" + "00" * 32,
            "chain_id": CHAIN_ID,
            "anchor_registry": hexed(CONTRACTS["AnchorRegistry"][0]),
            **world.headers.get(schema, {}),
        }
        self.digest = naive_ledger.header_digest(self.spec, self.header)
        digests = [h("neighbour", slot) for slot in range(5)]
        digests[2] = self.digest
        slots = ref.batch_slots(digests)
        member = self.header["issuer"]
        self.anchor = {
            "member": member,
            "stream": 0,
            "number": 3,
            "root": hexed(ref.root(slots, b"\x05")),
            "size": 5,
            "start": 300,
            "anchored_at": NOW - 4 * DAY,
            "key": hexed(state.address(MEMBER_KEYS[ISSUERS[schema]])),
            **world.anchors.get(schema, {}),
        }
        self.signer = world.batch_signers.get(schema, MEMBER_KEYS[ISSUERS[schema]])
        self.shown = {
            "header": self.header,
            "anchor": self.anchor,
            "index": 2,
            "path": [hexed(sibling) for sibling in ref.path(slots, 2, b"\x05")],
            "subject_key": hexed(ref.kdf(self.seed, "subject")),
        }

    def prove(self, question: dict) -> tuple[str, dict]:
        statement = naive.lower(self.spec, question, self.header["as_of"])
        i = naive.index_of(self.spec, question["field"])
        proof = naive.prove(self.spec, self.seed, self.row, i, statement)
        asked = {"schema": self.spec, "question": question, "statement": statement, "proof": proof}
        return naive.check_field_proof({**asked, "fields_root": self.header["fields_root"]}), proof

    def kind(self, question: dict) -> dict:
        """The member that proves what a question names."""
        if "per" not in question:
            return {}
        proofs = []
        for one in self.spec["per"]:
            says = naive_claim.says(self.spec, one["field"], question["per"][one["field"]])
            i = naive.index_of(self.spec, one["field"])
            proofs.append(naive.prove(self.spec, self.seed, self.row, i, says))
        return {"per": proofs}

    def signed(self) -> dict:
        """The batch as the department signed it, apart from what the anchor says."""
        key = {name: self.anchor[name] for name in ("member", "stream", "number")}
        rest = {"previous_root": hexed(h("previous root"))}
        message = {**self.anchor, **rest, "words": ["1"], "masks": ["4"]}
        digest = naive_ledger.digest("batch", message, domain("AnchorRegistry"))
        changes = naive_ledger.changes_digest(message["words"], message["masks"])
        return {
            **key,
            **rest,
            "superseded_digest": hexed(changes),
            "signature": hexed(state.sign(self.signer, digest)),
        }

    def words(self, world: World) -> dict:
        member, key = blob(self.anchor["member"]), blob(self.anchor["key"])
        word_number = (self.anchor["start"] + 2) // 256
        issuer = blob(self.header["issuer"])
        period = world.periods.get(issuer, EVER[:2])
        digest = naive_ledger.anchor_digest(self.anchor)
        return {
            **state.key_words(member, key, world.keys.get(member, EVER)),
            **state.name_words(member, world.names[member]),
            **state.name_words(issuer, world.names[issuer]),
            **state.period_words(blob(self.header["schema_id"]), issuer, period),
            **state.anchor_words(member, self.anchor["stream"], self.anchor["number"], digest),
            **state.status_words(member, word_number, world.status.get(member, (0, 0))),
        }


def parts_of(claim: dict) -> list[dict]:
    """The questions of a claim, in the order of their text forms."""
    parts = claim.get("of", [claim])
    return sorted(parts, key=lambda part: naive_claim.question_text(SPECS[part["schema"]], part))


def shown_claim(claim: dict, attested: dict[str, Attested], told: dict | None, *, every_part: bool = False) -> dict:
    body = {
        "claim": naive_claim.claim_text(SPECS, claim),
        "question": {**claim, "of": parts_of(claim)} if "of" in claim else claim,
        "verdict": "cannot_tell",
        "reason": None,
        "message": None,
    }
    if told:
        return {**body, **told, **({"parts": []} if "of" in claim else {"attestation": None, "proof": None})}
    outcomes, parts = [], []
    for number, part in enumerate(parts_of(claim)):
        outcome, proof = attested[part["schema"]].prove(part)
        outcomes.append(outcome)
        one = attested[part["schema"]]
        parts.append({"part": number, "attestation": hexed(one.digest), "proof": proof, **one.kind(part)})
    body["verdict"] = naive_claim.follows(claim.get("needed", 1), outcomes)
    if "of" in claim:
        return {**body, "parts": parts if every_part else deciding(claim, body["verdict"], outcomes, parts)}
    if body["verdict"] == "cannot_tell":
        body["reason"] = "value_absent"
    del parts[0]["part"]
    return {**body, **parts[0]}


def deciding(claim: dict, verdict: str, outcomes: list[str], parts: list[dict]) -> list[dict]:
    """As many parts as decide the whole; here the first ones."""
    enough = {"holds": claim["needed"], "does_not_hold": len(parts) - claim["needed"] + 1, "cannot_tell": 0}[verdict]
    return [part for part, outcome in zip(parts, outcomes, strict=True) if outcome == verdict][:enough]


def make(world: World) -> dict:
    """The bundle of a world, which nobody may change."""
    name = repr(world)
    if name not in _MADE:
        _MADE[name] = made(world)
    return _MADE[name]


def made(world: World) -> dict:
    schemas = {part["schema"] for claim in world.questions for part in parts_of(claim)} | {"subject_registration"}
    attested = {schema: Attested(world, schema) for schema in sorted(schemas)}
    claims = []
    for n, claim in enumerate(world.questions):
        proven = shown_claim(world.proven_as.get(n, claim), attested, world.told.get(n), every_part=world.every_part)
        own = {"claim": naive_claim.claim_text(SPECS, claim), "question": claim} if n in world.proven_as else {}
        claims.append({**proven, **own, **world.said.get(n, {})})
    used = {
        part["attestation"]
        for claim in claims
        for part in claim.get("parts", [claim])
        if part["attestation"] is not None
    }
    terms = {
        "version": 1,
        "subject": hexed(SUBJECT),
        "grantee": hexed(BANK),
        "grantee_name": NAMES[BANK],
        "purpose": "loan_application",
        "purpose_text": "Decide on a loan application 贷款申请审批",
        "questions": [naive_claim.claim_text(SPECS, claim) for claim in world.questions],
        "departments": [],
        "data_from": "",
        "data_to": "",
        "not_before": NOW - DAY,
        "expires_at": NOW + DAY,
        "max_uses": 3,
        "retention_days": 31,
        "salt": hexed(h("salt of terms", world.seed)),
        "language": "zh",
        "text_digest": hexed(h("the text that was shown")),
        "revocation_hash": hexed(ref.H(b"\x40", h("withdrawal secret", world.seed))),
        **world.terms,
    }
    consent = naive_ledger.digest("consent_terms", terms, {**domain("ConsentRegistry"), **world.signed_for})
    registration = attested["subject_registration"]
    presentation = {
        "claims": claims,
        "consent": {
            "id": hexed(consent),
            "terms": terms,
            "signatures": [signature_of(world, n, consent) for n in world.signers],
            "controllers": controllers(world.entry, passkey=world.passkey is not None),
        },
        "subject": {
            "credit_code": CODE,
            "registration": registration.shown,
            "proof": registration.prove({"schema": "subject_registration", "field": "subject_id", "op": "reveal"})[1],
        },
        "attestations": [
            one.shown for one in sorted(attested.values(), key=lambda one: one.digest) if hexed(one.digest) in used
        ],
    }
    needed = [one for one in attested.values() if hexed(one.digest) in used or one is registration]
    words = words_of(world, needed, consent, terms)
    held = state.State(CONTRACTS, {**words, **world.extra_words}, world.filler)
    fields = state.header_fields(held.root, world.number, world.time, b"credence", state.address(SEALER))
    header, seal, block_hash = seal_block(world, fields)
    members = {blob(one.header["issuer"]) for one in needed} | {blob(one.anchor["member"]) for one in needed}
    members.add(blob(terms["grantee"]))
    specs = [SPECS[schema] for schema in schemas] + [one.spec for one in needed if one.spec != SPECS[one.spec["name"]]]
    specs.sort(key=lambda spec: (spec["name"], spec["version"]))
    receipt = None
    if world.receipt is not None:
        receipt = {"member": hexed(HOST), "use": hexed(h("use", world.seed)), "max_age_days": None, **world.receipt}
        member = blob(receipt["member"])
        receipt.setdefault("key", hexed(state.address(MEMBER_KEYS[member])))
        signature = sign_receipt(receipt, presentation, specs, block_hash, MEMBER_KEYS[member])
        receipt.setdefault("signature", hexed(signature))
        members.add(member)
    return {
        "format": "credence-evidence/v1",
        "network": {"chain_id": CHAIN_ID, "genesis": hexed(GENESIS)},
        "presentation": presentation,
        "controllers_entry": world.entry,
        "schemas": specs,
        "members": [{"id": hexed(member), "name": world.names[member]} for member in sorted(members)],
        "batches": sorted(
            (one.signed() for one in needed), key=lambda one: (one["member"], one["stream"], one["number"])
        ),
        "block": {"header": hexed(header), "seal": None if seal is None else hexed(seal)},
        "nodes": [state.base64_of(node) for node in held.nodes(list(words))],
        "receipt": receipt,
    }


def signature_of(world: World, controller: int, consent: bytes) -> str | dict:
    if world.passkey is not None and controller == 2:
        return naive_passkey.assertion(consent, **world.passkey)
    return hexed(state.sign(h("controller", controller), consent))


def words_of(world: World, attested: list[Attested], consent: bytes, terms: dict) -> dict:
    """The words that prove every fact of the answer."""
    record = {
        "state": 1,
        "granted_at": NOW - 2 * DAY,
        "not_before": terms["not_before"],
        "expires_at": terms["expires_at"],
        "max_uses": terms["max_uses"],
        "uses": 1,
        "withdrawn_at": 0,
        "changes": 0,
        **world.record,
    }
    revocation_hash = blob(record.pop("revocation_hash", terms["revocation_hash"]))
    passkey = world.passkey is not None
    entries = [(commitment(entry, passkey=passkey), since) for entry, since in world.entries]
    words = {
        **state.consent_words(consent, tuple(record.values()), revocation_hash),
        **state.entry_words(blob(terms["subject"]), entries, world.entry),
    }
    words.update(state.name_words(blob(terms["grantee"]), world.names[blob(terms["grantee"])]))
    for one in attested:
        words.update(one.words(world))
    if world.receipt is not None:
        member = blob(world.receipt.get("member", hexed(HOST)))
        key = blob(world.receipt.get("key", hexed(state.address(MEMBER_KEYS[member]))))
        words.update(state.key_words(member, key, world.keys.get(member, EVER)))
        words.update(state.name_words(member, world.names[member]))
        words.update(state.member_words(member, world.standings.get(member, KEEPER)))
    return words


def seal_block(world: World, fields: list) -> tuple[bytes, bytes | None, bytes]:
    if world.engine == "sealer":
        return state.sealed(fields, SEALER)
    validators = [state.address(key) for key in VALIDATORS]
    signers = [VALIDATORS[n] if n < len(VALIDATORS) else h("outsider", n) for n in world.sealers]
    return state.committed(fields, validators, signers, **world.committed)


def sign_receipt(receipt: dict, presentation: dict, schemas: list[dict], block_hash: bytes, key: bytes) -> bytes:
    return state.sign(key, receipt_digest(receipt, presentation, schemas, block_hash, domain("ConsentRegistry")))


def receipt_digest(receipt: dict, presentation: dict, schemas: list[dict], block_hash: bytes, where: dict) -> bytes:
    kind = ref.H(b"AnswerReceipt(bytes32 member,bytes32 use,bytes32 blockHash,bytes32 answer)")
    ids = [hexed(ref.schema_id(spec)) for spec in schemas]
    said = {"max_age_days": receipt["max_age_days"], "presentation": presentation, "schemas": ids}
    answer = ref.H(b"\x60", canonical(said))
    return naive_ledger.signed(where, ref.H(kind, blob(receipt["member"]), blob(receipt["use"]), block_hash, answer))


def canonical(value: object) -> bytes:
    # for ASCII names and integers, RFC 8785 is sorted keys without spaces
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def trust(engine: str = "sealer", sets: list | None = None) -> dict:
    """The trust file of a world."""
    first = [SEALER] if engine == "sealer" else VALIDATORS
    sets = [{"from_block": 0, "addresses": [hexed(state.address(key)) for key in first]}] if sets is None else sets
    return {
        "format": "credence-trust/v1",
        "chain_id": CHAIN_ID,
        "genesis": hexed(GENESIS),
        "contracts": {
            name: {"address": hexed(address), "code_hash": hexed(code)} for name, (address, code) in CONTRACTS.items()
        },
        "finality": {"kind": engine, "sets": sets},
    }
