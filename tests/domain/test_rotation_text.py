"""The lines of a change of signers: each key is in them, and nothing in a name parts a line."""

from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import Rotation
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.rotation_text import KeyName, check_digits, plain_name, rotation_lines
from ledger_node.domain.subject import Controller, Controllers
from tests.kit.authenticator import Authenticator

PHONE, LAPTOP = (Passkey(one.rp_id_hash, one.public_key) for one in (Authenticator(7), Authenticator(8)))
OLD = b"o" * 20
NAMES = {PHONE: KeyName("李强", "iPhone"), LAPTOP: KeyName("王芳", "PC"), OLD: KeyName("李强", "old phone")}
BEFORE = Controllers((Controller(1, PHONE), Controller(1, OLD)), 1, b"s" * 32)
AFTER = Controllers((Controller(1, PHONE), Controller(2, LAPTOP)), 2, b"t" * 32)
DEADLINE = 1_800_000_000


def lines(before=BEFORE, after=AFTER, language=Language.ENGLISH, names=NAMES):
    return rotation_lines(before, after, names, DEADLINE, language)


def test_the_lines_say_who_stays_comes_and_goes():
    assert [line.text for line in lines()] == [
        "Change who signs",
        "These can sign after the change:",
        f"Person 1: 李强, iPhone, check digits {check_digits(PHONE)} (stays)",
        f"Person 2: 王芳, PC, check digits {check_digits(LAPTOP)} (new)",
        "These can sign no more:",
        f"李强, old phone, check digits {check_digits(OLD)} (removed)",
        "Each time 2 of 2 persons must agree",
        "Consents that were given stay as they are",
        "To be signed before 2027-01-15 16:00 (Beijing time)",
    ]
    assert [line.place for line in lines()] == [None, None, 0, 1, None, None, None, None, None]


def test_the_chinese_lines_have_no_word_that_owners_do_not_know():
    text = "\n".join(line.text for line in lines(language=Language.CHINESE))
    assert f"2 号签署人 王芳，PC，校验数字 {check_digits(LAPTOP)}（新增）" in text
    assert "2027 年 1 月 15 日 16:00（北京时间）" in text
    assert not [word for word in ("控制人", "哈希", "链", "0x") if word in text]


def test_a_change_that_removes_nobody_has_no_line_about_that():
    assert not [line for line in lines(after=BEFORE) if "no more" in line.text]


def test_a_key_that_passes_to_another_person_is_new_there():
    moved = Controllers((Controller(2, PHONE), Controller(1, OLD)), 1, b"s" * 32)
    assert "(new)" in lines(after=moved)[2].text


def test_check_digits_tell_keys_apart():
    assert len({check_digits(key) for key in (PHONE, LAPTOP, OLD)}) == 3
    assert [len(group) for group in check_digits(PHONE).split(" ")] == [4, 4, 4]
    other_host = Passkey(bytes(32), PHONE.public_key)
    assert check_digits(other_host) != check_digits(PHONE)


def test_a_name_cannot_look_like_another_line():
    evil = "A\nPerson 2: B, iPhone, check digits 1 (stays)\u202e\u200b"
    assert plain_name(evil) == "A Person 2 B iPhone check digits 1 stays"
    assert plain_name("\u202e") == "-"
    assert len(plain_name("x" * 200)) == 60


def test_the_lines_are_what_is_signed():
    texts = tuple(line.text for line in lines())
    made = Rotation(b"s" * 32, 1, AFTER, DEADLINE, texts)
    assert made.text == "\n".join(texts) + "\n"
    bare = Rotation(b"s" * 32, 1, AFTER, DEADLINE)
    assert made.text_digest != bare.text_digest
