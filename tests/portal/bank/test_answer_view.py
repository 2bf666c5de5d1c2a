"""The result page: the sum, a row a question, its basis, and the eleven checks one by one."""

import pytest

from api.portal.bank.advice import Who, advice_on
from api.portal.bank.answer_view import CHECK_WORDS, VerdictShown, answer_page, refused_page
from api.portal.bank.words import BankWords, FirmShown, firm_number
from api.services.portfolio.change import BasisChange
from api.services.verification.answer import ClaimResult
from ledger_node.domain.consent_text import Language
from ledger_node.domain.evidence.report import CheckName, Result
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from tests.kit.evidence import checked
from tests.kit.small_instance import GOOD

FIRM = FirmShown("K7QMW2", "青禾面包坊")
DAY = 86_400


def page(case, language=Language.CHINESE, changes=(), now=2**40):
    return answer_page(checked(case), BankWords(language, {}), lambda _: FIRM, changes, now=now)


def test_all_three_verdicts_are_summed_and_shown():
    shown = page("host_cannot_tell")
    assert [row.verdict for row in shown.rows] == [VerdictShown.YES, VerdictShown.UNKNOWN]
    assert (shown.counts.yes, shown.counts.no, shown.counts.unknown, shown.counts.all) == (1, 0, 1, 2)
    assert [row.verdict for row in page("two_claims").rows] == [VerdictShown.YES, VerdictShown.NO]


def test_a_row_says_what_it_rests_on_and_what_became_of_that():
    shown = page("two_claims")
    (basis,) = shown.rows[0].bases
    assert basis.department
    assert basis.as_of < basis.valid_until
    assert basis.change is None
    report = checked("two_claims")
    digest = report.bundle.presentation.claims[0].parts[0].attestation
    (changed,) = page("two_claims", changes=[BasisChange(digest, Plane.REVOKED)]).rows[0].bases
    assert changed.change is Plane.REVOKED


def test_what_cannot_be_told_says_why_and_who_can_change_it():
    row = page("host_cannot_tell_what_was_not_consented").rows[1]
    assert row.advice == advice_on(Reason.QUESTION_NOT_CONSENTED, Language.CHINESE)
    assert (row.advice.who, row.advice.asks_firm, row.bases) == (Who.FIRM, True, ())


def test_a_value_is_shown_only_where_a_yes_or_no_shows_it():
    assert page("e5_no_with_consent_to_reveal").rows[0].values
    assert page("e5_no_that_needs_disclosure").rows[0].values == ()
    assert page("one_claim_yes").rows[0].values == ()


def test_eleven_checks_are_listed_one_by_one():
    shown = page("two_claims")
    assert [check.number for check in shown.checks] == list(range(1, 12))
    assert all(check.passed for check in shown.checks)
    assert shown.failed is None
    assert set(CHECK_WORDS) == set(CheckName)


def test_evidence_that_fails_shows_no_answer_and_says_which_check_and_why():
    shown = page("h9_compromised_at_anchoring")
    assert (shown.failed.number, shown.failed.reason) == (6, Reason.KEY_COMPROMISED)
    assert shown.rows == ()
    assert [check.result for check in shown.checks[6:]] == [Result.NOT_REACHED] * 5


def test_an_answer_says_when_it_must_be_deleted():
    shown = page("two_claims", now=0)
    terms = checked("two_claims").bundle.presentation.consent.terms
    assert shown.delete_by == shown.answered_at + terms.retention_days * DAY
    assert not shown.is_due
    assert page("two_claims", now=shown.delete_by).is_due


def test_a_check_that_showed_nothing_says_why_for_each_question():
    results = [ClaimResult(GOOD, Outcome.CANNOT_TELL, Reason.CONSENT_WITHDRAWN)]
    shown = refused_page(results, BankWords(Language.ENGLISH, {}), FIRM, "0x01", is_spent=False)
    assert [row.advice for row in shown.rows] == [advice_on(Reason.CONSENT_WITHDRAWN, Language.ENGLISH)]
    assert not shown.is_spent


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_meaning_and_a_next_step(reason):
    for language in Language:
        advice = advice_on(reason, language)
        assert advice.meaning
        assert advice.next_step


def test_a_firm_has_a_short_number_without_letters_that_are_mixed_up():
    numbers = {firm_number(bytes([one]) * 32) for one in range(256)}
    assert len(numbers) == 256
    assert all(len(number) == 6 and not set("ILOU") & set(number) for number in numbers)
