"""A type whose attestations are told apart by two fields, in two versions, and worlds that answer from it."""

from dataclasses import replace

from ledger_node.domain.claim import Claim
from ledger_node.domain.fact import IssuerPeriod
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownPart
from ledger_node.domain.proof import check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.selection import prove_kind
from ledger_node.domain.statement import lower
from ledger_node.domain.verification import Policy, verify
from tests.kit.world import (
    NOW,
    REGISTRAR,
    REGISTRATION,
    TAX,
    World,
    anchored,
    attest,
    build,
    consent,
    registry_record,
    terms,
)

SPEC = {
    "name": "levy",
    "version": 1,
    "per": [{"field": "kind", "total": "total"}, {"field": "place"}],
    "fields": [
        {"name": "kind", "type": "code", "mode": "plain"},
        {"name": "place", "type": "enum", "mode": "enum", "members": ["north", "south", "west"]},
        {
            "name": "paid",
            "type": "integer",
            "currency": "CNY",
            "scale": 2,
            "mode": "ladder",
            "ladder": {"kind": "one_digit", "from": "1000", "to": "1000000"},
        },
        {"name": "grade", "type": "enum", "mode": "enum", "members": ["A", "B", "C"]},
        {"name": "count", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": 1, "to": 9}},
    ],
}
LEVY = Schema.from_json(SPEC)
RAW = {"kind": "vat", "place": "south", "paid": "500000", "grade": "B", "count": 4}
PAID = "levy[kind=vat, place=south].paid >= 500000 CNY during 2025"


def other(**changes):
    """Return a spec with changes to its members; of a field by its name."""
    fields = [{**field, **changes.pop(field["name"], {})} for field in SPEC["fields"]]
    return Schema.from_json({**SPEC, "version": 2, "fields": fields, **changes})


def schemas(*also):
    return SchemaSet((LEVY, REGISTRATION, *also))


def answered(text, *, known=None, schema=LEVY, raw=RAW, department=TAX, asked=None, **changed):
    """Return the world in which ``text`` is answered from one attestation, and the schemas it is read by.

    ``asked``: another question that the proofs are made for.
    """
    known = known or schemas()
    one = attest(schema, raw, member=department)
    claim = Claim.parse(text, known)
    question = Question.parse(asked or text, known)
    field = schema.field(question.field)
    statement = lower(question, field, as_of=one.shown.header.as_of)
    proof = one.prover.prove(field, statement, may_disclose=True)
    header = one.shown.header
    outcome = check_proof(schema, header.fields_root, field, statement, proof)
    part = replace(ShownPart(0, header.digest, proof, prove_kind(one.prover, question)), **changed)
    valid = build(questions=())
    granted = consent(terms(questions=(claim.text(known),)))
    world = valid.with_consent(granted).with_presentation(
        claims=(ShownClaim(claim, outcome, parts=(part,)),), attestations={header.digest: one.shown}
    )
    registration = valid.presentation.subject.registration
    ever = IssuerPeriod(NOW - 10**8, NOW + 10**8)
    return (
        world.with_facts(
            anchor_digests=anchored(one.shown, registration),
            issuers={(schema.id, department): ever, (REGISTRATION.id, REGISTRAR): ever},
            consent=registry_record(granted),
        ),
        known,
    )


def verdict(world: World, known: SchemaSet):
    """Check the presentation as it is sent."""
    sent = Presentation.from_json(world.presentation.to_json(known), known)
    assert sent == world.presentation
    return judged(world, known)


def judged(world: World, known: SchemaSet):
    """Check the presentation as it is."""
    grantee, world = world.presentation.consent.terms.grantee, world.spent(known)
    (found,) = verify(world.presentation, known, world.facts, grantee=grantee, policy=Policy())
    return found
