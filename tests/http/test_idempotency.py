"""One Idempotency-Key: one effect and one answer, whatever comes twice, at once, or after the process died."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select, update

from api.catalogue.synthetic import credit_code
from api.client.asking import Asker
from api.client.credential import Credential, credential_named
from api.client.session import Session
from api.http.request.idempotency_key import SECRET_ANSWERS
from api.ingestion.reader import Format
from api.services.idempotency import attempt as kept_answer
from api.services.idempotency.attempt import Attempt, CallInProgress, StoredResponse
from api.services.idempotency.attempt import Call as Named
from api.services.idempotency.call import RETENTION_S
from api.services.issuing.row_classifier import PLAIN
from api.services.webhook.address import InsecureLoopbackAddresses
from api.sign_in.protocol.assertion import new_key_file, stated_keys
from api.sign_in.protocol.jose import public_part
from api.storage import table
from ledger_node import clock
from ledger_node.chain.port import Role
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest
from ledger_node.domain.error import ChainError, CredenceError, StoreError
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import each_person, keys_to_json
from ledger_node.randomness import random_bytes
from tests.kit.answer_model import routes
from tests.kit.inside import inside_place
from tests.kit.served import SEED, one_form, write_rows

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = inside_place(tmp_path_factory.mktemp("inside"))
    yield made
    made.close()


def new_key():
    return f'"{random_bytes(16).hex()}"'


class Call:
    """A POST that can be sent again as it was."""

    def __init__(self, place, path, body, *, name=None, media_type="application/json", key=None):
        self.place = place
        self.path = path
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {"Content-Type": media_type, "Idempotency-Key": new_key() if key is None else key}
        self.http = place.http(name)

    def send(self, **changes):
        http, path = changes.get("http", self.http), changes.get("path", self.path)
        return http.post(path, content=changes.get("content", self.content), headers=self.headers)


def verification(place, consent=None):
    consent = consent or place.grant(GOOD)
    return Call(place, "/v1/verifications", place.body(consent, [GOOD]), name="demo-bank")


def uses(place, call):
    consent = from_hex(json.loads(call.content)["consent"], "consent")
    return len(place.ledger.counted_uses([consent])[consent])


def same(first, second):
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers.get("location") == first.headers.get("location")
    assert second.headers["idempotent-replayed"] == "true"


def refused(response, status, reason):
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["reason"]) == (status, reason)


def test_a4_fifty_parallel_posts_with_one_key_have_one_effect_and_one_answer(place):
    call = verification(place)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: call.send(), range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 49
    assert uses(place, call) == 1


def test_a4_the_same_key_with_another_body_or_route_is_refused(place):
    call = verification(place)
    first = call.send()
    refused(call.send(content=call.content + b" "), 422, "idempotency_key_reused")
    refused(call.send(path="/v1/consent-texts"), 422, "idempotency_key_reused")
    refused(call.send(path="/v1/verifications/"), 404, "not_found")
    same(first, call.send())
    assert uses(place, call) == 1


def test_a4_a_key_belongs_to_its_caller(place):
    call = verification(place)
    first = call.send()
    answer = call.send(http=place.other_bank()._http)
    assert answer.content != first.content
    assert "idempotent-replayed" not in answer.headers


def test_a4_who_signs_in_wrongly_is_told_so_where_a_key_names_its_tries(place):
    call = withdrawing(place)
    call.http.get("/v1/me")
    wrong = {"Authorization": "DPoP " + "ab" * 32, "DPoP": "x"}
    answer = place.http().post(call.path, content=call.content, headers=call.headers | wrong)
    refused(answer, 401, "token_unknown")
    unnamed = {name: value for name, value in call.headers.items() if name != "Idempotency-Key"}
    assert place.http().post(call.path, content=call.content, headers=unnamed | wrong).status_code == 200


@pytest.mark.parametrize("effect", ["verify", "register", "withdraw", "refuse", "cancel"])
def test_a_request_is_recognised_once(place, monkeypatch, effect):
    sign_in, seen = place.served.instance.sign_in, []
    if effect == "cancel":
        path = f"/v1/subjects/{to_hex(place.shop.subject)}/recoveries/1/cancellation"
        call = Call(place, path, {}, name="market-regulator")
    else:
        call = EFFECTS[effect](place)
        call.http.auth = call.http.auth or place.bank._http.auth
    assert call.http.get("/v1/me").status_code == 200
    principal = sign_in.principal

    def counted(*arguments, **options):
        seen.append(arguments)
        return principal(*arguments, **options)

    monkeypatch.setattr(sign_in, "principal", counted)
    answer = call.send()
    assert answer.status_code in {200, 201} or answer.json()["reason"] == "recovery_not_pending"
    assert len(seen) == 1


def test_a4_a_call_that_is_under_way_for_long_is_answered_409(place, monkeypatch):
    monkeypatch.setattr("api.http.request.idempotency_key._PAUSES_S", (0.0,))
    call = verification(place)
    calls = place.served.instance.calls
    begun, go_on = threading.Event(), threading.Event()
    record = place.served.instance.ledger.record_uses

    def slow(uses):
        begun.set()
        assert go_on.wait(60)
        return record(uses)

    monkeypatch.setattr(place.served.instance.ledger, "record_uses", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(call.send)
        assert begun.wait(60)
        answer = call.send()
        go_on.set()
        assert first.result().status_code == 200
    refused(answer, 409, "idempotency_in_progress")
    assert answer.headers["retry-after"] == "1"
    same(first.result(), call.send())
    assert not calls._running


@pytest.mark.parametrize(
    "key",
    [
        "",
        "abc",
        '"',
        '""',
        '"abc',
        'abc"',
        '"a" "b"',
        '"a";p=1',
        '"é"',
        '"\t"',
        '"' + "x" * 129 + '"',
        '"a\\b"',
        "5",
        "?1",
    ],
)
def test_a_key_that_is_no_quoted_string_is_refused(place, key):
    call = Call(place, "/v1/consent-texts", {}, key=key.encode("latin-1"))
    refused(call.send(), 400, "idempotency_key_malformed")


def test_two_keys_in_one_request_are_refused(place):
    headers = [("Content-Type", "application/json"), ("Idempotency-Key", '"a"'), ("Idempotency-Key", '"b"')]
    answer = httpx.post(place.served.url + "/v1/consent-texts", content=b"{}", headers=headers, trust_env=False)
    refused(answer, 400, "idempotency_key_malformed")


def test_a_refusal_is_an_answer_too(place):
    body = json.loads(verification(place).content) | {"consent": "0x" + "00" * 32, "claims": []}
    call = Call(place, "/v1/verifications", body, name="demo-bank")
    first = call.send()
    refused(first, 422, "request_invalid")
    same(first, call.send())


# Every effect, tried with the answer lost between effect and storing it, then after a new start of the process.


def subject_body(place):
    controllers = keys_to_json(each_person([bytes([0x44] * 20)]))
    return {"credit_code": credit_code(place.fresh(), SEED), "controllers": controllers, "threshold": 1}


def signed(place, digest):
    return [to_hex(sign(digest, key)) for key in place.shop.keys]


def registering(place):
    return Call(place, "/v1/subjects", subject_body(place), name="market-regulator")


def granting(place):
    consent = place.consent([one_form(GOOD)])
    body = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json()}
    body["signatures"] = signed(place, consent.digest(place.ledger.consent_domain))
    return Call(place, "/v1/consents", body)


def withdrawing(place):
    secret = random_bytes(32)
    consent = place.grant(GOOD, secret=secret)
    return Call(place, f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)}, name="demo-bank")


def pausing(place):
    consent = place.grant(GOOD)
    digest = change_digest(from_hex(consent, "consent"), Change.PAUSE, 1, place.ledger.consent_domain)
    body = {"change": "pause", "number": 1, "signatures": signed(place, digest)}
    return Call(place, f"/v1/consents/{consent}/changes", body)


def requesting(place):
    asked = place.asking(place.request([one_form(GOOD)]))
    return Call(place, "/v1/consent-requests", asked, name="demo-bank")


def refusing(place):
    asked = place.bank.post("/v1/consent-requests", place.asking(place.request([one_form(GOOD)])))["id"]
    digest = refusal_digest(from_hex(asked, "request"), place.ledger.consent_domain)
    return Call(place, f"/v1/consent-requests/{asked}/refusal", {"signatures": signed(place, digest)})


def erasing(place):
    firm = place.fresh()
    assert place.attest("tax_payment", [(firm, {})])["issued"] == 1
    return Call(place, "/v1/erasures", {"credit_code": credit_code(firm, SEED)}, name="tax-bureau")


def uploading(place):
    file = write_rows(place.folder / "once.csv", "tax_payment", [(place.fresh(), {})])
    path = "/v1/attestations?schema=tax_payment"
    return Call(place, path, file.read_bytes(), name="tax-bureau", media_type="text/csv")


EFFECTS = {
    "verify": verification,
    "register": registering,
    "grant": granting,
    "withdraw": withdrawing,
    "pause": pausing,
    "request": requesting,
    "refuse": refusing,
    "erase": erasing,
    "upload": uploading,
}


def lose(*_, **__):
    raise RuntimeError("the process dies here")


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize("effect", list(EFFECTS))
def test_a4_an_effect_whose_answer_was_lost_is_not_had_twice(place, monkeypatch, effect, restarted):
    call = EFFECTS[effect](place)
    with monkeypatch.context() as broken:
        broken.setattr(kept_answer, "_row", lose)
        refused(call.send(), 500, "internal")
    if restarted:
        place.served.restart()
    first = call.send()
    assert first.status_code in {200, 201, 202}, first.text
    same(first, call.send())
    if restarted:
        place.served.restart()
        same(first, call.send())
    if effect == "verify":
        assert uses(place, call) == 1
        assert first.json()["uses"] == 1
        assert [claim["verdict"] for claim in first.json()["presentation"]["claims"]] == ["holds"]
    if effect == "erase":
        assert first.json()["erased"] == 1
    if effect == "upload":
        assert jobs_done(place, first.json()["job"]) == ["done"]


def jobs_done(place, job):
    """Return the states of all jobs of the upload that ``job`` is of, but the ones that broke off."""
    client = place.client("tax-bureau")
    while (state := client.job(job))["state"] not in {"done", "failed"}:
        pass
    assert (state["issued"], state["unchanged"]) == (1, 0)
    return [state["state"]]


def test_a4_the_use_of_a_lost_answer_has_rows_in_the_access_log(place, monkeypatch):
    call = verification(place)
    with monkeypatch.context() as broken:
        broken.setattr(kept_answer, "_row", lose)
        refused(call.send(), 500, "internal")
    answer = call.send().json()
    _, rows = place.client("demo-bank").access_rows()
    mine = [row["row"] for row in rows if row["row"]["use"] == answer["use"]["id"]]
    assert [row["verdict"] for row in mine][-1] == "holds"


def test_a4_a_use_that_is_on_its_way_is_not_recorded_a_second_time(place, monkeypatch):
    call = verification(place)
    ledger = place.served.instance.ledger
    record = ledger.record_uses
    sent = []

    def unseen(uses):
        # the transaction is on its way when the ledger stops answering
        sent.append(uses)
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "no receipt came")

    with monkeypatch.context() as slow:
        slow.setattr(ledger, "record_uses", unseen)
        slow.setattr(ledger, "is_on_way", lambda name: any(use.ticket == name for uses in sent for use in uses))
        first = call.send()
        refused(first, 503, "ledger_unavailable")
        assert first.headers["retry-after"] == "1"
        refused(call.send(), 503, "ledger_unavailable")
    assert len(sent) == 1
    record(sent[0])
    assert call.send().status_code == 200
    assert uses(place, call) == 1


def test_an_answer_that_was_given_stands_after_the_consent_is_withdrawn(place):
    secret = random_bytes(32)
    consent = place.grant(GOOD, secret=secret)
    call = verification(place, consent)
    first = call.send()
    Call(place, f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)}).send()
    same(first, call.send())
    again = verification(place, consent).send().json()
    assert again["presentation"]["claims"][0]["reason"] == "consent_withdrawn"


def test_an_upload_with_one_key_is_one_job_and_another_file_is_refused(place):
    call = uploading(place)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call.send(), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job"] for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    refused(call.send(content=call.content + b"\n"), 422, "idempotency_key_reused")


def test_erasing_a_firm_erases_the_answers_about_it_that_are_kept(place):
    firm = place.new_firm()
    call = verification(place, place.grant(GOOD, firm=firm))
    assert call.send().status_code == 200
    erased = Call(place, "/v1/erasures", {"credit_code": credit_code(firm.number, SEED)}, name="tax-bureau").send()
    assert erased.status_code == 200
    refused(call.send(), 410, "idempotency_answer_erased")
    assert uses(place, call) == 1


def test_what_is_kept_of_a_call_holds_no_secret_in_clear(place):
    call = registering(place)
    answer = call.send().json()
    code = json.loads(call.content)["credit_code"]
    with place.served.instance.store.connect() as connection:
        rows = connection.execute(select(table.idempotent_call)).all()
    assert rows
    kept = b"".join(bytes(value) for row in rows for value in row if isinstance(value, bytes))
    for secret in (answer["subject"], code, call.headers["Idempotency-Key"].strip('"')):
        assert secret.encode() not in kept
    same_bytes = call.send().json()
    assert same_bytes == answer


def kept(place):
    with place.served.instance.store.connect() as connection:
        return len(connection.execute(select(table.idempotent_call)).all())


def test_an_answer_that_holds_a_secret_is_kept_nowhere(place, monkeypatch):
    monkeypatch.setattr(place.served.instance.webhooks, "_rules", InsecureLoopbackAddresses())
    before = kept(place)
    url, key = place.served.url, new_key()
    session = Session(url, credential_named(place.home, "demo-bank"))
    tokens = [exchange(place, session, key) for _ in range(2)]
    assert tokens[0] != tokens[1]
    hook = Call(place, "/v1/webhook", {"url": "http://127.0.0.1:9/x"}, name="tax-bureau")
    answers = [hook.http.put(hook.path, content=hook.content, headers=hook.headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["secret"] != answers[1].json()["secret"]
    assert not any("idempotent-replayed" in answer.headers for answer in answers)
    assert kept(place) == before
    assert "secret" not in hook.http.get(hook.path).json()
    assert hook.http.delete(hook.path).status_code == 200


def test_what_is_said_to_hold_a_secret_is_a_route():
    described = {f"{method} {path}" for path, route in routes() for method in route.methods}
    assert described >= SECRET_ANSWERS


def exchange(place, session, key):
    request = session._token_request()
    request.headers["Idempotency-Key"] = key
    answer = place.http().send(request)
    if nonce := answer.headers.get("DPoP-Nonce"):
        session._nonce = nonce
    if answer.status_code == 400:
        return exchange(place, session, key)
    assert answer.status_code == 200, answer.text
    assert "idempotent-replayed" not in answer.headers
    return answer.json()["access_token"]


@pytest.mark.parametrize("restarted", [True, False])
def test_a4_keys_that_were_put_in_force_and_never_answered_are_so_once(place, monkeypatch, restarted):
    registry_key, member = random_bytes(32), random_bytes(32)
    place.vote(
        ("addMember", member, int(Role.BANK), "Keyed bank", ""),
        ("addKey", member, to_hex(address_of(registry_key)), int(EVERY_PURPOSE), 0, 2**64 - 1),
    )
    _, key = new_key_file()
    stated = stated_keys(member, 1, [dict(public_part(key).jwk)])
    signature = to_hex(sign(stated.digest(place.ledger.member_domain), registry_key))
    body = {"client": to_hex(member), "number": 1, "keys": list(stated.keys), "signatures": [signature]}
    call = Call(place, "/v1/sign-in-keys", body)
    with monkeypatch.context() as broken:
        broken.setattr(kept_answer, "_row", lose)
        refused(call.send(), 500, "internal")
    if restarted:
        place.served.restart()
    first = call.send()
    assert (first.status_code, first.json()["number"]) == (201, 1)
    same(first, call.send())
    assert place.client_with(Credential.published(member, key)).get("/v1/me")["label"] == "Keyed bank"
    refused(Call(place, "/v1/sign-in-keys", body).send(), 409, "sign_in_keys_outdated")


def test_a_key_may_be_used_anew_after_two_days_and_not_before(place):
    calls = place.served.instance.calls
    named, now = Named(b"caller", "key", b"route", b"body"), 1_000
    (attempt,) = calls.lease_all([named], now)
    calls.store_now(attempt, StoredResponse(200, [], b"{}"))
    calls.release(attempt)
    assert isinstance(calls.lease_all([named], now + RETENTION_S - 1)[0], StoredResponse)
    (again,) = calls.lease_all([named], now + RETENTION_S)
    assert isinstance(again, Attempt)
    assert not again.again
    calls.release(again)


def test_the_client_uses_one_key_for_all_its_tries(place, monkeypatch):
    seen = []
    client = place.client("demo-bank")
    send = client._http.request

    def lossy(method, path, **options):
        seen.append(options["headers"]["Idempotency-Key"])
        answer = send(method, path, **options)
        if len(seen) < 3:
            raise httpx.ReadError("the connection broke after the answer was made")
        return answer

    consent = place.grant(GOOD)
    asker = Asker(client, place.seed, consent)
    monkeypatch.setattr(client._http, "request", lossy)
    answer = asker.ask([GOOD])
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert answer["uses"] == 1
    asker.ask([GOOD])
    assert seen[3] != seen[0]


def test_the_client_proves_possession_anew_in_every_try(place, monkeypatch):
    client, proofs = place.client("demo-bank"), []
    consent = place.grant(GOOD)
    client.get("/v1/me")
    transport = client._http._transport
    handle = transport.handle_request

    def lossy(request):
        proofs.append((request.headers["Idempotency-Key"], request.headers["DPoP"]))
        answer = handle(request)
        if len(proofs) < 3:
            answer.close()
            raise httpx.ReadError("the connection broke after the answer was made")
        return answer

    asker = Asker(client, place.seed, consent)
    monkeypatch.setattr(transport, "handle_request", lossy)
    assert asker.ask([GOOD])["uses"] == 1
    keys, made = zip(*proofs, strict=True)
    assert (len(set(keys)), len(set(made))) == (1, 3)


def test_n7_an_answer_that_cannot_be_kept_is_not_given_and_asking_again_gets_it(place, monkeypatch):
    secret = random_bytes(32)
    consent = place.post_consent(place.consent([one_form(GOOD)], secret=secret))["id"]
    call = Call(place, f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)}, name="demo-bank")

    def full(*_, **__):
        raise StoreError(Reason.STORE_UNAVAILABLE, "the store cannot be worked with now; try again")

    with monkeypatch.context() as patch:
        patch.setattr(place.served.instance.calls, "store_now", full)
        refused = call.send()
    assert (refused.status_code, refused.json()["reason"]) == (503, "store_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    answered = call.send()
    assert (answered.status_code, answered.json()["state"]) == (200, "withdrawn")
    assert call.send().content == answered.content


def test_an_answer_that_may_not_leave_yet_fails_no_other_call_and_leaves_none_claimed(place, monkeypatch):
    calls = place.served.instance.calls
    kept, other = (Named(b"caller", random_bytes(8).hex(), b"route", b"body") for _ in range(2))
    (attempt,) = calls.lease_all([kept], clock.now())
    calls.store_now(attempt, StoredResponse(200, [], b"{}"))
    calls.release(attempt)

    def unfinished():
        raise CredenceError(Reason.KEY_COPY_FAILED, "the copy of the keys cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(calls, "_finish_removals", unfinished)
        refused_one, claimed = calls.lease_all([kept, other], clock.now())
    assert refused_one.reason is Reason.KEY_COPY_FAILED
    assert isinstance(claimed, Attempt)
    calls.release(claimed)
    again = calls.lease_all([kept, other, other], clock.now())
    assert [type(one) for one in again] == [StoredResponse, Attempt, CallInProgress]
    calls.release(again[1])


def test_n1_an_upload_that_is_acknowledged_while_it_is_looked_at_is_not_failed(place, monkeypatch):
    """The worker looks for uploads that broke off, and finds one that is queued before it is judged."""
    uploads, looked_at = place.served.instance.jobs.uploads, []

    class Receiving(set):
        def __contains__(self, job):
            looked_at.append(job)
            with place.served.instance.store.begin() as connection:
                connection.execute(update(table.job).where(table.job.c.id == job).values(state="queued", owner=None))
            return False

    member = next(one.id for one in place.home.members() if one.slug == "tax-bureau")
    with monkeypatch.context() as racing:
        racing.setattr(uploads, "_receiving", Receiving())
        job, _ = uploads._open(member, "tax_payment", Format.CSV, PLAIN)
        uploads.fail_interrupted()
    assert looked_at[0] == job
    with place.served.instance.store.connect() as connection:
        reason = connection.execute(select(table.job.c.reason).where(table.job.c.id == job)).scalar_one()
    assert reason != Reason.UPLOAD_INTERRUPTED
