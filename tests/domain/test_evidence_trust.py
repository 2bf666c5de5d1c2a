"""The trust file: one meaning, one fingerprint, and nothing that nobody could meet."""

import copy

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.reason import Reason
from tests.kit.evidence import Trust, world

FORM = world.trust("qbft")
(ERA,) = FORM["eras"]
ONE, TWO = sorted("0x" + digit * 40 for digit in "12")
A, B, C = ("0x" + digit * 64 for digit in "abc")
END = {"block": 9, "hash": A, "root": B, "state_root": C}
NEXT = {**ERA, "genesis": A, "state_root": C}
MARK = {"block": 9, "hash": A, "root": B}


def eras(*listed):
    return FORM | {"eras": list(listed)}


def changed(**finality):
    return eras({**ERA, "finality": ERA["finality"] | finality})


def reason_of(call, *arguments):
    with pytest.raises((InvalidInputError, VerificationError)) as refused:
        call(*arguments)
    return refused.value.reason


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
    others = [FORM | {"chain_id": 1}, eras({**ERA, "genesis": A}), eras({**ERA, "ends": END})]
    others.append(eras({**ERA, "ends": END}, NEXT))
    code = copy.deepcopy(FORM)
    code["contracts"]["AnchorRegistry"]["code_hash"] = "0x" + "00" * 32
    grown = changed(sets=[*ERA["finality"]["sets"], {"from_block": 9, "addresses": [ONE]}])
    prints = {Trust.from_json(other).fingerprint for other in (*others, code, grown)}
    assert len(prints | {trust.fingerprint}) == len(others) + 3


def test_the_fingerprint_of_this_file_never_changes():
    assert Trust.from_json(world.trust()).fingerprint == FINGERPRINT


FINGERPRINT = "01925 78701 07305 16845 25763 18789 13152 15816"


def test_e6_an_address_of_a_contract_in_capitals_is_refused():
    form = copy.deepcopy(FORM)
    held = form["contracts"]["AnchorRegistry"]
    held["address"] = "0x" + held["address"][2:].upper()
    assert reason_of(Trust.from_json, form) is Reason.NOT_CANONICAL


def test_each_block_has_the_set_that_began_last():
    sets = [{"from_block": start, "addresses": [address]} for start, address in ((5, ONE), (10, TWO))]
    era = Trust.from_json(changed(sets=sets)).current
    assert [era.sealers_at(block).from_block for block in (5, 9, 10, 10**9)] == [5, 5, 10, 10]
    assert reason_of(era.sealers_at, 4) is Reason.BLOCK_NOT_FINAL


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (FORM | {"format": "credence-trust/v1"}, Reason.TRUST_INVALID),
        (FORM | {"genesis": A}, Reason.FIELD_UNKNOWN),
        (eras(), Reason.TRUST_INVALID),
        (eras(ERA, ERA), Reason.TRUST_INVALID),
        (eras(ERA, NEXT), Reason.TRUST_INVALID),
        (eras(NEXT), Reason.TRUST_INVALID),
        (eras({**ERA, "ends": END}, {**ERA, "genesis": A}), Reason.TRUST_INVALID),
        (eras({**ERA, "ends": END}, {**NEXT, "state_root": B}), Reason.TRUST_INVALID),
        (eras({**ERA, "ends": END}, {**NEXT, "genesis": ERA["genesis"]}), Reason.TRUST_INVALID),
        (eras({**ERA, "ends": MARK}), Reason.FIELD_MISSING),
        (eras({**ERA, "ends": None}), Reason.TYPE_WRONG),
        (eras({**ERA, "state_root": None}), Reason.TYPE_WRONG),
        (eras({**ERA, "remark": 1}), Reason.FIELD_UNKNOWN),
        (eras(*[{**ERA, "genesis": f"0x{number:064x}"} for number in range(65)]), Reason.TOO_LARGE),
        ({name: value for name, value in FORM.items() if name != "checkpoints"}, Reason.FIELD_MISSING),
        (FORM | {"checkpoints": [MARK, MARK]}, Reason.TRUST_INVALID),
        (FORM | {"checkpoints": [END]}, Reason.FIELD_UNKNOWN),
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
    assert reason_of(Trust.from_json, form) is reason


def test_the_genesis_that_a_file_names_picks_the_era():
    trust = Trust.from_json(eras({**ERA, "ends": END}, NEXT))
    assert [trust.era_of(era.genesis) for era in trust.eras] == list(trust.eras)
    assert (trust.current, trust.genesis) == (trust.eras[1], trust.eras[1].genesis)
    for era in trust.eras:
        trust.require_network(world.CHAIN_ID, era.genesis)
    assert reason_of(trust.require_network, world.CHAIN_ID, b"\x0e" * 32) is Reason.OTHER_NETWORK
    assert reason_of(trust.require_network, 1, trust.genesis) is Reason.OTHER_NETWORK


def test_nothing_counts_after_the_end_of_an_era():
    first, second = Trust.from_json(eras({**ERA, "ends": END}, NEXT)).eras
    assert reason_of(first.sealers_at, 10) is Reason.ERA_ENDED
    assert first.sealers_at(9) == second.sealers_at(10) == first.sets[0]


@pytest.mark.parametrize(
    "form", [eras({**ERA, "ends": END}), FORM | {"checkpoints": [{**MARK, "block": 3, "hash": B}, MARK]}]
)
def test_a_block_behind_an_end_or_a_checkpoint_needs_a_path_unless_it_is_that_block(form):
    trust = Trust.from_json(form)
    hash_, other = bytes.fromhex(A[2:]), bytes(32)
    for block, digest in ((8, hash_), (9, other), (0, other)):
        assert reason_of(trust.require_present, trust.current, block, digest) is Reason.BLOCK_PATH_NEEDED
    trust.require_present(trust.current, 9, hash_)
    trust.require_present(trust.current, 10, other)


def test_checkpoints_are_of_the_newest_era_and_do_not_change_the_fingerprint():
    form = eras({**ERA, "ends": {**END, "block": 0}}, NEXT)
    trust, marked = Trust.from_json(form), Trust.from_json(form | {"checkpoints": [MARK]})
    assert (trust.fingerprint, marked.to_json()["checkpoints"]) == (marked.fingerprint, [MARK])
    first, second = marked.eras
    marked.require_present(first, 1, bytes(32))
    assert reason_of(marked.require_present, second, 1, bytes(32)) is Reason.BLOCK_PATH_NEEDED
