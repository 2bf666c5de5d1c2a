"""A small world in which everything checks: two departments, one firm, one bank, one consent.

Tests take it, change one thing with ``dataclasses.replace``, and look at the reason they get.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

from ledger_node.domain.batch import ATTESTATIONS, NO_PREDECESSOR, Anchor, Header, ShownAttestation
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import Committer, FieldProof, subject_key, subject_tag
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_act import grant_hash, signatures_digest, withdrawal_hash
from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, EntryKind
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.fact import EVERY_PURPOSE, ConsentRecord, ConsentState, IssuerPeriod, KeyRecord, LedgerFacts
from ledger_node.domain.hashing import batch_tree, path_of
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.number import decimal_text
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownConsent, ShownPart, ShownSubject
from ledger_node.domain.proof import Prover, check_proof
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.statement import Reveal, lower
from ledger_node.domain.status import Plane
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.domain.ticket import CountedUse, UseOrder, use_digest, uses_digest
from ledger_node.domain.ticket_slot import by_department
from ledger_node.domain.value import EPOCH, Period
from ledger_node.domain.verification import Policy, verify
from ledger_node.domain.wording import WordingDocument
from tests.kit import council_words


def h(*names: object) -> bytes:
    """32 bytes that stand for whatever the names say."""
    return hashlib.sha256(" ".join(map(str, names)).encode()).digest()


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days


def yuan(fen: int) -> str:
    """An amount of so many fen as JSON has it, where the scale is 2."""
    return decimal_text(fen, 2)


DAY = 86_400
NOW = day("2026-11-15") * DAY
CODE = "91990000MABYF3008C"
OTHER_CODE = "91990000MAQP1Q003N"
SUBJECT, BANK, TAX, REGISTRAR = (h("member", name) for name in ("subject", "bank", "tax", "registrar"))
CONTROLLER_KEYS = [h("controller", number) for number in range(3)]
MEMBER_KEYS = {TAX: h("key of tax"), REGISTRAR: h("key of registrar")}
ANCHOR_DOMAIN = SigningDomain(31337, h("AnchorRegistry")[:20])
CONSENT_DOMAIN = SigningDomain(31337, h("ConsentRegistry")[:20])
CONTROLLERS = Controllers(each_person(address_of(key) for key in CONTROLLER_KEYS), 2, h("controllers' salt"))
SECRET = h("withdrawal secret")
SPEND_KEY, STEWARD_KEY, ANSWER_KEY = h("spend key"), h("steward key"), h("answer key")

PURPOSES = Purposes.from_json(
    [
        {
            "code": code,
            "text": {"en": english, "zh": chinese},
            "max_days": days,
            "max_uses": uses,
            "max_uses_a_month": None,
            "max_retention_days": kept,
            "max_questions": 12,
            "topics": ["firm_facts"],
        }
        for code, english, chinese, days, uses, kept in (
            ("loan_application", "Decide on a loan application", "贷款申请审批", 31, 3, 31),
            ("guarantee", "Decide on a guarantee", "担保审查", 92, 3, 31),
        )
    ]
)
FACTS_SPEC = {
    "name": "firm_facts",
    "version": 1,
    "fields": [
        {"name": "kind", "type": "code", "mode": "plain"},
        {
            "name": "paid",
            "type": "integer",
            "currency": "CNY",
            "scale": 2,
            "mode": "ladder",
            "ladder": {"kind": "one_digit", "from": "1000", "to": "1000000"},
        },
        {
            "name": "sales",
            "type": "integer",
            "currency": "CNY",
            "scale": 2,
            "mode": "ladder",
            "optional": True,
            "ladder": {"kind": "one_digit", "from": "1000", "to": "1000000"},
        },
        {"name": "grade", "type": "enum", "mode": "enum", "members": ["A", "B", "M", "C", "D"]},
        {
            "name": "last_month",
            "type": "month",
            "mode": "ladder",
            "none_on_record": True,
            "ladder": {"kind": "months", "from": "2025-01", "to": "2026-12"},
        },
        {"name": "count", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": -2, "to": 9}},
        {"name": "year", "type": "integer", "mode": "plain"},
        {"name": "rated_on", "type": "date", "mode": "plain"},
        {"name": "listed", "type": "bool", "mode": "plain"},
        {"name": "note", "type": "text", "mode": "plain", "optional": True},
        {
            "name": "state",
            "type": "enum",
            "mode": "enum",
            "optional": True,
            "members": ["valid", "suspended", "withdrawn"],
        },
    ],
}
REGISTRATION_SPEC = {
    "name": "subject_registration",
    "version": 1,
    "fields": [{"name": "subject_id", "type": "code", "mode": "plain"}],
}
FACTS = Schema.from_json(FACTS_SPEC)
REGISTRATION = Schema.from_json(REGISTRATION_SPEC)
WORDS = WordingDocument.from_json(
    council_words.document(
        {"firm_facts": FACTS_SPEC, "subject_registration": REGISTRATION_SPEC},
        {purpose.code: {"en": purpose.text_en, "zh": purpose.text_zh} for purpose in PURPOSES.listed},
    )
)
SCHEMAS = SchemaSet((FACTS, REGISTRATION))
AMOUNT = 1_286_400
"""What the firm paid, in fen."""
RAW = {
    "kind": "10101",
    "paid": yuan(AMOUNT),
    "sales": None,
    "grade": "B",
    "last_month": "none",
    "count": 0,
    "year": 2025,
    "rated_on": "2026-04-20",
    "listed": False,
    "note": "示例",
    "state": "valid",
}
HOLDS = (
    "firm_facts.paid >= 10000 CNY during 2025",
    "firm_facts.paid < 20000 CNY during 2025",
    "firm_facts.paid between 10000 CNY and 20000 CNY",
    "firm_facts.grade in {A, B} during 2025",
    "firm_facts.grade not in {C, D}",
    "firm_facts.grade reveal",
    "firm_facts.last_month < 2025-01",
    "firm_facts.count equals 0",
    "firm_facts.year equals 2025",
    "firm_facts.listed equals false",
    "firm_facts.note reveal",
)
DOES_NOT_HOLD = (
    "firm_facts.paid >= 20000 CNY",
    "firm_facts.paid < 10000 CNY",
    "firm_facts.paid between 20000 CNY and 30000 CNY",
    "firm_facts.paid between 3000 CNY and 10000 CNY",
    "firm_facts.grade in {A, C}",
    "firm_facts.grade not in {A, B}",
    "firm_facts.last_month >= 2025-01",
    "firm_facts.count equals 1",
)
CANNOT_TELL = ("firm_facts.sales >= 10000 CNY",)


@dataclass(frozen=True)
class Attested:
    shown: ShownAttestation
    prover: Prover


def attest(schema, raw, *, member, code=CODE, seed=None, neighbours=4, index=2, number=1, start=300, **header):
    """Commit, put the header into a batch among neighbours, and anchor it."""
    seed = h("seed", schema.name) if seed is None else seed
    committer, values = Committer(schema), schema.parse_values(raw)
    made = replace(
        Header(
            schema_id=schema.id,
            fields_root=committer.commit(seed, values).root,
            subject_tag=subject_tag(subject_key(seed), code),
            issuer=member,
            issued_at=NOW - 5 * DAY,
            valid_until=NOW + 100 * DAY,
            as_of=day("2026-10-31"),
            period=Period.parse("2025"),
            supersedes=NO_PREDECESSOR,
            chain_id=ANCHOR_DOMAIN.chain_id,
            anchor_registry=ANCHOR_DOMAIN.contract,
        ),
        **header,
    )
    digests = [h("neighbour", slot) for slot in range(neighbours + 1)]
    digests[index] = made.digest
    levels = batch_tree(digests)
    key = address_of(MEMBER_KEYS[member])
    anchored_at = NOW - 4 * DAY
    anchor = Anchor(member, ATTESTATIONS, number, levels[-1][0], len(digests), start, anchored_at, key)
    shown = ShownAttestation(made, anchor, index, tuple(path_of(levels, index)), subject_key(seed))
    return Attested(shown, Prover(committer, seed, values))


def terms(**changes) -> Terms:
    asked = dict.fromkeys((*HOLDS, *DOES_NOT_HOLD, *CANNOT_TELL))
    return replace(
        Terms(
            subject=SUBJECT,
            grantee=BANK,
            grantee_name="虚构银行",
            purpose="loan_application",
            purpose_text="Decide on a loan application 贷款申请审批",
            questions=tuple(asked),
            departments=(),
            retention_days=31,
            language="zh",
            text_digest=h("the text that was shown"),
            wording=WORDS.digest,
            salt=h("salt of terms"),
        ),
        **changes,
    )


def bounds(**changes) -> Bounds:
    return replace(
        Bounds(
            not_before=NOW - DAY,
            expires_at=NOW + DAY,
            max_uses=3,
            grant_before=NOW,
            spend_key=address_of(SPEND_KEY),
            steward_key=address_of(STEWARD_KEY),
            withdrawal_hash=withdrawal_hash(SECRET),
        ),
        **changes,
    )


def asked(**changes) -> ConsentRequest:
    """What a bank asks for that the terms and bounds of this world grant exactly."""
    return replace(Consent(terms(), bounds()).asked, **changes)


def consent(
    terms: Terms, limits: Bounds | None = None, *, signers=(0, 1), domain=CONSENT_DOMAIN, controllers=CONTROLLERS
) -> ShownConsent:
    limits = bounds() if limits is None else limits
    consent_id = Consent(terms, limits).digest(domain)
    signatures = tuple(sign(consent_id, CONTROLLER_KEYS[signer]) for signer in signers)
    return ShownConsent(consent_id, terms, limits, signatures, controllers)


def registry_record(shown: ShownConsent) -> ConsentRecord:
    """What the chain holds of a consent that was granted as it is shown."""
    return ConsentRecord(
        state=ConsentState.LIVE,
        granted_at=NOW - DAY,
        not_before=shown.bounds.not_before,
        expires_at=shown.bounds.expires_at,
        max_uses=shown.bounds.max_uses,
        changes=0,
        changed_at=0,
        spend_key=shown.bounds.spend_key,
        used=0,
        uses_digest=shown.id,
        grant_digest=grant_hash(shown.bounds.withdrawal_hash, signatures_digest(shown.signatures)),
        word_digest=bytes(32),
    )


def controlled_by(controllers: Controllers | None, *, since: int = 1) -> ControllerHistory:
    """All that the chain holds of a subject that was registered with these controllers; None: nothing."""
    if controllers is None:
        return ControllerHistory({}, {0: 0}, {1: 0})
    key = address_of(MEMBER_KEYS[REGISTRAR])
    entry = ControllerEntry(controllers.commitment, key, since, EntryKind.REGISTERED, 0, REGISTRAR)
    return ControllerHistory({0: entry}, {1: 0}, {1: 0})


def prove(attested: Attested, text: str) -> ShownClaim:
    question = Question.parse(text, SCHEMAS)
    schema = attested.prover.committer.schema
    field = schema.field(question.field)
    statement = lower(question, field)
    proof = attested.prover.prove(field, statement, may_disclose=True)
    assert isinstance(proof, FieldProof)
    header = attested.shown.header
    outcome = check_proof(schema, header.fields_root, field, statement, proof)
    return ShownClaim(Claim.of(question), outcome, parts=(ShownPart(0, header.digest, proof),))


def unsigned_order(**changes) -> UseOrder:
    """What a bank sends beside its questions, before its spend key signs."""
    order = {
        "number": 1,
        "answered_by": TAX,
        "not_after": NOW + 300,
        "nonce": h("nonce"),
        "seed": h("seed of claims"),
        "signature": bytes(65),
    }
    return UseOrder(**(order | changes))


@dataclass(frozen=True)
class World:
    presentation: Presentation
    facts: LedgerFacts

    def verify(self, *, grantee=BANK, policy=None, **more):
        """Run the plan; a use is spent for whatever is answered, unless the presentation shows one."""
        world = self if self.presentation.use is not None or self.presentation.consent is None else self.spent()
        return verify(world.presentation, SCHEMAS, world.facts, grantee=grantee, policy=policy or Policy(), **more)

    def spent(self, schemas=SCHEMAS, *, earlier=(), time=None, key=SPEND_KEY, **order) -> "World":
        """Spend a use for the claims that are answered, and let the chain count it at ``time`` after earlier ones."""
        shown, record, now = self.presentation.consent, self.facts.consent, self.facts.block_time
        unsigned = unsigned_order(**{"not_after": now + 300, **order})
        if record is None:
            return self.with_presentation(use=ShownUse(unsigned, ()))
        asked = by_department([claim.claim for claim in self.presentation.claims], schemas)
        ticket = unsigned.ticket(
            consent=shown.id, bank=shown.terms.grantee, purpose=shown.terms.purpose, asked=asked
        ).digest(CONSENT_DOMAIN)
        signed = sign(use_digest(shown.id, unsigned.number, ticket, unsigned.not_after, CONSENT_DOMAIN), key)
        uses = (*earlier, CountedUse(unsigned.number, ticket, now if time is None else time))
        used = record.used
        for use in uses:
            used |= 1 << use.number - 1
        world = self.with_presentation(use=ShownUse(replace(unsigned, signature=signed), uses))
        return world.with_record(used=used, uses_digest=uses_digest(shown.id, uses))

    @property
    def shown(self) -> ShownAttestation:
        (shown,) = self.presentation.attestations.values()
        return shown

    def with_facts(self, **changes) -> "World":
        return replace(self, facts=replace(self.facts, **changes))

    def with_presentation(self, **changes) -> "World":
        return replace(self, presentation=replace(self.presentation, **changes))

    def with_record(self, **changes) -> "World":
        return self.with_facts(consent=replace(self.facts.consent, **changes))

    def with_consent(self, shown: ShownConsent) -> "World":
        """Grant another consent, and let the chain hold it."""
        return self.with_presentation(consent=shown).with_facts(consent=registry_record(shown))

    def with_shown(self, shown: ShownAttestation) -> "World":
        """Show another attestation for the same claims; the chain stays as it is."""
        claims = tuple(
            replace(claim, parts=tuple(replace(part, attestation=shown.header.digest) for part in claim.parts))
            for claim in self.presentation.claims
        )
        return self.with_presentation(claims=claims, attestations={shown.header.digest: shown})


def anchored(*attested: ShownAttestation) -> dict:
    return {(shown.anchor.member, shown.anchor.stream, shown.anchor.number): shown.anchor.digest for shown in attested}


def build(*, questions=(*HOLDS, *DOES_NOT_HOLD, *CANNOT_TELL), raw=None, code=CODE, **header) -> World:
    facts = attest(FACTS, RAW if raw is None else raw, member=TAX, code=code, **header)
    registration = attest(REGISTRATION, {"subject_id": to_hex(SUBJECT)}, member=REGISTRAR)
    proof = registration.prover.prove(REGISTRATION.fields[0], Reveal(), may_disclose=True)
    shown_consent = consent(terms())
    presentation = Presentation(
        claims=tuple(prove(facts, text) for text in questions),
        consent=shown_consent,
        subject=ShownSubject(CODE, registration.shown, proof),
        attestations={facts.shown.header.digest: facts.shown},
    )
    ever = (NOW - 1000 * DAY, NOW + 1000 * DAY)
    word = facts.shown.position // 256
    return World(
        presentation,
        LedgerFacts(
            block_number=1000,
            block_hash=h("block"),
            block_time=NOW,
            anchor_domain=ANCHOR_DOMAIN,
            consent_domain=CONSENT_DOMAIN,
            anchor_digests=anchored(facts.shown, registration.shown),
            keys={(member, address_of(key)): KeyRecord(*ever, 0, EVERY_PURPOSE) for member, key in MEMBER_KEYS.items()},
            issuers={
                (FACTS.id, TAX): IssuerPeriod(*ever),
                (REGISTRATION.id, REGISTRAR): IssuerPeriod(*ever),
            },
            status={(member, plane, word): 0 for member in MEMBER_KEYS for plane in Plane},
            consent=registry_record(shown_consent),
            controllers=controlled_by(CONTROLLERS),
        ),
    )
