import pytest
from eth_utils import keccak

from tests.kit.contract import SUSPENDED, ZERO, events, word

ID, SECRET = word("consent"), word("secret")
HASH = keccak(b"\x40" + SECRET)
LIVE, WITHDRAWN, PAUSED = 1, 2, 3
OPEN, GRANTED, REFUSED = 1, 2, 3
UNKNOWN, REFUSED_WITHDRAWN, NOT_YET_VALID, EXPIRED, EXHAUSTED, REFUSED_PAUSED = range(6)
REQUEST = word("request")


@pytest.fixture
def consents(consortium):
    return consortium.consents.functions


@pytest.fixture
def relayer(consortium):
    return consortium.relayer.key


@pytest.fixture
def grant(chain, consents, relayer):
    """Record a grant, by default of three uses in the next 1,000 seconds; (notBefore, expiresAt, receipt)."""

    def make(consent_id=ID, start=0, length=1000, uses=3):
        not_before = chain.next_time + start
        receipt = chain.send(consents.grant(consent_id, not_before, not_before + length, uses, HASH, ZERO), relayer)
        return not_before, not_before + length, receipt

    return make


@pytest.fixture
def use(consortium, chain, consents, relayer):
    """Record uses of these consents; pairs of use id and its count, or of use id and (refusal,)."""

    def make(*ids):
        use_ids = [word(f"use {i}") for i in range(len(ids))]
        receipt = chain.send(consents.recordUses(ids, use_ids), relayer)
        outcome = {e["useId"]: e["uses"] for e in events(consortium.consents, receipt, "UseRecorded")}
        refused = {e["useId"]: (e["reason"],) for e in events(consortium.consents, receipt, "UseRefused")}
        assert len(outcome) + len(refused) == len(ids)
        return [(outcome | refused)[use_id] for use_id in use_ids]

    return make


def test_a_grant_is_recorded(consortium, chain, consents, grant):
    start, end, receipt = grant()
    assert events(consortium.consents, receipt, "ConsentGranted") == [
        {
            "id": ID,
            "relayer": consortium.relayer.id,
            "notBefore": start,
            "expiresAt": end,
            "maxUses": 3,
        }
    ]
    granted = (LIVE, chain.time_of(receipt), start, end, 3, 0, 0, 0, HASH)
    assert tuple(chain.read(consents.consent(ID))) == granted
    assert chain.read(consents.isLive(ID))
    assert chain.read(consents.exists(ID))


def test_what_was_never_granted_is_neither_there_nor_live(chain, consents):
    assert not chain.read(consents.exists(ID))
    assert not chain.read(consents.isLive(ID))
    assert chain.read(consents.consent(ID))[0] == 0


def test_c10_a_consent_is_not_granted_twice(chain, consents, relayer, grant):
    start, end, _ = grant()
    chain.refuses("ConsentExists", consents.grant(ID, start, end, 3, HASH, ZERO), ID, sender=relayer)


def test_c10_a_withdrawn_or_expired_consent_is_not_granted_again(chain, consents, relayer, grant):
    _, end, _ = grant()
    grant(word("other"))
    chain.send(consents.withdraw(ID, SECRET))
    chain.at(end + 10)
    for consent_id in (ID, word("other")):
        again = consents.grant(consent_id, 0, end + 1000, 3, HASH, ZERO)
        chain.refuses("ConsentExists", again, consent_id, sender=relayer)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ConsentIdZero", {"id": ZERO}),
        ("ConsentUsesZero", {"uses": 0}),
        ("ConsentRevocationHashZero", {"hash": ZERO}),
        ("ConsentPeriodInvalid", {"start": 1000}),
        ("ConsentPeriodInvalid", {"start": 1001}),
        ("ConsentPeriodInvalid", {"end": 2**40}),
        ("ConsentExpired", {"start": -9, "end": 0}),
        ("ConsentExpired", {"start": -9, "end": -1}),
    ],
)
def test_an_impossible_grant_is_refused(chain, consents, relayer, name, changed):
    now = chain.next_time
    terms = {"id": ID, "start": 0, "end": 1000, "uses": 3, "hash": HASH, **changed}
    start, end = now + terms["start"], min(now + terms["end"], 2**40)
    function = consents.grant(terms["id"], start, end, terms["uses"], terms["hash"], ZERO)
    chain.refuses(name, function, sender=relayer)


def test_a_grant_can_end_one_second_from_now(chain, consents, relayer):
    now = chain.next_time
    chain.send(consents.grant(ID, 0, now + 1, 2**32 - 1, HASH, ZERO), relayer)
    assert not chain.read(consents.isLive(ID))


def test_only_a_relayer_grants_and_withdraws_without_a_secret(consortium, chain, consents, grant):
    start, end, _ = grant()
    for member in (consortium.tax, consortium.bank, consortium.registrar):
        for function in (
            consents.grant(word("other"), start, end, 1, HASH, ZERO),
            consents.withdrawByRelayer(ID),
        ):
            chain.refuses("MemberLacksRole", function, member.id, 8, sender=member.key)
    chain.refuses("MemberKeyUnknown", consents.withdrawByRelayer(ID), sender=consortium.stranger)
    consortium.govern(consortium.members.functions.setState(consortium.relayer.id, SUSPENDED))
    chain.refuses("MemberNotActive", consents.withdrawByRelayer(ID), sender=consortium.relayer.key)


def test_only_departments_and_relayers_record_uses(consortium, chain, consents, grant):
    grant()
    function = consents.recordUses([ID], [word("use")])
    for member in (consortium.bank, consortium.registrar):
        chain.refuses("MemberLacksRole", function, member.id, 9, sender=member.key)
    chain.refuses("MemberKeyUnknown", function, sender=consortium.stranger)
    chain.send(function, consortium.tax.key)
    chain.send(function, consortium.relayer.key)
    assert chain.read(consents.consent(ID))[5] == 2


def test_whoever_shows_the_secret_withdraws(consortium, chain, consents, grant):
    grant()
    receipt = chain.send(consents.withdraw(ID, SECRET), consortium.stranger)
    assert events(consortium.consents, receipt, "ConsentWithdrawn") == [{"id": ID, "relayer": ZERO}]
    consent = chain.read(consents.consent(ID))
    assert (consent[0], consent[6]) == (WITHDRAWN, chain.time_of(receipt))
    assert not chain.read(consents.isLive(ID))
    assert chain.read(consents.exists(ID))


def test_a_relayer_withdraws_on_request(consortium, chain, consents, relayer, grant):
    grant()
    receipt = chain.send(consents.withdrawByRelayer(ID), relayer)
    assert events(consortium.consents, receipt, "ConsentWithdrawn")[0]["relayer"] == consortium.relayer.id
    assert not chain.read(consents.isLive(ID))


def test_a_withdrawn_consent_stays_withdrawn(chain, consents, relayer, grant):
    grant()
    chain.send(consents.withdraw(ID, SECRET))
    chain.refuses("ConsentNotLive", consents.withdraw(ID, SECRET), ID)
    chain.refuses("ConsentNotLive", consents.withdraw(ID, ZERO), ID)
    chain.refuses("ConsentNotLive", consents.withdrawByRelayer(ID), ID, sender=relayer)


def test_what_was_never_granted_is_not_withdrawn(chain, consents, relayer):
    chain.refuses("ConsentUnknown", consents.withdraw(ID, SECRET), ID)
    chain.refuses("ConsentUnknown", consents.withdrawByRelayer(ID), ID, sender=relayer)


def test_a_consent_can_be_withdrawn_before_it_begins_and_after_it_ends(chain, consents, grant):
    grant(start=500)
    chain.send(consents.withdraw(ID, SECRET))
    _, end, _ = grant(word("other"))
    chain.at(end + 1)
    chain.send(consents.withdraw(word("other"), SECRET))


@pytest.mark.parametrize("wrong", [ZERO, HASH, word("guess"), SECRET[::-1]])
def test_c9_a_wrong_secret_withdraws_nothing(consortium, chain, consents, grant, wrong):
    grant()
    function = consents.withdraw(ID, wrong)
    chain.refuses("ConsentWrongSecret", function, ID, sender=consortium.stranger)
    chain.refuses("ConsentWrongSecret", function, ID, sender=consortium.relayer.key)
    assert chain.read(consents.isLive(ID))


def test_c9_the_secret_of_one_consent_does_not_withdraw_another(chain, consents, relayer, grant):
    start, end, _ = grant()
    other = word("other secret")
    chain.send(consents.grant(word("other"), start, end, 1, keccak(b"\x40" + other), ZERO), relayer)
    chain.refuses("ConsentWrongSecret", consents.withdraw(ID, other), ID)


def test_c9_a_hash_without_its_tag_is_not_opened(chain, consents, relayer):
    end = chain.next_time + 1000
    chain.send(consents.grant(ID, 0, end, 1, keccak(SECRET), ZERO), relayer)
    chain.refuses("ConsentWrongSecret", consents.withdraw(ID, SECRET), ID)


def test_uses_count_up_to_the_maximum(chain, consents, grant, use):
    grant(uses=3)
    assert use(ID) == [1]
    assert use(ID, ID, ID) == [2, 3, (EXHAUSTED,)]
    assert use(ID) == [(EXHAUSTED,)]
    assert chain.read(consents.consent(ID))[5] == 3
    assert not chain.read(consents.isLive(ID))


def test_a_bad_entry_leaves_the_others_alone(chain, consents, grant, use):
    withdrawn, early, spent = word("withdrawn"), word("early"), word("spent")
    grant(withdrawn)
    grant(early, start=500)
    grant(spent, uses=1)
    use(spent)
    grant()
    chain.send(consents.withdraw(withdrawn, SECRET))
    outcome = use(word("nothing"), ID, withdrawn, early, spent, ID)
    assert outcome == [(UNKNOWN,), 1, (REFUSED_WITHDRAWN,), (NOT_YET_VALID,), (EXHAUSTED,), 2]


def test_a_consent_is_used_from_its_start_until_before_its_end(chain, consents, grant, use):
    start, end, _ = grant(start=100, length=50)
    for time, outcome in ((start - 1, (NOT_YET_VALID,)), (start, 1), (end - 1, 2), (end, (EXPIRED,))):
        chain.at(time)
        assert chain.read(consents.isLive(ID)) is isinstance(outcome, int)
        assert use(ID) == [outcome]


def test_lists_of_uses_are_even_and_bounded(chain, consents, relayer):
    chain.refuses("UseListsUneven", consents.recordUses([ID], []), 1, 0, sender=relayer)
    chain.refuses("UseListsUneven", consents.recordUses([], [ID]), 0, 1, sender=relayer)
    long = [ID] * 1025
    chain.refuses("UseListTooLong", consents.recordUses(long, long), 1025, 1024, sender=relayer)


def test_a_full_list_of_uses_fits_a_block(chain, consents, relayer, grant, consortium):
    grant(uses=1000)
    ids = [ID] * 1024
    receipt = chain.send(consents.recordUses(ids, ids), relayer)
    assert len(events(consortium.consents, receipt, "UseRecorded")) == 1000
    assert len(events(consortium.consents, receipt, "UseRefused")) == 24


def test_c9_and_c10_leave_no_trace(chain, consents, relayer, grant):
    start, end, _ = grant()
    before = chain.read(consents.consent(ID))
    chain.refuses("ConsentWrongSecret", consents.withdraw(ID, ZERO))
    chain.refuses("ConsentExists", consents.grant(ID, start, end + 1, 9, word("x"), ZERO), sender=relayer)
    assert chain.read(consents.consent(ID)) == before


def test_a_request_is_granted_once(consortium, chain, consents, relayer):
    receipt = chain.send(consents.request(REQUEST), relayer)
    asked = {"requestId": REQUEST, "relayer": consortium.relayer.id}
    assert events(consortium.consents, receipt, "ConsentRequested") == [asked]
    assert chain.read(consents.requestState(REQUEST)) == OPEN
    assert chain.read(consents.consent(REQUEST))[0] == 0
    end = chain.next_time + 1000
    receipt = chain.send(consents.grant(ID, 0, end, 3, HASH, REQUEST), relayer)
    assert events(consortium.consents, receipt, "RequestGranted") == [{"requestId": REQUEST, "id": ID}]
    assert chain.read(consents.requestState(REQUEST)) == GRANTED
    assert chain.read(consents.isLive(ID))
    again = consents.grant(word("other"), 0, end, 3, HASH, REQUEST)
    chain.refuses("RequestNotOpen", again, REQUEST, sender=relayer)
    chain.refuses("RequestNotOpen", consents.refuse(REQUEST), REQUEST, sender=relayer)
    chain.refuses("RequestExists", consents.request(REQUEST), REQUEST, sender=relayer)
    assert not chain.read(consents.exists(word("other")))


def test_a_refused_request_is_not_granted(consortium, chain, consents, relayer):
    chain.send(consents.request(REQUEST), relayer)
    receipt = chain.send(consents.refuse(REQUEST), relayer)
    refused = {"requestId": REQUEST, "relayer": consortium.relayer.id}
    assert events(consortium.consents, receipt, "RequestRefused") == [refused]
    assert chain.read(consents.requestState(REQUEST)) == REFUSED
    end = chain.next_time + 1000
    chain.refuses("RequestNotOpen", consents.grant(ID, 0, end, 3, HASH, REQUEST), REQUEST, sender=relayer)
    chain.refuses("RequestNotOpen", consents.refuse(REQUEST), REQUEST, sender=relayer)
    chain.refuses("RequestExists", consents.request(REQUEST), REQUEST, sender=relayer)


def test_what_was_never_asked_is_neither_granted_nor_refused(chain, consents, relayer):
    end = chain.next_time + 1000
    chain.refuses("RequestNotOpen", consents.grant(ID, 0, end, 3, HASH, REQUEST), REQUEST, sender=relayer)
    chain.refuses("RequestNotOpen", consents.refuse(REQUEST), REQUEST, sender=relayer)
    chain.refuses("RequestIdZero", consents.request(ZERO), sender=relayer)
    assert chain.read(consents.requestState(REQUEST)) == 0


def test_a_paused_consent_is_not_used_until_it_goes_on(consortium, chain, consents, relayer, grant, use):
    grant()
    receipt = chain.send(consents.pause(ID, 1), relayer)
    change = {"id": ID, "relayer": consortium.relayer.id, "change": 1}
    assert events(consortium.consents, receipt, "ConsentPaused") == [change]
    assert chain.read(consents.consent(ID))[0] == PAUSED
    assert not chain.read(consents.isLive(ID))
    assert use(ID) == [(REFUSED_PAUSED,)]
    receipt = chain.send(consents.resume(ID, 2), relayer)
    assert events(consortium.consents, receipt, "ConsentResumed") == [{**change, "change": 2}]
    assert chain.read(consents.isLive(ID))
    assert use(ID) == [1]
    assert chain.read(consents.consent(ID))[7] == 2


def test_a_change_counts_once_and_in_its_turn(chain, consents, relayer, grant):
    grant()
    for number in (0, 2, 2**24 - 1):
        chain.refuses("ConsentChangeNumberWrong", consents.pause(ID, number), ID, number, 1, sender=relayer)
    chain.refuses("ConsentNotPaused", consents.resume(ID, 1), ID, sender=relayer)
    chain.send(consents.pause(ID, 1), relayer)
    chain.refuses("ConsentAlreadyPaused", consents.pause(ID, 2), ID, sender=relayer)
    chain.refuses("ConsentChangeNumberWrong", consents.resume(ID, 1), ID, 1, 2, sender=relayer)
    chain.send(consents.resume(ID, 2), relayer)
    # the request to pause that was signed as change 1 is not good for a second time
    chain.refuses("ConsentChangeNumberWrong", consents.pause(ID, 1), ID, 1, 3, sender=relayer)


def test_a_paused_consent_is_withdrawn_for_good(chain, consents, relayer, grant):
    grant()
    chain.send(consents.pause(ID, 1), relayer)
    chain.send(consents.withdraw(ID, SECRET))
    chain.refuses("ConsentNotLive", consents.resume(ID, 2), ID, sender=relayer)
    chain.refuses("ConsentNotLive", consents.pause(ID, 2), ID, sender=relayer)
    chain.refuses("ConsentUnknown", consents.pause(word("other"), 1), word("other"), sender=relayer)
    chain.refuses("ConsentUnknown", consents.resume(word("other"), 1), word("other"), sender=relayer)


def test_only_a_relayer_asks_refuses_pauses_and_resumes(consortium, chain, consents, grant):
    grant()
    for member in (consortium.tax, consortium.bank, consortium.registrar):
        for function in (
            consents.request(REQUEST),
            consents.refuse(REQUEST),
            consents.pause(ID, 1),
            consents.resume(ID, 1),
        ):
            chain.refuses("MemberLacksRole", function, member.id, 8, sender=member.key)
