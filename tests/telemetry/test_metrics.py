"""GET /metrics: who may read it, what it tells, and that no label can ever hold what is somebody's."""

import re
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from api.client.client import ApiError
from api.home.settings import WatchSettings
from api.http.request.rate_limit import RequestClass
from api.storage import table
from api.telemetry.metric import UNMATCHED, VerificationEnd
from api.telemetry.stage import Stage
from ledger_node.chain.endpoint import Fault
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"
TOO_MUCH = "tax_payment.paid_amount >= 5000000 CNY during 2025"
OFF_LADDER = "tax_payment.paid_amount >= 510000 CNY"
UNASKED = "tax_credit_rating.grade in {A, B}"
TOKEN = b"0123456789abcdef0123456789abcdef"


def read(place, **headers):
    answer = place.http().get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def samples(place):
    """Return value by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(read(place))
        for sample in family.samples
    }


def value(place, name, **labels):
    return samples(place).get((name, *sorted(labels.items())), 0)


def fresh(place):
    place.served.instance.sampler.sample()
    return samples(place)


def test_the_text_is_prometheus_own_format_and_kept_by_no_cache(inside):
    answer = inside.http().get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "process_resident_memory_bytes" in answer.text


def test_verifications_are_timed_by_how_they_end_and_stage_by_stage(inside):
    def counts():
        return {
            end: value(inside, "credence_verification_duration_seconds_count", outcome=end) for end in VerificationEnd
        }

    before = counts()
    consent = inside.grant(QUESTION, TOO_MUCH)
    assert inside.ask(consent, QUESTION) == [("holds", None)]
    assert inside.ask(consent, QUESTION, TOO_MUCH) == [("holds", None), ("does_not_hold", None)]
    assert inside.ask(consent, QUESTION, UNASKED)[1] == ("cannot_tell", "question_not_consented")
    with pytest.raises(ApiError):
        inside.ask(consent, OFF_LADDER)
    after = counts()
    changed = {end.value: after[end] - before[end] for end in VerificationEnd if after[end] != before[end]}
    assert changed == {"holds": 1, "does_not_hold": 1, "cannot_tell": 1, "refused": 1}
    stages = {stage: value(inside, "credence_verification_stage_seconds_count", stage=stage) for stage in Stage}
    assert min(stages.values()) >= 3
    claims = "credence_verification_claims_total"
    assert value(inside, claims, verdict="cannot_tell", reason="question_not_consented") >= 1


def test_requests_and_refusals_are_counted_by_route_and_reason(inside):
    http = inside.http("demo-bank")
    id_ = "0x" + "ab" * 32
    row = {"route": "/v1/consents/{consent}", "method": "GET", "status": "4xx"}
    requests, refusals = (
        value(inside, "credence_http_requests_total", **row),
        value(inside, "credence_refusals_total", reason="consent_unknown"),
    )
    assert http.get(f"/v1/consents/{id_}").json()["reason"] == "consent_unknown"
    assert value(inside, "credence_http_requests_total", **row) == requests + 1
    assert value(inside, "credence_refusals_total", reason="consent_unknown") == refusals + 1
    http.get(f"/no/such/{id_}")
    assert value(inside, "credence_http_requests_total", route=UNMATCHED, method="GET", status="4xx") >= 1
    http.patch("/v1/me")
    assert value(inside, "credence_http_requests_total", route="/v1/me", method="other", status="4xx") == 1


def test_what_waits_and_how_far_the_ledger_is_are_told(inside):
    inside.ask("0x" + "00" * 32, QUESTION)
    seen = fresh(inside)
    assert seen["credence_ledger_head_block",] >= 10
    assert seen["credence_store_up",] == 1
    assert seen["credence_endpoint_up", ("endpoint", "0")] == 1
    for account in ("relayer", "registrar"):
        assert seen["credence_outbox_on_way", ("account", account)] == 0
        assert seen["credence_nonce_gaps", ("account", account)] == 0
    assert seen["credence_waiting", ("what", "access_rows")] >= 1
    assert ("credence_jobs", ("state", "queued")) in seen
    assert seen["credence_http_requests_in_flight",] == 1


def test_a_nonce_that_is_lost_shows(inside):
    instance = inside.served.instance
    account = instance.senders[1].health()[0].account
    chosen = table.outbox_account.c.account == account
    with instance.store.begin() as connection:
        known = connection.execute(table.outbox_account.select().where(chosen)).one().next_nonce
        connection.execute(update(table.outbox_account).where(chosen).values(next_nonce=known + 2))
    try:
        assert fresh(inside)["credence_nonce_gaps", ("account", "registrar")] == 2
    finally:
        with instance.store.begin() as connection:
            connection.execute(update(table.outbox_account).where(chosen).values(next_nonce=known))
    assert fresh(inside)["credence_nonce_gaps", ("account", "registrar")] == 0


def test_a_ledger_that_does_not_answer_breaks_no_metric(inside, monkeypatch):
    before = fresh(inside)["credence_ledger_head_block",]

    def fail(*_):
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "down")

    monkeypatch.setattr(inside.served.instance.rpc, "batch", fail)
    seen = fresh(inside)
    assert seen["credence_ledger_head_block",] == before
    assert seen["credence_sample_age_seconds", ("of", "ledger")] >= 0


def test_a_store_that_does_not_answer_shows_and_breaks_no_metric(inside, monkeypatch):
    def fail():
        raise StoreError(Reason.STORE_UNAVAILABLE, "down")

    with monkeypatch.context() as broken:
        broken.setattr(inside.served.instance.store, "connect", fail)
        assert fresh(inside)["credence_store_up",] == 0
    assert fresh(inside)["credence_store_up",] == 1


def test_reading_metrics_asks_neither_store_nor_ledger(inside, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("asked")

    instance = inside.served.instance
    expected = read(inside)
    monkeypatch.setattr(instance.store, "connect", fail)
    monkeypatch.setattr(instance.rpc, "batch", fail)
    assert len(read(inside)) > len(expected) // 2


def test_no_label_holds_anything_but_a_word_of_a_small_set(inside):
    """After a busy run with ids of everybody in paths, queries, headers and bodies."""
    consent = inside.grant(QUESTION)
    http, bank = inside.http(), inside.http("demo-bank")
    firm = to_hex(inside.shop.subject)
    for path in (
        f"/v1/consents/{consent}",
        f"/v1/subjects/{firm}",
        f"/v1/jobs/{firm}",
        f"/{firm}",
        f"/problems/{firm}",
    ):
        for client in (http, bank, inside.tax._http):
            client.get(path, params={firm: firm}, headers={"traceparent": firm, "X-Forwarded-For": firm[:40]})
    http.request(firm[:20].upper(), "/v1/me")
    for _ in range(3):
        inside.ask(consent, QUESTION)
    inside.bank._http.post("/v1/verifications", json={"consent": consent, "claims": [firm], firm: firm})
    inside.served.instance.sampler.sample()
    paths = inside.bank.get("/openapi.json")["paths"]
    own = {UNMATCHED, "/", "/docs", "/openapi.json", "/problems", "/problems/{reason}"}
    reasons = {"", *(reason.value for reason in Reason)}
    allowed = {
        "route": own | set(paths),
        "method": {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "other"},
        "status": {"2xx", "3xx", "4xx", "5xx", "none"},
        "reason": reasons,
        "sort": {sort.value for sort in RequestClass},
        "outcome": {end.value for end in VerificationEnd},
        "stage": {stage.value for stage in Stage},
        "verdict": {outcome.value for outcome in Outcome},
        "account": {"relayer", "registrar"},
        "endpoint": {"0"},
        "fault": {"none", *(fault.value for fault in Fault)},
        "of": {"ledger", "store"},
        "what": {"access_rows", "batches", "access_intervals", "webhook_messages", "messages", "jobs"},
        "state": {"receiving", "queued", "running", "active", "failing", "stopped"},
        "kind": {
            *("batches", "superseded", "access_intervals", "ledger_gap", "restored_marks"),
            *("registrations", "enrolments", "ended_registrations", "consent_requests", "grants"),
            *("lost_answers", "controller_changes", "recoveries", "key_removals"),
        },
    }
    text = read(inside)
    series = 0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series += 1
            for name, label in sample.labels.items():
                if name == "le":
                    assert re.fullmatch(r"[0-9.]+|\+Inf", label)
                else:
                    assert label in allowed[name], (sample.name, name)
    assert 200 < series < 3_000
    for somebodys in (firm, firm[2:], consent[2:], to_hex(inside.bank_id)[2:], inside.served.url[7:]):
        assert somebodys not in text


@pytest.fixture
def watched(inside):
    """Sets how metrics may be read."""
    state = inside.served._server.config.app.state

    def have(settings):
        state.watch_settings = settings

    yield have
    state.watch_settings = WatchSettings()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 proxy"},
        {"Host": "credence.example"},
    ],
)
def test_without_a_token_a_proxy_on_this_machine_may_not_read(inside, headers):
    answer = inside.http().get("/metrics", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, "not_allowed")
    assert "credence_" not in answer.text


def test_with_a_token_its_holder_reads_from_anywhere_and_nobody_else(inside, watched):
    watched(WatchSettings(metrics_token=TOKEN))
    there = {"X-Forwarded-For": "203.0.113.9", "Host": "credence.example"}
    assert "credence_" in read(inside, Authorization=f"Bearer {TOKEN.decode()}", **there)
    assert "credence_" in read(inside, Authorization=f"bearer  {TOKEN.decode()}")
    for shown in (
        None,
        "",
        "Bearer",
        "Bearer x",
        f"Basic {TOKEN.decode()}",
        f"Bearer {TOKEN.decode()[:-1]}",
        "Bearer é",
    ):
        headers = {} if shown is None else {"Authorization": shown.encode()}
        answer = inside.http().get("/metrics", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, "sign_in_needed")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_is_not_in_what_settings_show():
    assert TOKEN.decode() not in repr(WatchSettings(metrics_token=TOKEN))


def test_a_flood_is_counted_by_sort(inside):
    limits = inside.served._server.config.app.state.rate_limits
    before = value(inside, "credence_rate_limited_total", sort="reads")
    held = limits._buckets[RequestClass.READ]._rate
    limits._buckets[RequestClass.READ]._rate = type(held)(0.001, 1)
    try:
        http = inside.http("operator")
        answers = [http.get("/v1/me").status_code for _ in range(3)]
    finally:
        limits._buckets[RequestClass.READ]._rate = held
    assert answers[-1] == 429
    assert value(inside, "credence_rate_limited_total", sort="reads") > before


def test_the_beat_samples_by_itself(inside):
    deadline = time.monotonic() + 60
    sampler = inside.served.instance.sampler
    before = sampler.last.store_at
    while sampler.last.store_at == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
