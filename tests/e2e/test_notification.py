"""Notifications: each event is told once, to whom it concerns, in the order of the ledger, whatever dies."""

import json
import time
from types import SimpleNamespace

import pytest
from served_kit import DAY, SEED, one_form
from sqlalchemy import select

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.services.chain_follower import ChainFollower
from api.services.notice import NoticeKind
from api.services.notice_read import NoticeReader
from api.services.reliance import Relied, note_reliance
from api.storage.database import open_store
from api.storage.notice_table import chain_cursor, consent_deadline, notification, reliance
from ledger_node.chain.port import Block
from ledger_node.domain.consent import Change, change_digest, refusal_digest
from ledger_node.domain.error import ChainError
from ledger_node.domain.event import Recorded, StatusEvent
from ledger_node.domain.presentation import ShownAttestation
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.domain.status import Plane
from ledger_node.randomness import random_bytes

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
RATED = "tax_credit_rating.grade in {A, B}"
PATIENCE_S = 60


def told_until(client, wanted):
    """Return (kind, data) of all notifications, once ``wanted`` is among them."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        told = [(one["kind"], one["data"]) for one in client.notifications()]
        if wanted in told:
            return told
        assert time.monotonic() < deadline, told[-5:]
        time.sleep(0.1)


def about(told, name):
    """Return the kinds that were told of one consent or request."""
    return [kind for kind, data in told if name in data.values()]


def deadlines(place):
    """Return when the consents end whose end is still to be told."""
    store = open_store(place.home.store)
    with store.connect() as connection:
        rows = connection.execute(select(consent_deadline)).all()
    store.dispose()
    return {row.consent: row.expires_at for row in rows}


def change(place, name, what, number):
    digest = change_digest(from_hex(name, "consent"), what, number, place.ledger.consent_domain)
    body = {"change": what.value, "number": number, "signatures": [to_hex(sign(digest, place.shop.keys[0]))]}
    place.shop.client.post(f"/v1/consents/{name}/changes", body)


def test_a_bank_learns_what_becomes_of_its_requests_and_consents(place):
    asked = place.request([one_form(GOOD)])
    request = place.bank.post("/v1/consent-requests", {"request": asked.to_json()})["id"]
    digest = refusal_digest(from_hex(request, "request"), place.ledger.consent_domain)
    signatures = [to_hex(sign(digest, place.shop.keys[0]))]
    place.shop.client.post(f"/v1/consent-requests/{request}/refusal", {"signatures": signatures})
    secret = random_bytes(32)
    granted = place.grant(GOOD, secret=secret)
    change(place, granted, Change.PAUSE, 1)
    change(place, granted, Change.RESUME, 2)
    use = place.bank.verify(granted, [GOOD])["use"]["id"]
    place.shop.client.post(f"/v1/consents/{granted}/withdrawal", {"secret": to_hex(secret)})
    bank = told_until(place.bank, ("consent.withdrawn", {"consent": granted}))
    assert about(bank, request) == ["consent.refused"]
    assert about(bank, granted) == ["consent.granted", "consent.paused", "consent.resumed", "consent.withdrawn"]
    assert ("consent.paused", {"consent": granted, "number": 1}) in bank
    shop = told_until(place.shop.client, ("consent.used", {"consent": granted, "use": use, "number": 1}))
    assert about(shop, request) == ["consent.requested"]
    assert about(shop, granted) == ["consent.used"]
    assert from_hex(granted, "consent") not in deadlines(place)


def test_a_grant_tells_the_request_that_it_answers(place):
    asked = place.request([one_form(GOOD)])
    request = place.bank.post("/v1/consent-requests", {"request": asked.to_json()})["id"]
    terms = place.terms([one_form(GOOD)])
    signature = to_hex(sign(terms.digest(place.ledger.consent_domain), place.shop.keys[0]))
    body = {"terms": terms.to_json(), "signatures": [signature], "request": request}
    granted = place.shop.client.post("/v1/consents", body)["id"]
    told = told_until(place.bank, ("consent.granted", {"consent": granted, "request": request}))
    assert about(told, request) == ["consent.granted"]
    assert deadlines(place)[from_hex(granted, "consent")] == terms.expires_at


def test_a_withdrawal_past_every_relayer_is_told_as_well(place):
    secret = random_bytes(32)
    granted = place.grant(GOOD, secret=secret)
    sender = place.ledger_of("governor")
    sender.withdraw(from_hex(granted, "consent"), secret)
    told_until(place.bank, ("consent.withdrawn", {"consent": granted}))
    (*_, receipt) = place.bank.receipts(granted)
    assert (receipt["act"], receipt["basis"]["secret"]) == ("withdrawn", to_hex(secret))


def test_a_bank_learns_that_what_its_answer_relied_on_is_superseded_or_revoked(place):
    firm = place.new_firm()
    granted = place.grant(GOOD, RATED, firm=firm)
    answer = place.bank.verify(granted, [GOOD])
    (shown,) = answer["presentation"]["attestations"]
    place.attest("tax_payment", [(firm.number, {"实缴税额（元）": "3,000,000.00"})])
    superseded = to_hex(ShownAttestation.from_json(shown).header.digest)
    bank = told_until(place.bank, ("attestation.superseded", {"attestation": superseded, "consent": granted}))
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED), "schema": "tax_payment"})
    bank = told_until(place.bank, ("attestation.revoked", {"attestation": superseded, "consent": granted}))
    # of the rating, which no answer relied on, nothing is told
    kinds = [kind for kind, data in bank if data.get("consent") == granted]
    assert kinds == ["consent.granted", "attestation.superseded", "attestation.revoked"]
    assert place.bank.notifications() == place.bank.notifications()


def test_everybody_is_told_its_own_and_in_pages(place):
    place.grant(GOOD)
    granted = place.grant(GOOD)
    told_until(place.bank, ("consent.granted", {"consent": granted}))
    whole = place.bank.notifications()
    page = place.bank.get("/v1/notifications", limit=1)
    assert page == {"notifications": whole[:1], "next": whole[0]["id"]}
    assert place.bank.notifications(after=whole[-2]["id"]) == whole[-1:]
    assert [one["time"] for one in whole] == sorted(one["time"] for one in whole)
    assert place.other_bank().notifications() == []
    for client in (place.other_bank(), place.shop.client):
        with pytest.raises(ApiError) as refusal:
            client.get("/v1/notifications", after=whole[0]["id"])
        assert (refusal.value.status, refusal.value.reason) == (404, "not_found")


def test_the_command_lists_notifications(place):
    granted = place.grant(GOOD)
    told_until(place.bank, ("consent.granted", {"consent": granted}))
    done = place.credence("notifications", "list", "--as", "demo-bank", "--json")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout)["notifications"][-1]
    assert (last["kind"], last["data"]) == ("consent.granted", {"consent": granted})
    done = place.credence("notifications", "list", "--as", "demo-bank", "--after", last["id"])
    assert (done.returncode, done.stdout) == (0, "")


# what follows runs on a store of its own, with a ledger that tells what the test says


BANK, MEMBER, ATTESTATION, CONSENT = (random_bytes(32) for _ in range(4))


class ToldLedger:
    """Events, a head and status words, as a test sets them."""

    def __init__(self):
        self.events = []
        self.block = Block(0, bytes(32), 1_000)
        self.status = {}
        self.fails = False
        self.asked = []

    def head(self):
        if self.fails:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger does not answer")
        return self.block

    def events_between(self, first, last):
        self.asked.append((first, last))
        return [event for event in self.events if first <= event.recorded.block_number <= last]

    def facts(self, query):
        words = {(member, position // 256) for member, position in query.positions}
        status = {(member, plane, word): self.status.get((plane, word), 0) for member, word in words for plane in Plane}
        return SimpleNamespace(block_time=self.block.time, status=status)


@pytest.fixture
def followed(tmp_path):
    """Return (store, ledger, follower, reader of the bank's feed)."""
    store, ledger = open_store(tmp_path / "store.sqlite3"), ToldLedger()
    reader = NoticeReader(store)
    follower = ChainFollower(store, ledger, interval_s=3600)

    def told():
        return [(one["kind"], one["data"]) for one in reader.of(BANK, after=None, limit=200)]

    yield SimpleNamespace(store=store, ledger=ledger, follower=follower, told=told)
    store.dispose()


def relied(block, *, use=None, position=300, attestation=ATTESTATION):
    return Relied(use or random_bytes(32), CONSENT, BANK, attestation, MEMBER, position, block)


def changed(block, *, plane=Plane.REVOKED, position=300):
    recorded = Recorded(random_bytes(32), block, random_bytes(32), 1_000 + block)
    return StatusEvent(MEMBER, plane, position // 256, 1 << position % 256, recorded)


def write(followed, *rows):
    with followed.store.begin() as connection:
        note_reliance(connection, rows)


TOLD = {"attestation": to_hex(ATTESTATION), "consent": to_hex(CONSENT)}


def test_each_change_of_status_is_told_once_however_many_answers_relied_on_it(followed):
    write(followed, relied(5), relied(6), relied(6, position=301, attestation=random_bytes(32)))
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.ledger.events = [changed(7), changed(8, plane=Plane.SUPERSEDED), changed(8, position=299)]
    followed.follower.catch_up()
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD), (NoticeKind.SUPERSEDED, TOLD)]


def test_a_change_between_an_answers_block_and_its_rows_is_told(followed):
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.ledger.events = [changed(7)]
    followed.follower.catch_up()
    write(followed, relied(6))
    followed.follower.catch_up()
    assert followed.told() == []
    followed.ledger.status = {(Plane.REVOKED, 300 // 256): 1 << 300 % 256}
    write(followed, relied(6))
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]
    with followed.store.connect() as connection:
        assert set(connection.execute(select(reliance.c.late)).scalars()) == {0}


def test_an_answer_that_is_newer_than_the_cursor_is_not_looked_up(followed):
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.follower.catch_up()
    write(followed, relied(9))
    with followed.store.connect() as connection:
        assert connection.execute(select(reliance.c.late)).scalar_one() == 0
    followed.ledger.block = Block(10, bytes(32), 1_010)
    followed.ledger.events = [changed(10)]
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_what_was_looked_up_late_and_is_followed_later_is_told_once(followed):
    followed.ledger.block = Block(9, bytes(32), 1_009)
    followed.follower.catch_up()
    write(followed, relied(6))
    followed.ledger.status = {(Plane.REVOKED, 1): 1 << 44}
    followed.follower.catch_up()
    followed.ledger.block = Block(11, bytes(32), 1_011)
    followed.ledger.events = [changed(10)]
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_the_end_of_a_consent_follows_block_time_and_is_told_once(followed):
    with followed.store.begin() as connection:
        values = {"consent": CONSENT, "grantee": BANK, "expires_at": 1_000 + DAY}
        connection.execute(consent_deadline.insert().values(values))
    followed.ledger.block = Block(1, bytes(32), 999 + DAY)
    followed.follower.catch_up()
    assert followed.told() == []
    followed.ledger.block = Block(2, bytes(32), 1_000 + DAY)
    followed.follower.catch_up()
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.EXPIRED, {"consent": to_hex(CONSENT)})]


def test_a_ledger_that_does_not_answer_delays_and_loses_nothing(followed):
    write(followed, relied(5))
    followed.ledger.block = Block(7, bytes(32), 1_007)
    followed.ledger.events = [changed(7)]
    followed.ledger.fails = True
    with pytest.raises(ChainError):
        followed.follower.catch_up()
    followed.ledger.fails = False
    followed.follower.catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_notifications_and_cursor_are_one_transaction(followed, monkeypatch):
    write(followed, relied(5))
    followed.ledger.block = Block(7, bytes(32), 1_007)
    followed.ledger.events = [changed(7)]

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("api.services.chain_follower._move", die)
        with pytest.raises(KeyboardInterrupt):
            followed.follower.catch_up()
    assert followed.told() == []
    ChainFollower(followed.store, followed.ledger, interval_s=3600).catch_up()
    assert followed.told() == [(NoticeKind.REVOKED, TOLD)]


def test_a_long_chain_is_followed_in_pieces_without_a_gap(followed):
    followed.ledger.block = Block(1_000, bytes(32), 2_000)
    followed.follower.catch_up()
    first, last = zip(*followed.ledger.asked, strict=True)
    assert (first[0], last[-1]) == (0, 1_000)
    assert list(first[1:]) == [number + 1 for number in last[:-1]]
    with followed.store.connect() as connection:
        assert connection.execute(select(chain_cursor.c.next_block)).scalar_one() == 1_001
        assert not connection.execute(select(notification)).all()
