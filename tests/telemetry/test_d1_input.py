"""D1: whatever is sent in, wherever in a request, is in no line of the log, no metric and no trace."""

import json
import re
import time

import httpx
import pytest

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.lab.attack.byte_search import ByteSearch
from tests.kit.served import SEED, Place, write_rows

CANARY = "Canary7Q4XZ2K8"
CODE = credit_code(4_242, SEED)
AMOUNT = "7,391,846,205.13"
QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(scope="module")
def needles():
    made = ByteSearch()
    for text in (CANARY, CODE, AMOUNT, AMOUNT.replace(",", ""), "739184620513"):
        made.add_text(text, text)
        made.add_text(text, text.lower())
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An instance in its own processes, whose logs are in a file."""
    made = Place(tmp_path_factory.mktemp("inputs"))
    yield made
    made.close()


def sent_everywhere(place):
    """Send canaries in every place of a request there is, as anybody, a bank and a department."""
    headers = {
        "traceparent": f"00-{CANARY}-{SPAN}-01",
        "tracestate": CANARY,
        "X-Request-Id": CANARY,
        "User-Agent": f"{CANARY}/{CODE}",
        "Idempotency-Key": f'"{CANARY}"',
        "If-None-Match": CANARY,
        "Cookie": f"a={CANARY}",
        "Accept": CANARY,
    }
    body = {CANARY: CODE, "credit_code": CODE, "consent": CANARY, "claims": [f"{CANARY} >= {AMOUNT}"], "terms": {}}
    texts = [json.dumps(body), f'{{"consent": {CANARY}', f'"{CODE}"', f"[{AMOUNT}]", CANARY, f'{{"a": NaN, "{CODE}": 1']
    kinds = (
        "application/json",
        "text/csv",
        "application/x-ndjson",
        f"text/{CANARY}",
        "application/x-www-form-urlencoded",
    )
    for client in (place.http(), place.http("demo-bank"), place.http("tax-bureau")):
        paths = [*client.get("/openapi.json").json()["paths"]]
        for path in paths:
            if path != "/metrics":
                filled = re.sub(r"\{[a-z_]+\}", CODE, path)
                client.get(filled, params={CANARY: CODE, "schema": CANARY, "limit": CANARY}, headers=headers)
        for path in ("/v1/verifications", "/v1/consents", "/v1/erasures", "/v1/token", f"/v1/{CANARY}"):
            for text in texts:
                client.post(path, content=text, headers=headers | {"Content-Type": kinds[0]})
        for kind in kinds:
            client.post(
                "/v1/attestations", params={"schema": "tax_payment"}, content=texts[0], headers={"Content-Type": kind}
            )
        client.request(CANARY.upper()[:12], "/v1/me")
        client.get("/v1/me", headers={"Authorization": f"DPoP {CANARY}", "DPoP": f"{CANARY}.{CODE}.x"})


def attested(place):
    """Send files in whose names, headings and cells are canaries, good rows and bad ones."""
    good = {"实缴税额（元）": AMOUNT}
    bad = {"实缴税额（元）": CANARY, "最近缴款日期": CODE}
    file = write_rows(place.folder / f"{CANARY}.csv", "tax_payment", [(4_242, good), (4_243, bad), (CODE, bad)])
    job = place.tax.upload(file, "tax_payment")
    while place.tax.job(job)["state"] not in {"done", "failed"}:
        pass
    strange = place.folder / f"{CODE}.csv"
    strange.write_text(f"{CANARY},{CODE}\n{AMOUNT},1\n", "utf-8")
    place.tax.upload(strange, "tax_payment")
    with pytest.raises(ApiError):
        place.verify("0x" + "00" * 32, [f"tax_payment.{CANARY} >= 5 CNY"], operator=CANARY)
    consent = place.grant(QUESTION)
    assert place.ask(consent, QUESTION, operator=CANARY) == [("holds", None)]
    # what is said to the node is as little for its log
    url = place.served.node()["url"]
    for request in ({"method": CANARY}, {"method": "eth_call", "params": [{"data": CODE}, CANARY]}, [CANARY], CANARY):
        httpx.post(url, json=request, trust_env=False)


def traced(place, trace):
    """Return the lines of a trace; the last is written when the answer has left."""
    for _ in range(200):
        if found := [line for line in lines(place) if line.get("trace_id") == trace]:
            return found
        time.sleep(0.02)
    return []


def lines(place):
    return [json.loads(line) for line in (place.home.path / "serve.log").read_text("utf-8").splitlines()]


def test_d1_what_is_sent_in_is_in_no_log_metric_or_trace(place, needles):
    sent_everywhere(place)
    attested(place)
    metrics = place.http().get("/metrics").text
    logged = (place.home.path / "serve.log").read_bytes()
    assert needles.found_in(logged) == set()
    assert needles.found_in(metrics.encode()) == set()
    requests = [line for line in lines(place) if line["event"] == "request"]
    reasons = {line["reason"] for line in requests}
    assert {"json_malformed", "request_invalid", "value_malformed", "media_type_unsupported"} <= reasons
    assert len(requests) > 100
    assert max(line["status"] for line in requests) < 500
    assert "credence_refusals_total" in metrics


def test_d1_the_search_finds_them_where_they_are(place, needles):
    refused = place.http("demo-bank").get(f"/v1/{CODE}?{CANARY}", headers={"X": AMOUNT})
    assert needles.found_in(str(refused.request.url).encode())
    assert needles.found_in(f"... {AMOUNT} ...".encode())


def test_every_line_of_the_log_is_json_with_what_all_have(place):
    for line in lines(place):
        assert {"time", "level", "logger", "event"} <= line.keys()
        if line["event"] == "request":
            assert {"route", "method", "status", "reason", "duration_ms", "trace_id"} <= line.keys()
            assert "{" in line["route"] or not re.search(r"[0-9a-f]{16}", line["route"])


def test_what_a_caller_traces_goes_by_its_id_from_the_answer_to_the_log(place):
    http = place.http("demo-bank")
    answer = http.get("/v1/consents/" + CODE, headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    assert answer.headers["trace-id"] == TRACE
    (line,) = traced(place, TRACE)
    assert (line["route"], line["status"], line["level"]) == ("/v1/consents/{consent}", 422, "info")


def test_answers_that_are_everyday_life_leave_no_line(place):
    before = len(lines(place))
    http = place.http()
    assert http.get("/v1/me").status_code == 401
    assert http.get("/no/such/page").status_code == 404
    assert http.get("/livez").status_code == 200
    assert place.bank.get("/v1/me")["kind"] == "bank"
    assert len(lines(place)) == before
