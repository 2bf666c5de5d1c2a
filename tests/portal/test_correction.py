"""The corrections of the portal's design, by their headings: the attack first, then what is meant to work."""

import re

import pytest

from api.services.staff.role import StaffRole
from ledger_node.domain.reason import Reason
from tests.kit.enrolment_page import LIST, bring_key, code_for, invite, release, sign, signed_in
from tests.kit.portal import Browser, PortalInstance, new_phone, portal_app
from tests.kit.small_instance import refused

CLERK, APPROVER = StaffRole.CLERK, StaffRole.APPROVER


@pytest.fixture
def instance(tmp_path):
    made = PortalInstance(tmp_path)
    yield made
    made.close()


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def clerk(instance, app):
    return signed_in(instance, app, CLERK)


@pytest.fixture
def approver(instance, app):
    return signed_in(instance, app, APPROVER)


class TestEnrolment:
    """Digits for the key that arrived; two keys void both; the approver compares; grants wait a day."""

    def test_who_stole_the_code_does_not_stand_in_for_the_signer(self, instance, app, clerk, approver):
        path = invite(clerk, instance.new_code())
        code = code_for(clerk, path)
        thief, signer = Browser(app), Browser(app)
        bring_key(thief, code)
        # the signer's code is used up: the person says so, and the approver compares no digits
        assert signer.send_form("/enrol/code", {"code": code}).status_code == 409
        fresh = clerk.send_form(f"{path}/end")
        assert fresh.status_code == 303
        assert "release-data" not in approver.get(path).text

    def test_the_clerk_does_not_release_what_it_prepared(self, instance, app):
        alone = signed_in(instance, app, CLERK, APPROVER)
        other = signed_in(instance, app, APPROVER)
        path = invite(alone, instance.new_code())
        bring_key(Browser(app), code_for(alone, path))
        digest = other.get(path).text
        held = instance.invitations.of(instance.roster.of_credential(alone.key.id).member, now=instance.now())[0]
        draft = instance.enrolments.draft_release(held)
        assertion = alone.key.sign(instance.releases.digest(draft))
        by = instance.roster.of_credential(alone.key.id)
        call = instance.enrolments.release
        assert refused(call, by, held.id, draft.number, assertion, now=instance.now()) is Reason.RELEASE_BY_PREPARER
        assert "release-data" in digest

    def test_a_firm_that_came_just_now_grants_nothing_for_a_day(self, instance, app, clerk, approver):
        code, phone = instance.new_code(), new_phone()
        path = invite(clerk, code)
        bring_key(Browser(app), code_for(clerk, path), phone)
        release(approver, path)
        subject = instance.subjects.id_of(code)
        assert refused(instance.first_wait.require_over, subject, instance.now()) is Reason.SUBJECT_NEW
        instance.first_wait.require_over(subject, instance.now() + 86_400)

    def test_the_counter_shows_a_fresh_code_and_the_post_gets_a_slip(self, instance, clerk):
        counter = invite(clerk, instance.new_code())
        first, second = code_for(clerk, counter), code_for(clerk, counter)
        assert first != second
        post = invite(clerk, instance.new_code(), way="post")
        assert "will then call you" in clerk.send_form(f"{post}/code", {"person": "1"}).text


class TestLossDismissalDeath:
    """One employee holds after calling back; new signers take two people twice, and 72 hours between."""

    def test_one_employee_alone_replaces_nobody(self, instance, app):
        alone, shop = signed_in(instance, app, CLERK, APPROVER), instance.new_shop()
        path = invite(alone, shop.code, recovers="yes", called_back="yes")
        bring_key(Browser(app), code_for(alone, path))
        assert "release-data" not in alone.get(path).text
        assert instance.ledger.recovery(shop.subject).commitment is None

    def test_nobody_is_replaced_before_72_hours_or_by_one_at_the_end(self, instance, app, clerk, approver):
        shop, phone = instance.new_shop(), new_phone()
        path = invite(clerk, shop.code, recovers="yes", called_back="yes")
        bring_key(Browser(app), code_for(clerk, path), phone)
        release(approver, path)
        row = f"/registrar/recoveries/{shop.subject.hex()}"
        clerk.send_form(f"{row}/prepare")
        assert "release-" not in re.sub(r"/release", "", approver.get("/registrar/recoveries").text)
        instance.chain.pass_time(72 * 3_600)
        both = signed_in(instance, app, CLERK, APPROVER)
        done = sign(both, "/registrar/recoveries", f"release-{shop.subject.hex()}", f"{row}/complete")
        assert done.status_code == 303
        assert instance.history.current(shop.subject).controllers.keys[0].key == phone.passkey

    def test_a_hold_without_a_call_back_is_refused_and_with_one_it_takes_one_person(self, instance, clerk):
        path = f"/registrar/firms/{instance.new_shop().subject.hex()}/hold"
        assert clerk.send_form(path).status_code == 422
        assert clerk.send_form(path, {"called_back": "yes"}).status_code == 303

    def test_the_list_of_invitations_tells_which_replace_signers(self, instance, app, clerk, approver):
        shop = instance.new_shop()
        path = invite(clerk, shop.code, recovers="yes", called_back="yes")
        bring_key(Browser(app), code_for(clerk, path))
        release(approver, path)
        assert "new signers requested" in clerk.get(LIST).text
