"""A small world that makes bundles of evidence naively, from format.md. Change one thing, and look at the reason."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.kit import reference as ref
from tests.vectors import naive, naive_claim, naive_ledger, naive_passkey
from tests.vectors import naive_state as state
from tests.vectors.naive import hexed
from tests.vectors.naive_controllers import History
from tests.vectors.naive_ledger import blob
from tests.vectors.valid import FINE, FINE_VALUES, FIRM, LEVY, LEVY_VALUES, MORE, MORE_VALUES, VALUES, fen, h

DAY = 86_400
NOW = 1_794_400_020
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
REGISTER_KEYS = [h("register key", number) for number in range(2)]
SEALER = h("sealer")
VALIDATORS = sorted((h("validator", number) for number in range(4)), key=state.address)
CONTRACTS = {name: (h(name)[:20], h("code of", name)) for name in state.CONTRACTS}
NEVER_PROVEN = {"DisputeVerifier": (h("DisputeVerifier")[:20], h("code of", "DisputeVerifier"))}
"""A trust file names it, and it has no storage that evidence could show."""
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
RESUMES = "I resume this consent. 我恢复本授权。"
REGISTERED, ROTATED, RECOVERED = range(3)
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
    bounds: dict = field(default_factory=dict)
    signers: tuple = (0, 1)
    persons: tuple = (1, 2, 3)
    """Who holds the keys of controllers."""
    signed_for: dict = field(default_factory=dict)
    record: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    periods: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    entries: tuple = ((0, NOW - 9 * DAY, REGISTERED, 0, 0),)
    """Set of controllers, since, kind, link, and which of the registrar's keys asked for it."""
    entry: int = 0
    """The set that signs the consent."""
    holds: tuple = ()
    """Since when the subject was held."""
    register_keys: dict = field(default_factory=dict)
    """Records of the registrar's keys that asked for entries, by their places."""
    controllers: dict = field(default_factory=dict)
    """What the bundle says otherwise of the entries and holds that it proves."""
    resumed: dict | None = None
    """Of a consent that was resumed: ``signers``, ``set``, ``number`` and ``changed_at``, where they are others."""
    use: dict = field(default_factory=dict)
    """What is other in the order that the ticket follows from."""
    spender: bytes = h("spend key")
    ticket: dict = field(default_factory=dict)
    """What is other in the ticket that the bank signed."""
    asked: tuple | None = None
    """The claims that the bank signed for, where they are others than those answered."""
    counted: dict = field(default_factory=dict)
    """What is other in the use that the ledger counted."""
    others: tuple = ((1, h("an earlier ticket"), NOW - DAY // 2),)
    """Uses that were counted before it: number, ticket and time."""
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


def controllers(world: World, number: int) -> dict:
    """A set of controllers; the third has a passkey where the world says so."""
    keys = [{"address": hexed(state.address(key))} for key in CONTROLLER_KEYS]
    if world.passkey is not None:
        keys[2] = {"passkey": naive_passkey.KEY}
    keys = [{"person": person, **key} for person, key in zip(world.persons, keys, strict=True)]
    return {"keys": keys, "threshold": 2, "salt": hexed(h("controllers' salt", number))}


def entry_of(world: World, entry: tuple) -> dict:
    """An entry of controllers as the registry holds it."""
    number, since, kind, link, key = entry
    asked = kind != ROTATED
    return {
        "commitment": naive_ledger.digest("controllers", controllers(world, number), None),
        "key": state.address(REGISTER_KEYS[key]) if asked else bytes(20),
        "since": since,
        "kind": kind,
        "link": link,
        "registrar": REGISTRAR if asked else bytes(32),
    }


def history_of(world: World) -> History:
    """All that the registry holds of the subject."""
    entries = {index: entry_of(world, entry) for index, entry in enumerate(world.entries)}
    holds = dict(enumerate(world.holds, start=1))
    marks = {
        (REGISTRAR, state.address(key)): world.register_keys.get(number, EVER)[2]
        for number, key in enumerate(REGISTER_KEYS)
    }
    return History(entries, {len(entries): 0}, {**holds, len(holds) + 1: 0}, marks)


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
        rest = {"previous_root": hexed(h("previous root")), "deadline": NOW}
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
    terms, bounds = terms_of(world), bounds_of(world)
    consent = naive_ledger.digest(
        "consent", {"terms": terms, "bounds": bounds}, {**domain("ConsentRegistry"), **world.signed_for}
    )
    signatures = [signature_of(world, n, consent) for n in world.signers]
    ticket, shown_use = use_of(world, consent, terms)
    resumption = resumption_of(world, consent)
    registration = attested["subject_registration"]
    presentation = {
        "claims": claims,
        "consent": {
            "id": hexed(consent),
            "terms": terms,
            "bounds": bounds,
            "signatures": signatures,
            "controllers": controllers(world, world.entry),
        },
        "resumption": resumption,
        "use": shown_use,
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
    asked = asked_controllers(world)
    words = words_of(world, needed, presentation, asked)
    every = subject_words(world, blob(terms["subject"]))
    held = state.State(CONTRACTS, {**every, **words, **world.extra_words}, world.filler)
    fields = state.header_fields(held.root, world.number, world.time, b"credence", state.address(SEALER))
    header, seal, block_hash = seal_block(world, fields)
    members = {blob(one.header["issuer"]) for one in needed} | {blob(one.anchor["member"]) for one in needed}
    members |= {blob(terms["grantee"])} | {member for member, _ in asked["keys"]}
    specs = [SPECS[schema] for schema in schemas] + [one.spec for one in needed if one.spec != SPECS[one.spec["name"]]]
    specs.sort(key=lambda spec: (spec["name"], spec["version"]))
    receipt = None
    if world.receipt is not None:
        receipt = {"member": hexed(HOST), "use": hexed(ticket), "max_age_days": None, **world.receipt}
        member = blob(receipt["member"])
        receipt.setdefault("key", hexed(state.address(MEMBER_KEYS[member])))
        signature = sign_receipt(receipt, presentation, specs, block_hash, MEMBER_KEYS[member])
        receipt.setdefault("signature", hexed(signature))
        members.add(member)
    keys = [{"member": hexed(member), "key": hexed(key)} for member, key in asked["keys"]]
    return {
        "format": "credence-evidence/v2",
        "network": {"chain_id": CHAIN_ID, "genesis": hexed(GENESIS)},
        "presentation": presentation,
        "controllers": {**asked, "keys": keys},
        "schemas": specs,
        "members": [{"id": hexed(member), "name": world.names[member]} for member in sorted(members)],
        "batches": sorted(
            (one.signed() for one in needed), key=lambda one: (one["member"], one["stream"], one["number"])
        ),
        "block": {"header": hexed(header), "seal": None if seal is None else hexed(seal)},
        "nodes": [state.base64_of(node) for node in held.nodes(list(words))],
        "receipt": receipt,
    }


def terms_of(world: World) -> dict:
    return {
        "version": 2,
        "subject": hexed(SUBJECT),
        "grantee": hexed(BANK),
        "grantee_name": NAMES[BANK],
        "purpose": "loan_application",
        "purpose_text": "Decide on a loan application 贷款申请审批",
        "questions": [naive_claim.claim_text(SPECS, claim) for claim in world.questions],
        "departments": [],
        "data_from": "",
        "data_to": "",
        "retention_days": 31,
        "salt": hexed(h("salt of terms", world.seed)),
        "language": "zh",
        "text_digest": hexed(h("the text that was shown")),
        "wording": hexed(h("the words of the council")),
        "department_names": [],
        **world.terms,
    }


def bounds_of(world: World) -> dict:
    return {
        "not_before": NOW - DAY,
        "expires_at": NOW + DAY,
        "max_uses": 3,
        "grant_before": NOW - DAY,
        "spend_key": hexed(state.address(h("spend key"))),
        "steward_key": hexed(state.address(h("steward key"))),
        "withdrawal_hash": hexed(ref.H(b"\x40", h("withdrawal secret", world.seed))),
        **world.bounds,
    }


def use_of(world: World, consent: bytes, terms: dict) -> tuple[bytes, dict]:
    """The ticket of the answer, and what the bundle shows of its use."""
    order = {
        "number": 2,
        "answered_by": hexed(HOST),
        "not_after": NOW + 300,
        "nonce": hexed(h("nonce", world.seed)),
        "seed": hexed(h("seed of claims", world.seed)),
        **world.use,
    }
    said = {"version": 2, "consent": hexed(consent), "bank": terms["grantee"], "purpose": terms["purpose"]}
    message = {**order, **said, "groups": groups_of(world.asked or world.questions), **world.ticket}
    ticket = naive_ledger.digest("ticket", message, domain("ConsentRegistry"))
    counted = {"number": order["number"], "ticket": hexed(ticket), "time": NOW, **world.counted}
    use = {"consent": hexed(consent), **order, "ticket": counted["ticket"]}
    digest = naive_ledger.digest("use", use, domain("ConsentRegistry"))
    order.setdefault("signature", hexed(state.sign(world.spender, digest)))
    others = [{"number": n, "ticket": hexed(other), "time": time} for n, other, time in world.others]
    return ticket, {**order, "uses": [*others, counted]}


def groups_of(claims: tuple | list) -> list[dict]:
    """The texts of claims by the department that they name, zeros for none; a combination stands with each."""
    groups: dict[str, set[str]] = {}
    for claim in claims:
        for part in claim.get("of", [claim]):
            department = part.get("issuer", hexed(bytes(32)))
            groups.setdefault(department, set()).add(naive_claim.claim_text(SPECS, claim))
    return [{"department": name, "claims": sorted(groups[name])} for name in sorted(groups)]


def resumption_of(world: World, consent: bytes) -> dict | None:
    """What controllers signed so that a paused consent goes on."""
    if world.resumed is None:
        return None
    digest = naive_ledger.change_digest(consent, world.resumed.get("number", 2), RESUMES, domain("ConsentRegistry"))
    signers = world.resumed.get("signers", (0, 1))
    said = controllers(world, world.resumed.get("set", world.entry))
    return {"controllers": said, "signatures": [signature_of(world, n, digest) for n in signers]}


def asked_controllers(world: World) -> dict:
    """Which entries and holds the bundle proves, with keys as bytes."""
    record = consent_record(world)
    times = [record["granted_at"], world.time]
    if record["state"] == 1 and record["changes"]:
        times.append(record["changed_at"])
    return {**history_of(world).query(times), **world.controllers}


def consent_record(world: World) -> dict:
    """State and times of the consent as the registry holds them."""
    bounds, resumed = bounds_of(world), world.resumed or {}
    changed = {"changes": resumed.get("number", 2), "changed_at": resumed.get("changed_at", NOW - DAY // 4)}
    return {
        "state": 1,
        "granted_at": NOW - 2 * DAY,
        **{name: bounds[name] for name in ("not_before", "expires_at", "max_uses")},
        **(changed if world.resumed is not None else {"changes": 0, "changed_at": 0}),
        **{name: value for name, value in world.record.items() if name in RECORD},
    }


RECORD = ("state", "granted_at", "not_before", "expires_at", "max_uses", "changes", "changed_at")


def subject_words(world: World, subject: bytes) -> dict:
    """All entries and holds of the subject."""
    words = {}
    for index, entry in history_of(world).entries.items():
        words.update(state.entry_words(subject, index, entry))
    for number, since in enumerate(world.holds, start=1):
        words[state.hold_slot(subject, number)] = since
    return words


def signature_of(world: World, controller: int, digest: bytes) -> str | dict:
    if world.passkey is not None and controller == 2:
        return naive_passkey.assertion(digest, **world.passkey)
    return hexed(state.sign(h("controller", controller), digest))


def controller_words(world: World, subject: bytes, asked: dict) -> dict:
    """The words of the entries, beginnings and holds that are asked for, and of the keys that asked for entries."""
    every = subject_words(world, subject)
    slots = [slot for index in asked["entries"] for slot in state.entry_slots(subject, index)]
    slots += [state.entry_slots(subject, index)[1] for index in asked["begins"]]
    slots += [state.hold_slot(subject, number) for number in asked["holds"]]
    words = {slot: every.get(slot, 0) for slot in slots}
    addresses = [state.address(key) for key in REGISTER_KEYS]
    for member, key in asked["keys"]:
        record = world.register_keys.get(addresses.index(key), EVER)
        words.update(state.key_words(member, key, record))
        words.update(state.name_words(member, world.names[member]))
    return words


def words_of(world: World, attested: list[Attested], presentation: dict, asked: dict) -> dict:
    """The words that prove every fact of the answer."""
    consent, terms, bounds = (presentation["consent"][name] for name in ("id", "terms", "bounds"))
    uses, signatures = presentation["use"]["uses"], presentation["consent"]["signatures"]
    used = sum({1 << one["number"] - 1 for one in uses})
    digests = {
        "uses_digest": naive_ledger.uses_digest(blob(consent), uses),
        "grant_digest": naive_ledger.grant_digest(bounds["withdrawal_hash"], signatures),
        "word_digest": naive_ledger.word_digest(presentation["resumption"]),
    }
    held = {"spend_key": blob(bounds["spend_key"]), "used": used, **digests, **world.record}
    spent = held["spend_key"], held["used"]
    words = {
        **state.consent_words(
            blob(consent), tuple(consent_record(world).values()), spent, tuple(held[name] for name in digests)
        ),
        **controller_words(world, blob(terms["subject"]), asked),
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
        "format": "credence-trust/v2",
        "chain_id": CHAIN_ID,
        "contracts": {
            name: {"address": hexed(address), "code_hash": hexed(code)}
            for name, (address, code) in {**CONTRACTS, **NEVER_PROVEN}.items()
        },
        "checkpoints": [],
        "eras": [{"genesis": hexed(GENESIS), "finality": {"kind": engine, "sets": sets}}],
    }
