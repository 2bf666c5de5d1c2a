"""The trust file: one meaning, one fingerprint, and nothing that nobody could meet."""

import copy

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.reason import Reason
from tests.kit.evidence import Trust, world

FORM = world.trust("qbft")
ONE, TWO = sorted("0x" + digit * 40 for digit in "12")


def changed(**finality):
    return FORM | {"finality": FORM["finality"] | finality}


def test_a_trust_file_survives_its_json_form():
    for engine in ("sealer", "qbft"):
        form = world.trust(engine)
        assert Trust.from_json(form).to_json() == form


def test_signatures_count_under_the_contracts_that_the_file_names():
    trust = Trust.from_json(FORM)
    for domain, contract in ((trust.anchor_domain, Contract.ANCHORS), (trust.consent_domain, Contract.CONSENTS)):
        assert (domain.chain_id, domain.contract) == (world.CHAIN_ID, trust.contracts[contract].address)


def test_the_fingerprint_is_eight_groups_of_five_digits_and_follows_from_everything():
    trust = Trust.from_json(FORM)
    groups = trust.fingerprint.split(" ")
    assert [len(group) for group in groups] == [5] * 8
    assert "".join(groups).isdecimal()
    shuffled = dict(reversed(FORM.items()))
    assert Trust.from_json(shuffled).fingerprint == trust.fingerprint
    others = [FORM | {"chain_id": 1}, FORM | {"genesis": "0x" + "00" * 32}]
    code = copy.deepcopy(FORM)
    code["contracts"]["AnchorRegistry"]["code_hash"] = "0x" + "00" * 32
    grown = changed(sets=[*FORM["finality"]["sets"], {"from_block": 9, "addresses": [ONE]}])
    prints = {Trust.from_json(other).fingerprint for other in (*others, code, grown)}
    assert len(prints | {trust.fingerprint}) == len(others) + 3


def test_the_fingerprint_of_this_file_never_changes():
    assert Trust.from_json(world.trust()).fingerprint == FINGERPRINT


FINGERPRINT = "91464 96344 38649 16550 39946 33902 93798 14289"


def test_e6_an_address_of_a_contract_in_capitals_is_refused():
    form = copy.deepcopy(FORM)
    held = form["contracts"]["AnchorRegistry"]
    held["address"] = "0x" + held["address"][2:].upper()
    with pytest.raises(InvalidInputError) as refused:
        Trust.from_json(form)
    assert refused.value.reason is Reason.NOT_CANONICAL


def test_each_block_has_the_set_that_began_last():
    sets = [{"from_block": start, "addresses": [address]} for start, address in ((5, ONE), (10, TWO))]
    trust = Trust.from_json(changed(sets=sets))
    assert [trust.sealers_at(block).from_block for block in (5, 9, 10, 10**9)] == [5, 5, 10, 10]
    with pytest.raises(VerificationError) as refused:
        trust.sealers_at(4)
    assert refused.value.reason is Reason.BLOCK_NOT_FINAL


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (FORM | {"format": "credence-trust/v2"}, Reason.TRUST_INVALID),
        (FORM | {"chain_id": 0}, Reason.VALUE_OUT_OF_RANGE),
        (FORM | {"remark": 1}, Reason.FIELD_UNKNOWN),
        (FORM | {"contracts": {}}, Reason.FIELD_MISSING),
        (FORM | {"contracts": FORM["contracts"] | {"Another": {}}}, Reason.FIELD_UNKNOWN),
        (FORM | {"contracts": FORM["contracts"] | {"MemberRegistry": {"address": ONE}}}, Reason.FIELD_MISSING),
        (changed(kind="clique"), Reason.TRUST_INVALID),
        (changed(sets=[]), Reason.TRUST_INVALID),
        (changed(sets=[{"from_block": 0, "addresses": []}]), Reason.TRUST_INVALID),
        (changed(sets=[{"from_block": 0, "addresses": [ONE, ONE]}]), Reason.TRUST_INVALID),
        (changed(sets=[{"from_block": 0, "addresses": [TWO, ONE]}]), Reason.TRUST_INVALID),
        (changed(sets=[{"from_block": 0, "addresses": [ONE], "until": 5}]), Reason.FIELD_UNKNOWN),
        (changed(sets=[{"from_block": start, "addresses": [ONE]} for start in (5, 5)]), Reason.TRUST_INVALID),
        (changed(sets=[{"from_block": start, "addresses": [ONE]} for start in (5, 4)]), Reason.TRUST_INVALID),
        (changed(kind="sealer"), Reason.TRUST_INVALID),
        (changed(quorum=1), Reason.FIELD_UNKNOWN),
        (changed(sets=[{"from_block": 0, "addresses": ["0x" + "AB" * 20]}]), Reason.NOT_CANONICAL),
    ],
)
def test_a_trust_file_that_says_something_else_is_refused(form, reason):
    with pytest.raises(InvalidInputError) as refused:
        Trust.from_json(form)
    assert refused.value.reason is reason
