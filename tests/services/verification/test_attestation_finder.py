"""Which attestation a question means, and why there is none."""

from dataclasses import replace

import pytest

from api.services.attestation.stored_attestation import AttestationQuery, UnsealedAttestation
from api.services.verification.attestation_finder import AttestationFinder
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period
from tests.kit.small_instance import REGISTRAR, TAX

ANY = AttestationQuery("tax_payment")
IN_2025 = replace(ANY, period=Period.parse("2025"))
LATER = {"所属年度": "2026", "最近缴款日期": "2026-01-15"}


@pytest.fixture
def find(instance, finder, taxpayer):
    """Return what is found for a query about the taxpayer."""
    assert type(finder) is AttestationFinder

    def found(query):
        (one,) = finder.find([(instance.subjects.find(taxpayer.subject), {query})])
        return one.attestations[query]

    return found


def test_the_newest_attestation_is_meant_or_that_of_the_period(instance, taxpayer, find):
    first = find(ANY)
    assert (type(first), first.header.issuer) == (UnsealedAttestation, TAX)
    assert find(IN_2025) == first
    assert find(replace(ANY, period=Period.parse("2024"))) is Reason.NO_ATTESTATION
    (second,) = instance.attest(taxpayer.code, **{"实缴税额（元）": "99.00", "数据截至日期": "2026-02-28"})
    assert find(ANY).header.digest == second


def test_one_of_several_kinds_must_be_named(instance, taxpayer, find):
    instance.attest(taxpayer.code, 税种代码="10104")
    assert find(IN_2025) is Reason.KIND_NOT_NAMED
    named = [find(replace(IN_2025, per=(("tax_kind", kind),))) for kind in ("10101", "10104")]
    assert len({one.header.digest for one in named}) == 2
    assert find(replace(IN_2025, per=(("tax_kind", "10105"),))) is Reason.NO_ATTESTATION


def test_departments_that_are_not_meant_are_not_looked_at(find):
    assert isinstance(find(replace(ANY, among=frozenset({TAX}))), UnsealedAttestation)
    query = replace(ANY, among=frozenset({REGISTRAR}), absent=Reason.CONSENT_OTHER_DEPARTMENT)
    assert find(query) is Reason.CONSENT_OTHER_DEPARTMENT


def test_what_is_erased_is_found_as_erased(instance, find):
    attested = find(ANY)
    instance.keys.erase([attested.vault_key.id])
    assert find(ANY) is Reason.ERASED


def test_each_subject_gets_what_is_its_own(instance, finder, taxpayer):
    other = instance.new_firm()
    instance.attest(other.code)
    subjects = [instance.subjects.find(one.subject) for one in (taxpayer, other)]
    found = finder.find([(subject, {ANY}) for subject in subjects])
    assert len({one.attestations[ANY].header.digest for one in found}) == 2
    assert [one.registration.header.digest for one in found] == [one.registration for one in subjects]
    assert [len(one.readable) for one in found] == [2, 2]
