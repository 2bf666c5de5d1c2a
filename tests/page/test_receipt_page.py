"""The page of receipts: one sheet of A4 each, in both languages, in the words of the glossary."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from api.page.receipt import receipt_page
from ledger_node.domain.consent_text import text_digest
from tests.kit.receipt import ALL

TEXT = "信用核验授权书\n授权银行：虚构银行\n" + "1. 2025 年实缴税额是否不少于 50 万元？\n" * 9


def with_text(one):
    terms = replace(one.basis.about.terms, text_digest=text_digest(TEXT))
    return replace(one, basis=replace(one.basis, about=replace(one.basis.about, terms=terms)))


@pytest.mark.parametrize("name", ALL)
def test_a_receipt_says_what_happened_in_both_languages_and_in_the_words_of_the_glossary(name):
    page = receipt_page([(ALL[name], None)])
    assert '<html lang="zh-CN">' in page
    for words in ("回执", "Receipt of", "虚构银行", "贷款申请审批", "供核对", "To check it by"):
        assert words in page
    assert not [word for word in ("控制人", "指纹", "成立", "哈希", ">链") if word in page]


def test_the_words_that_were_signed_stand_on_the_page():
    assert TEXT in receipt_page([(with_text(ALL["granted"]), TEXT)])


@pytest.mark.skipif(shutil.which("chromium") is None, reason="prints with Debian's Chromium")
def test_a_receipt_prints_on_one_sheet(tmp_path):
    (tmp_path / "receipt.html").write_text(receipt_page([(with_text(ALL["granted"]), TEXT)]), "utf-8")
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    printed = tmp_path / "receipt.pdf"
    subprocess.run(
        [*browser, "--no-pdf-header-footer", f"--print-to-pdf={printed}", str(tmp_path / "receipt.html")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1
