"""Changes of who signs: who is taken in counts after the signature alone, and a device is of one person."""

import pytest

from api.services.signer.device_offer import NEW_PERSON, NewDevice
from api.services.signer.signer_change import WantedChange, device_name
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from tests.kit.portal import PortalInstance, new_phone
from tests.kit.small_instance import refused

HERE = b"127.0.0.1"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    made = PortalInstance(tmp_path)
    monkeypatch.setattr("time.sleep", made.chain.pass_time)
    yield made
    made.close()


@pytest.fixture
def shop(instance):
    return instance.new_shop()


def offered(instance, shop, person=1, name="王芳"):
    return instance.device_offers.offer(shop.subject, person, name, now=instance.now())


def arrive(instance, code):
    phone = new_phone()
    shown = NewDevice(phone.passkey, phone.id, "computer", synced=False)
    instance.device_offers.arrive(code, shown, origin=HERE, now=instance.now())
    return phone


def start(instance, shop, **wanted):
    return instance.signers.start(shop.subject, WantedChange(**wanted), Language.ENGLISH, now=instance.now())


def sign(instance, shop, draft, phone):
    return instance.signers.sign(shop.subject, draft.id, phone.sign(draft.digest), now=instance.now())


def test_who_is_not_taken_in_yet_signs_nothing(instance, shop):
    offer, code = offered(instance, shop, NEW_PERSON)
    assert refused(start, instance, shop, take_in=(offer.id,)) is Reason.NOT_FOUND
    phone = arrive(instance, code)
    draft = start(instance, shop, take_in=(offer.id,))
    assert refused(sign, instance, shop, draft, phone) is Reason.SIGNER_NOT_CONTROLLER
    sign(instance, shop, draft, shop.phones[0])
    (_, new) = instance.signers.current(shop.subject).keys
    assert (new.controller.person, new.name, new.device) == (2, "王芳", "computer")
    assert instance.device_offers.open(shop.subject, now=instance.now()) == []


def test_k23_a_second_device_is_no_second_person(instance, shop):
    offer, code = offered(instance, shop)
    arrive(instance, code)
    assert refused(start, instance, shop, take_in=(offer.id,), threshold=2) is Reason.REQUEST_INVALID
    assert start(instance, shop, take_in=(offer.id,)).rotation.controllers.persons == {1}


def test_who_leaves_lowers_what_is_needed_to_who_is_left(instance):
    shop = instance.new_shop(persons=2, threshold=2)
    draft = start(instance, shop, remove_persons=frozenset({1}))
    assert draft.rotation.controllers.threshold == 1
    assert refused(start, instance, shop, remove_persons=frozenset({1, 2})) is Reason.REQUEST_INVALID


def test_what_a_killed_process_had_not_finished_lets_the_new_device_in_all_the_same(instance, shop, monkeypatch):
    offer, code = offered(instance, shop)
    phone = arrive(instance, code)
    draft = start(instance, shop, take_in=(offer.id,))

    def killed(*_, **__):
        raise RuntimeError("killed")

    monkeypatch.setattr(instance.device_offers, "end", killed)
    with pytest.raises(RuntimeError):
        sign(instance, shop, draft, shop.phones[0])
    assert instance.credentials.find(phone.id).passkey == phone.passkey
    assert phone.passkey in {one.controller.key for one in instance.signers.current(shop.subject).keys}


def test_devices_have_names_in_both_languages():
    said = [device_name(label, language) for language in Language for label in ("phone", "security key", "2", "")]
    assert sorted(said) == sorted(["手机", "USB 安全密钥", "设备 2", "", "phone", "USB security key", "device 2", ""])
