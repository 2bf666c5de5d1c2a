"""What is printed by accident: no repr, message or error holds a secret."""

from dataclasses import replace

import pytest

from ledger_node.domain.commitment import BitsOpening, salt_of, subject_key
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.hashing import kdf
from ledger_node.domain.statement import AtLeast, Below, Between, OneOf, Reveal
from tests.kit.world import CODE, CONTROLLERS, FACTS, RAW, SECRET, TAX, attest, build, controlled_by, h, terms

WORLD = build()
SEED = h("seed", FACTS.name)
PROVER = attest(FACTS, RAW, member=TAX).prover


def holds(printed: str, secret: bytes) -> bool:
    """Whether the bytes stand in a text in one of the ways Python or people write them."""
    return secret.hex() in printed or repr(secret)[2:-1] in printed or str(list(secret)) in printed


def test_the_search_finds_what_is_there():
    for printed in (repr(SEED), SEED.hex(), repr([SEED]), repr(list(SEED))):
        assert holds(printed, SEED)


def test_a_prover_shows_its_schema_only():
    assert repr(PROVER) == "Prover(firm_facts)"
    assert str(RAW["paid"]) not in f"{PROVER!r} {PROVER.committer!r}"


def test_controllers_and_terms_do_not_show_their_salts():
    assert not holds(repr(CONTROLLERS), CONTROLLERS.salt)
    assert not holds(repr(terms()), terms().salt)
    assert not holds(repr(terms()), SECRET)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("paid", AtLeast(1)),
        ("paid", Below(28)),
        ("paid", Between(1, 28)),
        ("grade", OneOf(frozenset({1}))),
        ("year", Reveal()),
        ("sales", AtLeast(1)),
    ],
)
def test_proofs_and_openings_do_not_show_what_they_open(name, statement):
    field = FACTS.field(name)
    proof = PROVER.prove(field, statement, may_disclose=True)
    printed = repr(proof) + repr(proof.opening)
    secrets = [salt_of(SEED, field.index), *proof.path]
    for slot in type(proof.opening).__slots__:
        match getattr(proof.opening, slot):
            case bytes() as one:
                secrets.append(one)
            case dict() as bits:
                secrets += bits.values()
            case value:
                assert str(value) not in printed
    assert secrets
    assert not any(holds(printed, secret) for secret in secrets)


def test_a_whole_presentation_shows_no_code_key_salt_or_path():
    printed = repr(WORLD.presentation)
    assert CODE not in printed
    assert not holds(printed, subject_key(SEED))
    assert not holds(printed, terms().salt)
    for claim in WORLD.presentation.claims:
        (part,) = claim.parts
        assert not holds(printed, part.proof.salt)
        if isinstance(part.proof.opening, BitsOpening):
            assert not any(holds(printed, key) for key in part.proof.opening.opened.values())


@pytest.mark.parametrize("field", [field.name for field in FACTS.fields])
def test_a_refused_value_is_not_repeated(field):
    canary = "CANARY é 7777 \u0301"
    with pytest.raises(InvalidInputError) as refused:
        FACTS.parse_values(RAW | {field: [canary]})
    assert "7777" not in str(refused.value) + repr(refused.value)
    if field != "note":
        with pytest.raises(InvalidInputError) as refused:
            FACTS.parse_values(RAW | {field: canary})
        assert "7777" not in str(refused.value) + repr(refused.value)


def test_a_failed_verification_repeats_no_digest_of_the_presentation():
    with pytest.raises(CredenceError) as failed:
        WORLD.with_facts(controllers=controlled_by(replace(CONTROLLERS, salt=h("other")))).verify()
    assert "0x" not in str(failed.value)


def test_every_label_derives_something_else():
    derived = [kdf(SEED, label, *index) for label in (b"salt", b"pad", b"up", b"dn") for index in ((0,), (1,), (0, 0))]
    derived += [kdf(SEED, b"subject"), kdf(SEED, b"bit", 0, 0), kdf(SEED, b"bit", 0, 1), kdf(SEED, b"bit", 1, 0)]
    assert len(set(derived)) == len(derived)
    assert SEED not in derived
