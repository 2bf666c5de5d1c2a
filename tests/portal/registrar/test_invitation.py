"""Invitations at the pages: a fresh code, a key, digits on both screens, and an approver who confirms."""

import re

import pytest

from api.services.one_time_code.code import WRONG_TRIES
from api.services.staff.role import StaffRole
from tests.kit.authenticator import AT, BE, BS, UP, UV
from tests.kit.enrolment_page import (
    FIRM,
    LIST,
    bring_key,
    code_for,
    invite,
    release,
    show_code,
    sign,
    signed_in,
)
from tests.kit.portal import Browser, field_of, new_phone, page_data
from tests.kit.small_instance import REGISTRAR


def digits_of(page):
    return re.findall(r"cr-code cr-nowrap\">(\d{4})<", page.text)


def test_a_firm_comes_by_code_digits_and_an_approver_and_then_signs_in(instance, clerk, approver, signer):
    credit_code, phone = instance.new_code(), new_phone()
    path = invite(clerk, credit_code)
    code = code_for(clerk, path)
    assert FIRM in show_code(signer, code).text
    arrived = bring_key(signer, code, phone)
    digits = digits_of(arrived)
    assert len(digits) == 1
    assert digits_of(clerk.get(path)) == digits_of(approver.get(path)) == digits
    done = release(approver, path)
    assert (done.status_code, done.headers["location"]) == (303, path)
    subject = instance.subjects.id_of(credit_code)
    assert instance.history.current(subject).controllers.keys[0].key == phone.passkey
    assert instance.first_wait.ends_at(subject) == instance.now() + 86_400
    assert signer.sign_in(phone).status_code == 303


def test_the_code_stands_in_no_address_and_on_no_page_but_the_one_that_gives_it(instance, clerk, approver):
    path = invite(clerk, instance.new_code())
    code = code_for(clerk, path)
    assert code not in path
    for page in (clerk.get(path), clerk.get(LIST), approver.get(path)):
        assert code not in page.text


def test_the_credit_code_stands_in_no_address(instance, clerk):
    credit_code = instance.new_code()
    path = invite(clerk, credit_code)
    assert credit_code not in path
    shop = instance.new_shop()
    found = clerk.send_form("/registrar/firms", {"credit_code": shop.code})
    assert shop.subject.hex() in found.text
    assert str(found.url).endswith("/registrar/firms")


def test_a_wrong_used_or_locked_code_says_what_to_do(instance, clerk, signer):
    path = invite(clerk, instance.new_code())
    code = code_for(clerk, path)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    for _ in range(5):
        page = show_code(signer, wrong)
        assert (page.status_code, "no such code" in page.text) == (422, True)
    assert show_code(signer, code).status_code == 429
    assert "Too many wrong tries" in clerk.get(path).text
    again = code_for(clerk, path)
    bring_key(signer, again)
    assert show_code(signer, again).status_code == 409
    assert again not in show_code(signer, again).text


def test_a_second_key_voids_both_and_the_clerk_sees_it(instance, app, clerk, approver, signer):
    path = invite(clerk, instance.new_code())
    code = code_for(clerk, path)
    thief = Browser(app)
    # both looked at the page before either made a key
    pages = [show_code(browser, code) for browser in (thief, signer)]
    assert {page.status_code for page in pages} == {200}
    answers = []
    for browser, page in zip((thief, signer), pages, strict=True):
        challenge = bytes.fromhex(page_data(page.text, "creation-data")["challenge"])
        fields = {"code": code, "token": field_of(page.text, "token"), **new_phone().registration(challenge)}
        answers.append(browser.send_form("/enrol", fields).status_code)
    assert answers == [200, 409]
    assert "Two keys came by one code" in clerk.get(path).text
    assert "release-data" not in approver.get(path).text


def test_a_form_that_is_sent_twice_is_answered_the_same(instance, clerk, signer):
    code = code_for(clerk, invite(clerk, instance.new_code()))
    page = show_code(signer, code)
    challenge = bytes.fromhex(page_data(page.text, "creation-data")["challenge"])
    fields = {"code": code, "token": field_of(page.text, "token"), **new_phone().registration(challenge)}
    first, second = signer.send_form("/enrol", fields), signer.send_form("/enrol", fields)
    assert digits_of(first) == digits_of(second) != []


@pytest.mark.parametrize("flags", [UP | AT, AT])
def test_a_key_without_a_verified_person_is_refused(instance, clerk, signer, flags):
    code = code_for(clerk, invite(clerk, instance.new_code()))
    assert bring_key(signer, code, flags=flags).status_code == 422
    assert bring_key(signer, code).status_code == 200


def test_a_key_of_another_site_is_refused(instance, clerk, signer):
    code = code_for(clerk, invite(clerk, instance.new_code()))
    assert bring_key(signer, code, origin="http://localhost:8701").status_code == 422
    assert bring_key(signer, code, origin="https://shop.localhost").status_code == 422


def test_a_second_device_of_the_same_person_has_digits_of_its_own(instance, app, clerk, approver, signer):
    path = invite(clerk, instance.new_code())
    arrived = bring_key(signer, code_for(clerk, path))
    second = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", arrived.text)[0]
    other = bring_key(Browser(app), second, flags=UP | UV | AT | BE | BS)
    shown = approver.get(path)
    assert digits_of(shown) == digits_of(arrived) + digits_of(other)
    assert "has copies" in shown.text
    release(approver, path)


def test_who_prepared_it_is_told_to_let_another_one_confirm(instance, app, signer):
    both = signed_in(instance, app, StaffRole.CLERK, StaffRole.APPROVER)
    path = invite(both, instance.new_code())
    bring_key(signer, code_for(both, path))
    page = both.get(path).text
    assert "Another approver must compare" in page
    assert "release-data" not in page


def test_an_approver_cannot_confirm_keys_that_were_not_on_the_page(instance, clerk, approver, signer):
    path = invite(clerk, instance.new_code())
    arrived = bring_key(signer, code_for(clerk, path))
    page = approver.get(path).text
    digest = bytes.fromhex(page_data(page, "release-data")["challenge"])
    number = re.search(r'name="number" value="(\d+)"', page)[1]
    bring_key(signer, re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", arrived.text)[0])
    answer = approver.send_form(f"{path}/release", {"number": number, **approver.key.fields(digest)})
    assert answer.status_code == 422
    assert release(approver, path).status_code == 303


def test_a_slip_says_that_the_registrar_calls(instance, clerk, approver, signer):
    path = invite(clerk, instance.new_code(), way="post", register_phone="0931-1234567")
    slip = clerk.send_form(f"{path}/code", {"person": "1"})
    assert "will then call you" in slip.text
    bring_key(signer, re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", slip.text)[0])
    page = approver.get(path).text
    assert "0931-1234567" in page
    assert "reads the digits out" in page


def test_an_ended_invitation_says_nothing_any_more(instance, clerk):
    path = invite(clerk, instance.new_code())
    clerk.send_form(f"{path}/end")
    for page in (clerk.get(path), clerk.get(LIST)):
        assert FIRM not in page.text


def test_a_name_with_a_script_is_shown_as_text(instance, clerk):
    name = "<script>alert(1)</script>\u202egnp"
    path = invite(clerk, instance.new_code(), name, name=name)
    for page in (clerk.get(path), clerk.get(LIST)):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text


def test_a_firm_is_held_by_one_person_who_called_back(instance, app):
    shop = instance.new_shop()
    clerk = signed_in(instance, app, StaffRole.CLERK)
    path = f"/registrar/firms/{shop.subject.hex()}/hold"
    assert clerk.send_form(path).status_code == 422
    assert clerk.send_form(path, {"called_back": "yes"}).status_code == 303
    assert instance.ledger.standing_of(shop.subject).held_until > instance.now()


def test_new_signers_of_a_firm_wait_72_hours_and_take_two_people_twice(instance, clerk, approver, signer, app):
    shop, phone = instance.new_shop(), new_phone()
    path = invite(clerk, shop.code, recovers="yes", called_back="yes")
    bring_key(signer, code_for(clerk, path), phone)
    assert release(approver, path).status_code == 303
    row = f"/registrar/recoveries/{shop.subject.hex()}"
    page = clerk.get("/registrar/recoveries").text
    assert "72:00" in page
    assert f"{row}/prepare" not in page
    instance.chain.pass_time(3 * 86_400)
    clerk, approver = signed_in(instance, app, StaffRole.CLERK), signed_in(instance, app, StaffRole.APPROVER)
    assert clerk.send_form(f"{row}/prepare").status_code == 303
    done = sign(approver, "/registrar/recoveries", f"release-{shop.subject.hex()}", f"{row}/complete")
    assert done.status_code == 303
    assert [key.key for key in instance.history.current(shop.subject).controllers.keys] == [phone.passkey]
    assert signer.sign_in(phone).status_code == 303
    assert Browser(app).sign_in(shop.phones[0]).status_code != 303


def test_new_signers_need_a_call_back_and_a_registered_firm(instance, clerk):
    shop = instance.new_shop()
    fields = {"credit_code": shop.code, "name": FIRM, "signers": "A", "threshold": "1", "recovers": "yes"}
    assert clerk.send_form(LIST, fields).status_code == 422
    fields["called_back"] = "yes"
    assert clerk.send_form(LIST, fields | {"credit_code": instance.new_code()}).status_code == 422
    assert clerk.send_form(LIST, fields).status_code == 303
    assert instance.invitations.of(REGISTRAR, now=instance.now())[0].recovers == shop.subject


def test_a_recovery_is_called_off_by_one(instance, clerk, approver, signer):
    shop = instance.new_shop()
    path = invite(clerk, shop.code, recovers="yes", called_back="yes")
    bring_key(signer, code_for(clerk, path))
    release(approver, path)
    assert clerk.send_form(f"/registrar/recoveries/{shop.subject.hex()}/cancel").status_code == 303
    assert instance.ledger.recovery(shop.subject).commitment is None


def test_wrong_codes_count_against_the_address_that_they_come_from(instance, clerk, signer):
    code = code_for(clerk, invite(clerk, instance.new_code()))
    for path in ("/enrol/code", "/staff/enrol/code") * (WRONG_TRIES // 2):
        assert "There is no such code" in signer.send_form(path, {"code": "00000-00000"}).text
    assert "Too many wrong codes were typed" in show_code(signer, code).text
