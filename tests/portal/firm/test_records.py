"""My records: listed without values, opened by a signed look, and the file a day after the wish."""

from http import HTTPStatus

import pytest

from api.catalogue.datatype import schemas
from api.portal.firm.record.view import FileState, file_rows, opened_page, records_page
from api.portal.firm.table_file import table_file
from api.portal.firm.words import FirmWords
from api.services.record.record import FieldValue
from ledger_node.domain.consent_text import Language
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.schema import day_in_china
from ledger_node.domain.value import Special
from tests.kit.own_look import look_fields, open_values
from tests.kit.portal import Browser, portal_app
from tests.kit.small_instance import DAY
from tests.kit.words import faults

VALUE = "1,234.5"


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    shop = instance.new_shop()
    instance.attest(shop.code)
    return shop


@pytest.fixture
def owner(app, shop):
    return signed_in(app, shop)


def signed_in(app, shop, language="en"):
    browser = Browser(app, language)
    assert browser.sign_in(shop.phones[0]).status_code == HTTPStatus.SEE_OTHER
    return browser


def view_of(instance, shop):
    return records_page(instance, shop.subject, [], Language.ENGLISH, instance.now())


def test_records_stand_by_department_in_sentences_and_without_values(instance, shop):
    view = view_of(instance, shop)
    (department,) = view.departments
    (card,) = department.records
    assert (department.name, card.sentence, card.values) == ("Tax bureau", "Tax payment in 2025", ())
    assert card.as_of <= day_in_china(instance.now())
    assert not card.is_over
    assert (view.is_open, view.file_state) == (False, FileState.NONE)
    instance.chain.pass_time(500 * DAY)
    assert view_of(instance, shop).departments[0].records[0].is_over


def test_opened_values_are_written_as_people_write_them(instance, shop):
    phone = shop.phones[0]
    begun = instance.records.begin(shop.subject, LookKind.RECORDS, now=instance.now())
    found = instance.records.of_subject(shop.subject, begun.nonce, phone.sign(begun.challenge), now=instance.now())
    for language, label, amount in (
        (Language.ENGLISH, "tax paid", "CNY 1,234.5"),
        (Language.CHINESE, "实缴税额", "1,234.5 元"),
    ):
        view = opened_page(found, FirmWords.of(instance, language), instance.now())
        shown = {line.label: line.value for line in view.departments[0].records[0].values}
        assert shown[label] == amount
        assert VALUE not in repr(view)
    head, *rows = file_rows(found, FirmWords.of(instance, Language.ENGLISH), instance.now())
    assert "proves nothing" in head[0]
    assert ("tax paid", "CNY 1,234.5") in {row[-2:] for row in rows}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Special.ABSENT, "not stated"),
        (Special.NONE_ON_RECORD, "none on record"),
        (Special.NO_END, "without an end"),
        (True, "yes"),
        (False, "no"),
        ((), "none"),
        (("A", "B"), "A, B"),
        ("a\u202eb", "a\ufffdb"),
    ],
)
def test_values_of_every_kind_have_words(instance, value, said):
    field = schemas()["tax_payment"].field("tax_kind")
    words = FirmWords.of(instance, Language.ENGLISH)
    assert words.value("tax_payment", FieldValue(field, value)) == said
    assert words.value("some_other_type", FieldValue(field, value)) == said


def test_a_signed_look_shows_the_values_once_and_says_how_long(shop, owner):
    before = owner.get("/records")
    assert "Tax payment in 2025" in before.text
    assert VALUE not in before.text
    fields = look_fields(before, shop.phones[0])
    page = owner.send_form("/records", fields)
    assert page.status_code == HTTPStatus.OK
    assert VALUE in page.text
    assert page.text.count("data-value") >= 4
    again = owner.send_form("/records", fields)
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert VALUE not in again.text


def test_the_file_comes_a_day_after_the_wish_and_is_no_page(instance, app, shop, owner):
    phone = shop.phones[0]
    wished = owner.send_form("/records/file-wish", look_fields(owner.get("/records"), phone, "file-data"))
    assert wished.headers["location"] == "/records"
    waiting = owner.get("/records")
    assert "The file was asked for." in waiting.text
    assert "file-data" not in waiting.text
    instance.chain.pass_time(DAY)
    owner = signed_in(app, shop)
    file = owner.send_form("/records/file", look_fields(owner.get("/records"), phone, "file-data"))
    assert file.headers["content-disposition"] == 'attachment; filename="my-records.csv"'
    assert file.headers["cache-control"] == "no-store"
    assert VALUE in file.text


def test_a_firm_without_records_is_told_so(instance, app):
    page = signed_in(app, instance.new_shop()).get("/records")
    assert "No department holds a record about your firm here." in page.text
    assert "look-data" not in page.text


def test_no_cell_of_a_file_is_a_formula():
    body = table_file([("=1+1", "@x", "-5", "tax")], "my-records").body.decode()
    assert body == "\ufeff'=1+1,'@x,'-5,tax\r\n"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_are_whole_in_both_languages(app, shop, language):
    owner = signed_in(app, shop, language)
    pages = [owner.get("/records"), open_values(owner, shop.phones[0])]
    owner.send_form("/records/file-wish", look_fields(owner.get("/records"), shop.phones[0], "file-data"))
    pages.append(owner.get("/records"))
    assert [faults(page.text, is_firm=True) for page in pages] == [set()] * 3
