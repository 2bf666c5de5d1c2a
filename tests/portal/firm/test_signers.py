"""The pages about who can sign: devices, persons, removals, several signatures, and what stops others."""

import re

import pytest

from api.language.reason_words import Reader, reason_words
from api.portal.public.device import guessed_device
from api.services.staff.role import StaffRole
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import check_digits
from ledger_node.domain.subject import Controllers, each_person
from tests.kit.enrolment_page import bring_key, code_for, invite, release
from tests.kit.enrolment_page import signed_in as staff_in
from tests.kit.portal import Browser, new_phone, portal_app
from tests.kit.signer_page import bring_device, device_code, sign_act, sign_change, take_in
from tests.kit.words import faults


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    return instance.new_shop()


@pytest.fixture
def owner(app, shop):
    return signed_in(app, shop.phones[0])


def signed_in(app, phone, language="en"):
    browser = Browser(app, language)
    assert browser.sign_in(phone, back="/home").status_code == 303
    return browser


def says(answer, reason):
    return reason_words(reason, Language.ENGLISH, Reader.FIRM).meaning in answer.text.replace("&#39;", "'")


def controllers(instance, shop):
    return instance.history.current(shop.subject).controllers


def test_a_second_device_signs_in_once_both_screens_showed_the_same_digits(instance, app, shop, owner):
    code = device_code(owner)
    phone, arrived = bring_device(app, code)
    digits = check_digits(phone.passkey)
    assert digits in arrived.text
    assert digits in owner.get("/signers").text
    assert Browser(app).sign_in(phone).status_code != 303
    assert take_in(owner).headers["location"] == "/signers/rotation"
    assert digits in owner.get("/signers/rotation").text
    assert sign_change(owner, shop.phones[0]).headers["location"] == "/signers"
    assert [(each.person, each.key) for each in controllers(instance, shop).keys] == [
        (1, shop.phones[0].passkey),
        (1, phone.passkey),
    ]
    second = signed_in(app, phone)
    assert "(this device)" in second.get("/signers").text
    assert "It has not come yet" not in second.get("/signers").text


def test_a_lost_device_is_removed_in_two_screens_and_its_session_is_dead(instance, app, shop, owner):
    phone, _ = bring_device(app, device_code(owner), device="computer")
    take_in(owner)
    sign_change(owner, shop.phones[0])
    second = signed_in(app, phone)
    page = second.get("/signers/lost").text
    (lost,) = re.findall(r'name="remove" value="([0-9a-f]+)"', page)
    assert second.send_form("/signers/rotation", {"remove": lost}).status_code == 303
    assert sign_change(second, phone).status_code == 303
    assert [each.key for each in controllers(instance, shop).keys] == [phone.passkey]
    assert owner.get("/home").headers["location"].startswith("/sign-in")
    assert owner.send_form("/signers/rotation", {"threshold": "1"}).status_code == 401


def test_another_person_joins_and_two_must_agree_from_then_on(instance, app, shop, owner):
    phone, _ = bring_device(app, device_code(owner, "0", name="李强"))
    take_in(owner, threshold="2")
    sign_change(owner, shop.phones[0])
    held = controllers(instance, shop)
    assert (held.threshold, sorted(held.persons)) == (2, [1, 2])
    assert "李强" in owner.get("/signers").text
    both = signed_in(app, phone)
    both.send_form("/signers/rotation", {"remove_person": "1"})
    first = sign_change(both, phone)
    assert first.headers["location"] == "/signers/rotation"
    assert "another person of yours must sign too" in both.get("/signers/rotation").text
    assert controllers(instance, shop) == held
    assert "A change waits for signatures" in owner.get("/signers").text
    assert sign_change(owner, shop.phones[0]).headers["location"] == "/signers"
    assert sorted(controllers(instance, shop).persons) == [2]


def test_a_change_that_waits_is_called_off(instance, app):
    shop = instance.new_shop(persons=2, threshold=2)
    owner, other = (signed_in(app, phone) for phone in shop.phones)
    owner.send_form("/signers/rotation", {"threshold": "1"})
    sign_change(owner, shop.phones[0])
    assert says(other.send_form("/signers/rotation", {"remove_person": "1"}), Reason.ROTATION_WAITING)
    draft = instance.rotation_drafts.find(shop.subject, now=instance.now()).id.hex()
    other.send_form("/signers/rotation/cancel", {"draft": draft})
    assert other.get("/signers/rotation").headers["location"] == "/signers"
    assert controllers(instance, shop).threshold == 2


def test_the_last_signer_is_not_removed(instance, owner, shop):
    removed = owner.send_form("/signers/rotation", {"remove_person": "1"})
    assert removed.status_code == 422
    assert instance.rotation_drafts.find(shop.subject, now=instance.now()) is None


@pytest.mark.parametrize("fields", [{}, {"threshold": "x"}, {"remove": "zz"}, {"remove": "00"}, {"take_in": "00"}])
def test_a_form_that_names_nothing_changes_nothing(instance, owner, shop, fields):
    assert owner.send_form("/signers/rotation", fields).status_code in {404, 422}
    assert instance.rotation_drafts.find(shop.subject, now=instance.now()) is None


def test_a_code_takes_a_fresh_passkey_and_a_name(instance, owner, shop):
    assert owner.send_form("/signers/devices", {"person": "0"}).status_code == 422
    instance.chain.pass_time(400)
    asked = owner.send_form("/signers/devices", {"person": "1"})
    assert asked.status_code == 403
    assert "Show once more that it is you" in asked.text
    assert instance.device_offers.open(shop.subject, now=instance.now()) == []


def test_a_device_that_nobody_wants_is_dropped(instance, app, owner, shop):
    code = device_code(owner)
    offer = instance.device_offers.open(shop.subject, now=instance.now())[0].id.hex()
    owner.send_form("/signers/devices/drop", {"offer": offer})
    assert Browser(app).send_form("/device/code", {"code": code}).status_code in {403, 409, 410, 422}
    assert instance.device_offers.open(shop.subject, now=instance.now()) == []


def test_a_recovery_is_called_off_with_one_tap_from_the_first_page(instance, owner, shop):
    request_recovery(instance, shop)
    assert "Somebody asked to replace your signers" in owner.get("/signers").text
    done = sign_act(owner, "/home", "cancel", "/recovery/cancel", shop.phones[0])
    assert done.headers["location"] == "/signers"
    assert instance.ledger.recovery(shop.subject).commitment is None
    assert "Somebody asked to replace your signers" not in owner.get("/home").text


def test_the_second_time_in_a_year_two_of_two_call_it_off(instance, app):
    shop = instance.new_shop(persons=2, threshold=2)
    owner, other = (signed_in(app, phone) for phone in shop.phones)
    request_recovery(instance, shop)
    sign_act(owner, "/home", "cancel", "/recovery/cancel", shop.phones[0])
    request_recovery(instance, shop)
    sign_act(owner, "/home", "cancel", "/recovery/cancel", shop.phones[0])
    assert instance.ledger.recovery(shop.subject).commitment is not None
    assert "Signed by 1 of 2" in owner.get("/signers").text
    sign_act(other, "/home", "cancel", "/recovery/cancel", shop.phones[1])
    assert instance.ledger.recovery(shop.subject).commitment is None


def test_one_signer_holds_the_firm_and_it_says_so(instance, app):
    shop = instance.new_shop(persons=2, threshold=2)
    owner = signed_in(app, shop.phones[1])
    assert sign_act(owner, "/signers/lost", "hold", "/signers/hold", shop.phones[1]).headers["location"] == "/signers"
    assert instance.ledger.standing_of(shop.subject).held_until > instance.now() + 13 * 86_400
    for path in ("/home", "/signers"):
        assert "Your firm is on hold" in owner.get(path).text
    assert "Stop everything for 14 days" not in re.sub(r"<title>.*?</title>", "", owner.get("/signers/lost").text)


def test_names_of_signers_are_those_that_the_registrar_wrote(instance, app):
    clerk, approver = (staff_in(instance, app, role) for role in (StaffRole.CLERK, StaffRole.APPROVER))
    phone = new_phone()
    path = invite(clerk, instance.new_code())
    bring_key(Browser(app), code_for(clerk, path), phone)
    release(approver, path)
    assert "<bdi>王小红</bdi>" in signed_in(app, phone).get("/signers").text


def test_pages_say_nothing_in_another_language_or_of_the_machinery(instance, app, shop):
    instance.new_shop()
    for language in ("zh", "en"):
        owner = signed_in(app, shop.phones[0], language)
        code_page = owner.send_form("/signers/devices", {"person": "1"})
        bring_device(app, re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code_page.text)[0])
        shown = [owner.get("/signers"), owner.get("/signers/lost"), code_page, owner.get("/device")]
        offer = re.findall(r'name="take_in" value="([0-9a-f]+)"', shown[0].text)[0]
        owner.send_form("/signers/rotation", {"take_in": offer})
        shown.append(owner.get("/signers/rotation"))
        owner.send_form("/signers/devices/drop", {"offer": offer})
        visitor = Browser(app, language)
        code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", owner.send_form("/signers/devices", {"person": "1"}).text)[0]
        shown.append(visitor.send_form("/device/code", {"code": code}))
        for page in shown:
            assert page.status_code == 200
            assert faults(page.text, is_firm=True) == set()
        for one in instance.device_offers.open(shop.subject, now=instance.now()):
            instance.device_offers.end(shop.subject, one.id, now=instance.now())


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148", "phone"),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) Safari/537.36", "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "computer"),
    ],
)
def test_what_a_device_is_is_guessed_from_its_browser(agent, device):
    assert guessed_device(agent) == device


def request_recovery(instance, shop):
    """Let the registrar wait for other signers."""
    made = Controllers(each_person([new_phone().passkey]), 1, bytes(32))
    instance.recoveries.request(shop.subject, made)
