"""What controllers sign about their subject at several machines: the file says all that its digest is made of."""

import pytest

from api.client.unsigned_act import read_unsigned_act, unsigned_cancellation, unsigned_hold, unsigned_rotation
from ledger_node.domain.controller_act import HOLD_STATEMENT, Cancellation, Hold, Rotation
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers, each_person

DOMAIN = SigningDomain(7, b"\x51" * 20)
SUBJECT = b"\x52" * 32
HEIRS = Controllers(each_person([b"\x53" * 20, b"\x54" * 20]), 2, b"\x55" * 32)
ROTATION = unsigned_rotation(DOMAIN, Rotation(SUBJECT, 3, HEIRS, 1_900_000_000))
CANCELLATION = unsigned_cancellation(DOMAIN, Cancellation(SUBJECT, 2, HEIRS.commitment, 1_900_000_000))
HOLD = unsigned_hold(DOMAIN, Hold(SUBJECT, 4, 1_900_000_000))
ACTS = {"rotation": ROTATION, "cancellation": CANCELLATION, "hold": HOLD}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_act_reads_back_as_it_was_written(act):
    assert read_unsigned_act(dict(act.content)) == act


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_every_member_of_the_file_is_signed(act):
    for name in set(act.content) - {"act", "domain", "controllers"}:
        value = act.content[name]
        other = value + 1 if isinstance(value, int) else "0x" + "99" * 32
        assert read_unsigned_act({**act.content, name: other}).digest != act.digest
        with pytest.raises(InvalidInputError) as refused:
            read_unsigned_act({member: act.content[member] for member in act.content if member != name})
        assert refused.value.reason is Reason.FIELD_MISSING


def test_an_act_says_what_it_does_and_until_when():
    assert ROTATION.words == Rotation(SUBJECT, 3, HEIRS, 1_900_000_000).text
    assert HOLD.words == f"{HOLD_STATEMENT}\nsubject {to_hex(SUBJECT)}, hold 4, good until 2030-03-17 17:46:40 UTC"
    assert CANCELLATION.words.endswith("recovery 2, good until 2030-03-17 17:46:40 UTC")


def test_an_act_is_posted_with_what_was_signed():
    assert (HOLD.path, HOLD.body) == (f"/v1/subjects/{to_hex(SUBJECT)}/holds", {"number": 4, "deadline": 1_900_000_000})
    assert CANCELLATION.body == {"deadline": 1_900_000_000}
    assert {"entry": 3, "deadline": 1_900_000_000, "threshold": 2}.items() <= ROTATION.body.items()
