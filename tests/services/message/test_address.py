"""Addresses are read in one writing, and what could be two addresses or a header is none."""

import pytest

from api.services.message.address import ContactChannel, read_address
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


@pytest.mark.parametrize(
    ("typed", "channel", "text", "masked"),
    [
        (" Wang.Fang+a@Shop.Example ", ContactChannel.EMAIL, "Wang.Fang+a@shop.example", "W…@shop.example"),
        ("13800138000", ContactChannel.PHONE, "+8613800138000", "+86…8000"),
        ("138-0013-8000", ContactChannel.PHONE, "+8613800138000", "+86…8000"),
        ("+86 138 0013 8000", ContactChannel.PHONE, "+8613800138000", "+86…8000"),
        ("+1 (202) 555-0123", ContactChannel.PHONE, "+12025550123", "+12…0123"),
    ],
)
def test_an_address_is_read(typed, channel, text, masked):
    read = read_address(typed)
    assert (read.channel, read.text, read.masked) == (channel, text, masked)
    assert text not in repr(read)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "a@b",
        "a@b.example, c@d.example",
        "a@b.example\nBcc: c@d.example",
        "a\r\n@b.example",
        "a b@c.example",
        "<a@b.example>",
        "a@-b.example",
        "a@b..example",
        "例@b.example",
        "a" * 65 + "@b.example",
        "a@" + "b" * 250 + ".example",
        "12345",
        "010-12345678",
        "+0123456789",
        "+123456789012345678",
        "+86 138 0013 800\n0",
        "一三八",
        "²3800138000",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(InvalidInputError) as refused:
        read_address(typed)
    assert refused.value.reason is Reason.VALUE_MALFORMED
    assert not typed or typed not in refused.value.message
