"""Unified social credit codes: what GB 32100 and GB 11714 allow, all of it, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from ledger_node.domain.credit_code import check_character, organisation_check, parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

# what people type: every character that python-stdnum reads as a separator or a digit, and some that it does not
TYPED = [chr(code) for code in (*range(0x30), *range(0x3A, 0x2E80), *range(0xFE00, 0x10000), *range(0x1D7CE, 0x1D800))]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PERSONS = ("113301198602093732", "11110119730116021X")
"""Invented; both are codes by all check characters, and numbers of persons by day of birth and check character."""


def made(head="91", region="110000", organisation="60003734"):
    body = head + region + organisation + organisation_check(organisation)
    return body + uscc.calc_check_digit(body)


def refusal(code):
    with pytest.raises(InvalidInputError) as refused:
        parse_credit_code(code, "column")
    assert str(code) not in str(refused.value)
    return refused.value.reason, refused.value.field


@pytest.mark.parametrize("office", "123456789ANY")
@pytest.mark.parametrize("kind", "1239")
def test_f9_codes_of_every_registration_office_are_read(office, kind):
    assert parse_credit_code(made(office + kind)) == made(office + kind)


@pytest.mark.parametrize("office", sorted(set(ALPHABET) - set("123456789ANY")))
def test_f9_there_is_no_other_registration_office(office):
    assert refusal(made(office + "1")) == (Reason.CREDIT_CODE_INVALID, "column")


@pytest.mark.parametrize("region", ["100000", "110101", "540000", "659004", "710000", "820000", "990000"])
def test_f9_regions_lie_in_a_province_or_are_invented(region):
    assert parse_credit_code(made(region=region)) == made(region=region)


@pytest.mark.parametrize("region", ["000000", "010101", "100001", "160000", "240000", "700000", "720000", "980000"])
def test_f9_a_region_that_no_province_has_is_refused(region):
    assert refusal(made(region=region)) == (Reason.CREDIT_CODE_INVALID, "column")


def test_f9_eighteen_zeros_are_refused():
    assert uscc.is_valid("0" * 18), "its check characters are right"
    assert refusal("0" * 18) == (Reason.CREDIT_CODE_INVALID, "column")


def test_f9_a_wrong_check_character_of_the_organisation_is_refused():
    right = made()
    for wrong in set("0123456789X") - {right[16]}:
        body = right[:16] + wrong
        code = body + uscc.calc_check_digit(body)
        assert uscc.is_valid(code), "the last check character is right"
        assert refusal(code) == (Reason.CREDIT_CODE_INVALID, "column")


def test_f9_every_wrong_last_character_is_refused():
    for wrong in set(ALPHABET) - {made()[17]}:
        assert refusal(made()[:17] + wrong) == (Reason.CREDIT_CODE_INVALID, "column")


@pytest.mark.parametrize("code", PERSONS)
def test_f9_the_number_of_a_person_is_refused(code):
    assert uscc.is_valid(code)
    assert ric.calc_check_digit(code) == code[17]
    assert code[16] == organisation_check(code[8:16])
    assert refusal(code) == (Reason.CREDIT_CODE_INVALID, "column")


def test_f9_a_number_like_a_persons_of_a_day_that_there_is_not_is_a_firms():
    # of February 30th
    for serial in range(1000):
        body = "11330119860230" + f"{serial:03}"
        code = body + uscc.calc_check_digit(body)
        if ric.calc_check_digit(code) == code[17] and code[16] == organisation_check(code[8:16]):
            assert parse_credit_code(code) == code
            return
    pytest.fail("there is such a code")


def test_f9_a_number_like_a_persons_with_another_check_character_is_a_firms():
    for serial in range(1000):
        body = "11330119860228" + f"{serial:03}"
        code = body + uscc.calc_check_digit(body)
        if ric.calc_check_digit(code) != code[17] and code[17].isdigit() and code[16] == organisation_check(code[8:16]):
            assert parse_credit_code(code) == code
            return
    pytest.fail("there is such a code")


@pytest.mark.parametrize("character", range(0x20))
def test_f9_separators_and_digits_are_read_as_the_library_reads_them(character):
    # in portions, so that each stays a small test
    for typed in TYPED[character::0x20]:
        code = made()
        for text in (code[:9] + typed + code[9:], typed + code, code.replace("1", typed, 1)):
            expected = uscc.compact(text.upper())
            if expected == code:
                assert parse_credit_code(text) == code
            else:
                assert refusal_of(text)


def refusal_of(text):
    with pytest.raises(InvalidInputError) as refused:
        parse_credit_code(text)
    return refused.value.reason


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_f9_the_check_character_is_the_librarys(body):
    assert check_character(body) == uscc.calc_check_digit(body)
