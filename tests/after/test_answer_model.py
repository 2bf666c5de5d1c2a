"""After the whole suite: every route answered as it should at least once, and never otherwise than its model says."""

from tests.kit.answer_model import WRONG, read_registers, routes, success_of


def test_every_route_was_seen_to_answer_and_no_answer_differed_from_its_model(left_behind):
    seen = read_registers(left_behind)
    wanted = {f"{method} {path} {success_of(route)}" for path, route in routes() for method in route.methods}
    assert wanted - seen == set()
    assert {line for line in seen if line.startswith(WRONG)} == set()
