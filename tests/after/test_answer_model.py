"""After the whole suite: every route answered as it should at least once, and never otherwise than its model says."""

from tests.kit.answer_model import WRONG, read_registers, routes, success_of

UNSEEN = {
    "POST /v1/consent-requests/{request_id}/own-answers 200",
    "POST /v1/contacts 200",
    "POST /v1/contacts/confirmation 200",
    "POST /v1/contacts/{contact}/removal 200",
    "POST /v1/records/file 200",
    "POST /v1/staff/{staff}/end 200",
}
"""Routes that no test asks through a server yet; their services are tested. Whoever tests one takes it out."""


def test_every_route_was_seen_to_answer_and_no_answer_differed_from_its_model(left_behind):
    seen = read_registers(left_behind)
    wanted = {f"{method} {path} {success_of(route)}" for path, route in routes() for method in route.methods}
    assert wanted - seen <= UNSEEN
    assert {line for line in seen if line.startswith(WRONG)} == set()
