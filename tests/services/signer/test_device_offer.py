"""New devices: a code lets one key wait, and no second one in its place."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.services.one_time_code.code import OneTimeCodes
from api.services.signer.device_offer import DEVICE_CODE_S, KEPT_S, MAX_OPEN, NEW_PERSON, DeviceOffers, NewDevice
from api.storage import table
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import check_digits
from tests.kit.authenticator import Authenticator
from tests.kit.signer import erase_key, seals_of
from tests.kit.small_instance import REGISTRAR, refused

HERE = b"127.0.0.1"


def shown(scalar):
    key = Authenticator(scalar)
    return NewDevice(Passkey(key.rp_id_hash, key.public_key), bytes([scalar]) * 16, "phone", synced=True)


@pytest.fixture
def offers(instance):
    codes = OneTimeCodes(instance.store, instance.departments[REGISTRAR].kek.keyed_digest, instance.now)
    return DeviceOffers(instance.store, codes, seals_of(instance), lifetime_s=DEVICE_CODE_S)


def arrive(instance, offers, code, scalar=7):
    return offers.arrive(code, shown(scalar), origin=HERE, now=instance.now())


def test_a_second_key_under_the_same_code_is_refused(instance, firm, offers):
    offer, code = offers.offer(firm.subject, 1, "李强", now=instance.now())
    first = arrive(instance, offers, code)
    assert refused(arrive, instance, offers, code, 8) is Reason.CODE_USED
    assert offers.find(firm.subject, offer.id) == first
    assert first.digits == check_digits(shown(7).key)


def test_wrong_and_late_codes_let_no_key_in(instance, firm, offers):
    _, code = offers.offer(firm.subject, 1, "李强", now=instance.now())
    assert refused(arrive, instance, offers, "00000-00000") is Reason.CODE_UNKNOWN
    instance.chain.pass_time(DEVICE_CODE_S)
    assert refused(arrive, instance, offers, code) is Reason.CODE_EXPIRED


def test_devices_wait_for_their_own_firm(instance, firm, offers):
    offer, code = offers.offer(firm.subject, NEW_PERSON, "王芳", now=instance.now())
    assert offers.look(code, origin=HERE) == offer
    assert offer.digits is None
    arrive(instance, offers, code)
    assert [one.id for one in offers.open(firm.subject, now=instance.now())] == [offer.id]
    assert offers.open(instance.new_firm().subject, now=instance.now()) == []
    assert refused(offers.find, b"x" * 32, offer.id) is Reason.NOT_FOUND
    assert offers.open(firm.subject, now=instance.now() + KEPT_S) == []


def test_a_device_that_was_dropped_waits_no_more(instance, firm, offers):
    offer, code = offers.offer(firm.subject, 1, "李强", now=instance.now())
    offers.end(firm.subject, offer.id, now=instance.now())
    assert refused(arrive, instance, offers, code) is Reason.CODE_EXPIRED
    assert refused(offers.find, firm.subject, offer.id) is Reason.NOT_FOUND


def test_no_more_devices_wait_than_a_firm_has(instance, firm, offers):
    for _ in range(MAX_OPEN):
        offers.offer(firm.subject, 1, "李强", now=instance.now())
    assert refused(offers.offer, firm.subject, 1, "李强", now=instance.now()) is Reason.RATE_LIMITED


def test_names_lie_sealed_and_are_gone_with_the_firm(instance, firm, offers):
    offers.offer(firm.subject, NEW_PERSON, "王芳", now=instance.now())
    (row,) = instance.store.rows(select(table.device_offer))
    assert "王芳".encode() not in row.sealed
    erase_key(instance, firm.subject)
    assert refused(offers.open, firm.subject, now=instance.now()) is Reason.ERASED


def test_a_device_is_of_a_known_kind_so_that_no_name_lies_open(instance, firm, offers):
    _, code = offers.offer(firm.subject, 1, "李强", now=instance.now())
    named = replace(shown(7), device="王芳的手机")
    call = refused(offers.arrive, code, named, origin=HERE, now=instance.now())
    assert call is Reason.VALUE_MALFORMED
    assert arrive(instance, offers, code).shown.device == "phone"
