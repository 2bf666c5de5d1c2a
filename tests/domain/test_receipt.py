"""Receipts: each checks offline, whatever is changed in one fails, and it says which rule."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.consent_act import Change, SignedAct, withdrawal_digest
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.receipt import STATEMENT, Act, Basis, Receipt
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from ledger_node.domain.signature import address_of
from tests.domain.test_eip712 import eip712
from tests.kit.receipt import (
    ALL,
    ASKED,
    KEEPER,
    KEEPER_KEY,
    SHOWN,
    TICKET,
    TRUSTED,
    bank_word,
    changed,
    receipt,
    signed,
    word,
)
from tests.kit.world import CONSENT_DOMAIN, CONTROLLERS, DAY, NOW, bounds, consent, h, terms

EXAMPLES = pytest.mark.parametrize("one", ALL.values(), ids=ALL)
RECORDED_EARLY = consent(SHOWN.terms, bounds(grant_before=NOW))
OTHER_DOMAIN = SigningDomain(1, CONSENT_DOMAIN.contract)


def broken(document, trusted=TRUSTED):
    """Return (number of the rule that fails, reason)."""
    with pytest.raises(VerificationError) as refusal:
        check_receipt(document, trusted)
    said, _, rest = refusal.value.message.removeprefix("rule ").partition(": ")
    assert rest
    return int(said), refusal.value.reason


@EXAMPLES
def test_a_receipt_checks_and_is_read_back_as_it_was(one):
    assert check_receipt(one.to_bytes(), TRUSTED) == one
    assert check_receipt(one.to_bytes(), TrustedOperator(TRUSTED.keys)) == one


@EXAMPLES
def test_a_receipt_is_signed_as_typed_data(one):
    at = one.recorded
    expected = eip712(
        CONSENT_DOMAIN,
        "Receipt(string act,bytes32 keeper,bytes32 id,bytes32 transaction,uint64 blockNumber,bytes32 blockHash,"
        "uint64 blockTime,uint32 number,bytes32 use,bytes32 basis,string statement)",
        {
            "act": one.act.value,
            "keeper": KEEPER,
            "id": one.id,
            "transaction": at.transaction,
            "blockNumber": at.block_number,
            "blockHash": at.block_hash,
            "blockTime": at.block_time,
            "number": one.number,
            "use": one.use or bytes(32),
            "basis": keccak(b"\x70" + encode(one.to_json()["basis"])),
            "statement": STATEMENT,
        },
    )
    assert one.digest == expected


def test_every_single_byte_of_a_receipt_counts():
    document = ALL["refused"].to_bytes()
    for position in range(len(document)):
        forged = bytearray(document)
        forged[position] ^= 1
        broken(bytes(forged))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(ALL.values())), st.data())
def test_no_other_byte_at_any_place_passes(one, data):
    document = bytearray(one.to_bytes())
    position = data.draw(st.integers(0, len(document) - 1))
    document[position] = data.draw(st.integers(0, 255).filter(lambda byte: byte != document[position]))
    broken(bytes(document))


def members(value, path=()):
    """Yield the path of every value in JSON."""
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from members(member, (*path, key))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(ALL.values())), st.data())
def test_no_member_can_be_taken_out_or_exchanged(one, data):
    shown = decode(one.to_bytes())
    *path, last = data.draw(st.sampled_from(list(members(shown))))
    holder = shown
    for key in path:
        holder = holder[key]
    new = data.draw(st.sampled_from([None, 0, 1, "", "0x" + "11" * 32, [], {}, True, ...]))
    if new is ...:
        del holder[last]
    else:
        holder[last] = new
    forged = encode(shown)
    if forged != one.to_bytes():
        broken(forged)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"{" * 1000,
        ALL["granted"].to_bytes() + b"\n",
        b" " + ALL["granted"].to_bytes(),
        encode(ALL["granted"].to_json() | {"more": 1}),
        encode(ALL["granted"].to_json() | {"format": "credence-receipt/v1"}),
        encode(ALL["granted"].to_json() | {"act": "given"}),
        encode(ALL["granted"].to_json() | {"chain_id": 0}),
        encode(ALL["granted"].to_json() | {"consent_registry": "0x" + "AB" * 20}),
        encode(ALL["granted"].to_json() | {"block": ALL["granted"].to_json()["block"] | {"more": 1}}),
        encode(ALL["granted"].to_json() | {"act": "refused"}),
        encode(ALL["refused"].to_json() | {"act": "granted"}),
        encode(ALL["granted"].to_json() | {"act": "resumed", "number": 1}),
        encode(ALL["withdrawn by secret"].to_json() | {"act": "granted"}),
        encode(ALL["withdrawn by word"].to_json() | {"act": "used", "number": 1, "use": "0x" + "11" * 32}),
    ],
)
def test_what_is_no_receipt_breaks_rule_1(document):
    assert broken(document)[0] == 1


def test_a_receipt_without_the_member_of_its_use_lacks_it():
    form = {name: value for name, value in ALL["granted"].to_json().items() if name != "use"}
    assert broken(encode(form)) == (1, "field_missing")


def test_a_receipt_that_was_written_anew_is_not_canonical():
    assert broken(ALL["used"].to_bytes() + b"\n") == (1, "not_canonical")


@pytest.mark.parametrize(
    ("act", "changes"),
    [
        (Act.GRANTED, {"number": 1}),
        (Act.GRANTED, {"use": h("use")}),
        (Act.PAUSED, {}),
        (Act.PAUSED, {"number": 1, "use": h("use")}),
    ],
)
def test_only_changes_and_uses_are_numbered_and_only_uses_have_an_id(act, changes):
    assert broken(receipt(act, Basis(SHOWN), **changes).to_bytes()) == (1, "value_malformed")


@pytest.mark.parametrize("changes", [{"number": 0}, {"use": None}])
def test_a_use_has_a_number_and_a_ticket(changes):
    assert broken(signed(replace(ALL["used"], **changes)).to_bytes()) == (1, "value_malformed")


def test_a_withdrawal_by_the_steward_has_its_number_and_one_by_the_secret_has_none():
    by_word, by_secret = ALL["withdrawn by word"], ALL["withdrawn by secret"]
    assert broken(signed(replace(by_word, number=0)).to_bytes()) == (1, "value_malformed")
    assert broken(signed(replace(by_secret, number=1)).to_bytes()) == (1, "value_malformed")


def test_a_change_without_a_number_breaks_rule_1():
    assert broken(changed(Act.PAUSED, Change.PAUSE, 0).to_bytes()) == (1, "value_malformed")


@EXAMPLES
def test_c6_a_receipt_of_another_network_breaks_rule_2(one):
    trusted = replace(TRUSTED, domain=OTHER_DOMAIN)
    assert broken(one.to_bytes(), trusted) == (2, "other_network")


@pytest.mark.parametrize(
    "forged",
    [
        receipt(Act.GRANTED, Basis(consent(terms(), bounds(max_uses=9)))),
        receipt(Act.GRANTED, Basis(replace(SHOWN, id=h("another id"))), id=h("another id")),
        receipt(Act.GRANTED, Basis(replace(SHOWN, id=h("another id")))),
        receipt(Act.GRANTED, Basis(replace(SHOWN, bounds=bounds(grant_before=NOW + 60)))),
        receipt(Act.REFUSED, replace(ALL["refused"].basis, about=replace(ASKED, max_uses=1)), id=ALL["refused"].id),
        receipt(Act.REFUSED, replace(ALL["refused"].basis, answer_key=bytes([1] * 20)), id=ALL["refused"].id),
    ],
)
def test_c2_terms_of_another_id_break_rule_3(forged):
    assert broken(forged.to_bytes()) == (3, "consent_id_mismatch")


def used(number=3, **changes):
    return receipt(Act.USED, Basis(SHOWN, bank_word=bank_word(number, **changes)), number=number, use=TICKET)


def with_word(one, new):
    return signed(replace(one, basis=replace(one.basis, signed_act=new)))


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (receipt(Act.GRANTED, Basis(replace(SHOWN, signatures=SHOWN.signatures[:1]))), "threshold_not_met"),
        (receipt(Act.GRANTED, Basis(replace(SHOWN, signatures=SHOWN.signatures[:1] * 2))), "signer_repeated"),
        (with_word(ALL["refused"], word(h("something else"))), "signer_not_controller"),
        (with_word(ALL["paused"], ALL["resumed"].basis.signed_act), "signer_not_controller"),
        (signed(replace(ALL["paused"], number=2)), "signer_not_controller"),
        (signed(replace(ALL["paused"], act=Act.RESUMED)), "signer_not_controller"),
        (with_word(ALL["withdrawn by word"], SignedAct(CONTROLLERS, ())), "threshold_not_met"),
        (
            with_word(ALL["withdrawn by word"], word(withdrawal_digest(h("another"), CONSENT_DOMAIN))),
            "signer_not_controller",
        ),
        (receipt(Act.WITHDRAWN, Basis(SHOWN, secret=h("another secret"))), "consent_wrong_secret"),
        (used(key=h("another key")), "use_signature_wrong"),
        (used(ticket=h("another ticket")), "use_signature_wrong"),
        (signed(replace(ALL["used"], number=2)), "use_signature_wrong"),
        (signed(replace(ALL["used"], use=h("another ticket"))), "use_signature_wrong"),
    ],
)
def test_what_controllers_did_not_say_breaks_rule_4(forged, reason):
    assert broken(forged.to_bytes()) == (4, reason)


def at(one, time):
    return signed(replace(one, recorded=replace(one.recorded, block_time=time)))


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (at(ALL["granted"], NOW + DAY), "consent_expired"),
        (at(ALL["used"], NOW + DAY), "consent_expired"),
        (at(ALL["used"], NOW - DAY - 1), "consent_not_yet_valid"),
        (used(4), "consent_exhausted"),
        (at(used(not_after=NOW), NOW + 1), "use_too_late"),
        (receipt(Act.GRANTED, Basis(RECORDED_EARLY), id=RECORDED_EARLY.id), "consent_grant_late"),
    ],
)
def test_what_no_ledger_allows_breaks_rule_5(forged, reason):
    assert broken(forged.to_bytes()) == (5, reason)


@pytest.mark.parametrize("name", ["granted", "used"])
def test_the_bounds_of_a_consent_themselves_pass_rule_5(name):
    one = used(not_after=NOW + DAY) if name == "used" else ALL[name]
    check_receipt(at(one, NOW + DAY - 1).to_bytes(), TRUSTED)
    check_receipt(at(one, NOW - DAY).to_bytes(), TRUSTED)


def test_a_consent_may_be_granted_before_it_begins_and_withdrawn_after_it_ends():
    check_receipt(at(ALL["granted"], NOW - 2 * DAY).to_bytes(), TRUSTED)
    check_receipt(at(ALL["withdrawn by word"], NOW + 2 * DAY).to_bytes(), TRUSTED)


@EXAMPLES
def test_a_receipt_by_anybody_else_breaks_rule_6(one):
    assert broken(signed(one, h("a forger's key")).to_bytes()) == (6, "key_not_valid")
    forged = signed(replace(one, keeper=h("another member")))
    assert broken(forged.to_bytes()) == (6, "issuer_mismatch")
    assert broken(replace(one, signature=bytes(65)).to_bytes()) == (6, "signature_malformed")
    forged = replace(one, recorded=replace(one.recorded, transaction=h("another")))
    assert broken(forged.to_bytes()) == (6, "key_not_valid")


def test_any_of_several_trusted_keys_will_do():
    keys = frozenset({address_of(h("older key")), address_of(KEEPER_KEY)})
    assert check_receipt(ALL["used"].to_bytes(), replace(TRUSTED, keys=keys)).number == 3


def test_signing_the_same_again_gives_the_same_document():
    assert signed(ALL["used"]).to_bytes() == ALL["used"].to_bytes()
    assert Receipt.from_bytes(ALL["used"].to_bytes()) == ALL["used"]


def test_what_was_asked_for_is_in_every_receipt():
    for name, one in ALL.items():
        assert one.basis.asked == (ASKED if name == "refused" else SHOWN.consent.asked)
