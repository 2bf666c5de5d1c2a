"""Tickets: what one use is for, what each department is shown of it, and the digest over all uses."""

import hmac
from dataclasses import replace

import pytest
from eth_abi import encode as abi_encode
from eth_account.messages import encode_typed_data
from eth_utils import keccak as eth_keccak

from ledger_node.domain.canonical import encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.ticket import (
    TICKET_TYPE,
    CountedUse,
    SignedUse,
    UseOrder,
    UseTicket,
    use_digest,
    uses_digest,
)
from ledger_node.domain.ticket_slot import NO_DEPARTMENT, SLOTS, ShownSlot, by_department, claims_root
from tests.kit.world import BANK, CONSENT_DOMAIN, SCHEMAS, TAX, h

SEED = h("seed of a ticket")
SPEND = h("spend key")
ASKED = {NO_DEPARTMENT: ("a", "b"), TAX: ("c",)}


def ticket(**changes):
    made = UseTicket(
        consent=h("consent"),
        number=3,
        bank=BANK,
        purpose="loan_application",
        answered_by=h("operator"),
        claims_root=claims_root(ASKED, SEED),
        not_after=2_000_000_000,
        nonce=h("nonce"),
    )
    return replace(made, **changes)


def naive_root(slots):
    """The root over 16 slots, by the words of the format."""
    while len(slots) > 1:
        slots = [eth_keccak(b"\x58" + left + right) for left, right in zip(slots[::2], slots[1::2], strict=True)]
    return slots[0]


def naive_salt(index):
    return hmac.digest(SEED, b"CL1/slot" + index.to_bytes(4), "sha256")


def test_a_ticket_is_hashed_as_typed_data():
    one = ticket()
    message = {field.name: getattr(one, field.member) for field in TICKET_TYPE.fields}
    domain = {
        "name": "Credence",
        "version": "1",
        "chainId": CONSENT_DOMAIN.chain_id,
        "verifyingContract": "0x" + CONSENT_DOMAIN.contract.hex(),
    }
    signable = encode_typed_data(domain, {"UseTicket": TICKET_TYPE.listed()}, message)
    assert one.digest(CONSENT_DOMAIN) == eth_keccak(b"\x19\x01" + signable.header + signable.body)
    assert TICKET_TYPE.text == (
        "UseTicket(uint16 version,bytes32 consent,uint32 number,bytes32 bank,string purpose,bytes32 answeredBy,"
        "bytes32 claimsRoot,uint64 notAfter,bytes32 nonce)"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"consent": h("other")},
        {"number": 4},
        {"bank": TAX},
        {"purpose": "guarantee"},
        {"answered_by": TAX},
        {"claims_root": claims_root({TAX: ("c",)}, SEED)},
        {"not_after": 2_000_000_001},
        {"nonce": h("another nonce")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_changed_makes_another_ticket(changes):
    assert ticket(**changes).digest(CONSENT_DOMAIN) != ticket().digest(CONSENT_DOMAIN)


def test_a_ticket_and_an_order_survive_their_json_form():
    assert UseTicket.from_json(ticket().to_json()) == ticket()
    order = UseOrder(
        number=3,
        answered_by=h("operator"),
        not_after=5,
        nonce=h("nonce"),
        seed=SEED,
        signature=sign(h("digest"), SPEND),
    )
    assert UseOrder.from_json(order.to_json()) == order
    assert SEED.hex() not in repr(order)


@pytest.mark.parametrize("number", [0, 97])
def test_a_number_is_one_that_a_consent_can_have(number):
    with pytest.raises(InvalidInputError) as refused:
        UseTicket.from_json(ticket().to_json() | {"number": number})
    assert refused.value.reason is Reason.VALUE_OUT_OF_RANGE


def test_an_order_leads_to_the_ticket_of_its_questions():
    one = ticket()
    order = UseOrder(
        number=one.number,
        answered_by=one.answered_by,
        not_after=one.not_after,
        nonce=one.nonce,
        seed=SEED,
        signature=bytes(65),
    )
    assert order.ticket(consent=one.consent, bank=BANK, purpose=one.purpose, asked=ASKED) == one
    other = order.ticket(consent=one.consent, bank=BANK, purpose=one.purpose, asked={TAX: ("c", "d")})
    assert other.digest(CONSENT_DOMAIN) != one.digest(CONSENT_DOMAIN)


def test_the_root_is_that_of_sixteen_salted_slots_by_rising_department():
    rising = sorted(ASKED)
    slots = [
        eth_keccak(b"\x57" + naive_salt(i) + one + eth_keccak(encode(list(ASKED[one])))) for i, one in enumerate(rising)
    ]
    slots += [eth_keccak(b"\x59" + naive_salt(i)) for i in range(len(rising), 16)]
    assert claims_root(ASKED, SEED) == naive_root(slots)


@pytest.mark.parametrize("department", [NO_DEPARTMENT, TAX])
def test_a_department_is_shown_its_own_slot_and_nothing_of_others(department):
    shown = ShownSlot.of(ASKED, SEED, department)
    assert shown.root == claims_root(ASKED, SEED)
    assert shown.claims == ASKED[department]
    others = [claim for other, claims in ASKED.items() if other != department for claim in claims]
    assert not any(f'"{claim}"' in encode(shown.to_json()).decode() for claim in others)
    assert ShownSlot.from_json(shown.to_json()) == shown


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": ("c", "d")},
        {"department": BANK},
        {"salt": h("another salt")},
        {"index": 0},
        {"path": tuple(h("sibling", n) for n in range(4))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_slot_leads_to_another_root(changes):
    assert replace(ShownSlot.of(ASKED, SEED, TAX), **changes).root != claims_root(ASKED, SEED)


def test_a_path_of_another_length_is_refused():
    shown = ShownSlot.of(ASKED, SEED, TAX)
    with pytest.raises(VerificationError) as refused:
        _ = replace(shown, path=shown.path[:3]).root
    assert refused.value.reason is Reason.PATH_LENGTH


def test_another_seed_makes_another_root_of_the_same_questions():
    assert claims_root(ASKED, SEED) != claims_root(ASKED, h("another seed"))


def test_sixteen_departments_fit_and_one_more_does_not():
    asked = {h("department", number): ("a",) for number in range(SLOTS)}
    assert ShownSlot.of(asked, SEED, max(asked)).root == claims_root(asked, SEED)
    with pytest.raises(InvalidInputError) as refused:
        claims_root(asked | {TAX: ("a",)}, SEED)
    assert (refused.value.reason, refused.value.field) == (Reason.TOO_LARGE, "claims")


def test_claims_stand_with_the_departments_that_they_name():
    named = f"firm_facts[issuer=0x{TAX.hex()}].count < 1"
    plain, mixed = "firm_facts.grade in {A}", f"any(firm_facts.count < 2; {named})"
    claims = [Claim.parse(text, SCHEMAS) for text in (plain, named, mixed, plain)]
    assert by_department(claims, SCHEMAS) == {
        NO_DEPARTMENT: tuple(sorted((plain, claims[2].text(SCHEMAS)))),
        TAX: tuple(sorted((named, claims[2].text(SCHEMAS)))),
    }


def test_the_order_in_which_claims_are_asked_does_not_matter():
    claims = [Claim.parse(text, SCHEMAS) for text in ("firm_facts.count < 1", "firm_facts.grade in {A}")]
    assert by_department(claims, SCHEMAS) == by_department(claims[::-1], SCHEMAS)


def signed_use(key=SPEND, **changes):
    digest = use_digest(h("consent"), 3, h("ticket"), 5, CONSENT_DOMAIN)
    return replace(SignedUse(h("consent"), 3, h("ticket"), 5, sign(digest, key)), **changes)


def test_a_use_of_the_spend_key_is_taken():
    signed_use().require_signed_by(address_of(SPEND), CONSENT_DOMAIN)


@pytest.mark.parametrize(
    "use",
    [
        signed_use(key=h("another key")),
        signed_use(consent=h("other")),
        signed_use(number=4),
        signed_use(ticket=h("another ticket")),
        signed_use(not_after=6),
    ],
    ids=["key", "consent", "number", "ticket", "time"],
)
def test_k2_a_use_that_the_spend_key_did_not_sign_is_refused(use):
    with pytest.raises(VerificationError) as refused:
        use.require_signed_by(address_of(SPEND), CONSENT_DOMAIN)
    assert refused.value.reason is Reason.USE_SIGNATURE_WRONG


def test_a_signature_has_its_short_form():
    use = signed_use()
    r, vs = use.short
    number = int.from_bytes(vs)
    assert r + (number & (1 << 255) - 1).to_bytes(32) + bytes([27 + (number >> 255)]) == use.signature


def test_uses_are_replayed_as_the_contract_chains_them():
    counted = [CountedUse(7, h("t1"), 100), CountedUse(1, h("t2"), 101)]
    expected = h("consent")
    for use in counted:
        words = [expected, use.number, use.ticket, use.time]
        expected = eth_keccak(abi_encode(["bytes32", "uint32", "bytes32", "uint256"], words))
    assert uses_digest(h("consent"), counted) == expected
    assert uses_digest(h("consent"), []) == h("consent")
    assert uses_digest(h("consent"), counted[::-1]) != expected


@pytest.mark.parametrize("key", [SPEND, h("another key"), h("a third key"), h("a fourth key")])
def test_the_short_form_leads_back_to_the_same_use(key):
    use = signed_use(key=key)
    assert SignedUse.short_form(use.consent, use.number, use.ticket, use.not_after, *use.short) == use
