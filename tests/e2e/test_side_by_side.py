"""Two processes on one PostgreSQL: what comes to both at once happens once, and one finishes what the other left."""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import httpx
import pytest
from sqlalchemy import func, select

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.client.credential import Credential, credential_named
from api.client.session import Session
from api.lab.demo.actor import attest
from api.services.subject.controller_history import ControllerHistory
from api.sign_in.protocol.proof import Target, make_proof
from api.storage import table
from ledger_node import clock
from ledger_node.domain.access import NO_HEAD, next_head
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.randomness import random_bytes
from tests.e2e.test_twice_at_once import together
from tests.kit.pair import PUBLIC, Pair
from tests.kit.served import SEED, one_form, seen, write_rows
from tests.kit.subject import controllers_of, new_key, rotation
from tests.kit.webhook import Endpoint

QUESTION = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")
PATIENCE_S = 60
ASKED = 42


@pytest.fixture(scope="module")
def pair(tmp_path_factory, postgres):
    made = Pair(tmp_path_factory.mktemp("pair"), postgres)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def both_run(pair):
    pair.revive()
    pair.bank = pair.client("demo-bank")


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def at_once(calls):
    """Return what every call returns, all begun at the same moment."""
    start = threading.Barrier(len(calls))

    def begin(call):
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def raw(pair, name):
    """Return a raw client of each host that share one session, as behind a proxy."""
    session = Session(PUBLIC, credential_named(pair.home, name))
    return [pair._keep(host.http(session)) for host in pair.hosts]


def read(pair, query):
    store = pair.store()
    with store.connect() as connection:
        rows = connection.execute(query).all()
    store.dispose()
    return rows


def test_a4_fifty_posts_with_one_key_to_both_are_one_effect_and_one_answer(pair):
    clients = raw(pair, "demo-bank")
    consent = pair.grant(QUESTION)
    body, key = pair.body(consent, [QUESTION]), f'"{random_bytes(16).hex()}"'
    calls = [
        lambda client=clients[number % 2]: client.post("/v1/verifications", json=body, headers={"Idempotency-Key": key})
        for number in range(50)
    ]
    answers = at_once(calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(pair.ledger.counted_uses([from_hex(consent, "id")])[from_hex(consent, "id")]) == 1


def test_a2_a_proof_that_one_process_accepted_is_refused_by_the_other(pair):
    one, two = raw(pair, "demo-bank")
    session = one.auth
    assert one.get("/v1/me").status_code == 200
    target = Target("GET", f"{PUBLIC}/v1/me", session._token)
    headers = {
        "Authorization": f"DPoP {session._token}",
        "DPoP": make_proof(target, session._key, now=clock.now(), nonce=session._nonce),
    }
    first, second = one.get("/v1/me", headers=headers, auth=None), two.get("/v1/me", headers=headers, auth=None)
    assert first.status_code == 200
    assert (second.status_code, second.json()["reason"]) == (401, "proof_replayed")


def test_a3_an_assertion_that_one_process_accepted_is_refused_by_the_other(pair):
    session = Session(PUBLIC, credential_named(pair.home, "demo-bank"))
    one, two = (pair._keep(host.http()) for host in pair.hosts)
    nonce = one.get("/v1/me", headers={"Authorization": "DPoP x", "DPoP": "x"}).headers.get("DPoP-Nonce")
    session._nonce = nonce or pair_nonce(one, session)
    request = session._token_request()
    sent = [
        client.post("/v1/token", content=request.content, headers=_token_headers(session, request))
        for client in (one, two)
    ]
    assert sent[0].status_code == 200, sent[0].text
    assert (sent[1].status_code, sent[1].json()["reason"]) == (401, "assertion_replayed")


def pair_nonce(client, session):
    request = session._token_request()
    answer = client.post("/v1/token", content=request.read(), headers=_token_headers(session, request))
    return answer.headers["DPoP-Nonce"]


def _token_headers(session, request):
    proof = make_proof(Target("POST", f"{PUBLIC}/v1/token"), session._key, now=clock.now(), nonce=session._nonce)
    return {"DPoP": proof, "Content-Type": request.headers["Content-Type"]}


def test_what_one_process_signed_in_or_ended_holds_at_the_other(pair):
    one, two = raw(pair, "demo-bank")
    assert one.get("/v1/me").status_code == 200
    token = one.auth._token
    assert two.get("/v1/me").status_code == 200
    assert two.auth._token == token


def test_the_uses_of_a_consent_are_spent_once_whichever_process_is_asked(pair):
    consent = pair.grant(QUESTION, uses=3)
    clients = pair.clients("demo-bank")
    calls = [lambda client=clients[number % 2]: pair.verify(consent, [QUESTION], client=client) for number in range(16)]
    answers = [seen(answer)[0] for answer in at_once(calls)]
    assert sorted(answers) == sorted([("holds", None)] * 3 + [("cannot_tell", "consent_exhausted")] * 13)


def test_a_firm_that_is_registered_at_both_at_once_is_one_subject(pair):
    body = {
        "credit_code": credit_code(pair.fresh(), SEED),
        "controllers": [{"person": 1, "address": "0x" + "44" * 20}],
        "threshold": 1,
    }
    calls = [lambda client=client: client.post("/v1/subjects", body) for client in pair.clients("market-regulator") * 3]
    assert len({answer["subject"] for answer in at_once(calls)}) == 1


def test_of_two_rotations_of_one_subject_one_takes_place(pair):
    old = new_key()
    made = pair.regulator.post(
        "/v1/subjects",
        {
            "credit_code": credit_code(pair.fresh(), SEED),
            "controllers": [{"person": 1, "address": to_hex(old.controller)}],
            "threshold": 1,
        },
    )
    subject = from_hex(made["subject"], "subject")
    firm = type("Firm", (), {"subject": subject})
    drafts = [rotation(pair, firm, controllers_of([new_key()])) for _ in range(2)]
    banks = pair.clients("demo-bank")
    outcomes = together(
        [
            lambda draft=draft, bank=bank: draft.submit(bank, [old.sign(draft.digest)])
            for draft, bank in zip(drafts, banks, strict=True)
        ]
    )
    reasons = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(reasons) == 1, outcomes
    # the old controllers signed for an entry that is taken, or no longer count
    assert reasons[0] in {"controllers_changed", "signer_not_controller"}
    assert [one.controllers.commitment for one in history(pair, subject)][1:] == [
        pair.ledger.controller_entry(subject, 1).commitment
    ]


def history(pair, subject):
    store = pair.store()
    try:
        return ControllerHistory(store, pair.ledger).of(subject)
    finally:
        store.dispose()


def test_firms_that_are_erased_at_both_at_once_are_all_erased(pair):
    firms = [pair.fresh() for _ in range(6)]
    pair.attest("tax_payment", [(firm, {}) for firm in firms])
    clients = pair.clients("tax-bureau")
    calls = [
        lambda client=clients[number % 2], firm=firm: client.post(
            "/v1/erasures", {"credit_code": credit_code(firm, SEED)}
        )
        for number, firm in enumerate(firms)
    ]
    assert [answer["erased"] for answer in at_once(calls)] == [1] * len(firms)
    with pytest.raises(ApiError) as refused:
        calls[0]()
    assert refused.value.reason == "not_found"


def test_uploads_to_both_are_issued_once_each_and_the_same_rows_never_twice(pair):
    clients = pair.clients("tax-bureau")
    firms = [pair.fresh() for _ in range(5)]
    same = write_rows(pair.folder / "same.csv", "tax_payment", [(firm, {}) for firm in firms])
    own = [write_rows(pair.folder / f"own-{n}.csv", "tax_payment", [(pair.fresh(), {})]) for n in range(4)]
    files = [same, same, *own]
    calls = [
        lambda client=clients[number % 2], file=file: attest(client, file, "tax_payment", lambda _: None)
        for number, file in enumerate(files)
    ]
    jobs = at_once(calls)
    assert sorted((job["issued"], job["unchanged"]) for job in jobs[:2]) == [(0, 5), (5, 0)]
    assert [(job["issued"], job["rejected"]) for job in jobs[2:]] == [(1, 0)] * 4
    assert {job["state"] for job in jobs} == {"done"}


def test_the_access_log_is_one_chain_and_its_intervals_follow_one_another(pair):
    consent = pair.grant(QUESTION)
    clients = pair.clients("demo-bank")
    # refused ones are logged as well
    at_once(
        [lambda client=clients[number % 2]: pair.verify(consent, [QUESTION], client=client) for number in range(20)]
    )
    closed = read(pair, select(func.count()).select_from(table.access_interval))[0][0]
    until(lambda: read(pair, select(func.count()).select_from(table.access_interval))[0][0] > closed + 1)
    row, interval = table.access_row.c, table.access_interval.c
    head, earliest = NO_HEAD, 0
    rows = read(pair, select(row.leaf, row.head, row.time).order_by(row.number))
    assert len(rows) >= 20
    for each in rows:
        head = next_head(head, each.leaf)
        assert each.head == head
        assert each.time >= earliest
        earliest = each.time
    intervals = read(pair, select(table.access_interval).order_by(interval.number))
    assert [each.number for each in intervals] == list(range(1, len(intervals) + 1))
    for before, after in pairwise(intervals):
        assert (after.since, after.before, after.previous_root) == (before.until, before.after, before.batch_root)
    assert all(each.start is not None for each in intervals[:-1])


def test_what_happens_is_notified_once_and_delivered_once(pair):
    endpoint = Endpoint()
    try:
        pair.bank.put("/v1/webhook", {"url": f"http://127.0.0.1:{endpoint.port}/hook"})
        consents = {pair.grant(QUESTION, uses=1) for _ in range(4)}
        until(lambda: len(granted(endpoint)) >= 4)
        told = read(pair, select(table.notification.c.kind, table.notification.c.data))
        for consent in consents:
            # the bank hears of it, and the firm
            assert sum(one.kind == "consent.granted" and consent in one.data for one in told) == 2
            assert sum(consent in body for body in granted(endpoint)) == 1
        assert len(endpoint.ids()) == len(set(endpoint.ids()))
    finally:
        pair.bank.delete("/v1/webhook")
        endpoint.close()


def granted(endpoint):
    bodies = [one.body.decode() for one in endpoint.received]
    return [body for body in bodies if json.loads(body)["type"] == "consent.granted"]


def test_one_goes_on_with_everything_when_the_other_is_killed(pair):
    """Jobs, intervals, notifications, and what it had on its way."""
    clients = pair.clients("tax-bureau")
    rows = [(pair.fresh(), {}) for _ in range(40)]
    file = write_rows(pair.folder / "left.csv", "tax_payment", rows)
    job = clients[0].upload(file, "tax_payment")
    pair.hosts[0].kill()
    two = pair.clients("tax-bureau")[1]
    until(lambda: two.job(job)["state"] == "done")
    assert two.job(job)["issued"] == len(rows)
    number = read(pair, select(func.max(table.access_interval.c.number)))[0][0]
    until(lambda: read(pair, select(func.max(table.access_interval.c.number)))[0][0] > number + 1)
    bank = pair.bank = pair.clients("demo-bank")[1]
    pair.shop = replace(
        pair.shop, client=pair.hosts[1].of(Credential.of_controller(pair.shop.subject, pair.shop.keys[0]))
    )
    consent = pair.grant(QUESTION, uses=2)
    assert seen(pair.verify(consent, [QUESTION], client=bank)) == [("holds", None)]
    until(lambda: any(one["data"].get("consent") == consent for one in bank.notifications()))


def test_kill_9_amid_everything_loses_nothing_and_doubles_nothing(pair):
    """Whatever was acknowledged is there once; a call that was cut off is taken up by the other process."""
    consents = [pair.grant(QUESTION, uses=3) for _ in range(14)]
    names = [from_hex(consent, "consent") for consent in consents]
    bodies = [pair.body(consents[one % 14], [QUESTION], one // 14 + 1) for one in range(ASKED)]
    answered, lost = {}, []

    def ask(number, http):
        consent = consents[number % len(consents)]
        key = f'"{number}-{consent}"'
        try:
            answer = http.post("/v1/verifications", json=bodies[number], headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            # the process died
            lost.append(number)
            return
        assert answer.status_code in {200, 409, 503}, answer.text
        if answer.status_code == 200:
            assert answered.setdefault(number, answer.content) == answer.content
        else:
            lost.append(number)

    one, two = raw(pair, "demo-bank")
    assert one.get("/v1/me").status_code == two.get("/v1/me").status_code == 200
    with ThreadPoolExecutor(8) as pool:
        for number in range(ASKED):
            pool.submit(ask, number, one if number % 2 else two)
        until(lambda: len(answered) > 8)
        pair.hosts[0].kill()
    deadline = time.monotonic() + PATIENCE_S
    while lost:
        assert time.monotonic() < deadline, lost
        ask(lost.pop(), two)
    assert set(answered) == set(range(ASKED))
    uses = {json.loads(content)["use"]["id"] for content in answered.values()}
    assert len(uses) == ASKED
    recorded = [to_hex(use.ticket) for listed in pair.ledger.counted_uses(names).values() for use in listed]
    assert (len(recorded), set(recorded)) == (ASKED, uses)
    row = table.access_row.c
    # a use whose process died before its row may have a row that says so, and then the one of the answer
    until(lambda: read(pair, select(func.count()).select_from(table.use_under_way))[0][0] == 0)
    logged = read(pair, select(row.use).where(row.use.in_([from_hex(use, "use") for use in uses])))
    assert {to_hex(each.use) for each in logged} == uses
    until(lambda: read(pair, select(func.count()).select_from(table.outbox)) == [(0,)])


def test_a_use_whose_process_died_before_it_answered_gets_its_row_from_the_other(pair):
    consent = pair.grant(QUESTION, uses=3)
    signed = pair.unanswered_use(consent)
    use = signed.ticket
    (result,) = pair.ledger_of("operator.sender-1").record_uses([signed])
    assert result.recorded
    store = pair.store()
    with store.begin() as connection:
        connection.execute(
            table.use_under_way.insert().values(use=use, consent=from_hex(consent, "consent"), owner=random_bytes(16))
        )
    store.dispose()
    row = table.access_row.c
    until(lambda: len(read(pair, select(row.use).where(row.use == use))) == 1)
    until(lambda: read(pair, select(table.use_under_way).where(table.use_under_way.c.use == use)) == [])
    rows = [one for one in pair.shop.client.access_rows()[1] if one["row"] and one["row"]["use"] == to_hex(use)]
    assert [one["row"]["reason"] for one in rows] == ["answer_lost"]


def test_an_upload_that_is_received_by_one_is_no_interrupted_one_for_the_other_that_starts(pair):
    rows = [(pair.fresh(), {}) for _ in range(3)]
    file = write_rows(pair.folder / "slow.csv", "tax_payment", rows)
    content = file.read_bytes()
    half = threading.Event()

    def parts():
        sent = 0
        # a body that pauses for long is refused
        while not half.wait(1) and sent < len(content) - 1:
            yield content[sent : sent + 1]
            sent += 1
        yield content[sent:]

    one, _ = raw(pair, "tax-bureau")
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(
            one.post,
            "/v1/attestations",
            params={"schema": "tax_payment"},
            content=parts(),
            headers={"Content-Type": "text/csv"},
        )
        until(lambda: read(pair, select(table.job).where(table.job.c.state == "receiving")) != [])
        pair.hosts[1].kill()
        pair.hosts[1].start()
        half.set()
        answer = sent.result()
    assert answer.status_code == 202, answer.text
    client = pair.clients("tax-bureau")[1]
    until(lambda: client.job(answer.json()["job"])["state"] == "done")
    assert client.job(answer.json()["job"])["issued"] == 3


def test_an_upload_whose_process_died_is_failed_by_the_other(pair):
    file = write_rows(pair.folder / "cut.csv", "tax_payment", [(pair.fresh(), {})])
    content = file.read_bytes()
    half = threading.Event()

    def parts():
        yield content[:100]
        half.wait(PATIENCE_S)

    _, two = raw(pair, "tax-bureau")
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(
            two.post,
            "/v1/attestations",
            params={"schema": "tax_payment"},
            content=parts(),
            headers={"Content-Type": "text/csv"},
        )
        until(lambda: read(pair, select(table.job.c.id).where(table.job.c.state == "receiving")) != [])
        (job,) = read(pair, select(table.job.c.id).where(table.job.c.state == "receiving"))
        pair.hosts[1].kill()
        half.set()
        with pytest.raises(httpx.HTTPError):
            sent.result()
    client = pair.clients("tax-bureau")[0]
    until(lambda: client.job(job.id)["state"] == "failed")
    assert client.job(job.id)["reason"] == "upload_interrupted"


def test_a_server_that_is_lost_is_answered_with_try_again_and_both_recover_by_themselves(pair, postgres):
    """Nothing that was acknowledged is lost, and no proof counts again, though the server forgot which were used."""
    one, two = raw(pair, "demo-bank")
    assert one.get("/v1/me").status_code == two.get("/v1/me").status_code == 200
    consent = pair.grant(QUESTION, uses=2)
    session = one.auth
    target = Target("GET", f"{PUBLIC}/v1/me", session._token)
    used = {
        "Authorization": f"DPoP {session._token}",
        "DPoP": make_proof(target, session._key, now=clock.now(), nonce=session._nonce),
    }
    assert one.get("/v1/me", headers=used, auth=None).status_code == 200
    postgres.stop(signal.SIGQUIT)
    try:
        for client in (one, two):
            answer = client.get("/v1/members")
            assert (answer.status_code, answer.json()["reason"]) == (503, "store_unavailable")
            assert answer.headers["Retry-After"]
            assert client.get("/livez", auth=None).status_code == 200
    finally:
        postgres.start()
    until(lambda: [client.get("/v1/me").status_code for client in (one, two)] == [200, 200])
    for client in (one, two):
        again = client.get("/v1/me", headers=used, auth=None)
        assert (again.status_code, again.json()["reason"]) == (401, "proof_nonce")
    for bank in pair.clients("demo-bank"):
        assert seen(pair.verify(consent, [QUESTION], client=bank)) == [("holds", None)]
    # what works in the background goes on as well
    job = pair.attest("tax_payment", [(pair.fresh(), {})])
    assert job["issued"] == 1
    number = read(pair, select(func.max(table.access_interval.c.number)))[0][0]
    until(lambda: read(pair, select(func.max(table.access_interval.c.number)))[0][0] > number)
    for host in pair.hosts:
        assert "Traceback" not in host.words()
