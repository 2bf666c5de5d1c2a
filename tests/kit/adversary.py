"""Whoever wants a proof of what is not so: everything that can be computed, and every way to put it together.

A proof is accepted when value digest, leaf and nodes lead to the committed root. Short of a collision of keccak256
each of these hashes has the one preimage that was committed to, so salt, path and value digest have to be the
committed ones; what is left to choose is what stands behind the value digest:

- ladder: a pair of which the first half leads to one committed tip by the steps that the verifier applies, and the
  second half to the other. What leads to a tip by m steps are the values of the committed chain m steps before it,
  and, short of a preimage of keccak256, nothing else. The adversary cannot step backwards; stepping forward is all
  that can be done with a value, so what can be computed is what is known, closed under step in both directions.
- enum: for each member either the digest of its bit (any known one may be tried) or a key whose bit is 0.

So the adversary tries, for every statement, true or false, and for every kind of opening: all pairs of the values
that are known about this ladder, closed under step (past the tips as well, and under the step of the other
direction); each known value of its chains beside every chain value of other fields and other attestations, and
beside every other digest in sight (salts, siblings, roots, contexts, seeds), in both halves; every enum assembled
member by member from all sources, and every known value as the key of every bit. Salts and paths are combined too.
It holds no tests of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain, product

from ledger_node.domain.commitment import (
    DOWN,
    UP,
    AbsentOpening,
    AtLeastOpening,
    BelowOpening,
    BetweenOpening,
    BitsOpening,
    Committer,
    FieldProof,
    enum_bits,
    ladder_context,
    ladder_digest,
    leaf_digest,
    salt_of,
)
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import FIELD_NODE, kdf, levels_of, path_of, walk_all
from ledger_node.domain.proof import Outcome, Prover, check_proof
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Between, NoneOf, OneOf, Reveal
from tests.kit.world import h

K = 3
LADDER = {"kind": "integers", "from": 1, "to": K}
MEMBERS = ["a", "b", "c", "d"]
SCHEMA = Schema.from_json(
    {
        "name": "attacked",
        "version": 1,
        "fields": [
            {"name": "paid", "type": "integer", "mode": "ladder", "ladder": LADDER},
            {"name": "twin", "type": "integer", "mode": "ladder", "ladder": LADDER},
            {"name": "grade", "type": "enum", "mode": "enum", "members": MEMBERS},
            {"name": "twin_grade", "type": "enum", "mode": "enum", "members": MEMBERS},
            {"name": "year", "type": "integer", "mode": "plain"},
        ],
    }
)
PAID, TWIN, GRADE, TWIN_GRADE, YEAR = SCHEMA.fields
COMMITTER = Committer(SCHEMA)
POSITIONS = range(1, K + 1)
SETS = [frozenset(j for j in range(4) if mask >> j & 1) for mask in range(1, 15)]
ABOUT_LADDER = (
    *map(AtLeast, POSITIONS),
    *map(Below, POSITIONS),
    *(Between(low, high) for low in POSITIONS for high in range(low + 1, K + 1)),
)
ABOUT_ENUM = (*map(OneOf, SETS), *map(NoneOf, SETS), Reveal())
CHAIN_KINDS = (AtLeastOpening, BelowOpening, BetweenOpening)


@dataclass(frozen=True)
class Attestation:
    """What an issuer committed to, and everything that can be known about it by who holds the seed."""

    seed: bytes
    values: tuple
    tree: object
    shut: dict = field(default_factory=dict)
    """Bits of enums that a faulty issuer committed to instead of the honest ones."""

    @property
    def root(self):
        return self.tree.root

    def frame(self, index):
        """Salt and path of a slot."""
        return salt_of(self.seed, index), tuple(path_of(self.tree.levels, index))

    def proof(self, field, statement):
        return Prover(COMMITTER, self.seed, self.values).prove(field, statement, may_disclose=True)

    def bits(self, field):
        return self.shut.get(field.name) or enum_bits(field, self.seed, self.values[field.index])

    def keys(self, field):
        return [kdf(self.seed, b"bit", field.index, j) for j in range(4)]

    def with_leaf(self, field, value_digest, **changes):
        """What a faulty issuer commits to: any value digest in the slot of a field."""
        slots = list(self.tree.levels[0])
        salt = salt_of(self.seed, field.index)
        slots[field.index] = leaf_digest(SCHEMA.id, field.index, field.mode_byte, salt, value_digest)
        return replace(self, tree=replace(self.tree, levels=levels_of(slots, FIELD_NODE)), **changes)


def issue(name, *, paid=2, twin=1, grade="b", twin_grade="c"):
    seed = h("seed of", name)
    values = (paid, twin, grade, twin_grade, 2025)
    return Attestation(seed, values, COMMITTER.commit(seed, values))


# someone else's attestations of the same schema, one on either end; the adversary holds their seeds too
OTHERS = (
    issue("high", paid=K, twin=0, grade="a", twin_grade="d"),
    issue("low", paid=0, twin=K, grade="d", twin_grade="a"),
)


def stepped(values: Iterable[bytes]) -> list[bytes]:
    """The values and what K steps forward along the attacked ladder make of them, in both directions."""
    contexts = [ladder_context(SCHEMA.id, PAID.index, direction) for direction in (UP, DOWN)]
    return list(dict.fromkeys(found for x in values for ctx in contexts for found in walk_all(ctx, x, K)))


def halves(proof) -> list[bytes]:
    return [getattr(proof.opening, name) for name in proof.opening.__slots__]


def chain_values(attestation, field) -> list[bytes]:
    """The secret heads of a ladder, and what its true statements show."""
    heads = [kdf(attestation.seed, label, field.index) for label in (b"up", b"dn")]
    shown = (halves(attestation.proof(field, statement)) for statement in ABOUT_LADDER)
    return list(dict.fromkeys(chain(heads, *shown)))


def in_sight(attestation) -> list[bytes]:
    """Every other 32 bytes of an attestation: seed, salts, nodes, keys and bits."""
    salts = [salt_of(attestation.seed, slot.index) for slot in SCHEMA.fields]
    bits = chain.from_iterable((*attestation.keys(slot), *attestation.bits(slot)) for slot in (GRADE, TWIN_GRADE))
    return [attestation.seed, *salts, *chain.from_iterable(attestation.tree.levels), *bits]


PUBLIC = [
    bytes(32),
    SCHEMA.id,
    *(ladder_context(SCHEMA.id, slot.index, direction) for slot in (PAID, TWIN) for direction in (UP, DOWN)),
]


def chains_elsewhere(attestation) -> list[bytes]:
    """All values of every other ladder: of the twin field, and of both fields of other attestations."""
    return list(
        chain.from_iterable(chain_values(*each) for each in [(attestation, TWIN), *product(OTHERS, (PAID, TWIN))])
    )


class LadderAdversary:
    """Tries to open the ladder ``PAID`` of an attestation: ``known`` values of its chains, and any ``others``."""

    def __init__(self, attestation, known, others=()):
        self.attestation = attestation
        own = stepped(known)
        foreign = [value for value in dict.fromkeys(others) if value not in own]
        self.pairs = [*product(own, own), *product(known, foreign), *product(foreign, known)]

    def verdicts(self, statement) -> set[Outcome]:
        """Every verdict about a statement for which one of the assembled proofs verifies."""
        salt, path = self.attestation.frame(PAID.index)
        found = set()
        for kind in CHAIN_KINDS:
            if (kind is BetweenOpening) <= isinstance(statement, Between):
                openings = (kind(first, second) for first, second in self.pairs)
                found |= accepted(self.attestation, PAID, statement, (FieldProof(o, salt, path) for o in openings))
        return found | accepted(self.attestation, PAID, statement, [FieldProof(AbsentOpening(), salt, path)])


class EnumAdversary:
    """Tries to open the enum ``GRADE`` of an attestation, knowing these keys of its bits and everything else."""

    def __init__(self, attestation, known_keys, others=()):
        self.attestation = attestation
        own = attestation.bits(GRADE)
        mine = [[(False, own[j]), *((True, known_keys[j]) for _ in range(j in known_keys))] for j in range(4)]
        sources = [(OTHERS[0], GRADE), (attestation, TWIN_GRADE)]
        parts = [(source.keys(slot), source.bits(slot)) for source, slot in sources]
        theirs = [[choice for keys, bits in parts for choice in ((True, keys[j]), (False, bits[j]))] for j in range(4)]
        self.openings = [as_bits(each) for each in product(*map(chain, mine, theirs))]
        anything = [*known_keys.values(), *own, *(part for choices in theirs for _, part in choices), *others]
        for j, tried in product(range(4), dict.fromkeys(anything)):
            self.openings += [as_bits(each) for each in product(*mine[:j], [(True, tried)], *mine[j + 1 :])]

    def verdicts(self, statement) -> set[Outcome]:
        """Every verdict about a statement for which one of the assembled proofs verifies."""
        frame = self.attestation.frame(GRADE.index)
        fitting = (opening for opening in self.openings if isinstance(statement, Reveal) or fits(statement, opening))
        proofs = [FieldProof(opening, *frame) for opening in fitting]
        return accepted(self.attestation, GRADE, statement, [*proofs, FieldProof(AbsentOpening(), *frame)])


def as_bits(chosen) -> BitsOpening:
    """The opening that has for each member a part, and whether that is a key."""
    opened = {j: part for j, (is_key, part) in enumerate(chosen) if is_key}
    return BitsOpening(opened, {j: part for j, (is_key, part) in enumerate(chosen) if not is_key})


def fits(statement, opening) -> bool:
    """Whether the opened set is the asked one or its complement; any other is refused before it is hashed."""
    return frozenset(opening.opened) in {statement.positions, frozenset(range(4)) - statement.positions}


def accepted(attestation, field, statement, proofs) -> set[Outcome]:
    """The verdicts of those proofs that verify."""
    found = set()
    for proof in proofs:
        try:
            found.add(check_proof(SCHEMA, attestation.root, field, statement, proof))
        except VerificationError:
            continue
    return found


def with_tips_of_whole_chains(attestation) -> Attestation:
    """A faulty issuer walks both chains to their ends: then the heads prove everything."""
    tips = [
        walk_all(ladder_context(SCHEMA.id, PAID.index, way), kdf(attestation.seed, label, PAID.index), K)[-1]
        for way, label in ((UP, b"up"), (DOWN, b"dn"))
    ]
    return attestation.with_leaf(PAID, ladder_digest(*tips))
