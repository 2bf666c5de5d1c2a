"""What controllers read and sign about their own subject, and how the chain takes it."""

from dataclasses import replace

import pytest

from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation, chain_signatures, time_text
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controller, Controllers, each_person
from tests.kit.authenticator import Authenticator
from tests.kit.world import CONTROLLER_KEYS, h

FIRST, SECOND, _ = CONTROLLER_KEYS
PHONE = Authenticator(1)
PASSKEY = Passkey(PHONE.rp_id_hash, PHONE.public_key)
SET = Controllers(each_person([address_of(FIRST), PASSKEY, address_of(SECOND)]), 2, h("salt"))
DIGEST = h("digest")
ROTATION = Rotation(h("subject"), 3, SET, 1_800_000_000)


def assertion(digest=DIGEST):
    return Assertion(*PHONE.assertion(digest, raw=True))


def test_the_lines_of_a_rotation_say_who_takes_over_and_until_when_they_count():
    assert ROTATION.text.split("\n")[1:] == [
        f"Subject 主体: 0x{h('subject').hex()}",
        "New entry 新条目: 3",
        "New controllers 新的控制人: 2 of 3 persons sign (3 人中须 2 人签署)",
        f"  person 1 第 1 人: key 密钥 0x{address_of(FIRST).hex()}",
        f"  person 2 第 2 人: passkey 通行密钥 0x{PHONE.public_key.hex()}",
        f"  person 3 第 3 人: key 密钥 0x{address_of(SECOND).hex()}",
        "Good until 有效期至: 2027-01-15 08:00:00 UTC",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": h("other")},
        {"entry": 4},
        {"deadline": 1_800_000_001},
        {"controllers": replace(SET, threshold=1)},
        {"controllers": replace(SET, keys=(*SET.keys[:2], replace(SET.keys[2], person=2)))},
    ],
)
def test_other_words_have_another_digest(changes):
    assert replace(ROTATION, **changes).text_digest != ROTATION.text_digest


def test_the_last_deadline_can_be_written():
    assert time_text(MAX_DEADLINE) == "6325-04-08 15:04:31 UTC"
    assert time_text(0) == "1970-01-01 00:00:00 UTC"


def test_the_chain_is_shown_signatures_in_the_order_of_the_set():
    by_phone, by_second = assertion(), sign(DIGEST, SECOND)
    shown = chain_signatures(SET, DIGEST, [by_second, by_phone], 2)
    assert shown == [(1, by_phone.for_chain(DIGEST)), (2, by_second)]
    for signatures, reason in (
        ([by_second], Reason.THRESHOLD_NOT_MET),
        ([by_second, by_second], Reason.SIGNER_REPEATED),
        ([by_second, sign(DIGEST, h("stranger"))], Reason.SIGNER_NOT_CONTROLLER),
    ):
        with pytest.raises(VerificationError) as failed:
            chain_signatures(SET, DIGEST, signatures, 2)
        assert failed.value.reason is reason


def test_a_set_is_shown_as_it_is_committed_to():
    assert SET.packed == b"".join(key.encoded for key in SET.keys)
    assert Controller(9, address_of(FIRST)).encoded == b"\x09\x01" + address_of(FIRST)
    assert Controller(9, PASSKEY).encoded == b"\x09\x02" + PHONE.rp_id_hash + PHONE.public_key
