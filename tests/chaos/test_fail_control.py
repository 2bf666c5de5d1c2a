"""Faults that were put in on purpose are found by the walks of test_fail_ledger and test_fail_consent."""

import pytest

from tests.kit.chaos.fail_life import Deaths
from tests.kit.chaos.fail_path import grant_of_a_request, question_that_holds, upload_of_new_rows


def walks(ground, folder, step, only, broken):
    """Return a walk with a fault and deaths, and one with neither."""
    (folder / "deaths").mkdir()
    (folder / "clean").mkdir()
    killed = ground.walk([step], folder / "deaths", Deaths(only), broken=broken)
    assert killed.deaths > 0
    return killed, ground.walk([step], folder / "clean", times=killed.times)


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
def test_a_use_that_is_counted_twice_is_found(ground, tmp_path):
    only, broken = "block recordUse after", "takes_what_is_asked_again_for_new"
    killed, clean = walks(ground, tmp_path, question_that_holds, only, broken)
    found = killed.state.difference(clean.state)
    assert any(line.startswith("+") and "UseRecorded" in line for line in found)


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
def test_an_upload_that_was_acknowledged_and_lost_is_found(ground, tmp_path):
    only, broken = "answer POST /v1/attestations after", "acknowledges_what_is_not_committed"
    killed, clean = walks(ground, tmp_path, upload_of_new_rows, only, broken)
    assert killed.told != clean.told
    assert any("attestation" in line for line in killed.state.difference(clean.state))


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
def test_a_consent_that_the_store_holds_and_the_ledger_does_not_is_found(ground, tmp_path):
    only, broken = "commit grant.grant after", "notes_an_anchor_that_was_not_sent"
    killed, clean = walks(ground, tmp_path, grant_of_a_request, only, broken)
    assert any("ConsentGranted" in line for line in killed.state.difference(clean.state))
