"""Addresses of firms: confirmed by a code, told of every change, gone with an erasure, and never shown whole."""

from sqlalchemy import select

from api.services.erasure.erasure import ErasureService
from api.services.message.address import ContactChannel
from api.services.message.contact import CODES_A_DAY, MOST, Contacts
from api.storage import table
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, refused

MAIL, PHONE = "wang@shop.example", "+8613800138000"
EN = Language.ENGLISH


def test_an_address_counts_once_its_code_was_typed(instance, post, firm):
    shown = post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    assert (shown.masked, shown.confirmed_at) == ("w…@shop.example", None)
    code = post.code()
    assert [letter.to for letter in post.email.taken] == [MAIL]
    shown = post.contacts.confirm(firm.subject, code.lower(), now=instance.now())
    assert shown.confirmed_at == instance.now()
    assert post.contacts.of(firm.subject) == (shown,)
    assert refused(post.contacts.confirm, firm.subject, code, now=instance.now()) is Reason.CODE_USED


def test_the_code_of_another_firm_confirms_nothing(instance, post, firm):
    post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    code, other = post.code(), instance.new_firm()
    assert refused(post.contacts.confirm, other.subject, code, now=instance.now()) is Reason.CODE_UNKNOWN
    assert post.contacts.confirm(firm.subject, code, now=instance.now()).confirmed_at


def test_a_code_that_is_late_wrong_or_of_a_removed_address_confirms_nothing(instance, post, firm):
    shown = post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    code = post.code()
    assert refused(post.contacts.confirm, firm.subject, "0000-0000", now=instance.now()) is Reason.CODE_UNKNOWN
    instance.chain.now += 3_600
    assert refused(post.contacts.confirm, firm.subject, code, now=instance.now()) is Reason.CODE_EXPIRED
    post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    code = post.code()
    post.contacts.remove(firm.subject, shown.id, now=instance.now())
    assert refused(post.contacts.confirm, firm.subject, code, now=instance.now()) is Reason.CODE_EXPIRED
    assert post.contacts.of(firm.subject) == ()


def test_codes_to_one_address_are_few(instance, post, firm):
    for _ in range(CODES_A_DAY):
        post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    assert refused(post.contacts.add, firm.subject, MAIL, EN, now=instance.now()) is Reason.RATE_LIMITED
    instance.chain.now += 86_400
    post.contacts.add(firm.subject, MAIL, EN, now=instance.now())


def test_the_old_addresses_are_told_of_one_that_is_added_or_removed(instance, post, firm):
    post.confirmed(firm, MAIL)
    added = post.contacts.add(firm.subject, PHONE, EN, now=instance.now())
    post.contacts.confirm(firm.subject, post.code(), now=instance.now())
    assert sorted(post.send()) == [("contact.added", PHONE), ("contact.added", MAIL)]
    post.contacts.remove(firm.subject, added.id, now=instance.now())
    assert sorted(post.send()) == [("contact.removed", PHONE), ("contact.removed", MAIL)]
    assert [shown.channel for shown in post.contacts.of(firm.subject)] == [ContactChannel.EMAIL]
    # nothing more goes to what was removed, and nothing of it is kept
    assert len(instance.store.rows(select(table.contact))) == 1
    assert refused(post.contacts.remove, firm.subject, added.id, now=instance.now()) is Reason.NOT_FOUND


def test_one_firm_removes_no_address_of_another(instance, post, firm):
    shown = post.confirmed(firm, MAIL)
    assert refused(post.contacts.remove, instance.new_firm().subject, shown.id, now=instance.now()) is Reason.NOT_FOUND


def test_an_address_that_is_there_already_is_not_added_twice(instance, post, firm):
    shown = post.confirmed(firm, MAIL)
    assert post.contacts.add(firm.subject, "wang@SHOP.example ", EN, now=instance.now()) == shown
    assert post.send() == []


def test_a_firm_has_a_few_addresses(instance, post, firm):
    for number in range(MOST):
        post.contacts.add(firm.subject, f"a{number}@shop.example", EN, now=instance.now())
    assert refused(post.contacts.add, firm.subject, MAIL, EN, now=instance.now()) is Reason.CONTACTS_TOO_MANY


def test_an_instance_that_sends_no_text_messages_takes_no_telephone_number(instance, post, firm):
    parts = instance.store, post.seals, post.codes, (ContactChannel.EMAIL,)
    contacts = Contacts(*parts, code_s=60)
    assert refused(contacts.add, firm.subject, PHONE, EN, now=instance.now()) is Reason.CHANNEL_MISSING


def test_the_register_s_address_is_told_of_the_registration(instance, post, firm):
    shown = post.contacts.add_of_register(firm.subject, "138 0013 8000", EN, now=instance.now())
    assert shown.confirmed_at == instance.now()
    assert post.send() == [("subject.registered", PHONE)]


def test_addresses_and_codes_stand_in_the_store_sealed(instance, post, firm):
    post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    stored = [bytes(row.sealed) for row in instance.store.rows(select(table.contact))]
    waiting = [bytes(row.sealed) for row in instance.store.rows(select(table.message))]
    code = post.code()
    assert MAIL.encode() not in stored[0]
    assert code.encode() not in waiting[0]
    # what was sent holds its code no more
    assert instance.store.scalars(select(table.message.c.sealed)) == [None]
    assert MAIL not in repr(post.email.taken[0])
    assert code not in repr(post.email.taken[0])


def test_an_erasure_takes_the_addresses_along(instance, post, firm):
    post.confirmed(firm, MAIL)
    post.contacts.add(firm.subject, PHONE, EN, now=instance.now())
    erasures = ErasureService(instance.store, instance.keys, instance.removals, instance.issuers)
    erasures.erase(REGISTRAR, credit_code=firm.code, schema=None)
    assert instance.store.rows(select(table.contact)) == []
    assert instance.store.rows(select(table.message)) == []
    assert refused(post.contacts.add, firm.subject, MAIL, EN, now=instance.now()) is Reason.ERASED


def test_an_address_that_nobody_confirmed_goes_after_some_days(instance, post, firm):
    post.contacts.add(firm.subject, MAIL, EN, now=instance.now())
    post.send()
    instance.chain.now += 3 * 86_400
    post.contacts.add(firm.subject, PHONE, EN, now=instance.now())
    post.send()
    assert [shown.channel for shown in post.contacts.of(firm.subject)] == [ContactChannel.PHONE]
