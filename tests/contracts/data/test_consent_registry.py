"""What a consent's life is, and what each call of it is refused for."""

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data

from tests.kit import consent_set
from tests.kit.consent_set import (
    EXPIRED,
    LIVE,
    NOT_YET_VALID,
    NUMBER_INVALID,
    NUMBER_USED,
    OPEN,
    PAUSED,
    REFUSED,
    SIGNATURE_WRONG,
    TOO_LATE,
    UNKNOWN,
    USE_PAUSED,
    USE_WITHDRAWN,
    WITHDRAWN,
    Consent,
    Request,
    fresh_key,
)
from tests.kit.consent_set import GRANTED as REQUEST_GRANTED
from tests.kit.contract_set import NOBODY, ZERO, events, word


@pytest.fixture
def consent(world):
    return Consent.of(world, "loan")


@pytest.fixture
def granted(world, consent):
    world.chain.send(consent.grant(), world.relayer.key)
    return consent


def stored(world, consent):
    names = ("state", "granted_at", "not_before", "expires_at", "max_uses", "changes", "changed_at", "spend_key")
    names += ("used", "uses_digest", "grant_digest", "word_digest")
    values = world.chain.read(world.consents.functions.consent(consent.id))
    return dict(zip(names, values, strict=True))


def record(world, *uses, sender=None):
    """Send uses; (recorded, refused) as (number, …) of their events."""
    receipt = world.chain.send(world.consents.functions.recordUses(list(uses)), sender or world.relayer.key)
    recorded = [event["number"] for event in events(world.consents, receipt, "UseRecorded")]
    refused = [(event["number"], event["reason"]) for event in events(world.consents, receipt, "UseRefused")]
    return recorded, refused


def listed(type_text):
    """The members of an EIP-712 type as wallets take them."""
    inside = type_text.partition("(")[2].rstrip(")")
    return [dict(zip(("type", "name"), member.split(" "), strict=True)) for member in inside.split(",")]


def hashed(world, types, message):
    domain = {
        "name": "Credence",
        "version": "1",
        "chainId": world.chain.w3.eth.chain_id,
        "verifyingContract": world.consents.address,
    }
    return _hash_eip191_message(encode_typed_data(domain, types, message))


TERMS = {
    "version": 2,
    "subject": word("subject"),
    "grantee": word("bank"),
    "granteeName": "North Bank 北方银行",
    "purpose": "loan",
    "purposeText": "A loan.",
    "questions": ["tax.grade in {A, B}"],
    "departments": [word("tax"), word("court")],
    "dataFrom": "",
    "dataTo": "2026-12-31",
    "retentionDays": 90,
    "salt": word("salt"),
    "language": "en",
    "textDigest": word("text"),
    "wording": word("words"),
    "departmentNames": ["Tax bureau"],
}


def terms_hash():
    """The struct hash of TERMS, taken from eth-account: the body of a message whose primary type is Terms."""
    typed = encode_typed_data({"name": "x"}, {"Terms": listed(consent_set.TERMS)}, TERMS)
    return typed.body


def test_the_id_is_what_any_wallet_shows_and_signs(world, consent):
    keys = ("notBefore", "expiresAt", "maxUses", "grantBefore", "spendKey", "stewardKey", "withdrawalHash")
    types = {
        "Consent": [{"name": "terms", "type": "Terms"}, {"name": "bounds", "type": "Bounds"}],
        "Terms": listed(consent_set.TERMS),
        "Bounds": listed(consent_set.BOUNDS),
    }
    message = {"terms": TERMS, "bounds": dict(zip(keys, consent.bounds, strict=True))}
    signed = hashed(world, types, message)
    assert world.chain.read(world.consents.functions.consentId(terms_hash(), consent.bounds)) == signed


def test_a_requests_id_is_what_the_bank_signs(world):
    asked = {
        name: TERMS[name] for name in TERMS if name not in ("language", "textDigest", "wording", "departmentNames")
    }
    asked |= {"notBefore": 1, "expiresAt": 2, "maxUses": 3, "spendKey": fresh_key("spend").address}
    types = {
        "Request": [{"name": "asked", "type": "Asked"}, {"name": "answerKey", "type": "address"}],
        "Asked": listed(consent_set.ASKED),
    }
    key = fresh_key("answer").address
    signed = hashed(world, types, {"asked": asked, "answerKey": key})
    inner = encode_typed_data({"name": "x"}, {"Asked": listed(consent_set.ASKED)}, asked).body
    assert world.chain.read(world.consents.functions.requestIdOf(inner, key)) == signed


def test_the_kit_computes_the_same_ids(world, consent):
    assert world.chain.read(world.consents.functions.consentId(*consent.shown)) == consent.id
    request = Request(world, "asked")
    found = world.chain.read(world.consents.functions.requestIdOf(request.asked_hash, request.answer_key.address))
    assert found == request.id


def test_a_grant_is_stored_and_told(world, chain, consent):
    receipt = chain.send(consent.grant(), world.relayer.key)
    now = chain.time_of(receipt)
    assert stored(world, consent) == {
        "state": LIVE,
        "granted_at": now,
        "not_before": consent.not_before,
        "expires_at": consent.expires_at,
        "max_uses": 9,
        "changes": 0,
        "changed_at": 0,
        "spend_key": consent.spend.address,
        "used": 0,
        "uses_digest": consent.id,
        "grant_digest": consent.grant_digest,
        "word_digest": ZERO,
    }
    (event,) = events(world.consents, receipt, "ConsentGranted")
    assert (event["id"], event["relayer"], event["key"]) == (consent.id, world.relayer.id, world.relayer.key.address)
    assert (event["termsHash"], event["signaturesDigest"]) == (consent.terms_hash, consent.signatures_digest)
    assert tuple(event["bounds"].values()) == consent.bounds
    assert chain.read(world.consents.functions.isLive(consent.id))
    assert chain.read(world.consents.functions.exists(consent.id))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"expires_at": 0}, "ConsentPeriodInvalid"),
        ({"expires_at": 2**40}, "ConsentPeriodInvalid"),
        ({"not_before": 0, "expires_at": 1_000}, "ConsentExpired"),
        ({"grant_before": 1_000}, "ConsentGrantLate"),
        ({"max_uses": 0}, "ConsentUsesInvalid"),
        ({"max_uses": 97}, "ConsentUsesInvalid"),
    ],
)
def test_a_grant_out_of_bounds_is_refused(world, chain, consent, changes, error):
    chain.refuses(error, consent.but(**changes).grant(), sender=world.relayer.key)


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [
        (4, NOBODY, "ConsentKeyZero"),
        (5, NOBODY, "ConsentKeyZero"),
        (6, ZERO, "ConsentWithdrawalHashZero"),
    ],
)
def test_a_grant_without_its_keys_is_refused(world, chain, consent, place, value, error):
    bounds = list(consent.bounds)
    bounds[place] = value
    call = consent.calls.grant(
        consent.terms_hash, tuple(bounds), consent.signatures_digest, b"\1" * 65, consent_set.NO_ANSWER
    )
    chain.refuses(error, call, sender=world.relayer.key)


def test_a_grant_lasts_to_the_last_second_before_grant_before(world, chain, consent):
    chain.at(consent.grant_before)
    chain.refuses("ConsentGrantLate", consent.grant(), consent.id, consent.grant_before, sender=world.relayer.key)
    other = Consent.of(world, "other")
    chain.at(other.grant_before - 1)
    chain.send(other.grant(), world.relayer.key)


def test_a_grant_counts_once(world, chain, granted):
    chain.refuses("ConsentExists", granted.grant(), granted.id, sender=world.relayer.key)


def test_a_grant_without_signatures_is_refused(world, chain, consent):
    call = consent.grant(signatures_digest=ZERO)
    chain.refuses("ConsentSignaturesDigestZero", call, consent.id, sender=world.relayer.key)


@pytest.mark.parametrize("part", ["tax", "court", "bank", "registrar"])
def test_only_a_relayer_records_requests_and_grants(world, chain, consent, part):
    key = getattr(world, part).key
    chain.refuses("MemberLacksRole", consent.grant(), sender=key)
    chain.refuses("MemberLacksRole", Request(world, "one").ask(), sender=key)


def test_a_request_is_asked_once_and_answered_once(world, chain, consent):
    request = Request(world, "one")
    receipt = chain.send(request.ask(), world.relayer.key)
    assert events(world.consents, receipt, "ConsentRequested") == [
        {"requestId": request.id, "relayer": world.relayer.id, "key": world.relayer.key.address}
    ]
    chain.refuses("RequestExists", request.ask(), request.id, sender=world.relayer.key)
    receipt = chain.send(consent.grant(answering=request.answering(consent.id)), world.relayer.key)
    assert events(world.consents, receipt, "RequestGranted") == [{"requestId": request.id, "id": consent.id}]
    assert chain.read(world.consents.functions.requestState(request.id)) == REQUEST_GRANTED
    chain.refuses("RequestNotOpen", request.refuse(), request.id)


def test_a_request_is_refused_by_its_answer_key(world, chain, consent):
    request = Request(world, "one")
    chain.refuses("RequestNotOpen", request.refuse(), request.id)
    chain.send(request.ask(), world.relayer.key)
    assert chain.read(world.consents.functions.requestState(request.id)) == OPEN
    receipt = chain.send(request.refuse(), world.stranger)
    assert events(world.consents, receipt, "RequestRefused") == [
        {"requestId": request.id, "sender": ZERO, "key": world.stranger.address}
    ]
    assert chain.read(world.consents.functions.requestState(request.id)) == REFUSED
    call = consent.grant(answering=request.answering(consent.id))
    chain.refuses("RequestNotOpen", call, request.id, sender=world.relayer.key)


def test_the_zero_request_is_refused(world, chain):
    chain.refuses("RequestIdZero", world.consents.functions.request(ZERO), sender=world.relayer.key)


def test_pause_and_resume_follow_one_another(world, chain, granted):
    chain.refuses("ConsentNotPaused", granted.resume(1), granted.id)
    receipt = chain.send(granted.pause(1), world.relayer.key)
    (event,) = events(world.consents, receipt, "ConsentPaused")
    assert (event["sender"], event["key"]) == (world.relayer.id, world.relayer.key.address)
    now = chain.time_of(receipt)
    assert (event["change"], event["pausedAt"], event["wordDigest"]) == (1, now, ZERO)
    assert (stored(world, granted)["state"], stored(world, granted)["changed_at"]) == (PAUSED, now)
    assert not chain.read(world.consents.functions.isLive(granted.id))
    chain.refuses("ConsentAlreadyPaused", granted.pause(2), granted.id)
    chain.refuses("ConsentWordDigestZero", granted.resume(2, word_digest=ZERO), granted.id)
    chain.refuses("ConsentChangeNumberWrong", granted.resume(1), granted.id, 1, 2)
    chain.refuses("ConsentChangeNumberWrong", granted.resume(3), granted.id, 3, 2)
    receipt = chain.send(granted.resume(2), world.stranger)
    (event,) = events(world.consents, receipt, "ConsentResumed")
    assert (event["sender"], event["change"], event["wordDigest"]) == (ZERO, 2, word("the controllers' word"))
    assert stored(world, granted)["word_digest"] == word("the controllers' word")
    assert chain.read(world.consents.functions.isLive(granted.id))


def test_a_change_is_only_what_was_signed(world, chain, granted):
    for call in (granted.pause(1, kind=2), granted.pause(1, kind=3), granted.pause(1, kind=0)):
        chain.refuses("ConsentSignatureWrong", call, granted.id)
    chain.send(granted.pause(1))
    chain.refuses("ConsentSignatureWrong", granted.resume(2, kind=1), granted.id)
    terms, bounds, number, _, signature = granted._change(2, 2, word("word"), None)
    call = world.consents.functions.resume(terms, bounds, number, word("another"), signature)
    chain.refuses("ConsentSignatureWrong", call, granted.id)


def test_an_unknown_consent_is_not_paused(chain, consent):
    chain.refuses("ConsentUnknown", consent.pause(), consent.id)
    chain.refuses("ConsentUnknown", consent.resume(1), consent.id)


@pytest.mark.parametrize("paused", [False, True])
def test_a_consent_is_withdrawn_once_by_its_secret(world, chain, granted, paused):
    if paused:
        chain.send(granted.pause(1))
    chain.refuses("ConsentWrongSecret", granted.withdraw(word("wrong")), granted.id)
    receipt = chain.send(granted.withdraw(), world.relayer.key)
    (event,) = events(world.consents, receipt, "ConsentWithdrawn")
    now = chain.time_of(receipt)
    assert (event["sender"], event["change"], event["withdrawnAt"]) == (world.relayer.id, 0, now)
    assert (stored(world, granted)["state"], stored(world, granted)["changed_at"]) == (WITHDRAWN, now)
    number = 2 if paused else 1
    for call in (
        granted.withdraw(),
        granted.withdraw_by_steward(number),
        granted.pause(number),
        granted.resume(number),
    ):
        chain.refuses("ConsentNotLive", call, granted.id)
    assert chain.read(world.consents.functions.exists(granted.id))


def test_a_consent_is_withdrawn_by_its_steward_key(world, chain, granted):
    receipt = chain.send(granted.withdraw_by_steward(1, word_digest=word("word")))
    (event,) = events(world.consents, receipt, "ConsentWithdrawn")
    assert (event["change"], event["wordDigest"]) == (1, word("word"))
    assert stored(world, granted)["state"] == WITHDRAWN
    assert stored(world, granted)["word_digest"] == word("word")


def test_uses_count_by_their_number_in_any_order(world, chain, granted):
    assert record(world, granted.use(5), granted.use(1)) == ([5, 1], [])
    first = chain.w3.eth.get_block("latest")["timestamp"]
    assert record(world, granted.use(9), sender=world.stranger) == ([9], [])
    second = chain.w3.eth.get_block("latest")["timestamp"]
    times = [(5, word("ticket 5"), first), (1, word("ticket 1"), first), (9, word("ticket 9"), second)]
    assert stored(world, granted)["used"] == 1 << 4 | 1 | 1 << 8
    assert stored(world, granted)["uses_digest"] == granted.uses_digest(*times)


def test_ninety_six_uses_fill_the_word_and_leave_the_key_alone(world, chain):
    consent = Consent.of(world, "many", max_uses=96)
    chain.send(consent.grant(), world.relayer.key)
    assert record(world, *(consent.use(number) for number in range(1, 97))) == (list(range(1, 97)), [])
    assert (stored(world, consent)["used"], stored(world, consent)["spend_key"]) == (2**96 - 1, consent.spend.address)
    assert not chain.read(world.consents.functions.isLive(consent.id))
    assert record(world, consent.use(96), consent.use(97)) == ([], [(96, NUMBER_USED), (97, NUMBER_INVALID)])


def test_a_bad_use_is_refused_alone(world, chain, granted):
    other, unknown = Consent.of(world, "other"), Consent.of(world, "unknown")
    later, paused, gone = (
        Consent.of(world, "later", begins=1_000),
        Consent.of(world, "paused"),
        Consent.of(world, "gone"),
    )
    for one in (other, later, paused, gone):
        chain.send(one.grant(), world.relayer.key)
    chain.send(paused.pause(1))
    chain.send(gone.withdraw())
    now = chain.next_time
    recorded, refused = record(
        world,
        granted.use(1),
        unknown.use(2),
        granted.use(3, key=other.spend),
        later.use(4),
        paused.use(5),
        gone.use(6),
        granted.use(0),
        granted.use(10),
        granted.use(1),
        granted.use(7, not_after=now - 1),
        granted.use(8, not_after=now),
        other.use(9),
    )
    assert recorded == [1, 8, 9]
    assert refused == [
        (2, UNKNOWN),
        (3, SIGNATURE_WRONG),
        (4, NOT_YET_VALID),
        (5, USE_PAUSED),
        (6, USE_WITHDRAWN),
        (0, NUMBER_INVALID),
        (10, NUMBER_INVALID),
        (1, NUMBER_USED),
        (7, TOO_LATE),
    ]


def test_a_consent_is_used_from_its_first_second_to_the_one_before_its_end(world, chain):
    consent = Consent.of(world, "short", begins=100, lasts=10)
    chain.send(consent.grant(), world.relayer.key)
    for time, expected in (
        (consent.not_before - 1, ([], [(1, NOT_YET_VALID)])),
        (consent.not_before, ([1], [])),
        (consent.expires_at - 1, ([2], [])),
        (consent.expires_at, ([], [(3, EXPIRED)])),
    ):
        chain.at(time)
        number = (expected[0] or [expected[1][0][0]])[0]
        assert record(world, consent.use(number)) == expected


def test_a_use_is_only_what_was_signed(world, granted):
    good = granted.use(1)
    for place, value in ((1, 2), (2, word("another")), (3, 5 * 10**9), (4, word("r")), (5, ZERO)):
        bad = tuple(value if i == place else part for i, part in enumerate(good))
        recorded, refused = record(world, bad)
        assert (recorded, refused[0][1]) == ([], SIGNATURE_WRONG)


def test_at_most_500_uses_go_at_a_time(world, chain, granted):
    call = world.consents.functions.recordUses([granted.use(1)] * 501)
    chain.refuses("UseListTooLong", call, 501, 500)
