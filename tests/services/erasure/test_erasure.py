"""Erasure: the keys go, the positions are revoked, and nothing of the firm opens any more."""

import pytest

from api.catalogue.datatype import data_types
from api.services.erasure.erasure import ErasureService, unlink_erased
from api.services.issuing.row_classifier import Permission
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from tests.kit.small_instance import REGISTRAR, TAX, Silence, refused


@pytest.fixture
def erasures(instance):
    return ErasureService(instance.store, instance.keys, instance.removals, instance.issuers)


@pytest.fixture
def code(instance):
    code = instance.new_code()
    instance.attest(instance.new_code())
    instance.attest(code)
    return code


def revoked(instance, member=TAX):
    facts = instance.ledger.facts(FactQuery(positions=frozenset({(member, 0)})))
    return facts.status[member, Plane.REVOKED, 0]


def erase(erasures, code, member=TAX, schema=None, **options):
    return erasures.erase(member, credit_code=code, schema=schema, **options)


def test_what_is_erased_is_revoked_and_its_keys_are_gone(instance, erasures, code):
    before = instance.attested_keys()
    done = erase(erasures, code)
    assert revoked(instance) == 0b10
    assert len(before) - len(instance.attested_keys()) == 1
    shown = done.to_json()
    assert (shown["erased"], shown["transaction"]) == (1, to_hex(done.mined.transaction))
    assert refused(erase, erasures, code) is Reason.NOT_FOUND


def test_what_is_not_there_is_not_erased(instance, erasures, code):
    assert refused(erase, erasures, instance.new_code()) is Reason.NOT_FOUND
    assert refused(erase, erasures, code, member=REGISTRAR) is Reason.NOT_FOUND
    assert refused(erase, erasures, code, schema="tax_credit_rating") is Reason.NOT_FOUND
    assert revoked(instance) == 0


@pytest.mark.parametrize("lands", [True, False])
def test_an_erasure_that_was_cut_off_revokes_once(instance, erasures, code, lands):
    with Silence(instance.ledger, "change_status", lands=lands):
        assert refused(erase, erasures, code) is Reason.LEDGER_UNAVAILABLE
    assert len(instance.attested_keys()) == 2
    assert (erase(erasures, code).mined is None) == lands
    assert (instance.ledger.status_number(TAX), revoked(instance)) == (1, 0b10)


def test_the_answer_is_stored_in_the_transaction_that_erases(erasures, code):
    kept = []
    done = erase(erasures, code, store_response=lambda connection, erased: kept.append((connection.closed, erased)))
    assert kept == [(False, done)]


def test_a_firm_that_the_registrar_erases_is_found_no_more(instance, erasures):
    firm = instance.new_firm()
    erase(erasures, firm.code, member=REGISTRAR)
    assert instance.subjects.find(firm.subject) is None
    assert instance.subjects.why_unknown(firm.subject) is Reason.ERASED
    again = instance.new_firm()
    assert again.subject != firm.subject
    with instance.store.begin() as connection:
        assert unlink_erased(connection, instance.keys) == 1


def test_an_erased_firm_is_attested_to_again_only_where_the_upload_says_so(instance, erasures, code):
    erase(erasures, code)
    assert instance.attest(code) == []
    rows, permission = instance.rows(code), Permission(restores=True)
    data_type = data_types()["tax_payment"]
    assert len(instance.issuers[TAX].issue(data_type, rows, now=instance.now(), permission=permission)) == 1
