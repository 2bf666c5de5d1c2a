"""Who looked: each check with question and answer, refused ones too, by month; and what to do about one."""

import datetime as dt
from http import HTTPStatus

import pytest

from api.portal.firm.looked.month import MAX_MONTHS, Month, months_to_choose
from api.portal.firm.looked.view import doubt_page, looked_page, looked_rows
from api.services.access_log.interval import AccessIntervals
from api.services.access_log.row_proof import RowProof, proofs_of
from api.services.access_log.writer import AccessEntry, AccessLog, AskedRow
from ledger_node.domain.access import AccessRow
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.own_look import open_values
from tests.kit.portal import Browser, new_phone, portal_app
from tests.kit.small_instance import BANK, DAY, GOOD, REGISTRAR, RELAYER, one_form, refused
from tests.kit.words import faults

EN = Language.ENGLISH
MORE = one_form("tax_payment.paid_amount >= 2000 CNY during 2025")


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    return instance.new_shop()


@pytest.fixture
def asked(instance):
    """Write a bank's questions and answers about a subject, as one check."""
    log = AccessLog(instance.store, instance.keys, instance.departments[REGISTRAR], instance.now)

    def write(subject, *answers, use=True, consent=bytes(32), operator="Wang Fang", officer=None):
        use = random_bytes(32) if use else None
        signed = None if officer is None else OfficerSignature(use, officer.passkey, officer.sign(use))
        rows = [
            AskedRow(
                subject,
                AccessRow(0, BANK, operator, consent, "loan_application", question, verdict, reason, use, signed),
            )
            for question, verdict, reason in answers
        ]
        log.write(AccessEntry(rows))

    return write


@pytest.fixture
def anchor(instance):
    intervals = AccessIntervals(instance.store, instance.ledger, instance.operator, instance.now, instance.workers)
    return intervals.beat


YES = (GOOD, Outcome.HOLDS, None)
UNKNOWN = (MORE, Outcome.CANNOT_TELL, Reason.NO_ATTESTATION)
REFUSED = (GOOD, Outcome.CANNOT_TELL, Reason.CONSENT_WITHDRAWN)


def view_of(instance, shop, month=None):
    return looked_page(instance, shop.subject, month, EN, instance.now())


def test_a_check_shows_bank_employee_purpose_questions_and_answers(instance, shop, asked):
    asked(shop.subject, YES, UNKNOWN)
    (look,) = view_of(instance, shop).looks
    assert (look.bank, look.operator, look.purpose) == ("Demo bank", "Wang Fang", "Decide on a loan application")
    assert [line.verdict for line in look.lines] == ["yes", "unknown"]
    assert look.lines[0].question == ("Was at least CNY\N{NO-BREAK SPACE}1,000 of tax paid in 2025?",)
    assert look.lines[1].why
    assert not look.is_refused
    assert look.time == instance.now()


def test_only_what_an_officer_signed_is_by_a_person(instance, app, shop, asked):
    asked(shop.subject, YES)
    assert not view_of(instance, shop).looks[0].is_by_person
    owner = signed_in(app, shop)
    assert "by program (<bdi>Wang Fang</bdi>)" in owner.get("/looked").text
    asked(shop.subject, YES, officer=new_phone(), operator="Li Si")
    assert view_of(instance, shop).looks[0].is_by_person
    assert "<bdi>Li Si</bdi>, signed in person" in owner.get("/looked").text


def test_refused_tries_are_shown_and_counted_apart(instance, shop, asked):
    asked(shop.subject, YES)
    asked(shop.subject, REFUSED, use=False, operator=None)
    view = view_of(instance, shop)
    assert [look.is_refused for look in view.looks] == [True, False]
    assert view.looks[0].operator is None
    (total,) = view.totals
    assert (total.bank, total.looks, total.refused, total.yes, total.unknown) == ("Demo bank", 1, 1, 1, 0)


def test_a_row_is_proven_once_it_is_anchored_and_a_changed_one_is_not(instance, shop, asked, anchor):
    asked(shop.subject, YES)
    assert view_of(instance, shop).looks[0].proof is RowProof.WAITING
    anchor()
    assert view_of(instance, shop).looks[0].proof is RowProof.PROVEN
    rows, _ = instance.access.between(shop.subject, since=0, until=2**40, limit=9)
    assert proofs_of(rows, instance.ledger, keeper=BANK) == {rows[0].leaf: RowProof.FAILED}
    object.__setattr__(rows[0].row, "operator", "Li Si")
    assert proofs_of(rows, instance.ledger, keeper=RELAYER) == {rows[0].leaf: RowProof.FAILED}


def test_a_month_shows_its_own_looks_alone(instance, shop, asked):
    asked(shop.subject, YES)
    first = Month.of(instance.now())
    instance.chain.pass_time(62 * DAY)
    view = view_of(instance, shop)
    assert (view.looks, view.month) == ((), Month.of(instance.now()).code)
    assert view.months[0][0] == view.month
    assert view.months[-1][0] == first.code
    assert len(view_of(instance, shop, first).looks) == 1


def test_the_own_look_of_a_firm_is_a_row(instance, app, shop):
    instance.attest(shop.code)
    owner = signed_in(app, shop)
    open_values(owner, shop.phones[0])
    (own,) = view_of(instance, shop).own
    assert (own.what, own.person) == ("The values of your records", 1)
    assert "The values of your records" in owner.get("/looked").text


def test_a_firm_sees_no_row_of_another(instance, app, shop, asked):
    other = instance.new_shop()
    asked(other.subject, YES)
    assert view_of(instance, shop).looks == ()
    path = view_of(instance, other).looks[0].path
    assert signed_in(app, other).get(path).status_code == HTTPStatus.OK
    assert signed_in(app, shop).get(path).status_code == HTTPStatus.NOT_FOUND
    assert signed_in(app, shop).get("/looked/xyz/doubt").status_code == HTTPStatus.NOT_FOUND


def test_an_erased_row_is_counted_and_not_shown(instance, shop, asked):
    asked(shop.subject, YES)
    now = instance.now()
    instance.keys.erase(instance.key_ids_of(shop.subject))
    rows, erased = instance.access.between(shop.subject, since=0, until=now + 1, limit=9)
    assert (rows, erased) == ([], 1)


def test_i_did_not_agree_leads_to_the_consent_if_it_is_the_firms(instance, app, shop, asked):
    consent = instance.grant(shop)
    asked(shop.subject, YES, consent=consent)
    asked(shop.subject, REFUSED, use=False)
    refused_look, look = view_of(instance, shop).looks
    page = signed_in(app, shop).get(look.path)
    assert f"/consents/{consent.hex()}" in page.text
    assert "hold your firm" in page.text
    leaf = bytes.fromhex(refused_look.path.split("/")[2])
    assert doubt_page(instance, shop.subject, leaf, EN).consent is None


def test_the_month_as_a_table(instance, app, shop, asked):
    asked(shop.subject, YES, UNKNOWN, operator="=cmd()")
    asked(shop.subject, REFUSED, use=False, operator=None)
    view = view_of(instance, shop)
    head, *rows = looked_rows(view, EN)
    assert head[0] == "Time"
    assert [row[6] for row in rows] == ["refused", "yes", "cannot tell"]
    assert rows[0][2:4] == ("", "by program")
    file = signed_in(app, shop).get(f"/looked/file?month={view.month}")
    assert file.headers["content-disposition"] == f'attachment; filename="who-looked-{view.month}.csv"'
    assert "'=cmd()" in file.text


def test_months_are_read_strictly():
    assert Month.read("2026-12").until == Month.read("2027-01").since
    assert Month.read("2027-01").before == Month.read("2026-12")
    for text in ("", "2026", "2026-13", "9999-12", "1900-01", "2026-11-01"):
        with pytest.raises(InvalidInputError):
            Month.read(text)
    now = int(dt.datetime(2026, 11, 30, 22, 0, tzinfo=dt.UTC).timestamp())
    assert Month.of(now).code == "2026-12"
    assert months_to_choose(None, now) == (Month(2026, 12),)
    assert len(months_to_choose(0, now)) == MAX_MONTHS


def test_a_month_that_is_none_is_told_so(app, shop):
    assert signed_in(app, shop).get("/looked?month=today").status_code == HTTPStatus.NOT_FOUND


def signed_in(app, shop, language="en"):
    browser = Browser(app, language)
    assert browser.sign_in(shop.phones[0]).status_code == HTTPStatus.SEE_OTHER
    return browser


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_are_whole_in_both_languages(instance, app, shop, asked, language):
    owner = signed_in(app, shop, language)
    pages = [owner.get("/looked")]
    instance.attest(shop.code)
    open_values(owner, shop.phones[0])
    asked(shop.subject, YES, UNKNOWN)
    asked(shop.subject, REFUSED, use=False, operator=None)
    instance.chain.pass_time(40 * DAY)
    owner = signed_in(app, shop, language)
    first = looked_page(instance, shop.subject, None, EN, instance.now()).months[-1][0]
    page = owner.get(f"/looked?month={first}")
    look = looked_page(instance, shop.subject, Month.read(first), EN, instance.now()).looks[0]
    pages += [page, owner.get(look.path), owner.get("/home")]
    assert [faults(each.text, is_firm=True) for each in pages] == [set()] * len(pages)


def test_a_question_that_nobody_can_read_keeps_its_form(instance, shop, asked):
    asked(shop.subject, ("old_type.field >= 1", Outcome.CANNOT_TELL, Reason.NO_ATTESTATION))
    assert view_of(instance, shop).looks[0].lines[0].question == ("old_type.field >= 1",)
    assert refused(instance.access.row_of_subject, shop.subject, bytes(32)) is Reason.NOT_FOUND
