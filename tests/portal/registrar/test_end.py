"""Corrections, "Loss, dismissal, death": two people end a registration, and the firm comes anew under another id."""

import re

from api.services.staff.role import StaffRole
from ledger_node.domain.reason import Reason
from tests.kit.enrolment_page import bring_key, code_for, invite, release, signed_in
from tests.kit.portal import Browser, page_data
from tests.kit.small_instance import REGISTRAR, Silence, refused

LIST = "/registrar/firms"


def path_of(shop):
    return f"{LIST}/{shop.subject.hex()}"


def prepare(clerk, shop):
    return clerk.send_form(f"{path_of(shop)}/end/prepare", {"called_back": "yes"})


def shown_to(browser, shop):
    return browser.send_form(LIST, {"credit_code": shop.code}).text


def end(approver, shop, digest=None):
    """Release the end as the page of an approver does."""
    text = shown_to(approver, shop)
    digest = digest or bytes.fromhex(page_data(text, "release-data")["challenge"])
    number = re.search(r'name="number" value="(\d+)"', text)[1]
    return approver.send_form(f"{path_of(shop)}/end", {"number": number, **approver.key.fields(digest)})


def test_one_person_alone_ends_nothing(instance, app):
    alone, shop = signed_in(instance, app, StaffRole.CLERK, StaffRole.APPROVER), instance.new_shop()
    assert prepare(alone, shop).status_code == 303
    assert "release-data" not in shown_to(alone, shop)
    by = instance.roster.of_credential(alone.key.id)
    prepared = instance.ended_registrations.find_waiting(REGISTRAR, shop.subject)
    draft = instance.prepared_acts.draft_release(prepared)
    signed = alone.key.sign(instance.releases.digest(draft))
    call = instance.ended_registrations.release
    why = refused(call, by, shop.subject, draft.number, signed, now=instance.now())
    assert why is Reason.RELEASE_BY_PREPARER
    assert instance.subjects.find(shop.subject) is not None


def test_what_another_key_signed_ends_nothing(instance, clerk, approver):
    shop = instance.new_shop()
    prepare(clerk, shop)
    assert end(approver, shop, digest=b"\x07" * 32).status_code == 422
    assert instance.subjects.find(shop.subject) is not None


def test_nothing_is_prepared_without_a_call_back_or_for_a_firm_that_is_not_there(instance, clerk, approver):
    shop = instance.new_shop()
    assert clerk.send_form(f"{path_of(shop)}/end/prepare").status_code == 422
    assert clerk.send_form(f"{LIST}/{'00' * 32}/end/prepare", {"called_back": "yes"}).status_code == 404
    fields = {"number": "1", **approver.key.fields(b"\x07" * 32)}
    assert approver.send_form(f"{path_of(shop)}/end", fields).status_code == 404


def test_two_people_end_it_and_the_firm_comes_anew_under_another_id(instance, app, clerk, approver):
    shop = instance.new_shop()
    phone = Browser(app)
    assert phone.sign_in(shop.phones[0], "/home").status_code == 303
    prepare(clerk, shop)
    assert "approver must release" in shown_to(signed_in(instance, app, StaffRole.CLERK), shop)
    assert end(approver, shop).status_code == 303
    # the attestation that every answer needs is revoked and gone
    assert instance.subjects.find(shop.subject) is None
    assert instance.subjects.id_of(shop.code) is None
    assert phone.get("/home").status_code != 200
    assert Browser(app).sign_in(shop.phones[0]).status_code != 303
    path = invite(clerk, shop.code)
    bring_key(Browser(app), code_for(clerk, path))
    assert release(approver, path).status_code == 303
    assert instance.subjects.id_of(shop.code) not in {None, shop.subject}


def test_what_is_released_goes_on_after_the_ledger_was_silent(instance, clerk, approver):
    shop = instance.new_shop()
    prepare(clerk, shop)
    with Silence(instance.ledger, "change_status"):
        assert end(approver, shop).status_code == 503
    assert instance.subjects.find(shop.subject) is not None
    assert instance.ended_registrations.waiting() == [shop.subject]
    instance.ended_registrations.resume(shop.subject)
    assert instance.ended_registrations.waiting() == []
    instance.ended_registrations.resume(shop.subject)
