"""Amounts in the words of a consent do not break, and the words stay what is signed."""

from html import unescape

import pytest

from api.portal.shell.amount import whole_amounts

TEXTS = {
    "2025 年实缴税额是否不少于 50 万元？": ["50 万元"],
    "是否不少于 1.2 亿元且少于 123,456 元？": ["1.2 亿元", "123,456 元"],
    "Was at least CNY 10,000 and less than CNY 200,000,000 of tax paid in 2025?": ["CNY 10,000", "CNY 200,000,000"],
    "银行最多保存答案 31 天": ["31 天"],
    "Bank: <script>alert(5)</script> & 7": [],
}


@pytest.mark.parametrize("text", TEXTS)
def test_amounts_stand_in_parts_of_their_own_and_no_letter_changes(text):
    made = whole_amounts(text)
    parts = made.split('<span class="cr-nowrap">')[1:]
    assert [part.split("</span>")[0] for part in parts] == TEXTS[text]
    assert unescape(str(made).replace('<span class="cr-nowrap">', "").replace("</span>", "")) == text
