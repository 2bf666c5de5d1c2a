"""A firm's records: listed without values, opened after a signed look, as a file only a day after the wish."""

import pytest

from api.services.record.record import FILE_KEPT_S
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from tests.kit.small_instance import TAX, refused
from tests.services.record.conftest import WAIT

PAID = "paid_amount"


@pytest.fixture
def signed(instance, records):
    """Return the nonce of a look and a controller's signature over it."""

    def begin(firm, kind=LookKind.RECORDS, now=None):
        begun = records.begin(firm.subject, kind, now=instance.now() if now is None else now)
        return begun.nonce, sign(begun.challenge, firm.keys[0])

    return begin


def test_a_list_shows_what_there_is_and_no_value(instance, firm, records):
    assert records.listed(firm.subject) == []
    (digest,) = instance.attest(firm.code)
    (found,) = records.listed(firm.subject)
    assert (found.digest, found.member, found.schema, str(found.period)) == (digest, TAX, "tax_payment", "2025")
    assert found.values == ()
    assert not found.is_over(instance.now())
    assert found.is_over(found.valid_until)


def test_values_come_with_a_controllers_signature(instance, firm, records, signed):
    instance.attest(firm.code, instance.new_code())
    (found,) = records.of_subject(firm.subject, *signed(firm), now=instance.now())
    assert {one.field.name: one.value for one in found.values}[PAID] == 123_450
    assert "123450" not in repr(found)
    assert [look.kind for look in records.looks(firm.subject)] == [LookKind.RECORDS]


def test_a_signature_for_something_else_opens_nothing(instance, firm, records, signed):
    instance.attest(firm.code)
    nonce, signature = signed(firm, LookKind.FILE_WISH)
    assert refused(records.of_subject, firm.subject, nonce, signature, now=instance.now()) is Reason.LOOK_UNKNOWN


def test_only_the_newest_version_counts_and_what_is_erased_has_no_values(instance, firm, records, signed):
    instance.attest(firm.code)
    instance.attest(firm.code, **{"实缴税额（元）": "99.00", "数据截至日期": "2026-02-28"})
    (found,) = records.of_subject(firm.subject, *signed(firm), now=instance.now())
    assert {one.field.name: one.value for one in found.values}[PAID] == 9_900
    instance.keys.erase(instance.attested_keys())
    (found,) = records.of_subject(firm.subject, *signed(firm), now=instance.now())
    assert found.values == ()


def test_an_erased_firm_has_no_records(instance, firm, records, signed):
    look = signed(firm)
    instance.keys.erase(instance.key_ids_of(firm.subject))
    assert refused(records.listed, firm.subject) is Reason.ERASED
    assert refused(records.of_subject, firm.subject, *look, now=instance.now()) is Reason.ERASED


def test_a_file_comes_a_day_after_the_wish(instance, firm, records, signed):
    instance.attest(firm.code)
    now = instance.now()
    assert records.file_ready_at(firm.subject, now=now) is None
    assert refused(records.file, firm.subject, *signed(firm, LookKind.FILE), now=now) is Reason.FILE_EARLY
    ready_at = records.wish_file(firm.subject, *signed(firm, LookKind.FILE_WISH), now=now)
    assert ready_at == records.file_ready_at(firm.subject, now=now) == now + WAIT
    early = signed(firm, LookKind.FILE, ready_at - 1)
    assert refused(records.file, firm.subject, *early, now=ready_at - 1) is Reason.FILE_EARLY
    (found,) = records.file(firm.subject, *signed(firm, LookKind.FILE, ready_at), now=ready_at)
    assert found.values
    kinds = [look.kind for look in records.looks(firm.subject)]
    assert kinds == [LookKind.FILE, LookKind.FILE_WISH]
    assert records.file_ready_at(firm.subject, now=ready_at + FILE_KEPT_S + 1) is None
