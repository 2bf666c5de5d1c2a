"""A process dies at every commit point of consents, verifications, withdrawals and changes of controllers."""

import pytest

from tests.kit.chaos.fail_keyless import KEYLESS
from tests.kit.chaos.fail_life import Deaths
from tests.kit.chaos.fail_test import only_with_chaos, require_all_tried, require_clean


@pytest.fixture(scope="module")
def deaths():
    """The points of this module: what two paths share is tried on the first one."""
    return Deaths()


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("path", ["verify", "withdraw", only_with_chaos("consent"), only_with_chaos("controllers")])
def test_n1_killed_at_every_commit_point_of_a_path_an_instance_holds_what_it_would_hold(
    ground, tmp_path, path, deaths, request
):
    require_clean(ground, tmp_path, path, deaths, request)


@pytest.mark.chaos
def test_n1_every_commit_point_that_these_paths_pass_is_one_where_a_process_died(deaths):
    require_all_tried(deaths)


@pytest.mark.chaos
@pytest.mark.only_with_chaos
@pytest.mark.timeout(7_200)
def test_n1_whoever_sends_no_key_is_told_what_became_of_a_request_that_was_cut_off(ground, tmp_path, request):
    between = Deaths("(send|commit (?!outbox)|answer).* after|answer .* before")
    require_clean(ground, tmp_path, KEYLESS, between, request)
