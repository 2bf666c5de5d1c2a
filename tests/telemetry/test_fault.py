"""A fault of ours: the caller gets the trace under which the log tells of it, and neither gets the fault's words."""

import logging

import pytest

CANARY = "a canary in the words of a fault"


@pytest.fixture
def broken(inside, monkeypatch):
    def fail(*_):
        raise RuntimeError(CANARY)

    monkeypatch.setattr(inside.served.instance.ledger, "members", fail)


@pytest.mark.usefixtures("broken")
def test_d1_a_fault_is_told_by_its_trace_and_place_alone(inside, caplog):
    with caplog.at_level(logging.INFO, "api"):
        answer = inside.http().get("/v1/members")
    body = answer.json()
    assert (answer.status_code, body["reason"]) == (500, "internal")
    assert body["trace_id"] == answer.headers["trace-id"]
    request, fault = (
        next(record for record in caplog.records if record.name == name)
        for name in ("api.http.middleware.observation", "api.http.middleware.fault_barrier")
    )
    assert request.levelname == fault.levelname == "ERROR"
    assert request.fields["route"] == "/v1/members"
    assert request.fields["reason"] == "internal"
    assert "RuntimeError at " in fault.getMessage()
    assert CANARY not in answer.text + caplog.text


def test_refusals_of_the_callers_name_no_trace_in_their_document(inside):
    answer = inside.http().get("/v1/me")
    assert answer.status_code == 401
    assert "trace_id" not in answer.json()
    assert len(answer.headers["trace-id"]) == 32


def test_a_slow_request_gets_a_line(inside, caplog, monkeypatch):
    layer = inside.served._server.config.app.middleware_stack
    while type(layer).__name__ != "Observation":
        layer = getattr(layer, "app", None) or layer._app
    monkeypatch.setattr(layer, "_slow_s", 0)
    with caplog.at_level(logging.INFO, "api"):
        assert inside.http().get("/livez").status_code == 200
    (record,) = [record for record in caplog.records if record.name == "api.http.middleware.observation"]
    assert (record.levelname, record.fields["route"], record.fields["status"]) == ("WARNING", "/livez", 200)
