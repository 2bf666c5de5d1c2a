"""Looks at own values: a controller signs each one, each is logged, and a sign-in alone shows nothing."""

from dataclasses import replace

import pytest

from api.services.record.look import LOOK_TIME_S, OwnLooks
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.own_look import LookKind, look_digest
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from ledger_node.domain.subject import Controller, Controllers
from tests.kit.authenticator import Authenticator
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import controllers_of, refused

ABOUT = b"q" * 32


@pytest.fixture
def complete(instance, looks):
    def call(firm, begun, *, key=None, kind=LookKind.RECORDS, about=bytes(32), **options):
        signature = sign(begun.challenge, key or firm.keys[0])
        given = {"now": instance.now()} | options
        return looks.complete(firm.subject, kind, begun.nonce, signature, about=about, **given)

    return call


def test_a_signed_look_is_logged_with_the_person(instance, firm, looks, complete):
    begun = looks.begin(firm.subject, LookKind.RECORDS, now=instance.now())
    assert looks.of_subject(firm.subject) == []
    taken = complete(firm, begun)
    assert (taken.kind, taken.person, taken.time) == (LookKind.RECORDS, 1, instance.now())
    assert looks.of_subject(firm.subject) == [taken]
    assert looks.of_subject(firm.subject, since=instance.now() + 1) == []


def test_a_look_counts_once(instance, firm, looks, complete):
    begun = looks.begin(firm.subject, LookKind.RECORDS, now=instance.now())
    complete(firm, begun)
    assert refused(complete, firm, begun) is Reason.LOOK_USED


def test_whoever_is_no_controller_looks_at_nothing(instance, firm, looks, complete):
    begun = looks.begin(firm.subject, LookKind.RECORDS, now=instance.now())
    assert refused(complete, firm, begun, key=b"x" * 32) is Reason.SIGNER_NOT_CONTROLLER
    rotate_here(instance, firm, controllers_of(b"h" * 32))
    assert refused(complete, firm, begun) is Reason.SIGNER_NOT_CONTROLLER
    assert looks.of_subject(firm.subject) == []


def test_a_nonce_is_for_one_firm_one_kind_and_one_thing(instance, firm, looks, complete):
    other = instance.new_firm()
    begun = looks.begin(firm.subject, LookKind.ANSWERS, ABOUT, now=instance.now())
    assert refused(complete, other, begun, kind=LookKind.ANSWERS, about=ABOUT) is Reason.LOOK_UNKNOWN
    assert refused(complete, firm, begun, kind=LookKind.RECORDS, about=ABOUT) is Reason.LOOK_UNKNOWN
    assert refused(complete, firm, begun, kind=LookKind.ANSWERS) is Reason.LOOK_UNKNOWN
    assert complete(firm, begun, kind=LookKind.ANSWERS, about=ABOUT).about == ABOUT


def test_a_page_that_was_open_too_long_shows_nothing(instance, firm, looks, complete):
    begun = looks.begin(firm.subject, LookKind.RECORDS, now=instance.now())
    assert begun.signed_before == instance.now() + LOOK_TIME_S
    assert refused(complete, firm, begun, now=begun.signed_before) is Reason.LOOK_LATE
    forged = replace(begun, nonce=(2**40).to_bytes(8, "big") + begun.nonce[8:])
    assert refused(complete, firm, forged, now=begun.signed_before) is Reason.LOOK_UNKNOWN


def test_a_passkey_signs_a_look_and_only_this_one(instance, firm, looks):
    device = Authenticator(7)
    passkeys = Controllers((Controller(3, Passkey(device.rp_id_hash, device.public_key)),), 1, b"s" * 32)
    rotate_here(instance, firm, passkeys)
    begun, other = (looks.begin(firm.subject, LookKind.RECORDS, now=instance.now()) for _ in range(2))

    def complete(challenge):
        signed = Assertion(*device.assertion(challenge))
        return looks.complete(firm.subject, LookKind.RECORDS, begun.nonce, signed, now=instance.now())

    assert refused(complete, other.challenge) is Reason.CHALLENGE_MISMATCH
    assert complete(begun.challenge).person == 3


def test_a_held_firm_shows_nothing(instance, firm, looks, complete):
    begun = looks.begin(firm.subject, LookKind.RECORDS, now=instance.now())
    instance.ledger.hold_by_registrar(firm.subject, 1)
    assert refused(complete, firm, begun) is Reason.SUBJECT_ON_HOLD


def test_a_firm_that_must_wait_sees_nothing_yet(instance, firm):
    def rule(_subject, _now):
        raise VerificationError(Reason.NOT_ALLOWED, "wait")

    looks = OwnLooks(instance.store, instance.history, sha256_digest, rule)
    begun = looks.begin(firm.subject, LookKind.RECORDS, now=instance.now())
    signature = sign(begun.challenge, firm.keys[0])
    call = refused(looks.complete, firm.subject, LookKind.RECORDS, begun.nonce, signature, now=instance.now())
    assert call is Reason.NOT_ALLOWED


def test_every_part_is_signed():
    parts = (b"s" * 32, LookKind.RECORDS, b"a" * 32, b"n" * 32)
    others = (b"t" * 32, LookKind.FILE, b"b" * 32, b"m" * 32)
    digests = {look_digest(*parts)}
    for at, other in enumerate(others):
        digests.add(look_digest(*parts[:at], other, *parts[at + 1 :]))
    assert len(digests) == 5
