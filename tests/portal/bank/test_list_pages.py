"""Lists of a bank: requests, consents by their end, what is to be deleted, and what changed."""

import pytest
from sqlalchemy import insert

from api.portal.bank.list_view import CHANGE_WORDS, CONSENT_WORDS, PER_PAGE, PageOf
from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.storage import table
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import CredenceError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, DAY, SECRET, STRANGER

USE = b"\x09" * 32


def test_requests_say_where_they_stand(bank, firm):
    small = bank.small
    opened, refused, granted, ended = (
        small.ask(firm, answer_key=random_bytes(32), expires_at=small.now() + days * DAY) for days in (9, 9, 9, 1)
    )
    small.requests.refuse(refused.id, small.signed_refusal(firm, refused.id))
    terms = small.accept(granted.asked)
    small.consents.grant(terms, firm.sign(small.id_of(terms)), now=small.now(), request=granted.id)
    small.chain.pass_time(2 * DAY)
    text = bank.html("/bank/requests")
    for words in ("not answered yet", "refused", "granted", "ended without an answer"):
        assert f">{words}</strong>" in text
    assert to_hex(opened.id) in text
    assert "ended without an answer" in bank.html(f"/bank/requests/{to_hex(ended.id)}")
    with pytest.raises(CredenceError) as error:
        bank.get(f"/bank/requests/{to_hex(opened.id)}", bank=STRANGER)
    assert error.value.reason is Reason.REQUEST_UNKNOWN


def test_an_empty_desk_says_what_to_do(bank):
    for path, words in (
        ("/bank/requests", "Your bank has asked no firm yet."),
        ("/bank/consents", "No consent runs just now."),
        ("/bank/portfolio", "Your bank has no consent yet."),
        ("/bank/changes", "Nothing has changed yet."),
    ):
        assert words in bank.html(path)
    assert bank.get("/bank").headers["location"] == "/bank/requests"


def test_checks_list_what_runs_and_the_portfolio_all(bank, firm):
    running = bank.granted(firm, expires_at=bank.small.now() + 9 * DAY)
    over = bank.granted(firm, expires_at=bank.small.now() + DAY, salt=b"\x06" * 32)
    gone = bank.granted(firm, expires_at=bank.small.now() + 8 * DAY, salt=b"\x07" * 32)
    bank.small.consents.withdraw(gone, secret=SECRET, signatures=(), asker=firm.subject)
    bank.small.chain.pass_time(2 * DAY)
    text = bank.html("/bank/consents")
    assert to_hex(running) in text
    assert to_hex(over) not in text
    assert CONSENT_WORDS["withdrawn"] in text
    text = bank.html("/bank/portfolio")
    places = [text.index(to_hex(one)) for one in (gone, running, over)]
    assert places == sorted(places)


def test_an_answer_whose_time_is_over_is_named_until_it_is_deleted(bank, firm):
    consent = bank.granted(firm, retention_days=1)
    use = {"consent": consent, "number": 1, "ticket": USE, "time": bank.small.now(), "place": 0}
    bank.small.store.write(insert(table.counted_use).values(use))
    assert "1 answer may still be kept." in bank.html("/bank/portfolio")
    bank.small.chain.pass_time(2 * DAY)
    text = bank.html("/bank/portfolio")
    assert "The time to keep it is over: delete it." in text
    assert f"/bank/answers/{to_hex(USE)}/deletion" in text
    assert "/deletion" not in bank.html("/bank/portfolio", person=bank.auditor)
    bank.post(f"/bank/answers/{to_hex(USE)}/deletion")
    assert "No answer has to be deleted now." in bank.html("/bank/portfolio")


def test_changes_are_told_in_sentences_from_the_newest_on(bank, firm):
    consent = bank.granted(firm)
    notices = [
        Notice(BANK, kind, time, {"consent": to_hex(consent), "number": time}) for time, kind in enumerate(NoticeKind)
    ]
    with bank.small.store.begin() as connection:
        write_notices(connection, notices)
    text = bank.html("/bank/changes")
    for words in CHANGE_WORDS.values():
        assert words in text
    assert text.count("Something changed.") == len(NoticeKind) - len(CHANGE_WORDS)
    assert to_hex(consent) in text
    assert "Nothing has changed yet." in bank.html("/bank/changes", query={"before": "1"})
    assert "Nothing has changed yet." not in bank.html("/bank/changes", query={"before": "x"})


@pytest.mark.parametrize(
    ("asked", "count", "found"),
    [
        (None, 0, (1, 1)),
        ("1", PER_PAGE, (1, 1)),
        ("2", PER_PAGE + 1, (2, 2)),
        ("99", PER_PAGE + 1, (2, 2)),
        ("-1", PER_PAGE + 1, (1, 2)),
        ("x", 1, (1, 1)),
        ("9" * 30, 1, (1, 1)),
    ],
)
def test_a_page_that_is_not_there_is_the_nearest_one(asked, count, found):
    at = PageOf.at(asked, count)
    assert (at.number, at.of) == found


@pytest.mark.parametrize("language", list(Language))
def test_every_list_is_a_page_in_both_languages(bank, firm, language):
    bank.granted(firm)
    for path in ("/bank/new", "/bank/requests", "/bank/consents", "/bank/portfolio", "/bank/changes"):
        assert bank.html(path, language=language)
