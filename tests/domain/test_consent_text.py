"""The human text of terms: it says everything that is signed, in two languages, and comes from the terms alone."""

from dataclasses import replace

import pytest

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language, Wording, claim_words, consent_text, language_named, text_digest
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from tests.kit.world import BANK, FACTS, NOW, PURPOSES, SCHEMAS, TAX, asked

WORDINGS = {
    language: Wording(
        language,
        SCHEMAS,
        {"firm_facts": {"en": "Facts", "zh": "企业事实"}[language]},
        {f"firm_facts.{field.name}": field.name for field in FACTS.fields},
        {TAX: {"en": "Tax bureau", "zh": "税务局"}[language]},
    )
    for language in Language
}
QUESTIONS = (
    "firm_facts.paid >= 10000 CNY during 2025",
    "firm_facts.last_month < as_of - 24 months",
    "firm_facts.paid between 10000 CNY and 20000 CNY",
    "firm_facts.grade not in {C, D}",
    "2 of (firm_facts.count < 3; firm_facts.grade in {A, B} during 2024; firm_facts.listed equals false)",
)
BOUNDED = asked(questions=QUESTIONS, departments=(TAX,), data_from="2024-01-01", not_before=NOW - 43_200)
ENGLISH = f"""\
Consent to answers about your credit data

You allow: 虚构银行 (member 0x{BANK.hex()})
For: Decide on a loan application 贷款申请审批 (loan_application)
To ask exactly this:
  1. Facts, paid: at least 10000 CNY (2025)
     [firm_facts.paid >= 10000 CNY during 2025]
  2. Facts, last_month: before 24 months before the date of the data
     [firm_facts.last_month < as_of - 24 months]
  3. Facts, paid: at least 10000 CNY and below 20000 CNY
     [firm_facts.paid between 10000 CNY and 20000 CNY]
  4. Facts, grade: none of C, D
     [firm_facts.grade not in {{C, D}}]
  5. At least 2 of these 3:
     - Facts, count: below 3
     - Facts, grade: one of A, B (2024)
     - Facts, listed: exactly false
     [2 of (firm_facts.count < 3; firm_facts.grade in {{A, B}} during 2024; firm_facts.listed equals false)]
Of: Tax bureau
Data of: 2024-01-01 to …
From 2026-11-14 20:00:00 to before 2026-11-16 08:00:00 (Beijing time), at most 3 times.
The bank may keep the answers for 31 days.
It is told yes, no or cannot tell. It does not see the data.
You can pause or withdraw this at any time; it counts for every later use.
"""
CHINESE = f"""\
信用数据核验授权书

您授权：虚构银行（成员编号 0x{BANK.hex()}）
用途：Decide on a loan application 贷款申请审批（loan_application）
仅可核验下列事项：
  1. 企业事实·paid：不少于 10000 元（2025）
     [firm_facts.paid >= 10000 CNY during 2025]
  2. 企业事实·last_month：早于 数据截至日前 24 个月
     [firm_facts.last_month < as_of - 24 months]
  3. 企业事实·paid：不少于 10000 元且低于 20000 元
     [firm_facts.paid between 10000 CNY and 20000 CNY]
  4. 企业事实·grade：不属于 C、D
     [firm_facts.grade not in {{C, D}}]
  5. 下列 3 项中至少满足 2 项：
     - 企业事实·count：低于 3
     - 企业事实·grade：属于 A、B（2024）
     - 企业事实·listed：等于 false
     [2 of (firm_facts.count < 3; firm_facts.grade in {{A, B}} during 2024; firm_facts.listed equals false)]
数据来源：税务局
数据期间：2024-01-01 至 不限
有效期：北京时间 2026-11-14 20:00:00 起，2026-11-16 08:00:00 前，最多 3 次。
银行可保存核验结果 31 天。
银行只得到“是”“否”或“无法判断”，看不到数据本身。
您可随时暂停或撤回本授权，对此后的每次使用立即生效。
"""


@pytest.mark.parametrize(("language", "text"), [(Language.ENGLISH, ENGLISH), (Language.CHINESE, CHINESE)])
def test_the_text_says_what_is_signed(language, text):
    assert consent_text(BOUNDED, WORDINGS[language]) == text
    assert text_digest(text) == keccak(text.encode())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "change",
    [
        {"grantee": TAX},
        {"grantee_name": "Another"},
        {"purpose": "guarantee"},
        {"purpose_text": "Something else"},
        {"questions": QUESTIONS[1:]},
        {"departments": ()},
        {"departments": (TAX, BANK)},
        {"data_from": ""},
        {"data_to": "2025-12-31"},
        {"not_before": NOW},
        {"expires_at": NOW + 1},
        {"expires_at": 2**40 - 1},
        {"max_uses": 2},
        {"retention_days": 30},
    ],
)
def test_whatever_changes_in_the_terms_changes_in_the_text(language, change):
    wording = WORDINGS[language]
    assert consent_text(replace(BOUNDED, **change), wording) != consent_text(BOUNDED, wording)


LAST = 253_402_214_400


@pytest.mark.parametrize(
    ("change", "english", "chinese"),
    [
        ({"departments": ()}, "Of: every department that has attested to it", "数据来源：所有已出具凭证的部门"),
        ({"departments": (TAX, BANK)}, f"Of: Tax bureau, 0x{BANK.hex()}", f"数据来源：税务局、0x{BANK.hex()}"),
        ({"data_from": ""}, "Data of: any period", "数据期间：不限"),
        ({"data_from": "", "data_to": "2025-12-31"}, "Data of: … to 2025-12-31", "数据期间：不限 至 2025-12-31"),
        ({"data_to": "2024-01-01"}, "Data of: 2024-01-01 to 2024-01-01", "数据期间：2024-01-01 至 2024-01-01"),
        (
            {"expires_at": LAST},
            "From 2026-11-14 20:00:00 to before 9999-12-31 08:00:00 (Beijing time), at most 3 times.",
            "有效期：北京时间 2026-11-14 20:00:00 起，9999-12-31 08:00:00 前，最多 3 次。",
        ),
        (
            {"expires_at": LAST + 1},
            f"From 2026-11-14 20:00:00 to before {LAST + 1} (Beijing time), at most 3 times.",
            f"有效期：北京时间 2026-11-14 20:00:00 起，{LAST + 1} 前，最多 3 次。",
        ),
    ],
)
def test_bounds_are_said_or_that_there_are_none(change, english, chinese):
    changed = replace(BOUNDED, **change)
    assert english in consent_text(changed, WORDINGS[Language.ENGLISH]).splitlines()
    assert chinese in consent_text(changed, WORDINGS[Language.CHINESE]).splitlines()


@pytest.mark.parametrize(
    ("question", "english", "chinese"),
    [
        ("last_month >= 2025-06", "2025-06 or later", "不早于 2025-06"),
        ("last_month < 2025-06", "before 2025-06", "早于 2025-06"),
        (
            "last_month between 2025-06 and 2025-09",
            "2025-06 or later, and before 2025-09",
            "不早于 2025-06且早于 2025-09",
        ),
        ("count >= 3", "at least 3", "不少于 3"),
        ("rated_on equals 2026-04-20", "exactly 2026-04-20", "等于 2026-04-20"),
    ],
)
def test_times_are_said_as_people_say_them(question, english, chinese):
    one = asked(questions=(f"firm_facts.{question}",))
    assert f": {english}\n" in consent_text(one, WORDINGS[Language.ENGLISH])
    assert f"：{chinese}\n" in consent_text(one, WORDINGS[Language.CHINESE])


@pytest.mark.parametrize("language", Language)
def test_it_is_said_where_the_bank_sees_a_value(language):
    hidden = consent_text(asked(questions=QUESTIONS), WORDINGS[language])
    shown = consent_text(asked(questions=(*QUESTIONS, "firm_facts.note reveal")), WORDINGS[language])
    sentence = {"en": "It does not see the data.", "zh": "看不到数据本身"}[language]
    assert sentence in hidden
    assert sentence not in shown


def test_only_questions_that_can_be_read_are_shown():
    with pytest.raises(InvalidInputError) as unreadable:
        consent_text(asked(questions=("firm_facts.paid ?",)), WORDINGS[Language.ENGLISH])
    assert unreadable.value.reason is Reason.QUESTION_MALFORMED


def test_there_are_two_languages():
    assert [language_named(code) for code in ("en", "zh")] == list(Language)
    with pytest.raises(InvalidInputError) as unknown:
        language_named("fr")
    assert (unknown.value.reason, unknown.value.field) == (Reason.REQUEST_INVALID, "language")
    assert unknown.value.message == "a consent is shown in one of en, zh"


def test_a_purpose_has_words_in_both_languages():
    purpose = PURPOSES.named("guarantee")
    assert [purpose.text(language) for language in Language] == ["Decide on a guarantee", "担保审查"]


MORE = Schema.from_json(
    {
        "name": "more",
        "version": 2,
        "fields": [
            {
                "name": "profit",
                "type": "integer",
                "currency": "CNY",
                "scale": 2,
                "resolution": "10000",
                "mode": "plain",
            },
            {"name": "euros", "type": "integer", "currency": "EUR", "scale": 2, "mode": "plain"},
            {"name": "change", "type": "integer", "unit": "percent", "scale": 1, "mode": "plain"},
            {"name": "usage", "type": "integer", "unit": "kWh", "scale": 2, "mode": "plain"},
            {
                "name": "insured",
                "type": "integer",
                "unit": "persons",
                "mode": "ladder",
                "ladder": {"kind": "integers", "from": 1, "to": 500},
            },
            {
                "name": "valid_to",
                "type": "date",
                "mode": "ladder",
                "none_on_record": True,
                "no_end": True,
                "ladder": {"kind": "days", "from": "2026-01-01", "to": "2026-12-31"},
            },
            {"name": "pledged", "type": "codes", "mode": "enum", "members": ["land", "shares", "goods"]},
        ],
    }
)


@pytest.mark.parametrize(
    ("question", "english", "chinese"),
    [
        (
            "profit equals -20000 CNY",
            "exactly -20000 CNY; the source is rounded to 10000 CNY",
            "等于 -20000 元（来源数据取整到 10000 元）",
        ),
        ("euros equals 0.5 EUR", "exactly 0.5 EUR", "等于 0.5 EUR"),
        ("change equals -12.5 percent", "exactly -12.5%", "等于 -12.5%"),
        ("usage equals 3.25 kWh", "exactly 3.25 kWh", "等于 3.25 kWh"),
        ("insured <= 300 persons", "at most 300 persons", "不高于 300 人"),
        ("insured > 300 persons", "more than 300 persons", "高于 300 人"),
        ("valid_to > 2026-06-30", "after 2026-06-30", "晚于 2026-06-30"),
        ("valid_to <= 2026-06-30", "2026-06-30 or earlier", "不晚于 2026-06-30"),
        ("valid_to equals no end", "without an end", "长期（无截止日期）"),
        ("valid_to equals none", "nothing is on record", "无记录"),
        ("pledged has any of {land}", "includes land", "包括 land"),
        ("pledged has none of {land}", "does not include land", "不包括 land"),
        (
            "pledged has any of {land, goods}",
            "at least one of land, goods; a yes shows one of them",
            "至少有 land、goods 之一（“是”会显示其中一项）",
        ),
        (
            "pledged has none of {land, goods}",
            "none of land, goods; a no shows one of them",
            "没有 land、goods 中的任何一项（“否”会显示其中一项）",
        ),
        (
            "pledged has all of {land, goods}",
            "all of land, goods; a no shows one that is missing",
            "具有 land、goods 的全部（“否”会显示所缺的一项）",
        ),
    ],
)
def test_a_question_speaks_its_unit_its_currency_its_resolution_and_its_ends(question, english, chinese):
    fields = {f"more.{field.name}": field.name for field in MORE.fields}
    for language, words in ((Language.ENGLISH, english), (Language.CHINESE, chinese)):
        wording = Wording(language, {"more": MORE}, {"more": "More"}, fields, {})
        (said,) = claim_words(Claim.parse(f"more.{question}", {"more": MORE}), wording)
        assert said.endswith(words), said
        text = consent_text(replace(BOUNDED, questions=(f"more.{question}",)), wording)
        sees = "sees the data only" in text or "看到数据。" in text
        assert sees is ("shows" in english)
