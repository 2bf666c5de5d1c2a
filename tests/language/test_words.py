"""The walker over texts of pages finds what it should, and leaves names alone."""

from tests.kit.words import chinese_words, faults, forbidden_words, latin_words, texts


def page(body, language="zh-CN"):
    return f'<!doctype html><html lang="{language}"><head><title>首页</title></head><body>{body}</body></html>'


def test_an_english_word_on_a_chinese_page_is_found():
    assert latin_words(page("<p>撤回 consent</p>")) == {"consent"}


def test_names_codes_and_scripts_are_left_alone():
    body = "<p><bdi>North Bank</bdi>想核实<code>not_found</code><script>const one = 1;</script><br>好</p>"
    assert latin_words(page(body)) == set()


def test_what_says_its_language_is_left_alone():
    assert faults(page('<button lang="en">Translate</button>')) == set()
    assert faults(page('<button lang="zh-CN">中文</button>', "en")) == {"首页"}


def test_what_only_screen_readers_say_is_a_text_too():
    assert latin_words(page('<img alt="logo"><input placeholder="amount"><p aria-label="Close">关</p>')) == {
        "logo",
        "amount",
        "Close",
    }


def test_chinese_on_an_english_page_is_found():
    assert chinese_words(page("<p>Withdraw 撤回，now</p>", "en")) == {"首页", "撤回，"}


def test_words_of_the_machinery_are_found_on_a_page_of_a_firm():
    body = "<p>交易哈希 0xabc，Gas 已付；blocked 区块链</p>"
    assert forbidden_words(page(body)) == {"哈希", "0x", "gas", "block", "区块", "链"}
    assert faults(page("<p>链</p>"), is_firm=True) == {"链"}
    assert faults(page("<p>链</p>")) == set()


def test_a_page_without_a_language_is_a_fault():
    assert faults("<html><body>好</body></html>") == {"lang=None"}


def test_an_element_that_is_never_closed_hides_nothing_behind_it():
    assert texts(page("<p><bdi>Name</p>after")) == ["首页", "after"]
