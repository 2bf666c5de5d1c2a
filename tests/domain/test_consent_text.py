"""The human text of terms: lines that say everything that is signed, in two languages, from terms and words alone."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.catalogue.wording import default_wording
from ledger_node.domain.amount_words import amount_words, date_words, time_words
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Consent
from ledger_node.domain.consent_text import (
    Language,
    TextLine,
    claim_words,
    consent_lines,
    consent_text,
    language_named,
    text_digest,
    text_of,
)
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.measure import Measure
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import accept, require_text
from tests.kit.world import BANK, NOW, PURPOSES, TAX, WORDS, asked, bounds

DAY, MINUTE = 86_400, 60
QUESTIONS = (
    "tax_payment.paid_amount >= 500000 CNY during 2025",
    "penalty_summary.last_serious_month < as_of - 24 months",
    "penalty_summary.count_24m < 1",
    "tax_credit_rating.grade not in {C, D}",
    (
        "2 of (tax_credit_rating.grade in {A, B} during 2024; tax_credit_rating.grade in {A, B} during 2025; "
        "tax_payment[tax_kind=total].paid_amount between 10000 CNY and 200000000 CNY during 2025)"
    ),
)
NAMES = {TAX: "虚构市税务局", BANK: "Another bureau"}
DOCUMENT = default_wording()
WORDINGS = {language: DOCUMENT.in_language(language, NAMES) for language in Language}
BOUNDED = asked(questions=QUESTIONS, departments=(TAX,), data_from="2024-01-01", not_before=NOW - 43_200)
ENGLISH = """\
Consent to a credit check
Bank: 虚构银行
For: Decide on a loan application
Only these questions:
1. Was at least CNY 500,000 of tax paid in 2025?
2. Was the last penalty for a serious violation earlier than the time 24 months before the date of the data, or was \
there none?
3. Was there no administrative penalty in the past 24 months?
4. Was the tax credit grade in the latest rating other than C or D?
5. Are at least 2 of these 3 answered yes?
5.1 Was the tax credit grade A or B in 2024?
5.2 Was the tax credit grade A or B in 2025?
5.3 Was at least CNY 10,000 and less than CNY 200,000,000 of tax paid in 2025? (all kinds of tax together)
Data from: 虚构市税务局
Data of: 1 January 2024 and later
Usable from 14 November 2026, 20:00 (Beijing time) until before 16 November 2026, 08:00 (Beijing time); \
number of checks: at most 3
To be agreed before 15 November 2026, 08:00 (Beijing time)
Days that the bank may keep the answers: at most 31
The bank is told yes, no or cannot tell. It does not see the data.
You can pause or withdraw at any time; it counts for every later check.
"""
CHINESE = """\
信用核验授权书
授权银行：虚构银行
用途：贷款申请审批
只能问这些问题：
1. 2025 年实缴税额是否不少于 50 万元？
2. 最近一次严重违法处罚是否早于 24 个月前（自数据截至日起算），或没有记录？
3. 近 24 个月是否没有行政处罚？
4. 最近一次评价的纳税信用级别是否不是 C 级或 D 级？
5. 下列 3 问中是否至少 2 问为“是”？
5.1 2024 年纳税信用级别是否为 A 级或 B 级？
5.2 2025 年纳税信用级别是否为 A 级或 B 级？
5.3 2025 年实缴税额是否不少于 1 万元且少于 2 亿元？（各税种合计）
数据来自：虚构市税务局
数据期间：2024 年 1 月 1 日及以后
有效期：2026 年 11 月 14 日 20:00（北京时间）起，2026 年 11 月 16 日 08:00（北京时间）前，最多 3 次
须在 2026 年 11 月 15 日 08:00（北京时间）前同意
银行最多保存答案 31 天
银行只得到“是”“否”或“无法判断”，看不到数据本身。
可随时暂停或撤回，对此后的每次查询生效。
"""


def text(changed, language=Language.ENGLISH, document=DOCUMENT, grant_before=NOW):
    return consent_text(changed, grant_before, document.in_language(language, NAMES))


@pytest.mark.parametrize(("language", "words"), [(Language.ENGLISH, ENGLISH), (Language.CHINESE, CHINESE)])
def test_the_text_says_what_is_signed(language, words):
    assert text(BOUNDED, language) == words
    assert text_digest(words) == keccak(words.encode())


def test_each_line_has_a_key_of_its_own():
    lines = consent_lines(BOUNDED, NOW, WORDINGS[Language.ENGLISH])
    keys = [line.key for line in lines]
    assert keys == [
        "title", "bank", "purpose", "questions", "question.1", "question.2", "question.3", "question.4", "question.5",
        "question.5.1", "question.5.2", "question.5.3", "departments", "data", "validity", "grant_before", "retention",
        "told", "withdraw",
    ]  # fmt: skip
    assert text_of(lines) == ENGLISH
    assert lines[0] == TextLine("title", "Consent to a credit check")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "change",
    [
        {"grantee_name": "Another"},
        {"purpose": "guarantee"},
        {"questions": QUESTIONS[1:]},
        {"departments": ()},
        {"departments": (TAX, BANK)},
        {"data_from": ""},
        {"data_to": "2025-12-31"},
        {"not_before": NOW},
        {"expires_at": NOW + DAY + MINUTE},
        {"expires_at": 2**40 - 16},
        {"max_uses": 2},
        {"retention_days": 30},
    ],
)
def test_whatever_changes_in_the_terms_changes_in_the_text(language, change):
    assert text(replace(BOUNDED, **change), language) != text(BOUNDED, language)


@pytest.mark.parametrize("language", Language)
def test_the_time_to_agree_by_has_its_line(language):
    assert text(BOUNDED, language, grant_before=NOW + MINUTE) != text(BOUNDED, language)


@pytest.mark.parametrize("language", Language)
def test_people_read_no_ids_codes_or_exact_forms(language):
    said = text(BOUNDED, language)
    assert "0x" not in said
    assert "_" not in said
    assert not re.search("hash|gas|wallet|block|区块|链|哈希|控制人", said)


LAST = 253_402_214_400


@pytest.mark.parametrize(
    ("change", "english", "chinese"),
    [
        ({"departments": ()}, "Data from: all departments that provide data", "数据来自：所有提供数据的部门"),
        (
            {"departments": (TAX, BANK)},
            "Data from: 虚构市税务局, Another bureau",
            "数据来自：虚构市税务局、Another bureau",
        ),
        ({"data_from": ""}, "Data of: any period", "数据期间：不限"),
        (
            {"data_from": "", "data_to": "2025-12-31"},
            "Data of: 31 December 2025 and earlier",
            "数据期间：2025 年 12 月 31 日及以前",
        ),
        (
            {"data_to": "2024-01-01"},
            "Data of: 1 January 2024 to 1 January 2024",
            "数据期间：2024 年 1 月 1 日至 2024 年 1 月 1 日",
        ),
    ],
)
def test_bounds_are_said_or_that_there_are_none(change, english, chinese):
    changed = replace(BOUNDED, **change)
    assert english in text(changed, Language.ENGLISH).splitlines()
    assert chinese in text(changed, Language.CHINESE).splitlines()


def test_a_time_beyond_the_calendar_is_said_in_seconds():
    assert time_words(LAST, Language.ENGLISH) == "31 December 9999, 08:00 (Beijing time)"
    assert time_words(LAST + MINUTE, Language.ENGLISH) == str(LAST + MINUTE)


@pytest.mark.parametrize(
    ("question", "english", "chinese"),
    [
        ("tax_payment.paid_amount > 9999.99 CNY", "more than CNY 9,999.99", "超过 9,999.99 元"),
        ("tax_payment.paid_amount >= 200000000 CNY during 2025-06", "paid in June 2025?", "2025 年 6 月实缴税额"),
        (
            "tax_payment.paid_amount < 3000 CNY during 2025-01-01:2025-06-30",
            "Was less than CNY 3,000 of tax paid from 1 January 2025 to 30 June 2025?",
            "2025 年 1 月 1 日至 2025 年 6 月 30 日实缴税额是否少于 3,000 元？",
        ),
        (
            "tax_payment[tax_kind=10101].paid_amount >= 3000 CNY",
            "Was at least CNY 3,000 of tax paid in the latest year on record? (only tax of kind 10101)",
            "最近年度的实缴税额是否不少于 3,000 元？（仅税种 10101）",
        ),
        (
            f"tax_credit_rating[issuer=0x{TAX.hex()}].grade in {{A, B, M}}",
            "Was the tax credit grade A, B or M in the latest rating? (only as recorded by 虚构市税务局)",
            "最近一次评价的纳税信用级别是否为 A 级、B 级或 M 级？（仅依据虚构市税务局的数据）",
        ),
        (
            "penalty_summary.count_24m >= 1",
            "Was there any administrative penalty in the past",
            "近 24 个月有没有行政处罚？",
        ),
        ("penalty_summary.count_24m < 3", "Were there fewer than 3", "近 24 个月行政处罚是否少于 3 次？"),
        (
            "penalty_summary.last_month equals none",
            "Is there no administrative penalty on record?",
            "是否没有行政处罚记录？",
        ),
        (
            "penalty_summary.last_month >= 2025-06",
            "in June 2025 or later?",
            "最近一次行政处罚是否在 2025 年 6 月或以后？",
        ),
        (
            "tax_payment.months_paid_on_time_12m >= 1 months",
            "for at least 1 month of",
            "近 12 个月按期缴税是否不少于 1 个月？",
        ),
        ("tax_payment.months_paid_on_time_12m >= 12 months", "in each of the past 12 months", "是否每月按期缴税？"),
        ("tax_credit_rating.rating_year equals 2025", "for the year 2025?", "是否为 2025 年？"),
        ("tax_credit_rating.rated_on equals 2026-04-20", "Was 20 April 2026 the day", "是否为 2026 年 4 月 20 日？"),
    ],
)
def test_a_question_is_a_sentence_in_words_of_people(question, english, chinese):
    (said,) = claim_words(Claim.parse(question, DOCUMENT.schemas), WORDINGS[Language.ENGLISH])
    assert english in said
    (said,) = claim_words(Claim.parse(question, DOCUMENT.schemas), WORDINGS[Language.CHINESE])
    assert chinese in said


@pytest.mark.parametrize("language", Language)
def test_it_is_said_where_the_bank_sees_a_value(language):
    hidden, shown = text(BOUNDED, language), text(asked(questions=("tax_credit_rating.grade reveal",)), language)
    sentence = {"en": "It does not see the data.", "zh": "看不到数据本身"}[language]
    assert sentence in hidden
    assert sentence not in shown
    assert {"en": "(The value is shown to the bank.)", "zh": "（向银行显示具体内容）"}[language] in shown


AMOUNTS = (
    (50_000_000, "50 万元", "CNY 500,000"),
    (12_000_000_000, "1.2 亿元", "CNY 120,000,000"),
    (12_345_600, "123,456 元", "CNY 123,456"),
    (1_000_000, "1 万元", "CNY 10,000"),
    (999_900, "9,999 元", "CNY 9,999"),
    (1_234_567_800, "12,345,678 元", "CNY 12,345,678"),
    (1_205_000_000_000, "120.5 亿元", "CNY 12,050,000,000"),
    (50_000_100, "500,001 元", "CNY 500,001"),
    (50, "0.5 元", "CNY 0.5"),
    (-50, "-0.5 元", "CNY -0.5"),
    (-50_000_000, "-50 万元", "CNY -500,000"),
    (0, "0 元", "CNY 0"),
)
YUAN = Measure(currency="CNY", scale=2)


@pytest.mark.parametrize(("fen", "chinese", "english"), AMOUNTS)
def test_amounts_are_exact(fen, chinese, english):
    assert amount_words(fen, YUAN, WORDINGS[Language.CHINESE]) == chinese
    assert amount_words(fen, YUAN, WORDINGS[Language.ENGLISH]) == english


def fen_of(words):
    """Read an amount back, digit by digit, without a float."""
    match = re.fullmatch(r"(?:CNY )?(-?)([0-9,]+)(?:\.([0-9]+))?(?: (万|亿)?元)?", words)
    sign, whole, fraction, large = match.groups()
    power = 2 + {None: 0, "万": 4, "亿": 8}[large]
    digits = (fraction or "").ljust(power, "0")
    assert len(digits) == power
    return int(sign + whole.replace(",", "") + digits)


@given(st.integers(-(2**53), 2**53), st.sampled_from(Language), st.sampled_from((1, 100, 10**6, 10**8, 10**10)))
def test_what_is_read_in_words_is_the_amount(fen, language, step):
    value = fen // step * step
    assert fen_of(amount_words(value, YUAN, WORDINGS[language])) == value


@pytest.mark.parametrize(
    ("value", "measure", "english", "chinese"),
    [
        (-125, Measure(unit="percent", scale=1), "-12.5%", "-12.5%"),
        (300, Measure(unit="persons"), "300 persons", "300 人"),
        (1, Measure(unit="days"), "1 day", "1 天"),
        (2025, Measure(), "2025", "2025"),
        (10_000, Measure(), "10,000", "10,000"),
        (50_000_000, Measure(currency="EUR", scale=2), "EUR 500,000", "EUR 500,000"),
    ],
)
def test_numbers_stand_with_their_unit(value, measure, english, chinese):
    assert amount_words(value, measure, WORDINGS[Language.ENGLISH]) == english
    assert amount_words(value, measure, WORDINGS[Language.CHINESE]) == chinese


def test_days_are_said_as_people_say_them():
    assert date_words(20_783, Language.ENGLISH) == "26 November 2026"
    assert date_words(20_783, Language.CHINESE) == "2026 年 11 月 26 日"
    at = 20_783 * DAY + 12 * 3600 + 35 * MINUTE
    assert time_words(at, Language.ENGLISH) == "26 November 2026, 20:35 (Beijing time)"
    assert time_words(at, Language.CHINESE) == "2026 年 11 月 26 日 20:35（北京时间）"


@pytest.mark.parametrize("name", ["two\nlines", "a\u202eb", "zero\u200bwidth", "tab\t", "\ufeffmark"])
def test_a_name_breaks_no_line_and_turns_no_letters_around(name):
    said = text(replace(BOUNDED, grantee_name=name))
    assert len(said.splitlines()) == len(ENGLISH.splitlines())
    assert name not in said
    assert "\N{REPLACEMENT CHARACTER}" in said.splitlines()[1]


@pytest.mark.parametrize("name", ["{0}", "{name.__class__}", "%s", "<b>bold</b>"])
def test_a_name_is_no_pattern(name):
    assert f"Bank: {name}" in text(replace(BOUNDED, grantee_name=name)).splitlines()


def test_only_what_can_be_read_is_shown():
    for change, reason in (
        ({"questions": ("tax_payment.paid_amount ?",)}, Reason.QUESTION_MALFORMED),
        ({"purpose": "anything"}, Reason.PURPOSE_UNKNOWN),
        ({"departments": (b"x" * 32,)}, Reason.MEMBER_UNKNOWN),
    ):
        with pytest.raises(InvalidInputError) as refused:
            text(replace(BOUNDED, **change))
        assert refused.value.reason is reason


def test_there_are_two_languages():
    assert [language_named(code) for code in ("en", "zh")] == list(Language)
    with pytest.raises(InvalidInputError) as unknown:
        language_named("fr")
    assert (unknown.value.reason, unknown.value.field) == (Reason.REQUEST_INVALID, "language")
    assert unknown.value.message == "a consent is shown in one of en, zh"


def test_a_purpose_has_words_in_both_languages():
    purpose = PURPOSES.named("guarantee")
    assert [purpose.text(language) for language in Language] == ["Decide on a guarantee", "担保审查"]


# terms and their text

BELIEVED = {DOCUMENT.digest: DOCUMENT, WORDS.digest: WORDS}


def drawn(language=Language.ENGLISH, **changes):
    """Return a consent over its own text, as a firm's side draws it up."""
    request = replace(BOUNDED, purpose_text="贷款申请审批", **changes)
    limits = bounds(not_before=request.not_before, expires_at=request.expires_at, max_uses=request.max_uses)
    terms, _ = accept(request, limits.grant_before, WORDINGS[language])
    return Consent(terms, limits)


def refusal(consent, documents=BELIEVED):
    with pytest.raises(VerificationError) as refused:
        require_text(consent, documents)
    return refused.value.reason


@pytest.mark.parametrize("language", Language)
def test_terms_lead_to_the_text_that_was_shown(language):
    consent = drawn(language)
    assert text_of(require_text(consent, BELIEVED)) == {"en": ENGLISH, "zh": CHINESE}[language]
    assert consent.terms.department_names == (NAMES[TAX],)


def test_words_that_nobody_agreed_on_are_refused():
    assert refusal(drawn(), {WORDS.digest: WORDS}) is Reason.WORDING_UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"text_digest": bytes(32)},
        {"language": "zh"},
        {"language": "fr"},
        {"wording": WORDS.digest},
        {"department_names": ()},
        {"department_names": ("Another bureau",)},
        {"department_names": ("虚构市税务局", "Another bureau")},
        {"purpose_text": "anything else"},
        {"purpose": "guarantee"},
        {"purpose": "anything"},
        {"grantee_name": "Another bank"},
        {"questions": QUESTIONS[:1]},
        {"questions": ("nothing at all",)},
        {"retention_days": 1},
        {"data_from": ""},
    ],
    ids=str,
)
def test_terms_that_say_other_words_are_refused(change):
    consent = drawn()
    other = Consent(replace(consent.terms, **change), consent.bounds)
    assert refusal(other) is Reason.CONSENT_TEXT_DIFFERS


@pytest.mark.parametrize("bound", ["not_before", "expires_at", "grant_before"])
def test_bounds_that_say_other_times_are_refused(bound):
    consent = drawn()
    other = replace(consent.bounds, **{bound: getattr(consent.bounds, bound) + MINUTE})
    assert refusal(Consent(consent.terms, other)) is Reason.CONSENT_TEXT_DIFFERS


def test_departments_that_only_questions_name_are_named_too():
    issuer = f"tax_credit_rating[issuer=0x{TAX.hex()}].grade in {{A, B}}"
    assert drawn(questions=(issuer,), departments=()).terms.department_names == (NAMES[TAX],)
    ids = sorted((TAX, BANK))
    both = drawn(departments=(TAX, BANK), questions=(issuer,)).terms
    assert both.department_names == tuple(NAMES[one] for one in ids)
