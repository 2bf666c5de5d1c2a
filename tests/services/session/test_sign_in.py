"""Signing in: a passkey that counts signs a challenge of this instance; nobody stays signed in who counts no more."""

import pytest

from api.services.session.sign_in import PortalSignIn
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, each_person
from tests.kit.authenticator import UP
from tests.kit.portal import Phone, PortalInstance
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import BANK, refused
from tests.kit.staff import Office


@pytest.fixture
def instance(tmp_path):
    made = PortalInstance(tmp_path)
    yield made
    made.close()


@pytest.fixture
def signing_in(instance):
    assert isinstance(instance.portal_sign_in, PortalSignIn)
    return instance.portal_sign_in


def sign_in(instance, phone, **options):
    now, service = instance.now(), instance.portal_sign_in
    made = service.challenge(now=now)
    return service.sign_in(made.token, phone.id, phone.sign(made.digest, **options), now=now)


def test_a_signer_and_a_person_of_a_bank_sign_in(instance, signing_in):
    shop, officer = instance.new_shop(), instance.new_staff(BANK, StaffRole.OFFICER)
    holder, value = sign_in(instance, shop.phones[0])
    assert (holder.kind, holder.id, holder.staff) == (Kind.SUBJECT, shop.subject, None)
    assert signing_in.find(value, now=instance.now()).staff is None
    holder, value = sign_in(instance, officer)
    assert (holder.kind, holder.id) == (Kind.BANK, BANK)
    assert signing_in.find(value, now=instance.now()).staff.roles == {StaffRole.OFFICER}


def test_a_passkey_of_nobody_signs_in_nobody(instance):
    assert refused(sign_in, instance, Phone(99_999)) is Reason.PASSKEY_UNKNOWN


def test_a_challenge_signs_in_once_and_for_what_was_signed(instance, signing_in):
    (phone,), now = instance.new_shop().phones, instance.now()
    made, other = signing_in.challenge(now=now), signing_in.challenge(now=now)
    again = (made.token, phone.id, phone.sign(made.digest))
    signing_in.sign_in(*again, now=now)
    assert refused(signing_in.sign_in, *again, now=now) is Reason.SIGN_IN_LATE
    swapped = (other.token, phone.id, phone.sign(made.digest))
    assert refused(signing_in.sign_in, *swapped, now=now) is Reason.CHALLENGE_MISMATCH


def test_a_passkey_that_asked_for_no_finger_or_another_site_signs_in_nobody(instance):
    (phone,) = instance.new_shop().phones
    assert refused(sign_in, instance, phone, flags=UP) is Reason.USER_NOT_VERIFIED
    assert refused(sign_in, instance, phone, origin="https://evil.example") is Reason.ORIGIN_MISMATCH


def test_a_session_counts_no_more_when_the_signer_was_rotated_out(instance, signing_in):
    shop = instance.new_shop()
    _, value = sign_in(instance, shop.phones[0])
    rotate_here(instance, shop, Controllers(each_person((Phone(88_888).passkey,)), 1, b"\x01" * 32))
    assert signing_in.find(value, now=instance.now()) is None
    assert refused(sign_in, instance, shop.phones[0]) is Reason.PASSKEY_UNKNOWN


def test_a_session_counts_no_more_when_the_person_was_ended(instance, signing_in):
    key = instance.new_staff(BANK, StaffRole.OFFICER)
    _, value = sign_in(instance, key)
    office = Office(instance, BANK)
    office.end(office.hire("Admin", StaffRole.ADMIN), instance.roster.of_credential(key.id))
    assert signing_in.find(value, now=instance.now()) is None
    assert refused(sign_in, instance, key) is Reason.PASSKEY_UNKNOWN


def test_a_session_is_freshened_by_its_own_people_alone(instance, signing_in):
    (phone,), (stranger,) = instance.new_shop().phones, instance.new_shop().phones
    _, value = sign_in(instance, phone)
    later = instance.now() + 400
    session = signing_in.find(value, now=later).session
    for who, reason in ((stranger, Reason.PASSKEY_UNKNOWN), (phone, None)):
        made = signing_in.fresh_challenge(session.digest, now=later)
        shown = (session, made.token, who.id, who.sign(made.digest))
        if reason is None:
            signing_in.freshen(*shown, now=later)
        else:
            assert refused(signing_in.freshen, *shown, now=later) is reason
    assert signing_in.find(value, now=later).session.fresh_until > later
