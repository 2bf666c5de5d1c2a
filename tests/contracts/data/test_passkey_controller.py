"""Passkeys as controllers on chain, with the P-256 precompile (EIP-7951) and with the library's own arithmetic."""

import json

import pytest

from tests.kit.authenticator import BE, BS, ORIGIN, UP, UV, base64url
from tests.kit.contract_set import Chain, ContractSet
from tests.kit.embedded_chain import EmbeddedChain
from tests.kit.p256_chain import P256Chain, verifies
from tests.kit.subject_set import NEVER, Controllers, Subject, account, assertion, passkey, people, word

NEXT = people("next")
MIXED = Controllers((account(1, "phone"), passkey(2, "laptop"), passkey(3, "tablet")), 2, "mixed")


@pytest.fixture(scope="module", params=[Chain, P256Chain, EmbeddedChain], ids=["fallback", "precompile", "embedded"])
def both(request, tmp_path_factory):
    """A consortium and its snapshot, without and with the precompile, and on the embedded engine, which has it."""
    is_embedded = request.param is EmbeddedChain
    with request.param(tmp_path_factory.mktemp("engine")) if is_embedded else request.param() as chain:
        world = ContractSet(chain).with_members()
        yield world, chain.snapshot(), request.param is not Chain


@pytest.fixture
def world(both):
    made, snapshot, _ = both
    made.chain.revert(snapshot)
    return made


@pytest.fixture
def chain(world):
    return world.chain


@pytest.fixture
def subject(world):
    return Subject(world, "bakery", MIXED).register()


@pytest.fixture
def digest(subject):
    return subject.rotation_digest(1, NEXT.commitment, word("lines"), NEVER)


def rotation(subject, *signatures):
    return subject.rotate(NEXT, signatures=list(signatures))


@pytest.mark.parametrize("by", [(0, 1), (1, 2)])
def test_passkeys_rotate(both, chain, subject, by):
    spent = chain.send(subject.rotate(NEXT, by=by))["gasUsed"]
    assert subject.current() == (1, NEXT.commitment)
    passkeys = sum(place > 0 for place in by)
    assert spent < 140_000 + passkeys * (30_000 if both[2] else 320_000), spent


def test_either_half_of_s_counts(chain, subject, digest):
    """Authenticators make either; the library takes the lower one only."""
    laptop, tablet = (device.key for device in MIXED.devices[1:])
    chain.send(rotation(subject, (1, assertion(laptop, digest, high=True)), (2, assertion(tablet, digest, high=False))))
    assert subject.current() == (1, NEXT.commitment)


def test_an_assertion_made_for_another_domain_is_refused(chain, subject, digest):
    foreign = passkey(2, "laptop", rp_id="firm.example.evil").key
    assert foreign.public_key == MIXED.devices[1].key.public_key
    call = rotation(subject, (0, MIXED.devices[0].sign(digest)), (1, assertion(foreign, digest)))
    chain.refuses("SubjectSignatureWrong", call, 1)


@pytest.mark.parametrize("flags", [UP, UV, 0, UP | UV | BS])
def test_an_assertion_without_presence_or_verification_is_refused(chain, subject, digest, flags):
    laptop = MIXED.devices[1].key
    bad = assertion(laptop, digest, data=laptop.authenticator_data(flags))
    chain.refuses("SubjectSignatureWrong", rotation(subject, (1, bad)), 1)
    good = assertion(laptop, digest, data=laptop.authenticator_data(UP | UV | BE | BS))
    chain.send(rotation(subject, (0, MIXED.devices[0].sign(digest)), (1, good)))


@pytest.mark.parametrize("member", ["type", "challenge"])
def test_an_assertion_of_another_kind_or_challenge_is_refused(chain, subject, digest, member):
    changed = {"type": "webauthn.create", "challenge": base64url(word("another"))}[member]
    client = MIXED.devices[1].key.client_data(digest, **{member: changed})
    bad = assertion(MIXED.devices[1].key, digest, client=client)
    chain.refuses("SubjectSignatureWrong", rotation(subject, (1, bad)), 1)


def test_an_assertion_by_another_key_is_refused(chain, subject, digest):
    thief = passkey(2, "thief").key
    chain.refuses("SubjectSignatureWrong", rotation(subject, (1, assertion(thief, digest))), 1)
    tablet = MIXED.devices[2].key
    chain.refuses("SubjectSignatureWrong", rotation(subject, (1, assertion(tablet, digest))), 1)


def test_a_challenge_inside_another_member_still_has_to_be_the_digest(chain, subject, digest):
    """The index that the sender names points into what the authenticator signed, nowhere else."""
    laptop = MIXED.devices[1].key
    client = json.dumps(
        {"type": "webauthn.get", "origin": ORIGIN, "challenge": base64url(word("another"))}, separators=(",", ":")
    ).encode()
    chain.refuses("SubjectSignatureWrong", rotation(subject, (1, assertion(laptop, digest, client=client))), 1)


@pytest.mark.parametrize("cut", [0, 1, 65, 191, 192, 300])
def test_bytes_that_are_no_assertion_are_refused(chain, subject, digest, cut):
    good = assertion(MIXED.devices[1].key, digest)
    chain.refuses("SubjectSignatureWrong", rotation(subject, (1, good[:cut])), 1)


def test_a_secp256k1_signature_with_high_s_is_refused(chain, subject, digest):
    good = MIXED.devices[0].sign(digest)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = good[:32] + (order - int.from_bytes(good[32:64])).to_bytes(32) + bytes([55 - good[64]])
    chain.refuses("SubjectSignatureWrong", rotation(subject, (0, high)), 0)


def test_one_passkey_under_two_domains_counts_once(world, chain):
    """No point stands in a set twice; a set that was committed so does not gain by it."""
    twice = Controllers((passkey(1, "one"), passkey(2, "one", rp_id="other.example")), 2, "twice")
    subject = Subject(world, "twice", twice).register()
    chain.refuses("SubjectSignatureRepeated", subject.rotate(NEXT, by=(0, 1)), 1)


def test_a_passkey_holds_and_cancels(world, chain, subject):
    chain.send(subject.request(NEXT), world.registrar.key)
    chain.send(subject.cancel(NEXT, by=(2,)))
    chain.send(subject.hold(by=1))
    assert chain.read(subject.calls.heldUntil(subject.id)) > chain.next_time


def test_the_precompile_of_the_kit_refuses_what_is_no_signature():
    assert not verifies(bytes(160))
    assert not verifies(b"")
