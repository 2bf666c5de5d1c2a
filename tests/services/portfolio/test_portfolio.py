"""What a bank holds: consents by their end, what it must delete, and what changed under its answers."""

import pytest
from sqlalchemy import func, insert, select

from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.services.portfolio.change import BankChanges, BasisChange
from api.services.portfolio.consents import BankConsents
from api.services.portfolio.deletion import AnswerDeletions, due_of
from api.storage import table
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import WORD_BITS, Plane
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, DAY, SECRET, STRANGER, TAX, refused

DIGEST = b"\x0a" * 32


@pytest.fixture
def consents(instance):
    return BankConsents(instance.store, instance.ledger, instance.consents)


@pytest.fixture
def deletions(instance, consents):
    return AnswerDeletions(instance.store, consents)


@pytest.fixture
def changes(instance):
    return BankChanges(instance.store, instance.ledger)


def answered(instance, consent, time, place=0):
    """Let the store know of a use that was counted and answered, with its evidence; return its ticket."""
    ticket = random_bytes(32)
    use = {"consent": consent, "number": place + 1, "ticket": ticket, "time": time, "place": place}
    instance.store.write(insert(table.counted_use).values(use))
    evidence = {"use": ticket, "bank": BANK, "digest": DIGEST, "data_keys": b"", "sealed": b"x"}
    instance.store.write(insert(table.evidence).values(evidence))
    return ticket


def relies(instance, use, attestation, position=3):
    word, bit = divmod(position, WORD_BITS)
    row = {"use": use, "attestation": attestation, "consent": DIGEST, "bank": BANK, "member": TAX}
    instance.store.write(insert(table.reliance).values(row | {"word": word, "bit": bit, "late": 0}))


def tell(instance, kind, time, recipient=BANK, **data):
    with instance.store.begin() as connection:
        shown = {name: to_hex(value) for name, value in data.items()}
        write_notices(connection, [Notice(recipient, kind, time, shown)])


def test_consents_stand_by_their_end_and_those_that_ended_come_last(instance, firm, consents):
    days = {number: instance.grant(firm, expires_at=instance.now() + number * DAY) for number in (3, 1, 20, 2)}
    now = instance.now() + 2 * DAY
    assert [one.id for one in consents.of(BANK, now=now)] == [days[3], days[20], days[2], days[1]]
    assert consents.of(STRANGER, now=now) == []
    late = instance.grant(firm, expires_at=instance.now() + 4 * DAY)
    assert [one.id for one in consents.of(BANK, now=now)][:2] == [days[3], late]


def test_a_standing_says_state_and_uses_left(instance, firm, consents):
    used, over = instance.grant(firm, max_uses=3), instance.grant(firm)
    instance.use(used)
    instance.consents.withdraw(over, secret=SECRET, signatures=(), asker=firm.subject)
    one, two = consents.standings([used, over], now=instance.now())
    assert (one.state, one.uses, one.uses_left, two.state) == ("live", 1, 2, "withdrawn")
    assert one.granted_at == instance.now()
    assert consents.standings([random_bytes(32)], now=instance.now()) == []


def test_an_answer_is_to_be_deleted_when_its_retention_is_over(instance, firm, deletions):
    short = instance.grant(firm, retention_days=1)
    long = instance.grant(firm, retention_days=30)
    now = instance.now()
    first, second = answered(instance, short, now), answered(instance, long, now - DAY)
    assert [(one.use, one.delete_by) for one in deletions.kept(BANK, now=now)] == [
        (first, now + DAY),
        (second, now + 29 * DAY),
    ]
    assert deletions.due(BANK, now=now + DAY - 1) == []
    assert [one.use for one in deletions.due(BANK, now=now + DAY)] == [first]
    assert [one.use for one in due_of(deletions.kept(BANK, now=now), long)] == [second]
    assert deletions.kept(STRANGER, now=now) == []


def test_what_was_deleted_is_not_asked_for_again_and_its_evidence_goes(instance, firm, deletions):
    use = answered(instance, instance.grant(firm), instance.now())
    relies(instance, use, DIGEST)
    call = (deletions.note_deleted, STRANGER, use)
    assert refused(*call, staff=b"", now=5) is Reason.NOT_FOUND
    assert refused(deletions.note_deleted, BANK, random_bytes(32), staff=b"", now=5) is Reason.NOT_FOUND
    assert not deletions.is_deleted(BANK, use)
    for _ in range(2):
        deletions.note_deleted(BANK, use, staff=b"wang", now=instance.now())
    assert deletions.is_deleted(BANK, use)
    assert not deletions.is_deleted(STRANGER, use)
    assert deletions.kept(BANK, now=instance.now()) == []
    for gone in (table.evidence, table.reliance):
        assert instance.store.scalar(select(func.count()).select_from(gone)) == 0


def test_what_a_bank_was_told_is_read_from_the_newest_on(instance, changes):
    relies(instance, b"\x01" * 32, DIGEST)
    tell(instance, NoticeKind.GRANTED, 1, consent=DIGEST, request=b"\x02" * 32)
    tell(instance, NoticeKind.REVOKED, 2, attestation=DIGEST, consent=DIGEST)
    tell(instance, NoticeKind.REVOKED, 2, recipient=STRANGER, attestation=DIGEST, consent=DIGEST)
    new, old = changes.newest(BANK, limit=10)
    assert (new.kind, new.is_about_answers, new.uses) == (NoticeKind.REVOKED, True, (b"\x01" * 32,))
    assert (old.kind, old.is_about_answers, old.consent, old.request) == (
        NoticeKind.GRANTED,
        False,
        DIGEST,
        b"\x02" * 32,
    )
    assert changes.newest(BANK, before=new.number, limit=10) == [old]


def test_an_answer_knows_what_it_rests_on_and_what_was_revoked_since(instance, firm, changes):
    (digest,) = instance.attest(firm.code)
    row = instance.store.row(select(table.attestation).where(table.attestation.c.digest == digest))
    mine = (table.batch.c.member == TAX) & (table.batch.c.number == row.batch)
    start = instance.store.scalar(select(table.batch.c.start).where(mine))
    use = b"\x01" * 32
    relies(instance, use, digest, position=start + row.leaf)
    assert changes.of_answer(BANK, use) == []
    assert changes.of_answer(STRANGER, use) == []
    instance.attest(firm.code, **{"实缴税额（元）": "900000.00", "数据截至日期": "2026-02-28"})
    instance.issuers[TAX].mark_pending()
    assert changes.of_answer(BANK, use) == [BasisChange(digest, Plane.SUPERSEDED)]
