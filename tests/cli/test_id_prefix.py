"""Short ids stand for the one id that they begin; anything else is refused with a reason."""

import pytest

from api.cli.id_prefix import consent_id, consent_or_request_id, request_id, subject_id, use_id, whole_id
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

FIRST, SECOND, THIRD = ("0x" + start + "0" * (64 - len(start)) for start in ("abcdef12", "abcdef34", "123456"))
LISTED = [FIRST, SECOND, THIRD]


def whole(raw):
    return whole_id(raw, "consent", lambda: LISTED, Reason.CONSENT_UNKNOWN)


@pytest.mark.parametrize(
    ("raw", "found"),
    [("0xabcdef1", FIRST), ("ABCDEF3", SECOND), ("123456", THIRD), ("0x123456000", THIRD), (FIRST[2:], FIRST)],
)
def test_six_digits_or_more_stand_for_the_one_id_that_they_begin(raw, found):
    assert whole(raw) == found


def test_a_whole_id_is_taken_as_it_is_and_nothing_is_listed():
    def fail():
        raise AssertionError

    unknown = "0x" + "77" * 32
    assert whole_id(unknown, "consent", fail, Reason.CONSENT_UNKNOWN) == unknown


@pytest.mark.parametrize(
    ("raw", "reason", "words"),
    [
        ("0xabcdef", Reason.VALUE_MALFORMED, "2 ids begin with 0xabcdef; write more of its digits"),
        ("0x12345", Reason.VALUE_MALFORMED, "lower-case hexadecimal digits"),
        ("0x", Reason.VALUE_MALFORMED, "lower-case hexadecimal digits"),
        ("0xshop12", Reason.VALUE_MALFORMED, "lower-case hexadecimal digits"),
        (FIRST + "00", Reason.VALUE_MALFORMED, "lower-case hexadecimal digits"),
        ("0x999999", Reason.CONSENT_UNKNOWN, "no id that you can list begins with 0x999999"),
    ],
)
def test_what_begins_several_ids_or_none_is_refused(raw, reason, words):
    with pytest.raises(InvalidInputError) as refusal:
        whole(raw)
    assert refusal.value.reason is reason
    assert words in refusal.value.message


class Listing:
    """A client whose caller can list one thing of each kind."""

    def get(self, path):
        return {
            "/v1/consents": {"consents": [{"id": FIRST, "terms": {"subject": "0x" + "51" * 32}}]},
            "/v1/consent-requests": {"requests": [{"id": SECOND, "request": {"subject": "0x" + "52" * 32}}]},
        }[path]

    def access_rows(self):
        return "0x00", [{"leaf": "0x01"}, {"row": {"use": None}}, {"row": {"use": THIRD}}]


@pytest.mark.parametrize(
    ("read", "raw", "found"),
    [
        (consent_id, "0xabcdef", FIRST),
        (request_id, "0xabcdef", SECOND),
        (consent_or_request_id, "0xabcdef3", SECOND),
        (subject_id, "0x515151", "0x" + "51" * 32),
        (subject_id, "0x525252", "0x" + "52" * 32),
        (use_id, "0x123456", THIRD),
    ],
)
def test_each_kind_of_id_is_looked_for_where_the_caller_lists_it(read, raw, found):
    assert read(Listing(), raw) == found
