"""People with keys and passkeys, and what they do with the subject they control."""

import time
from dataclasses import dataclass, replace

import pytest

from api.client.client import ApiError
from api.client.unsigned_act import (
    unsigned_cancellation,
    unsigned_change,
    unsigned_hold,
    unsigned_rotation,
    unsigned_withdrawal,
)
from ledger_node.domain.consent_act import Change
from ledger_node.domain.controller_act import MAX_DEADLINE, Cancellation, Hold, Rotation
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person, keys_to_json, signature_to_json
from ledger_node.randomness import random_bytes
from tests.kit.authenticator import Authenticator

PATIENCE_S = 60


@dataclass(frozen=True)
class Key:
    """A secp256k1 key of a person."""

    secret: bytes

    @property
    def controller(self):
        return address_of(self.secret)

    def sign(self, digest):
        return sign(digest, self.secret)


@dataclass(frozen=True)
class Phone:
    """A passkey of a person."""

    authenticator: Authenticator

    @property
    def controller(self):
        return Passkey(self.authenticator.rp_id_hash, self.authenticator.public_key)

    def sign(self, digest, **options):
        return Assertion(*self.authenticator.assertion(digest, **options))


def new_key():
    return Key(random_bytes(32))


def new_phone(**options):
    return Phone(Authenticator(int.from_bytes(random_bytes(30), "big") + 1, **options))


def controllers_of(people, threshold=1):
    return Controllers(each_person(person.controller for person in people), threshold, random_bytes(32))


def body_of(people, threshold=1):
    return {"controllers": keys_to_json(each_person(person.controller for person in people)), "threshold": threshold}


def signed(digest, people):
    return [signature_to_json(person.sign(digest)) for person in people]


def refused(call):
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.status, caught.value.reason.value


def grant(place, firm, people, question, **options):
    """Grant one question and return the consent's id."""
    consent = place.consent([question], firm=firm, **options)
    digest = consent.digest(place.ledger.consent_domain)
    return place.post_consent(consent, signatures=signed(digest, people))["id"]


def withdraw(place, consent, people):
    draft = unsigned_withdrawal(place.ledger.consent_domain, from_hex(consent, "consent"))
    return draft.submit(place.bank, [person.sign(draft.digest) for person in people])


def change(place, consent, what, number, people):
    draft = unsigned_change(place.ledger.consent_domain, from_hex(consent, "consent"), Change(what), number)
    return draft.submit(place.bank, [person.sign(draft.digest) for person in people])


def rotation(place, firm, controllers, entry=1):
    made = Rotation(firm.subject, entry, controllers, MAX_DEADLINE)
    return unsigned_rotation(place.ledger.subject_domain, made)


def rotate(place, firm, people, controllers, entry=1):
    """Rotate to ``controllers`` on the signatures of ``people``."""
    draft = rotation(place, firm, controllers, entry)
    return draft.submit(place.bank, [person.sign(draft.digest) for person in people])


def cancellation(place, firm, pending):
    commitment = from_hex(pending["commitment"], "commitment")
    made = Cancellation(firm.subject, pending["number"], commitment, MAX_DEADLINE)
    return unsigned_cancellation(place.ledger.subject_domain, made)


def hold(place, firm, people, number=1):
    """Hold a firm on the signatures of ``people``."""
    draft = unsigned_hold(place.ledger.subject_domain, Hold(firm.subject, number, MAX_DEADLINE))
    return draft.submit(place.bank, [person.sign(draft.digest) for person in people])


def cancel(place, firm, pending, people):
    draft = cancellation(place, firm, pending)
    return draft.submit(place.bank, [person.sign(draft.digest) for person in people])


def told_until(client, wanted):
    """Return (kind, data) of all notifications, once ``wanted`` is among them."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        told = [(one["kind"], one["data"]) for one in client.notifications()]
        if wanted in told:
            return told
        assert time.monotonic() < deadline, told[-5:]
        time.sleep(0.1)


def handed_to(place, firm, person):
    """The firm as one of its new controllers acts for it, with a sign-in key of their own."""
    return replace(firm, client=place.client_by(firm.subject, person))


def path_of(firm, rest=""):
    return f"/v1/subjects/{to_hex(firm.subject)}{rest}"
