"""The corrections of the portal's design, by their headings: the attack first, then what is meant to work."""

import re

import pytest

from api.services.consent.request import MOST_A_DAY
from api.services.message.address import ContactChannel
from api.services.notification.follower import ChainFollower
from api.services.staff.role import StaffRole
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controller
from tests.kit.enrolment_page import LIST, bring_key, code_for, invite, release, sign, signed_in
from tests.kit.portal import Browser, PortalInstance, new_phone, portal_app
from tests.kit.small_instance import ANSWER_KEY, BANK, refused

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

    def test_the_registers_address_hears_of_it_while_the_firm_still_waits(self, instance, app, clerk, approver):
        code, phone = instance.new_code(), new_phone()
        path = invite(clerk, code, register_address="office@register.example")
        bring_key(Browser(app), code_for(clerk, path), phone)
        release(approver, path)
        subject = instance.subjects.id_of(code)
        assert instance.now() < instance.first_wait.ends_at(subject)
        assert mailed(instance) == [("subject.registered", "office@register.example")]
        # what is finished once more is told once
        instance.contacts.add_of_register(subject, "office@register.example", Language.CHINESE, now=instance.now())
        assert len(mailed(instance)) == 1
        browser = Browser(app)
        browser.sign_in(phone)
        assert "Your firm is new here." in browser.get("/home").text

    def test_an_address_that_nothing_is_sent_to_is_refused_before_the_firm_comes(self, instance, clerk):
        wrong = {"register_address": "no address"}
        form = {"credit_code": instance.new_code(), "name": "Firm", "signers": "Li Na", "threshold": "1"}
        assert clerk.send_form(LIST, form | wrong).status_code == 422

    def test_a_firm_that_a_program_registered_waits_as_long(self, instance):
        shop = instance.new_shop()
        assert instance.first_wait.ends_at(shop.subject) is None
        code, phone = instance.new_code(), new_phone()
        keys = (Controller(1, phone.passkey),)
        registered = instance.now()
        subject = instance.subjects.register(code, keys, 1, now=registered, waits=True).id
        assert refused(instance.first_wait.require_over, subject, registered + 86_399) is Reason.SUBJECT_NEW
        instance.first_wait.require_over(subject, registered + 86_400)
        # asking again begins no new wait
        instance.subjects.register(code, keys, 1, now=registered + 50, waits=True)
        instance.first_wait.require_over(subject, registered + 86_400)

    def test_the_counter_shows_a_fresh_code_and_the_post_gets_a_slip(self, instance, clerk):
        counter = invite(clerk, instance.new_code())
        first, second = code_for(clerk, counter), code_for(clerk, counter)
        assert first != second
        post = invite(clerk, instance.new_code(), way="post")
        assert "will then call you" in clerk.send_form(f"{post}/code", {"person": "1"}).text


def mailed(instance):
    """Send what is due, and return (kind, address) of what went out by e-mail."""
    instance.deliveries.deliver_due()
    return [(letter.kind, letter.to) for letter in instance.channels[ContactChannel.EMAIL].taken]


class TestNotices:
    """Kind and time alone; addresses are confirmed, and changed with a fresh passkey; requests are rate-limited."""

    @pytest.fixture
    def shop(self, instance):
        return instance.new_shop()

    @pytest.fixture
    def owner(self, app, shop):
        browser = Browser(app)
        browser.sign_in(shop.phones[0])
        return browser

    def test_a_message_has_no_bank_purpose_question_link_or_code(self, instance, shop):
        add_confirmed(instance, shop, "owner@shop.example")
        held = instance.ask(shop)
        ChainFollower(instance.store, instance.ledger).catch_up()
        mailed(instance)
        letter = instance.channels[ContactChannel.EMAIL].taken[-1]
        assert letter.kind == "consent.requested"
        said = f"{letter.title} {letter.text}"
        for hidden in (held.asked.grantee_name, held.asked.purpose, "tax", "http", "/", held.id.hex()[:8]):
            assert hidden not in said

    def test_who_stole_a_session_adds_no_address_and_removes_none(self, instance, shop, owner):
        add_confirmed(instance, shop, "owner@shop.example")
        (row,) = instance.contacts.of(shop.subject)
        instance.chain.pass_time(301)
        owner.send_form("/contacts", {"address": "thief@else.example"})
        owner.send_form(f"/contacts/{row.id.hex()}/removal")
        assert instance.contacts.of(shop.subject) == (row,)

    def test_an_address_that_nobody_confirmed_is_told_nothing(self, instance, shop, owner):
        owner.send_form("/contacts", {"address": "owner@shop.example"})
        instance.ask(shop)
        ChainFollower(instance.store, instance.ledger).catch_up()
        assert [kind for kind, _ in mailed(instance)] == ["contact.code"]

    def test_the_old_address_hears_of_the_new_one_and_of_its_own_end(self, instance, shop, owner):
        add_confirmed(instance, shop, "old@shop.example")
        (old,) = instance.contacts.of(shop.subject)
        owner.send_form("/contacts", {"address": "new@shop.example"})
        mailed(instance)
        code = instance.channels[ContactChannel.EMAIL].taken[-1].text.partition("notices: ")[2].partition(".")[0]
        owner.send_form("/contacts/confirmation", {"code": code})
        owner.send_form(f"/contacts/{old.id.hex()}/removal")
        told = [kind for kind, to in mailed(instance) if to == "old@shop.example"]
        assert told[-2:] == ["contact.added", "contact.removed"]

    def test_a_firm_that_is_held_changes_no_address(self, instance, shop, owner):
        instance.holds.hold_by_registrar(shop.subject, now=instance.now())
        assert "on hold" in owner.send_form("/contacts", {"address": "owner@shop.example"}).text
        assert instance.contacts.of(shop.subject) == ()

    def test_a_bank_asks_a_firm_so_often_a_day_and_no_more(self, instance, shop):
        other = instance.new_shop()
        first = instance.ask(shop).asked
        for _ in range(MOST_A_DAY - 1):
            instance.ask(shop)
        assert refused(instance.ask, shop) is Reason.RATE_LIMITED
        # what was asked is asked again without harm, and other firms are not touched
        instance.requests.ask(first, ANSWER_KEY, bank=BANK, now=instance.now())
        instance.ask(other)
        instance.chain.pass_time(86_401)
        instance.ask(shop)


def add_confirmed(instance, shop, address):
    instance.contacts.add_of_register(shop.subject, address, Language.ENGLISH, now=instance.now())


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
