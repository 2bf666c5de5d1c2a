"""Attacks on what the bank was not shown: siblings, shut bits and ladder tips, with all it has as keys."""

from collections.abc import Iterator, Sequence

from api.catalogue.datatype import data_types
from api.lab.attack.bank_view import BankView, ShownProof
from api.lab.attack.candidate import Candidate, domain, label
from api.lab.attack.corpus import Corpus, is_secret_like, spread
from api.lab.attack.guess import GuessInputs, Hit, finding_of, hunt
from api.lab.attack.report import Finding
from ledger_node.domain.commitment import (
    DOWN,
    UP,
    enum_bit,
    enum_digest,
    ladder_context,
    ladder_digest,
    leaf_digest,
    plain_digest,
    salt_of,
    subject_key,
)
from ledger_node.domain.commitment import subject_tag as tag_of
from ledger_node.domain.hashing import kdf, keccak, walk_all
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import ABSENT_BYTE, Field, Mode
from ledger_node.domain.value import FieldType

_MAX_KEYS = 400


def keys_of(corpus: Corpus, shown: BankView) -> list[bytes]:
    """Return every known word that could be a salt, seed or key: the bank's own first, siblings last."""
    ids = {word: place for word, place in corpus.words.items() if is_secret_like(word)}
    events = spread({word: place for word, place in ids.items() if "." in place})
    own = [word for word in sorted(shown.words, key=lambda word: shown.words[word] == "path") if is_secret_like(word)]
    return list(dict.fromkeys([bytes(32), *own, *events, *ids]))[:_MAX_KEYS]


def guess_hidden(seen: GuessInputs, shown: BankView, keys: Sequence[bytes]) -> list[Finding]:
    """Return the findings of all three attacks; the chain alone gives them nothing to aim at."""
    subject_ids = [to_hex(word) for word, place in seen.targets.items() if place == "SubjectRegistered.subjectId"]
    shut = [proof for proof in shown.asked if len(proof.shut) > 1]  # one shut bit is an answer the firm consented to
    bits = {digest: f"proof of {proof.attestation[:10]}" for proof in shut for digest in proof.shut.values()}
    return [
        finding_of(
            "values: leaves of fields not shown",
            "each field, value and known word as salt or as seed, against all siblings and roots",
            *hunt(_leaves(keys, subject_ids, seen.now), seen.targets),
        ),
        finding_of(
            "subjects: tags not opened",
            "each code under each known word as key or seed",
            *hunt(_tags(keys, seen.codes), seen.targets),
        ),
        finding_of(
            "values: shut bits of enums",
            "each known word as key of each shut bit, 0 and 1",
            *hunt(_bits(shut, keys), bits),
        ),
        finding_of(
            "values: position on a ladder",
            "chains from each known word (as head or seed) to heads and tips of each ladder proof",
            *hunt_tips(shown.asked, keys),
        ),
    ]


def _tags(keys: Sequence[bytes], codes: Sequence[str]) -> Iterator[Candidate]:
    for key in keys:
        for code in codes:
            yield tag_of(key, code), "subjectTag, known word as key", code
            yield tag_of(subject_key(key), code), "subjectTag, known word as seed", code


def _leaves(keys: Sequence[bytes], subject_ids: Sequence[str], now: int) -> Iterator[Candidate]:
    for data_type in data_types().values():
        schema = data_type.schema
        for field in schema.fields:
            match field.mode:
                case Mode.PLAIN:
                    yield from _plain(schema, field, keys, subject_ids, now)
                case Mode.ENUM:
                    yield from _enum(schema, field, keys)
                case Mode.LADDER:
                    yield from _ladder(schema, field, keys)
            if field.optional:
                for key, salt in _salts(field, keys):
                    digest = leaf_digest(schema.id, field.index, ABSENT_BYTE, salt, bytes(32))
                    yield digest, f"leaf, known word as {key}", f"{schema.name}.{field.name}=absent"


def _salts(field: Field, keys: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for key in keys:
        yield "salt", key
        yield "seed", salt_of(key, field.index)


def _plain(
    schema: Schema, field: Field, keys: Sequence[bytes], subject_ids: Sequence[str], now: int
) -> Iterator[Candidate]:
    values = subject_ids if field.type is FieldType.CODE and not domain(schema, field, now) else ()
    digests = [
        (plain_digest(field, value), label(schema, field, value)) for value in (*domain(schema, field, now), *values)
    ]
    for what, salt in _salts(field, keys):
        for digest, named in digests:
            yield leaf_digest(schema.id, field.index, b"\x01", salt, digest), f"leaf, known word as {what}", named


def _enum(schema: Schema, field: Field, keys: Sequence[bytes]) -> Iterator[Candidate]:
    for key in keys:
        for place, member in enumerate(field.members):
            for how, seeded in (("salt", False), ("seed", True)):
                bits = [
                    enum_bit(j, kdf(key, b"bit", field.index, j) if seeded else key, is_set=j == place)
                    for j in range(len(field.members))
                ]
                salt = salt_of(key, field.index) if seeded else key
                digest = leaf_digest(schema.id, field.index, field.mode_byte, salt, enum_digest(bits))
                yield digest, f"leaf, known word as {how}", label(schema, field, member)


def _ladder(schema: Schema, field: Field, keys: Sequence[bytes]) -> Iterator[Candidate]:
    count = len(field.require_ladder())
    contexts = [ladder_context(schema.id, field.index, direction) for direction in (UP, DOWN)]
    for key in keys:
        for how, up_seed, down_seed, salt in (
            ("salt", key, key, key),
            (
                "seed",
                kdf(key, b"up", field.index),
                kdf(key, b"dn", field.index),
                salt_of(key, field.index),
            ),
        ):
            up, down = walk_all(contexts[0], up_seed, count), walk_all(contexts[1], down_seed, count)
            for idx in range(count + 1):
                digest = ladder_digest(up[idx], down[count - idx])
                leaf = leaf_digest(schema.id, field.index, field.mode_byte, salt, digest)
                yield leaf, f"leaf, known word as {how}", f"{schema.name}.{field.name}: step {idx}"


def _bits(asked: Sequence[ShownProof], keys: Sequence[bytes]) -> Iterator[Candidate]:
    """Open shut bits: which of the members that stay in question is it?"""
    for proof in asked:
        for member in proof.shut:
            place = proof.field.members.index(member)
            what = label(proof.schema, proof.field, member)
            for key in keys:
                for how, secret in (
                    ("key", key),
                    ("seed", kdf(key, b"bit", proof.field.index, place)),
                    ("hashed key", keccak(key)),
                ):
                    for is_set in (False, True):
                        digest = enum_bit(place, secret, is_set=is_set)
                        yield digest, f"bit, known word as {how}", f"{what} is {is_set}"


def hunt_tips(asked: Sequence[ShownProof], keys: Sequence[bytes]) -> tuple[int, list[Hit]]:
    """Walk from known words to shown heads and tips: the number of steps says where the value lies.

    Chains between heads and tips of one field of one attestation follow from the strongest statement
    that was shown, so they are no news.
    """
    count, hits = 0, []
    fields: dict[tuple[bytes, int], tuple[ShownProof, dict[bytes, str]]] = {}
    for proof in asked:
        if proof.chains:
            _, owner = fields.setdefault((proof.schema.id, proof.field.index), (proof, {}))
            owner.update(dict.fromkeys(proof.chains, proof.attestation))
    for proof, owner in fields.values():
        steps = len(proof.field.require_ladder())
        for direction, seed_label in ((UP, b"up"), (DOWN, b"dn")):
            context = ladder_context(proof.schema.id, proof.field.index, direction)
            for key in keys:
                for start, how in ((key, "head"), (kdf(key, seed_label, proof.field.index), "seed")):
                    for distance, word in enumerate(walk_all(context, start, steps)):
                        count += 1
                        told = how == "head" and (distance == 0 or owner.get(start) == owner.get(word))
                        if word in owner and not told:
                            what = f"{proof.schema.name}.{proof.field.name}: {distance} steps to {owner[word][:10]}"
                            hits.append(Hit(what, f"chain from a known word as {how}", "heads and tips"))
    return count, hits
