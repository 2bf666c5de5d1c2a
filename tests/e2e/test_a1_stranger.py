"""A1: bank X with bank Y's consent id, and guessed ids: the same answer, and the same work behind it.

Work is what is asked of the store and of the ledger, in its order: no clock is read.
"""

import asyncio
import shutil

import httpx
import pytest
from sqlalchemy import Engine, event

from api.client.credential import Credential, credential_named
from api.home.home import Home
from api.home.settings import PortalSettings
from api.http.app import create_app
from api.instance.wiring import open_instance
from api.sign_in.protocol.assertion import new_key_file
from api.sign_in.protocol.proof import Target, make_proof
from ledger_node import clock
from ledger_node.chain.endpoint_pool import EndpointPool
from ledger_node.chain.port import Role
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.served import Intruder, one_form

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
KEY = random_bytes(32)
URL = "http://here"
SESSION = new_key_file()[1]


class Work:
    """Statements of the store and methods of the ledger, in the order in which they are asked for."""

    def __init__(self, monkeypatch):
        self.steps = []
        event.listen(Engine, "before_cursor_execute", self._statement)
        for name in ("ask", "ask_all"):
            monkeypatch.setattr(EndpointPool, name, self._watched(getattr(EndpointPool, name)))

    def _statement(self, _connection, _cursor, statement, *_):
        # who asks is recognised before anything is looked for, and remembered for a second
        if "access_token" not in statement:
            self.steps.append(statement)

    def _watched(self, original):
        def watched(pool, calls, **options):
            self.steps.append([method for method, _ in calls])
            return original(pool, calls, **options)

        return watched

    def stop(self):
        event.remove(Engine, "before_cursor_execute", self._statement)

    def taken(self):
        steps, self.steps = self.steps, []
        return steps


class InProcess:
    """A client of an instance in this process, whose workers do not run. ``token``: an access token, or None."""

    def __init__(self, served, token):
        self._app, self._token = create_app(served, public_url=URL), token
        self._nonce = served.sign_in.proofs.nonce

    @classmethod
    def by(cls, served, credential):
        """Return a client that is signed in."""
        now, target = clock.now(), Target("POST", f"{URL}/v1/token")
        proof = make_proof(target, SESSION, now=now, nonce=served.sign_in.proofs.nonce)
        assertion = credential.assertion(URL, now=now)
        return cls(served, served.sign_in.token(assertion, proof, target, audience=URL, now=now).value)

    def _headers(self, method, path):
        if self._token is None:
            return {}
        target = Target(method, URL + path, self._token)
        proof = make_proof(target, SESSION, now=clock.now(), nonce=self._nonce)
        return {"Authorization": f"DPoP {self._token}", "DPoP": proof}

    def request(self, method, path, **body):
        async def send():
            transport, headers = httpx.ASGITransport(self._app), self._headers(method, path)
            async with httpx.AsyncClient(transport=transport, base_url=URL, headers=headers) as client:
                return await client.request(method, path, **body)

        return asyncio.run(send())

    def post(self, path, body):
        return self.request("POST", path, json=body)


@pytest.fixture(scope="module")
def instance(place, tmp_path_factory):
    """A copy of the instance in this process, without its workers: nothing happens but what is asked for.

    It holds a consent that was used, and a request, both of the demo bank and the shop; and a request to another firm.
    """
    place.require_file()
    consent = place.grant(GOOD)
    use = place.verify(consent, [GOOD])["use"]["id"]
    request = place.bank.post("/v1/consent-requests", place.asking(place.request([one_form(GOOD)])))["id"]
    body = place.asking(place.request([one_form(GOOD)], firm=place.new_firm()))
    other = place.bank.post("/v1/consent-requests", body)["id"]
    bank, firm = place.join(Role.BANK, "A stranger of a bank"), place.new_firm()
    credentials = {"bank": bank, "firm": Credential.of_controller(firm.subject, firm.keys[0])}
    home = tmp_path_factory.mktemp("a1") / "home"
    shutil.copytree(place.home.path, home, ignore=shutil.ignore_patterns("chain*"))
    made = open_instance(Home(home), [place.served.node()["url"]], processes=1, portal=PortalSettings(first_wait_s=0))
    # they answer only what is asked
    made.verifications.start()
    yield made, {"consent": consent, "request": request, "use": use, "other": other, "strangers": credentials}
    made.verifications.stop()
    made.store.dispose()


@pytest.fixture(scope="module")
def strangers(instance):
    """Somebody who is not signed in, a bank and a firm: none of them has to do with the consent."""
    served, known = instance
    signed_in = {name: InProcess.by(served, credential) for name, credential in known["strangers"].items()}
    return {"nobody": InProcess(served, None), "a bad token": InProcess(served, "0" * 64), **signed_in}


@pytest.fixture
def work(monkeypatch):
    watching = Work(monkeypatch)
    yield watching
    watching.stop()


def signed(digest):
    return {"signatures": [to_hex(sign(digest, KEY))]}


def high_s(body):
    raw = bytes.fromhex(body["signatures"][0][2:])
    return {"signatures": [to_hex(raw[:32] + b"\xff" * 32 + raw[64:])]}


def bodies(place, path, one):
    """Return what strangers may send: what proves nothing, in all its ways."""
    domain, known = place.ledger.consent_domain, bytes.fromhex(one[2:])
    if path.endswith("/withdrawal"):
        body = signed(withdrawal_digest(known, domain))
        return [{"secret": to_hex(random_bytes(32))}, body, high_s(body), {"signatures": []}]
    if path.endswith("/changes"):
        change = {"change": "pause", "number": 1}
        body = signed(change_digest(known, Change.PAUSE, 1, domain))
        return [change | body, change | high_s(body), change | {"signatures": []}]
    if path.endswith("/refusal"):
        body = signed(refusal_digest(known, domain))
        return [body, high_s(body), {"signatures": body["signatures"] * 2}, {"signatures": []}]
    if path.endswith("/own-answers"):
        return [{"nonce": to_hex(random_bytes(32)), "signature": signed(known)["signatures"][0]}]
    if path == "/v1/verifications":
        body = Intruder(None, one).body([GOOD], 1)
        return [body, body | {"purpose": "guarantee"}]
    return [None]


ROUTES = {
    ("GET", "/v1/consents/{consent}"): "consent",
    ("POST", "/v1/consents/{consent}/withdrawal"): "consent",
    ("POST", "/v1/consents/{consent}/changes"): "consent",
    ("GET", "/v1/consents/{consent}/receipts"): "consent",
    ("GET", "/v1/consents/{consent}/receipts/{receipt}"): "consent",
    ("GET", "/v1/consent-requests/{request_id}"): "request",
    ("GET", "/v1/consent-requests/{request_id}/receipt"): "request",
    ("POST", "/v1/consent-requests/{request_id}/own-answers"): "request",
    ("POST", "/v1/consent-requests/{request_id}/refusal"): "request",
    ("GET", "/v1/verifications/{use}/evidence"): "use",
    ("GET", "/v1/verifications/{use}/evidence.html"): "use",
    ("POST", "/v1/verifications"): "consent",
}


def test_a1_every_route_that_takes_the_id_of_a_consent_a_request_or_a_use_is_tried_here(instance):
    paths = create_app(instance[0], public_url=URL).openapi()["paths"]
    named = ("{consent}", "{request_id}", "{use}")
    found = {(method.upper(), path) for path, item in paths.items() for method in item if any(n in path for n in named)}
    assert found | {("POST", "/v1/verifications")} == set(ROUTES)


@pytest.mark.parametrize("who", ["nobody", "a bad token", "bank", "firm"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a1_ids_of_others_and_guessed_ones_get_the_same_answer_for_the_same_work(
    place, instance, strangers, work, who, method, path
):
    _, known = instance
    client = strangers[who]
    theirs, guessed = known[ROUTES[method, path]], to_hex(random_bytes(32))

    def asked(one):
        outcomes = []
        for body in bodies(place, path, one):
            work.taken()
            address = path.replace("{receipt}", to_hex(bytes(32)))
            for name in ("{consent}", "{request_id}", "{use}"):
                address = address.replace(name, one)
            answer = client.request(method, address, json=body)
            headers = dict(answer.headers)
            assert len(headers.pop("trace-id")) == 32  # drawn for every request
            outcomes.append((answer.status_code, answer.content, headers, work.taken()))
        return outcomes

    asked(guessed)  # what is done once in the life of an instance is done now
    one, other = asked(theirs), asked(guessed)
    assert one == other
    for status, content, _, steps in one:
        assert status in {200, 401, 403, 404}
        assert b"holds" not in content
        assert steps or status in {401, 403}
    if path == "/v1/verifications" and who == "bank":
        told = client.post(path, bodies(place, path, theirs)[0]).json()["presentation"]["claims"]
        assert [claim["reason"] for claim in told] == ["consent_unknown"]


def test_a1_the_parties_themselves_hear_what_is_wrong(place, instance):
    served, known = instance
    client = InProcess.by(served, credential_named(place.home, "demo-bank"))
    reasons = []
    for path, one in (
        (f"/v1/consents/{known['consent']}/withdrawal", known["consent"]),
        (f"/v1/consents/{known['consent']}/changes", known["consent"]),
        (f"/v1/consent-requests/{known['request']}/refusal", known["request"]),
    ):
        reasons += [client.post(path, body).json()["reason"] for body in bodies(place, path, one)]
    assert reasons == [
        *("consent_wrong_secret", "signer_not_controller", "signature_malformed", "threshold_not_met"),
        *("signer_not_controller", "signature_malformed", "threshold_not_met"),
        *("signer_not_controller", "signature_malformed", "signer_not_controller", "threshold_not_met"),
    ]


def test_a1_a_grant_that_names_a_request_of_others_is_refused_as_one_that_names_none(place, work, instance):
    served, known = instance
    client = InProcess(served, None)
    consent = place.consent([one_form(GOOD)])
    signature = to_hex(sign(consent.digest(place.ledger.consent_domain), place.shop.keys[0]))
    shown = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json(), "signatures": [signature]}
    outcomes = []
    # who is a member is read from the chain's logs up to the newest block, once
    client.post("/v1/consents", shown | {"request": to_hex(random_bytes(32))})
    for request in (known["other"], to_hex(random_bytes(32))):
        work.taken()
        answer = client.post("/v1/consents", shown | {"request": request})
        outcomes.append((answer.status_code, answer.json(), work.taken()))
    assert outcomes[0] == outcomes[1]
    assert (outcomes[0][0], outcomes[0][1]["reason"]) == (404, "request_unknown")
