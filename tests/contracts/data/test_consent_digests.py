"""What the product signs and computes about consents is what the contract computes and takes."""

import pytest
from eth_utils import keccak

from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_act import (
    NO_CONSENT,
    NO_WORD,
    ChangeKind,
    answer_digest,
    grant_digest,
    grant_hash,
    signatures_digest,
    steward_digest,
    withdrawal_hash,
)
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.evidence.slot import consent_record, consent_slots
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.ticket import CountedUse, SignedUse, use_digest, uses_digest
from tests.kit.contract_set import DAY, NOBODY, ZERO, Refused, events, word

SPEND, STEWARD, ANSWER = (word(f"key {name}") for name in ("spend", "steward", "answer"))
SECRET = word("secret")


@pytest.fixture
def domain(world):
    return SigningDomain(world.chain.w3.eth.chain_id, bytes.fromhex(world.consents.address[2:]))


@pytest.fixture
def asked(world):
    now = world.chain.next_time
    return ConsentRequest(
        subject=word("subject"),
        grantee=world.bank.id,
        grantee_name="虚构银行",
        purpose="loan_application",
        purpose_text="贷款申请审批",
        questions=("a.b >= 1", "问题"),
        departments=(world.tax.id, world.court.id),
        data_from="2025-01-01",
        data_to="2025-12-31",
        retention_days=31,
        salt=word("salt"),
        not_before=now,
        expires_at=now + 30 * DAY,
        max_uses=96,
        spend_key=address_of(SPEND),
    )


@pytest.fixture
def granted(asked):
    return Consent(
        Terms.accepting(asked, "zh", word("text"), word("words"), ("Tax bureau",)),
        Bounds.accepting(
            asked,
            grant_before=asked.not_before + DAY,
            steward_key=address_of(STEWARD),
            withdrawal_hash=withdrawal_hash(SECRET),
        ),
    )


def bounds_of(granted):
    shown = granted.bounds
    return (
        shown.not_before,
        shown.expires_at,
        shown.max_uses,
        shown.grant_before,
        "0x" + shown.spend_key.hex(),
        "0x" + shown.steward_key.hex(),
        shown.withdrawal_hash,
    )


@pytest.fixture
def acts(world, granted, domain):
    """The calls of this consent, each signed by the product's digests."""

    class Acts:
        id = granted.digest(domain)
        signatures = signatures_digest([sign(granted.digest(domain), word("controller"))])
        shown = (granted.terms.struct_hash, checksummed(world, bounds_of(granted)))

        def grant(self, answering=(ZERO, NOBODY, b"")):
            signed = sign(grant_digest(self.id, self.signatures, domain), STEWARD)
            return world.consents.functions.grant(*self.shown, self.signatures, signed, answering)

        def change(self, name, kind, number, bound):
            signed = sign(steward_digest(self.id, number, kind, bound, domain), STEWARD)
            return world.consents.functions[name](*self.shown, number, bound, signed)

        def use(self, number, ticket, not_after):
            use = SignedUse(
                self.id,
                number,
                ticket,
                not_after,
                sign(use_digest(self.id, number, ticket, not_after, domain), SPEND),
            )
            use.require_signed_by(address_of(SPEND), domain)
            return (use.consent, use.number, use.ticket, use.not_after, *use.short)

    return Acts()


def checksummed(world, bounds):
    return tuple(world.chain.w3.to_checksum_address(one) if isinstance(one, str) else one for one in bounds)


def record(world, consent_id):
    words = {slot: world.chain.slot(world.consents, slot[1]) for slot in consent_slots(consent_id)}
    return consent_record(consent_id, words)


def test_the_contract_computes_the_same_consent_id(world, acts):
    assert world.chain.read(world.consents.functions.consentId(*acts.shown)) == acts.id


def test_the_contract_computes_the_same_request_id(world, asked, domain):
    key = world.chain.w3.to_checksum_address(address_of(ANSWER))
    held = world.chain.read(world.consents.functions.requestIdOf(asked.struct_hash, key))
    assert held == asked.digest(address_of(ANSWER), domain)


def test_a_grant_is_taken_and_stands_in_storage_as_it_is_read(world, acts, granted):
    receipt = world.chain.send(acts.grant(), world.relayer.key)
    held, bounds = record(world, acts.id), granted.bounds
    assert (held.state, held.granted_at) == (ConsentState.LIVE, world.chain.time_of(receipt))
    assert (held.not_before, held.expires_at) == (bounds.not_before, bounds.expires_at)
    assert (held.max_uses, held.spend_key, held.used) == (96, bounds.spend_key, 0)
    assert held.uses_digest == uses_digest(acts.id, []) == acts.id
    assert held.grant_digest == grant_hash(bounds.withdrawal_hash, acts.signatures)
    assert (held.changes, held.changed_at, held.word_digest) == (0, 0, NO_WORD)


def test_a_grant_answers_a_request_by_the_answer_key(world, acts, asked, domain):
    request = asked.digest(address_of(ANSWER), domain)
    world.chain.send(world.consents.functions.request(request), world.relayer.key)
    key = world.chain.w3.to_checksum_address(address_of(ANSWER))
    answering = (asked.struct_hash, key, sign(answer_digest(request, acts.id, domain), ANSWER))
    receipt = world.chain.send(acts.grant(answering), world.relayer.key)
    assert [event["requestId"] for event in events(world.consents, receipt, "RequestGranted")] == [request]


def test_a_refusal_is_taken_by_the_answer_key(world, asked, domain):
    request = asked.digest(address_of(ANSWER), domain)
    world.chain.send(world.consents.functions.request(request), world.relayer.key)
    key = world.chain.w3.to_checksum_address(address_of(ANSWER))
    signed = sign(answer_digest(request, NO_CONSENT, domain), ANSWER)
    receipt = world.chain.send(world.consents.functions.refuse(asked.struct_hash, key, signed))
    assert [event["requestId"] for event in events(world.consents, receipt, "RequestRefused")] == [request]


def test_changes_are_taken_and_their_number_and_word_stand_in_storage(world, acts):
    world.chain.send(acts.grant(), world.relayer.key)
    world.chain.send(acts.change("pause", ChangeKind.PAUSE, 1, NO_WORD))
    assert record(world, acts.id).state is ConsentState.PAUSED
    receipt = world.chain.send(acts.change("resume", ChangeKind.RESUME, 2, word("resumed")))
    held = record(world, acts.id)
    assert (held.state, held.changes, held.word_digest) == (ConsentState.LIVE, 2, word("resumed"))
    assert held.changed_at == world.chain.time_of(receipt)
    world.chain.send(acts.change("withdrawBySteward", ChangeKind.WITHDRAW, 3, NO_WORD))
    assert record(world, acts.id).state is ConsentState.WITHDRAWN


def test_the_secret_of_the_hash_withdraws(world, acts):
    world.chain.send(acts.grant(), world.relayer.key)
    world.chain.send(world.consents.functions.withdraw(*acts.shown, SECRET), world.stranger)
    assert record(world, acts.id).state is ConsentState.WITHDRAWN


def test_a_tombstone_is_read_as_withdrawn_and_never_granted(world, acts):
    assert record(world, acts.id) is None
    world.chain.send(world.consents.functions.withdraw(*acts.shown, SECRET), world.stranger)
    held = record(world, acts.id)
    assert (held.state, held.granted_at, held.spend_key) == (ConsentState.WITHDRAWN, 0, bytes(20))


def test_uses_are_counted_and_their_digest_is_replayed(world, acts):
    world.chain.send(acts.grant(), world.relayer.key)
    counted = []
    for numbers in ((2, 1), (96,)):
        uses = [acts.use(number, word(f"ticket {number}"), 2**40 - 1) for number in numbers]
        receipt = world.chain.send(world.consents.functions.recordUses(uses), world.stranger)
        told = events(world.consents, receipt, "UseRecorded")
        counted += [CountedUse(event["number"], event["ticket"], event["usedAt"]) for event in told]
    held = record(world, acts.id)
    assert [use.number for use in counted] == [2, 1, 96]
    assert held.uses_digest == uses_digest(acts.id, counted)
    assert held.uses_digest != uses_digest(acts.id, counted[::-1])
    assert (held.uses, held.is_used(96), held.is_used(3)) == (3, True, False)
    assert held.free_numbers == tuple(range(3, 96))


def test_another_digest_than_the_steward_keys_is_refused(world, acts, granted):
    elsewhere = SigningDomain(1, bytes(20))
    signed = sign(grant_digest(acts.id, acts.signatures, elsewhere), STEWARD)
    with pytest.raises(Refused) as refused:
        world.chain.read(
            world.consents.functions.grant(*acts.shown, acts.signatures, signed, (ZERO, NOBODY, b"")),
            world.relayer.key,
        )
    assert refused.value.name == "ConsentSignatureWrong"
    assert granted.digest(elsewhere) != acts.id


def test_the_secrets_hash_is_tagged():
    assert withdrawal_hash(SECRET) == keccak(b"\x40" + SECRET)
