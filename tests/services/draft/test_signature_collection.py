"""Signatures wait for those of other persons, under one set of controllers."""

import pytest

from api.services.draft.signature_collection import SignatureCollection
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import refused

DIGEST, OTHER = b"d" * 32, b"o" * 32


@pytest.fixture
def collection(instance):
    return SignatureCollection(instance.store)


@pytest.fixture
def couple(instance):
    return instance.new_firm(3, 2)


def test_the_last_person_gives_all_signatures_together(instance, collection, couple):
    current, signatures = instance.history.current(couple.subject), couple.sign(DIGEST)
    assert collection.collect(current, DIGEST, signatures[2]) is None
    assert collection.persons([DIGEST, OTHER], current.entry) == {DIGEST: (3,), OTHER: ()}
    collected = collection.collect(current, DIGEST, signatures[0])
    current.controllers.require_signatures(DIGEST, collected)


def test_a_signature_over_something_else_is_not_stored(instance, collection, couple):
    current = instance.history.current(couple.subject)
    assert refused(collection.collect, current, DIGEST, couple.sign(OTHER)[0]) is Reason.SIGNER_NOT_CONTROLLER
    assert collection.persons([DIGEST], current.entry) == {DIGEST: ()}


def test_what_earlier_controllers_signed_is_replaced(instance, collection, couple):
    collection.collect(instance.history.current(couple.subject), DIGEST, couple.sign(DIGEST)[0])
    keys = [b"n" * 31 + bytes([number]) for number in (1, 2)]
    rotate_here(instance, couple, Controllers(each_person(map(address_of, keys)), 2, bytes(32)))
    current = instance.history.current(couple.subject)
    assert collection.persons([DIGEST], current.entry) == {DIGEST: ()}
    assert collection.collect(current, DIGEST, sign(DIGEST, keys[0])) is None
    assert len(collection.collect(current, DIGEST, sign(DIGEST, keys[1]))) == 2
