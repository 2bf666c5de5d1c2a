"""Checking: one click signed by the officer spends one use; the answer shows verdicts, evidence and what to do."""

import re

import pytest
from sqlalchemy import insert

from api.services.verification.use_error import UseError
from api.storage import table
from ledger_node.domain.error import CredenceError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, GOOD, SECRET, STRANGER

USE = b"\x07" * 32


def refused(call, *arguments, **options):
    with pytest.raises(CredenceError) as error:
        call(*arguments, **options)
    return error.value.reason


@pytest.fixture
def consent(bank, firm):
    return bank.granted(firm, max_uses=3)


def path_of(consent):
    return f"/bank/consents/{to_hex(consent)}"


def form_of(text):
    """Return the hidden fields of the button, and what the passkey signs."""
    fields = dict(re.findall(r'name="(attempt|number|not_after)" value="([^"]*)"', text))
    return fields, bytes.fromhex(re.search(r'"challenge": "([0-9a-f]{64})"', text).group(1))


def check(bank, consent, text=None, **changes):
    fields, ticket = form_of(text or bank.html(path_of(consent)))
    return bank.post(f"{path_of(consent)}/check", **fields | bank.sign(ticket) | changes)


def test_a_consent_shows_its_questions_and_one_button(bank, consent):
    text = bank.html(path_of(consent))
    assert "Check, 1 of 3" in text
    assert "0 of 3 checks" in text
    assert "None yet." in text


def test_looking_at_the_page_has_no_effect(bank, consent):
    tickets = {form_of(bank.html(path_of(consent)))[1] for _ in range(3)}
    assert len(tickets) == 3
    assert bank.small.record_of(consent).uses == 0
    assert bank.instance.verifications.asked == []


def test_the_officer_signs_the_ticket_and_is_led_to_the_answer(bank, consent):
    answer = check(bank, consent)
    assert (answer.status_code, answer.headers["location"][:14]) == (303, "/bank/answers/")
    ((who, asked, order, name),) = bank.instance.verifications.asked
    assert (who, asked, name) == (BANK, consent, "王敏")
    assert order.signature != bytes(65)


def test_the_same_click_again_asks_with_the_same_ticket(bank, consent):
    text = bank.html(path_of(consent))
    for _ in range(2):
        check(bank, consent, text)
    one, two = (order for _, _, order, _ in bank.instance.verifications.asked)
    assert one == two


def test_a_reload_after_the_answer_asks_nothing_any_more(bank, consent):
    text = bank.html(path_of(consent))
    ticket = form_of(text)[1]
    bank.instance.evidence.cases[BANK, ticket] = "two_claims"
    assert check(bank, consent, text).headers["location"] == f"/bank/answers/{to_hex(ticket)}"
    assert bank.instance.verifications.asked == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": ""}, Reason.SIGNATURE_MALFORMED),
        ({"signature": "zz"}, Reason.SIGNATURE_MALFORMED),
        ({"number": "2", "attempt": "00" * 32}, Reason.CHALLENGE_MISMATCH),
        ({"attempt": "00"}, Reason.VALUE_MALFORMED),
        ({"not_after": "soon"}, Reason.REQUEST_INVALID),
    ],
)
def test_what_was_not_signed_or_was_changed_spends_nothing(bank, consent, changes, reason):
    text = bank.html(path_of(consent))
    fields, ticket = form_of(text)
    call = (bank.post, f"{path_of(consent)}/check")
    assert refused(*call, **fields | bank.sign(ticket) | changes) is reason
    assert bank.instance.verifications.asked == []


def test_the_key_of_another_person_signs_no_check(bank, consent):
    fields, ticket = form_of(bank.html(path_of(consent)))
    call = (bank.post, f"{path_of(consent)}/check")
    assert refused(*call, **fields | bank.sign(ticket, bank.auditor)) is Reason.SIGNER_NOT_CONTROLLER


@pytest.mark.parametrize("reason", [Reason.USE_NUMBER_TAKEN, Reason.USE_TOO_LATE])
def test_a_use_that_came_too_late_spends_nothing_and_leads_back(bank, consent, reason):
    bank.instance.verifications.error = UseError(reason, "no", free_number=2)
    answer = check(bank, consent)
    assert answer.headers["location"] == path_of(consent)


def test_what_showed_nothing_says_why_and_what_to_do(bank, consent):
    bank.instance.verifications.reason = Reason.CONSENT_WITHDRAWN
    answer = check(bank, consent)
    text = answer.body.decode()
    assert answer.status_code == 200
    assert "No check was spent." in text
    assert "The firm has withdrawn the consent." in text
    assert "Ask for consent" in text


def test_a_consent_that_cannot_be_used_has_no_button(bank, firm, consent):
    bank.small.consents.withdraw(consent, secret=SECRET, signatures=(), asker=firm.subject)
    text = bank.html(path_of(consent))
    assert "data-passkey" not in text
    assert "The firm has withdrawn the consent." in text


def test_an_auditor_reads_and_has_no_button(bank, consent):
    text = bank.html(path_of(consent), person=bank.auditor)
    assert "data-passkey" not in text
    assert "Officers of your bank can check." in text
    with pytest.raises(AssertionError, match="not for this visitor"):
        bank.post(f"{path_of(consent)}/check", person=bank.auditor)


def test_without_the_seed_the_page_says_what_to_do(bank, consent):
    bank.small.spend_seeds.take_back(BANK)
    assert "does not hold the seed" in bank.html(path_of(consent))


def test_the_consent_of_another_bank_is_not_there(bank, consent):
    assert refused(bank.get, path_of(consent), bank=STRANGER) is Reason.CONSENT_UNKNOWN
    assert refused(bank.get, path_of(random_bytes(32))) is Reason.CONSENT_UNKNOWN
    assert refused(bank.get, "/bank/consents/12") is Reason.NOT_FOUND


def test_the_answer_is_a_page_with_every_check_of_its_evidence(bank):
    bank.instance.evidence.cases[BANK, USE] = "host_cannot_tell"
    text = bank.html(f"/bank/answers/{to_hex(USE)}")
    assert "2 questions: 1 yes, 0 no, 1 cannot tell" in text
    assert "Evidence: all 11 checks passed" in text
    assert text.count("cr-checks__passed") == 11
    assert "Download the evidence" in text
    assert refused(bank.get, f"/bank/answers/{to_hex(USE)}", bank=STRANGER) is Reason.NOT_FOUND


def test_evidence_that_fails_shows_no_verdict(bank):
    bank.instance.evidence.cases[BANK, USE] = "h9_compromised_at_anchoring"
    text = bank.html(f"/bank/answers/{to_hex(USE)}")
    assert "Check 6 failed" in text
    assert "cr-verdict" not in text


def test_the_evidence_is_given_out_byte_for_byte(bank):
    bank.instance.evidence.cases[BANK, USE] = "two_claims"
    answer = bank.get(f"/bank/answers/{to_hex(USE)}/evidence")
    assert answer.body == bank.instance.evidence.of_bank(BANK, USE)
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_bank_notes_that_it_has_deleted_an_answer(bank, consent):
    row = {"consent": consent, "number": 1, "ticket": USE, "time": bank.small.now(), "place": 0}
    bank.small.store.write(insert(table.counted_use).values(row))
    assert bank.post(f"/bank/answers/{to_hex(USE)}/deletion").headers["location"] == "/bank/portfolio"
    assert "Its evidence is gone here as well." in bank.html(f"/bank/answers/{to_hex(USE)}")
    assert refused(bank.post, f"/bank/answers/{to_hex(random_bytes(32))}/deletion") is Reason.NOT_FOUND


def test_the_questions_are_sentences(bank, consent):
    assert GOOD not in bank.html(path_of(consent))
