"""The disk is full at every commit of every path: whoever asks is told why, and nothing is lost or done twice."""

import resource

import pytest

from api.client.client import ApiError, Client
from api.client.credential import credential_named
from ledger_node.domain.json_object import from_hex, to_hex
from tests.kit.chaos.fail_keyless import KEYLESS
from tests.kit.chaos.fail_life import Deaths
from tests.kit.chaos.fail_path import GOOD, PATHS, granted, wait_for
from tests.kit.chaos.fail_test import only_with_chaos
from tests.kit.chaos.fail_walk import settle
from tests.kit.served import seen, write_rows

COMMITS = "(commit|block) .* before"
"""Where a disk may refuse."""
USUAL = {"verify"}
ANCHORING = {"access log": 1}
NEVER_S = 3600


@pytest.fixture(scope="module")
def fullnesses():
    """Where the disk was full already."""
    return Deaths(COMMITS)


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("path", [path if path in USUAL else only_with_chaos(path) for path in PATHS])
def test_n7_a_disk_that_is_full_at_any_commit_of_a_path_changes_nothing_in_the_end(ground, tmp_path, path, fullnesses):
    if path == KEYLESS:
        # the commits are those of the other paths; what is new is who is refused at them
        fullnesses = Deaths(COMMITS)
    interval = ANCHORING.get(path, NEVER_S)
    (tmp_path / "full").mkdir()
    (tmp_path / "clean").mkdir()
    full = ground.walk(PATHS[path], tmp_path / "full", fullnesses, full=True, interval=interval)
    clean = ground.walk(PATHS[path], tmp_path / "clean", times=full.times, interval=interval)
    print(f"{path}: the disk was full {full.deaths} times")  # noqa: T201
    assert full.told == clean.told
    assert full.state.difference(clean.state) == []
    assert full.deaths > 0


@pytest.fixture
def place(ground, tmp_path):
    made = ground.copy(tmp_path)
    yield made
    made.close()


def refused(call):
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.status, caught.value.reason


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
def test_n7_whoever_asks_while_the_disk_takes_nothing_is_told_so_and_what_was_acknowledged_is_done_later(place):
    life, (consent, secret) = place.served, granted(place)
    bank = Client(life.url, credential_named(place.home, "demo-bank"))
    assert bank.get("/v1/me")
    rows = [(place.fresh(), {}) for _ in range(50)]
    job = place.tax.upload(write_rows(place.folder / "many.csv", "tax_payment", rows), "tax_payment")
    body = place.body(consent, [GOOD])
    life.limit_files("api", 0)
    withdrawal = f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)}
    assert refused(lambda: bank.post("/v1/verifications", body)) == (503, "store_unavailable")
    assert refused(lambda: bank.post(*withdrawal)) == (503, "store_unavailable")
    bank.close()
    life.limit_files("api", resource.RLIM_INFINITY)
    assert seen(place.verify(consent, [GOOD])) == [("holds", None)]
    assert place.bank.post(*withdrawal)["state"] == "withdrawn"
    state = wait_for(job, place.tax)
    assert (state["state"], state["issued"], state["rejected"]) == ("done", 50, 0)
    settle(place)
    (uses,) = place.ledger.counted_uses([from_hex(consent, "consent")]).values()
    assert len(uses) == 1


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
def test_n7_a_node_whose_disk_takes_nothing_ends_and_what_was_asked_meanwhile_is_done_once_by_the_next_one(place):
    life, (consent, _) = place.served, granted(place)
    before = life.pid("node")
    life.limit_files("node", 0)
    assert seen(place.verify(consent, [GOOD])) == [("holds", None)]
    assert life.pid("node") != before
    settle(place)
    (uses,) = place.ledger.counted_uses([from_hex(consent, "consent")]).values()
    assert len(uses) == 1
