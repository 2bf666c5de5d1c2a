"""One-time codes: found, counted, spent once; the store holds none of them."""

import threading

import pytest
from sqlalchemy import select

from api.services.one_time_code import form
from api.services.one_time_code.code import KEPT_S, TRIES_S, WRONG_TRIES, CodeState, OneTimeCodes
from api.storage import table
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, refused

KIND, HOLDER, OTHER = "enrolment", b"signer 1", b"signer 2"
HOUR = 3_600


@pytest.fixture
def codes(instance):
    return OneTimeCodes(instance.store, instance.departments[REGISTRAR].kek.keyed_digest, instance.now)


def spend(instance, codes, code, kind=KIND):
    with instance.store.begin() as connection:
        return codes.spend(connection, kind, code)


def spend_twice(instance, codes, code):
    with instance.store.begin() as connection:
        codes.spend(connection, KIND, code)
        codes.spend(connection, KIND, code)


def mistyped(code, place=-1):
    """Return a code with another symbol at a place."""
    signs = list(code)
    signs[place] = form.ALPHABET[(form.ALPHABET.index(signs[place]) + 1) % 32]
    return "".join(signs)


@pytest.mark.parametrize("symbols", [8, 10, 16])
def test_a_code_leads_to_its_holder_and_is_spent_once(instance, codes, symbols):
    code = codes.issue(KIND, HOLDER, symbols=symbols, lifetime_s=HOUR)
    assert len(code.replace("-", "")) == symbols
    assert codes.look(KIND, code) == codes.look(KIND, code) == HOLDER
    assert spend(instance, codes, code) == HOLDER
    assert refused(codes.look, KIND, code) is Reason.CODE_USED
    assert refused(spend, instance, codes, code) is Reason.CODE_USED


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' – ')}\n",
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: "".join(chr(ord(sign) + 0xFEE0) for sign in code),
    ],
)
def test_a_code_is_read_as_people_type_it(codes, typed):
    for _ in range(8):
        assert codes.look(KIND, typed(codes.issue(KIND, HOLDER, lifetime_s=HOUR))) == HOLDER


@pytest.mark.parametrize(
    "typed", ["", "K7QMW", "K7QMW-2F9T!", "中文中文中文中文", "0" * 21, "0" * 100_000, "K7QMW_2F9TX"]
)
def test_what_can_be_no_code_is_unknown(codes, typed):
    assert refused(codes.look, KIND, typed) is Reason.CODE_UNKNOWN


def test_a_code_is_of_its_kind_alone(instance, codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    assert refused(codes.look, "staff", code) is Reason.CODE_UNKNOWN
    assert refused(spend, instance, codes, code, "staff") is Reason.CODE_UNKNOWN


def test_at_its_end_a_code_is_expired_and_long_after_unknown(instance, codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    instance.chain.pass_time(HOUR - 1)
    assert codes.look(KIND, code) == HOLDER
    instance.chain.pass_time(1)
    assert refused(codes.look, KIND, code) is Reason.CODE_EXPIRED
    assert refused(spend, instance, codes, code) is Reason.CODE_EXPIRED
    instance.chain.pass_time(KEPT_S + 1)
    codes.issue(KIND, OTHER, lifetime_s=HOUR)
    assert refused(codes.look, KIND, code) is Reason.CODE_UNKNOWN


def test_after_five_wrong_tries_the_right_code_is_locked_too(instance, codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    for _ in range(5):
        assert refused(codes.look, KIND, mistyped(code)) is Reason.CODE_UNKNOWN
    assert refused(codes.look, KIND, code) is Reason.CODE_LOCKED
    assert refused(spend, instance, codes, code) is Reason.CODE_LOCKED
    assert codes.state(KIND, HOLDER) == CodeState(instance.now() + HOUR, 0, None)
    assert codes.look(KIND, codes.issue(KIND, HOLDER, lifetime_s=HOUR)) == HOLDER


def test_four_wrong_tries_leave_a_code_good(codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    for _ in range(4):
        assert refused(codes.look, KIND, mistyped(code)) is Reason.CODE_UNKNOWN
    assert codes.look(KIND, code) == HOLDER


def test_tries_at_once_are_counted_one_by_one(codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    wrong = [code[:-1] + sign for sign in form.ALPHABET if sign != code[-1]]
    threads = [threading.Thread(target=refused, args=(codes.look, KIND, typed)) for typed in wrong[:12]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.state(KIND, HOLDER).tries_left == 0


def test_a_wrong_first_half_counts_against_where_it_came_from(instance, codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    for _ in range(WRONG_TRIES):
        assert refused(codes.look, KIND, mistyped(code, 0), origin=b"here") is Reason.CODE_UNKNOWN
    assert refused(codes.look, KIND, code, origin=b"here") is Reason.CODE_LOCKED
    assert codes.look(KIND, code, origin=b"there") == HOLDER
    instance.chain.pass_time(TRIES_S)
    assert refused(codes.look, KIND, code, origin=b"here") is Reason.CODE_EXPIRED


def test_a_new_code_may_end_the_others_of_its_holder(codes):
    first, of_other = (codes.issue(KIND, holder, lifetime_s=HOUR) for holder in (HOLDER, OTHER))
    second = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    assert codes.look(KIND, first) == codes.look(KIND, second) == HOLDER
    third = codes.issue(KIND, HOLDER, lifetime_s=HOUR, ends_others=True)
    assert [refused(codes.look, KIND, code) for code in (first, second)] == [Reason.CODE_EXPIRED] * 2
    assert (codes.look(KIND, third), codes.look(KIND, of_other)) == (HOLDER, OTHER)


def test_what_is_spent_in_a_transaction_that_fails_is_not_spent(instance, codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    assert refused(spend_twice, instance, codes, code) is Reason.CODE_USED
    assert spend(instance, codes, code) == HOLDER


def test_neither_the_store_nor_a_refusal_holds_a_code(instance, codes, tmp_path):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    plain = code.replace("-", "")
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert HOLDER in files
    assert code.encode() not in files
    assert plain.encode() not in files
    (row,) = instance.store.rows(select(table.one_time_code))
    assert plain not in repr(row)
    with instance.store.begin() as connection:
        codes.end(connection, KIND, HOLDER)
    with pytest.raises(Exception, match="code_expired") as error:
        codes.look(KIND, code)
    assert plain not in repr(error.value)
    assert code not in str(error.value)


def test_a_holder_without_a_code_has_no_state(codes):
    assert codes.state(KIND, HOLDER) is None


def test_a_spent_code_still_leads_who_asks_for_it_to_its_holder_until_it_ends(instance, codes):
    code = codes.issue(KIND, HOLDER, lifetime_s=HOUR)
    spend(instance, codes, code)
    assert codes.look(KIND, code, takes_spent=True) == HOLDER
    codes.issue(KIND, HOLDER, lifetime_s=HOUR, ends_others=True)
    assert refused(codes.look, KIND, code, takes_spent=True) is Reason.CODE_EXPIRED
    assert refused(codes.look, KIND, code) is Reason.CODE_USED
