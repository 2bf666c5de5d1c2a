"""What a firm was told and where; the addresses that it is told at; and the code by which a bank finds it."""

import re
from http import HTTPStatus

import pytest

from api.portal.firm.notice.words import WORDS
from api.services.message.address import ContactChannel
from api.services.message.outbox import TOLD
from api.services.notification.follower import ChainFollower
from api.services.notification.notice import NoticeKind
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from tests.kit.portal import Browser, field_of, portal_app
from tests.kit.small_instance import BANK, refused
from tests.kit.words import faults

ADDRESS = "owner@shop.example"


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    return instance.new_shop()


@pytest.fixture
def owner(app, shop):
    browser = Browser(app)
    browser.sign_in(shop.phones[0])
    return browser


def letters(instance):
    """Send what is due, and return what went out by e-mail."""
    instance.deliveries.deliver_due()
    return instance.channels[ContactChannel.EMAIL].taken


def confirm(instance, browser, address=ADDRESS):
    assert browser.send_form("/contacts", {"address": address}).status_code == HTTPStatus.SEE_OTHER
    code = letters(instance)[-1].text.partition("notices: ")[2].partition(".")[0]
    return browser.send_form("/contacts/confirmation", {"code": code})


def made_code(browser):
    page = browser.send_form("/handover", {"bank": BANK.hex()})
    return re.search(r'cr-nowrap">([^<]+)<', page.text)[1]


class TestContact:
    def test_an_address_without_its_code_is_told_nothing(self, instance, shop, owner):
        owner.send_form("/contacts", {"address": ADDRESS})
        instance.ask(shop)
        ChainFollower(instance.store, instance.ledger).catch_up()
        assert [letter.kind for letter in letters(instance)] == ["contact.code"]
        assert owner.send_form("/contacts/confirmation", {"code": "AAAA-AAAA"}).status_code != HTTPStatus.SEE_OTHER

    def test_a_session_that_is_not_fresh_changes_no_address(self, instance, shop, owner):
        confirm(instance, owner)
        (row,) = instance.contacts.of(shop.subject)
        instance.chain.pass_time(301)
        for path, form in (("/contacts", {"address": "thief@else.example"}), (f"/contacts/{row.id.hex()}/removal", {})):
            asked = owner.send_form(path, form)
            assert asked.status_code == HTTPStatus.FORBIDDEN
            assert "Show once more that it is you" in asked.text
        assert instance.contacts.of(shop.subject) == (row,)

    def test_a_change_is_told_to_the_old_address_too(self, instance, shop, owner):
        confirm(instance, owner)
        (old,) = instance.contacts.of(shop.subject)
        confirm(instance, owner, "new@shop.example")
        assert owner.send_form(f"/contacts/{old.id.hex()}/removal").status_code == HTTPStatus.SEE_OTHER
        told = [(letter.kind, letter.to) for letter in letters(instance)]
        assert ("contact.added", ADDRESS) in told
        assert ("contact.removed", ADDRESS) in told
        assert ("contact.removed", "new@shop.example") in told

    def test_another_firms_address_is_not_removed(self, instance, app, owner):
        other = instance.new_shop()
        theirs = Browser(app)
        theirs.sign_in(other.phones[0])
        confirm(instance, theirs)
        (row,) = instance.contacts.of(other.subject)
        assert owner.send_form(f"/contacts/{row.id.hex()}/removal").status_code == HTTPStatus.NOT_FOUND
        assert owner.send_form("/contacts/zz/removal").status_code == HTTPStatus.NOT_FOUND
        assert instance.contacts.of(other.subject) == (row,)

    def test_a_page_shows_no_whole_address(self, instance, owner):
        confirm(instance, owner)
        page = owner.get("/contacts").text
        assert ADDRESS not in page
        assert "o…@shop.example" in page


class TestNotice:
    def test_a_notice_says_when_what_who_and_where_it_was_sent(self, instance, shop, owner):
        confirm(instance, owner)
        instance.ask(shop)
        ChainFollower(instance.store, instance.ledger).catch_up()
        assert "Is being sent" in owner.get("/notices").text
        letters(instance)
        page = owner.get("/notices").text
        assert "A bank asks for your firm&#39;s consent." in page
        assert "Demo bank" in page
        assert "o…@shop.example" in page
        assert re.search(r'href="/requests/[0-9a-f]{64}"', page)

    def test_notices_are_new_until_the_firm_says_that_it_read_them(self, instance, shop, owner):
        instance.ask(shop)
        ChainFollower(instance.store, instance.ledger).catch_up()
        assert "One new notice" in owner.get("/home").text
        page = owner.get("/notices").text
        owner.get("/notices")
        assert instance.notice_feed.unread(shop.subject) == 1
        assert owner.send_form("/notices/read", {"newest": field_of(page, "newest")}).status_code == 303
        assert "No new notices" in owner.get("/home").text
        assert "newest" not in owner.get("/notices").text
        assert [one.is_read for one in instance.notice_feed.newest(shop.subject)] == [True]

    def test_nobody_marks_the_notices_of_another(self, instance, shop, owner):
        other = instance.new_shop()
        instance.ask(other)
        ChainFollower(instance.store, instance.ledger).catch_up()
        (theirs,) = instance.notice_feed.newest(other.subject)
        assert owner.send_form("/notices/read", {"newest": theirs.id}).status_code == HTTPStatus.NOT_FOUND
        assert refused(instance.notice_feed.mark_read, shop.subject, theirs.id, now=1) is Reason.NOT_FOUND
        assert instance.notice_feed.unread(other.subject) == 1

    def test_an_older_mark_takes_none_back(self, instance, shop):
        instance.ask(shop)
        instance.grant(shop)
        ChainFollower(instance.store, instance.ledger).catch_up()
        newest, *_, oldest = instance.notice_feed.newest(shop.subject)
        instance.notice_feed.mark_read(shop.subject, newest.id, now=1)
        instance.notice_feed.mark_read(shop.subject, oldest.id, now=2)
        assert instance.notice_feed.unread(shop.subject) == 0


class TestHandover:
    def test_a_code_is_for_one_bank_and_counts_once(self, instance, shop, owner):
        page = owner.get("/handover").text
        assert f'value="{BANK.hex()}"' in page
        code = made_code(owner)
        redeem = instance.handovers.redeem
        assert refused(redeem, bytes(32), code, now=instance.now()) is Reason.CODE_UNKNOWN
        assert redeem(BANK, code, now=instance.now()) == shop.subject
        assert refused(redeem, BANK, code, now=instance.now()) is Reason.CODE_USED

    def test_a_second_code_ends_the_first_and_a_day_ends_both(self, instance, owner):
        codes = [made_code(owner) for _ in range(2)]
        redeem = instance.handovers.redeem
        assert refused(redeem, BANK, codes[0], now=instance.now()) in {Reason.CODE_UNKNOWN, Reason.CODE_EXPIRED}
        instance.chain.pass_time(86_401)
        assert refused(redeem, BANK, codes[1], now=instance.now()) is Reason.CODE_EXPIRED

    def test_there_is_no_code_for_somebody_who_is_no_bank(self, owner):
        assert owner.send_form("/handover", {"bank": "00" * 32}).status_code != HTTPStatus.OK
        assert owner.send_form("/handover", {"bank": "x"}).status_code != HTTPStatus.OK

    def test_neither_page_nor_address_shows_the_firms_id(self, shop, owner):
        page = owner.send_form("/handover", {"bank": BANK.hex()})
        assert shop.subject.hex() not in page.text
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", Language)
def test_the_pages_are_whole_in_both_languages(instance, app, shop, language):
    browser = Browser(app, language.value)
    browser.sign_in(shop.phones[0])
    empty = [browser.get(path).text for path in ("/notices", "/contacts", "/handover")]
    browser.send_form("/contacts", {"address": ADDRESS})
    instance.ask(shop)
    ChainFollower(instance.store, instance.ledger).catch_up()
    letters(instance)
    pages = [browser.get(path).text for path in ("/notices", "/contacts")]
    pages.append(browser.send_form("/handover", {"bank": BANK.hex()}).text)
    for page in empty + pages:
        assert faults(page, is_firm=True) == set()


def test_every_kind_that_a_firm_is_told_has_words():
    told = {kind.value for kind in NoticeKind if not kind.value.startswith("attestation.")} | TOLD
    assert told <= WORDS.keys()
