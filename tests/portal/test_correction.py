"""The corrections of the portal's design, by their headings: the attack first, then what is meant to work."""

import logging
import re
from dataclasses import replace

import pytest

from api.services.consent.request import MOST_A_DAY
from api.services.draft.draft import ShownDraft
from api.services.message.address import ContactChannel
from api.services.notification.follower import ChainFollower
from api.services.staff.role import StaffRole
from ledger_node.domain.consent_text import Language
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import check_digits
from ledger_node.domain.subject import Controller
from tests.kit.enrolment_page import LIST, bring_key, code_for, invite, release, sign, signed_in
from tests.kit.own_look import look_fields, open_values
from tests.kit.portal import Browser, PortalInstance, new_phone, page_data, portal_app
from tests.kit.signer import erase_key
from tests.kit.signer_page import bring_device, device_code, sign_act, sign_change, take_in
from tests.kit.small_instance import ANSWER_KEY, BANK, GOOD, one_form, refused

UNUSUAL = one_form("tax_payment.sales_income >= 10000 CNY during 2025")
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


def owner_of(app, shop, at=0):
    """Sign a firm's signer in."""
    browser = Browser(app)
    assert browser.sign_in(shop.phones[at]).status_code == 303
    return browser


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


class TestBindingOfRotations:
    """A change of signers is signed over its lines; both devices show the digits; no cookie, no passkey named."""

    def test_a_signature_over_other_lines_or_another_key_counts_for_nothing(self, instance, app):
        shop = instance.new_shop()
        owner = owner_of(app, shop)
        offer, code = instance.device_offers.offer(shop.subject, 1, "李强", now=instance.now())
        bring_device(app, code)
        take_in(owner)
        held = instance.rotation_drafts.find(shop.subject, now=instance.now()).rotation
        thiefs = replace(held.controllers, keys=(held.controllers.keys[0], Controller(1, new_phone().passkey)))
        attacks = replace(held, lines=(*held.lines, "")), replace(held, controllers=thiefs), replace(held, lines=())
        for attack in attacks:
            wrong = shop.phones[0].fields(attack.digest(instance.ledger.subject_domain))
            refused_page = sign_change(owner, shop.phones[0], **wrong)
            assert refused_page.status_code != 303
            assert instance.history.current(shop.subject).entry == 0
        assert sign_change(owner, shop.phones[0]).status_code == 303
        assert refused(instance.device_offers.find, shop.subject, offer.id) is Reason.NOT_FOUND

    def test_a_key_that_came_by_a_stolen_code_shows_other_digits_and_the_signers_key_comes_no_more(self, instance, app):
        shop = instance.new_shop()
        owner, own = owner_of(app, shop), new_phone()
        code = device_code(owner)
        thief, _ = bring_device(app, code)
        assert Browser(app).send_form("/device/code", {"code": code}).status_code == 409
        page = owner.get("/signers").text
        assert check_digits(thief.passkey) in page
        assert check_digits(own.passkey) not in page
        assert Browser(app).sign_in(thief).status_code != 303

    def test_a_code_shows_nothing_of_the_firm_before_a_key_has_come(self, instance, app):
        shop = instance.new_shop()
        code = device_code(owner_of(app, shop), "0", name="李强")
        assert "李强" not in Browser(app).send_form("/device/code", {"code": code}).text

    def test_without_a_device_cookie_the_list_is_empty(self, instance, app):
        shop = instance.new_shop()
        assert page_data(Browser(app).get("/sign-in").text, "sign-in-data")["credentials"] == []
        known = owner_of(app, shop)
        known.send_form("/session/end")
        named = page_data(known.get("/sign-in").text, "sign-in-data")["credentials"]
        assert named == [shop.phones[0].id.hex()]

    def test_names_of_signers_are_gone_with_the_firm(self, instance, app):
        shop = instance.new_shop()
        device_code(owner_of(app, shop), "0", name="李强")
        erase_key(instance, shop.subject)
        assert refused(instance.device_offers.open, shop.subject, now=instance.now()) is Reason.ERASED


class TestPersons:
    """A threshold counts persons, not keys."""

    def test_one_persons_phone_and_computer_are_not_two(self, instance, app):
        shop = instance.new_shop(persons=2, threshold=2)
        owner, other = (owner_of(app, shop, at) for at in (0, 1))
        computer, _ = bring_device(app, device_code(owner), device="computer")
        take_in(owner)
        sign_change(owner, shop.phones[0])
        draft = instance.rotation_drafts.find(shop.subject, now=instance.now())
        assert draft.signed == (1,)
        sign_change(other, shop.phones[1])
        own = Browser(app)
        own.sign_in(computer)
        own.send_form("/signers/rotation", {"remove_person": "2"})
        sign_change(own, computer)
        draft = instance.rotation_drafts.find(shop.subject, now=instance.now())
        again = shop.phones[0].sign(draft.digest)
        call = refused(instance.signers.sign, shop.subject, draft.id, again, now=instance.now())
        assert call is Reason.SIGNER_REPEATED
        assert sorted(instance.history.current(shop.subject).controllers.persons) == [1, 2]

    def test_two_devices_of_one_person_do_not_let_the_threshold_be_two(self, instance, app):
        shop = instance.new_shop()
        owner = owner_of(app, shop)
        bring_device(app, device_code(owner))
        assert take_in(owner, threshold="2").status_code == 422


class TestLossDismissalDeath:
    """One employee holds after calling back; new signers take two people twice, and 72 hours between."""

    def test_a_signer_who_was_rotated_out_has_a_dead_session_and_holds_nothing(self, instance, app):
        shop = instance.new_shop(persons=2)
        dismissed, owner = (owner_of(app, shop, at) for at in (0, 1))
        owner.send_form("/signers/rotation", {"remove_person": "1"})
        sign_change(owner, shop.phones[1])
        assert dismissed.get("/signers").headers["location"].startswith("/sign-in")
        assert Browser(app).sign_in(shop.phones[0]).status_code != 303
        hold, digest = instance.alarms.next_hold(shop.subject, instance.now() + 900)
        signature = shop.phones[0].sign(digest)
        assert refused(instance.alarms.hold, hold, signature, now=instance.now()) is Reason.SIGNER_NOT_CONTROLLER

    def test_during_a_signers_hold_withdrawals_go_on_and_nothing_else(self, instance, app):
        shop = instance.new_shop(persons=2)
        owner = owner_of(app, shop)
        request = instance.ask(shop).id
        draft = instance.drafts.start(request, shop.subject, Language.ENGLISH, now=instance.now())
        shown = ShownDraft(draft.consent.terms, draft.consent.bounds, draft.drawn_up_at)
        consent = draft.id
        instance.drafts.sign(request, shop.subject, shown, shop.phones[0].sign(consent), now=instance.now())
        sign_act(owner, "/signers/lost", "hold", "/signers/hold", shop.phones[0])
        owner.send_form("/signers/rotation", {"remove_person": "2"})
        draft = instance.rotation_drafts.find(shop.subject, now=instance.now())
        signature = shop.phones[0].sign(draft.digest)
        call = refused(instance.signers.sign, shop.subject, draft.id, signature, now=instance.now())
        assert call is Reason.SUBJECT_ON_HOLD
        assert owner.send_form(f"/consents/{consent.hex()}/withdraw").status_code == 303
        assert instance.consents.record_of(consent).state is ConsentState.WITHDRAWN

    def test_somebody_without_a_key_calls_no_recovery_off_and_a_signer_does_with_one_tap(self, instance, app):
        shop, other = instance.new_shop(persons=2, threshold=2), instance.new_shop()
        instance.recoveries.request(shop.subject, instance.history.current(other.subject).controllers)
        owner = owner_of(app, shop)
        wrong = other.phones[0].fields(bytes.fromhex(page_data(owner.get("/home").text, "signer-cancel")["expected"]))
        assert owner.send_form("/recovery/cancel", wrong).status_code != 303
        assert instance.ledger.recovery(shop.subject).commitment is not None
        assert sign_act(owner, "/home", "cancel", "/recovery/cancel", shop.phones[0]).status_code == 303
        assert instance.ledger.recovery(shop.subject).commitment is None

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


class TestValues:
    """Values take a signed look, also for programs; answers are yes or no; the file comes late; a code leads a bank."""

    VALUE = "1,234.5"

    @pytest.fixture
    def shop(self, instance):
        shop = instance.new_shop()
        instance.attest(shop.code)
        return shop

    @pytest.fixture
    def owner(self, app, shop):
        browser = Browser(app)
        browser.sign_in(shop.phones[0])
        return browser

    def test_whoever_has_the_session_alone_reads_no_value(self, instance, app, shop, owner):
        page = owner.get("/records")
        thief, stranger = Browser(app), instance.new_shop().phones[0]
        thief.kept = dict(owner.kept)
        fields = look_fields(page, shop.phones[0])
        # nothing signed; another key; a signature over something else; the right one over another nonce
        signed_in_with = shop.phones[0].fields(b"x" * 32)
        other = look_fields(thief.get("/records"), shop.phones[0])
        for forged in (
            {"nonce": fields["nonce"]},
            look_fields(page, stranger),
            {"nonce": fields["nonce"], **signed_in_with},
            fields | {"nonce": other["nonce"]},
            fields | {"nonce": "zz"},
            fields | {"nonce": ""},
        ):
            answer = thief.send_form("/records", forged)
            assert answer.status_code == 422
            assert self.VALUE not in answer.text
        assert instance.looks.of_subject(shop.subject) == []
        assert self.VALUE in owner.send_form("/records", fields).text

    def test_a_signed_look_is_not_shown_twice_and_not_after_five_minutes(self, instance, shop, owner):
        used, late = (look_fields(owner.get("/records"), shop.phones[0]) for _ in range(2))
        assert self.VALUE in owner.send_form("/records", used).text
        assert self.VALUE not in owner.send_form("/records", used).text
        instance.chain.pass_time(300)
        assert self.VALUE not in owner.send_form("/records", late).text
        begun = instance.looks.begin(shop.subject, LookKind.RECORDS, now=instance.now())
        signature = shop.phones[0].sign(begun.challenge)
        call = instance.looks.complete, shop.subject, LookKind.RECORDS, begun.nonce, signature
        assert refused(*call, now=instance.now() + 300) is Reason.LOOK_LATE
        instance.looks.complete(*call[1:], now=instance.now())
        assert refused(*call, now=instance.now()) is Reason.LOOK_USED

    def test_the_look_is_a_row_that_every_signer_sees(self, instance, app):
        shop = instance.new_shop(persons=2)
        instance.attest(shop.code)
        first, second = Browser(app), Browser(app)
        first.sign_in(shop.phones[0])
        second.sign_in(shop.phones[1])
        open_values(first, shop.phones[0])
        assert "The values of your records" in second.get("/looked").text

    def test_a_firm_that_came_just_now_or_is_held_sees_no_value(self, instance, app, clerk, approver):
        code, phone = instance.new_code(), new_phone()
        path = invite(clerk, code)
        bring_key(Browser(app), code_for(clerk, path), phone)
        release(approver, path)
        instance.attest(code)
        subject, browser = instance.subjects.id_of(code), Browser(app)
        browser.sign_in(phone)
        assert self.VALUE not in open_values(browser, phone).text
        begun = instance.looks.begin(subject, LookKind.RECORDS, now=instance.now())
        call = instance.looks.complete, subject, LookKind.RECORDS, begun.nonce, phone.sign(begun.challenge)
        assert refused(*call, now=instance.now()) is Reason.SUBJECT_NEW
        instance.chain.pass_time(86_400)
        instance.ledger.hold_by_registrar(subject, 1)
        begun = instance.looks.begin(subject, LookKind.RECORDS, now=instance.now())
        call = instance.looks.complete, subject, LookKind.RECORDS, begun.nonce, phone.sign(begun.challenge)
        assert refused(*call, now=instance.now()) is Reason.SUBJECT_ON_HOLD

    def test_own_answers_show_no_value(self, instance, shop, owner):
        path = f"/requests/{instance.ask(shop).id.hex()}/answers"
        page = owner.send_form(path, look_fields(owner.get(path), shop.phones[0]))
        assert "cr-verdict--yes" in page.text
        assert self.VALUE not in page.text

    def test_nobody_is_made_to_hand_the_file_over_at_once_and_it_proves_nothing(self, instance, app, shop, owner):
        phone = shop.phones[0]
        owner.send_form("/records/file-wish", look_fields(owner.get("/records"), phone, "file-data"))
        begun = instance.records.begin(shop.subject, LookKind.FILE, now=instance.now())
        call = instance.records.file, shop.subject, begun.nonce, phone.sign(begun.challenge)
        assert refused(*call, now=instance.now()) is Reason.FILE_EARLY
        instance.chain.pass_time(86_400 - 60)
        assert refused(*call, now=instance.now()) is Reason.FILE_EARLY
        instance.chain.pass_time(60)
        owner = Browser(app)
        owner.sign_in(phone)
        file = owner.send_form("/records/file", look_fields(owner.get("/records"), phone, "file-data"))
        assert self.VALUE in file.text
        # neither the digest of a record, nor a salt, a signature or a place by which somebody could check it
        assert not re.search(r"[0-9a-f]{16}", file.text)

    def test_a_question_that_the_purpose_does_not_need_is_marked(self, instance, shop, owner):
        usual, other = (instance.ask(shop, text).id.hex() for text in (GOOD, UNUSUAL))
        mark = "Banks do not usually ask this for this purpose."
        assert mark not in owner.get(f"/requests/{usual}").text
        assert mark in owner.get(f"/requests/{other}").text

    def test_a_code_leads_the_bank_it_was_made_for_and_once_and_for_a_day(self, instance, shop):
        bank, other = BANK, bytes(32)
        first = instance.handovers.make(shop.subject, bank)
        assert len(re.sub("[^0-9A-Z]", "", first)) * 5 == 40
        redeem, now = instance.handovers.redeem, instance.now()
        assert refused(redeem, other, first, now=now) is Reason.CODE_UNKNOWN
        assert redeem(bank, first, now=now) == shop.subject
        assert refused(redeem, bank, first, now=now) is Reason.CODE_USED
        late = instance.handovers.make(shop.subject, bank)
        instance.chain.pass_time(86_400)
        assert refused(redeem, bank, late, now=instance.now()) is Reason.CODE_EXPIRED

    def test_no_value_is_in_an_address_a_title_or_the_log(self, shop, owner, caplog):
        caplog.set_level(logging.DEBUG)
        page = open_values(owner, shop.phones[0])
        again = owner.send_form("/records", look_fields(page_before := owner.get("/records"), shop.phones[0]))
        assert self.VALUE in again.text
        title = re.search("<title>(.*?)</title>", page.text)[1]
        for place in (title, str(page.url), str(page.headers), page_before.text, caplog.text, str(owner.kept)):
            assert self.VALUE not in place
            assert "123450" not in place
        assert page.headers["cache-control"] == "no-store"
        links = re.findall(r'(?:href|action|value)="([^"]*)"', page.text)
        assert not [link for link in links if self.VALUE in link]
        # what stands there is blanked after five minutes, and when the page is left
        assert re.search(r"<dd data-value><bdi>CNY 1,234\.5</bdi></dd>", page.text)
