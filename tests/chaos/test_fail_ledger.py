"""A process dies at every commit point of issuing, anchoring, erasing and telling; nobody can tell afterwards."""

import pytest

from tests.kit.chaos.fail_life import Deaths
from tests.kit.chaos.fail_test import require_all_tried, require_clean

pytestmark = pytest.mark.only_with_chaos


@pytest.fixture(scope="module")
def deaths():
    """The points of this module: what two paths share is tried on the first one."""
    return Deaths()


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("path", ["issue", "access log", "notification", "erasure"])
def test_n1_killed_at_every_commit_point_of_a_path_an_instance_holds_what_it_would_hold(
    ground, tmp_path, path, deaths, request
):
    require_clean(ground, tmp_path, path, deaths, request)


@pytest.mark.chaos
def test_n1_every_commit_point_that_these_paths_pass_is_one_where_a_process_died(deaths):
    require_all_tried(deaths)
