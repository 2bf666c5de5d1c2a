"""The bundles of tests/vectors/evidence: each comes to what its line of the index says."""

import json
from dataclasses import replace

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.key_statement import KeyStatement
from ledger_node.domain.evidence.report import CheckName, Result
from ledger_node.domain.json_object import to_hex
from tests.kit.evidence import (
    CASES,
    FOLDER,
    TRUSTS,
    Bundle,
    Trust,
    checked,
    data_of,
    found,
    in_era,
    named,
    trust_of,
    world,
)

FILES = json.loads((FOLDER / "evidence" / "files.json").read_text("utf-8"))
VALID = named("", valid=True)


def read_statement(file):
    return KeyStatement.decode(world.canonical(file))


def expected(name):
    report = checked(name)
    assert found(report) == CASES[name]["expect"]
    return report


def test_there_are_enough_bundles_and_most_of_them_fail():
    files = {path.stem for path in (FOLDER / "evidence").glob("*.json")} - {"index", "files"}
    assert files == {name for name, case in CASES.items() if "of" not in case}
    assert len(files) >= 80
    for names in (files, CASES):
        failing = [name for name in names if "reason" in CASES[name]["expect"]]
        assert len(failing) >= 0.65 * len(names)


@pytest.mark.parametrize("name", VALID)
def test_a_valid_bundle_passes_every_check(name):
    report = expected(name)
    assert [check.name for check in report.checks] == list(CheckName)
    assert {check.result for check in report.checks} == {Result.PASSED}
    assert report.require() is report


@pytest.mark.parametrize("name", VALID)
def test_a_valid_bundle_survives_reading_and_writing(name):
    bundle = Bundle.decode(data_of(name))
    assert bundle.encode() == data_of(name)
    assert found(examine(bundle.encode(), trust_of(name))) == CASES[name]["expect"]


@pytest.mark.parametrize("name", named("", valid=False))
def test_a_bundle_that_must_fail_fails_with_its_check_and_reason(name):
    report = expected(name)
    results = [check.result for check in report.checks]
    at = CheckName(CASES[name]["expect"]["check"]).number
    assert results == [Result.PASSED] * (at - 1) + [Result.FAILED] + [Result.NOT_REACHED] * (len(CheckName) - at)
    assert report.verdicts == ()


@pytest.mark.parametrize("name", named("h1_"))
def test_h1_a_changed_header_field_fails(name):
    assert expected(name).failed.name in {CheckName.ANSWERS, CheckName.STATE, CheckName.FORM}


@pytest.mark.parametrize("name", named("h2_"))
def test_h2_an_index_beyond_the_size_fails(name):
    assert expected(name).failed.name is CheckName.ANSWERS


@pytest.mark.parametrize("name", named("h3_"))
def test_h3_another_size_or_start_than_anchored_fails(name):
    assert expected(name).failed.name in {CheckName.KEYS, CheckName.STATE}


@pytest.mark.parametrize("name", named("h4_"))
def test_h4_an_empty_slot_fails(name):
    assert expected(name).failed.name is CheckName.ANSWERS


@pytest.mark.parametrize("name", named("h5_"))
def test_h5_a_root_by_a_key_or_member_without_the_right_at_that_time_fails(name):
    failed = expected(name).failed
    assert failed is None or failed.name in {CheckName.KEYS, CheckName.SUBJECT, CheckName.ANSWERS}


@pytest.mark.parametrize("name", named("h6_"))
def test_h6_an_orphaned_or_unsealed_block_fails(name):
    assert expected(name).failed.name is CheckName.BLOCK


@pytest.mark.parametrize("name", named("h7_"))
def test_h7_an_attestation_of_another_network_fails(name):
    assert expected(name).failed.reason.value == "other_network"


@pytest.mark.parametrize("name", named("h8_"))
def test_h8_revoked_or_superseded_at_the_block_fails_and_a_neighbour_does_not_count(name):
    failed = expected(name).failed
    assert failed is None or failed.reason.value in {"revoked", "superseded"}


@pytest.mark.parametrize("name", named("h9_"))
def test_h9_a_compromised_key_voids_what_came_after_and_nothing_before(name):
    failed = expected(name).failed
    assert failed is None or (failed.name, failed.reason.value) == (CheckName.KEYS, "key_compromised")


@pytest.mark.parametrize("name", named("e1_"))
def test_e1_without_a_receipt_a_question_that_does_not_name_its_attestation_is_not_answered(name):
    failed = expected(name).failed
    assert (failed.name, failed.reason.value) == (CheckName.ANSWERS, "receipt_missing")


@pytest.mark.parametrize("name", named("e2_"))
def test_e2_a_receipt_counts_only_of_a_member_that_the_ledger_lets_record_consents(name):
    failed = expected(name).failed
    assert failed is None or (failed.name, failed.reason.value) == (CheckName.RECEIPT, "keeper_not_allowed")


@pytest.mark.parametrize("name", named("e3_"))
def test_e3_the_banks_name_is_the_one_that_the_chain_holds(name):
    assert expected(name).failed.reason.value in {"member_differs", "not_canonical"}


@pytest.mark.parametrize("name", named("e5_"))
def test_e5_an_answer_says_and_shows_no_more_than_it_may(name):
    failed = expected(name).failed
    assert failed is None or failed.reason.value in {"needs_disclosure", "answer_differs", "statement_earlier"}


@pytest.mark.parametrize("name", named("e6_"))
def test_e6_what_could_be_written_in_two_ways_has_one_form(name):
    assert expected(name).failed.reason.value == "not_canonical"


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("change", ["chain_id", "genesis"])
def test_a6_evidence_of_one_chain_never_holds_under_the_trust_file_of_another(name, change):
    trust = trust_of(name)
    other = replace(trust, chain_id=31338) if change == "chain_id" else in_era(trust, genesis=bytes(32))
    report = examine(data_of(name), other)
    assert found(report) == {"check": "network", "reason": "other_network"}
    assert report.verdicts == ()


def test_the_digest_of_a_bundle_is_the_one_that_the_reference_computes():
    for name, digest in FILES["digests"].items():
        assert to_hex(Bundle.decode(data_of(name)).digest) == digest


@pytest.mark.parametrize("name", TRUSTS)
def test_the_fingerprint_of_a_trust_file_is_the_one_that_the_reference_computes(name):
    assert Trust.from_json(TRUSTS[name]).fingerprint == FILES["fingerprints"][name]


@pytest.mark.parametrize(("kind", "read"), [("trusts", Trust.from_json), ("statements", read_statement)])
def test_a_trust_file_or_statement_with_a_fault_is_refused_by_its_reader(kind, read):
    assert FILES[f"refused_{kind}"]
    for case in FILES[f"refused_{kind}"]:
        with pytest.raises((InvalidInputError, VerificationError)) as refused:
            read(case["file"])
        assert refused.value.reason.value == case["reason"], case["name"]
