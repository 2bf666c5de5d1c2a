"""The pages of enrolment speak one language at a time, and what firms read has no word of the machinery."""

import pytest

from api.services.staff.role import StaffRole
from tests.kit.enrolment_page import LIST, bring_key, code_for, invite, show_code, signed_in
from tests.kit.portal import Browser
from tests.kit.words import faults


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_in_its_language(instance, app, clerk, approver, language):
    people = [clerk, approver, signed_in(instance, app, StaffRole.ADMIN)]
    signer = Browser(app, language)
    for browser in people:
        browser.headers["Accept-Language"] = language
    by_post = invite(clerk, instance.new_code(), "A", "B", way="post", register_phone="0931-1234567")
    path = invite(clerk, instance.new_code(), "王小红")
    code = code_for(clerk, path)
    firm_pages = [signer.get("/enrol"), signer.get("/staff/enrol"), show_code(signer, code), bring_key(signer, code)]
    shop = instance.new_shop()
    recovered = invite(clerk, shop.code, recovers="yes", called_back="yes")
    bring_key(signer, code_for(clerk, recovered))
    admin = people[2]
    invited = admin.send_form("/staff", {"name": "李强", "role_officer": "1"})
    person = instance.roster.of(instance.roster.of_credential(admin.key.id).member)[-1]
    pages = [
        clerk.get(LIST),
        clerk.get(f"{LIST}/new"),
        clerk.get("/registrar/recoveries/new"),
        clerk.get("/registrar/recoveries"),
        clerk.get("/registrar/firms"),
        clerk.send_form("/registrar/firms", {"credit_code": shop.code}),
        clerk.send_form(f"{by_post}/code", {"person": "1"}),
        *(browser.get(one) for browser in (clerk, approver) for one in (path, by_post, recovered)),
        admin.get("/staff"),
        admin.get(f"/staff/people/{person.id.hex()}"),
        invited,
    ]
    for page in (*firm_pages, *pages):
        assert page.status_code == 200
        assert faults(page.text, is_firm=page in firm_pages) == set(), page.url
