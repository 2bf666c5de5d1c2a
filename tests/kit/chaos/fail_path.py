"""The paths that are walked: what is done on each, by whom, and what whoever does it is told.

A step is a function of the place: what it does before it yields is made ready in peace, what comes after it is done
while processes die. It yields what comes to ``told`` when it ends: the same in every run.
"""

import time
from collections import Counter

from api.catalogue.synthetic import credit_code
from api.client.consent import accept
from ledger_node.chain.port import RECOVERY_DELAY_S
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.chaos.fail_process import PATIENCE_S
from tests.kit.chaos.fail_state import rows_of
from tests.kit.served import DEPARTMENTS, SEED, one_form, seen, write_rows
from tests.kit.subject import Key, body_of, cancel, hold, new_key, path_of, rotate
from tests.kit.webhook import Endpoint

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")
MORE = one_form("tax_payment.paid_amount >= 5000000 CNY during 2025")
NONE = one_form("penalty_summary.count_24m < 1")
PATHS = {}


def step(path):
    """Put a step at the end of a path."""

    def put(function):
        PATHS.setdefault(path, []).append(function)
        return function

    return put


def wait_for(job, client):
    deadline = time.monotonic() + PATIENCE_S
    while (state := client.job(job))["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline, state
        time.sleep(0.02)
    return state


def signed(place, digest, key=None):
    return [to_hex(sign(digest, key or place.shop.keys[0]))]


def granted(place, **options):
    secret = random_bytes(32)
    return place.post_consent(place.consent([GOOD, MORE, NONE], secret=secret, **options))["id"], secret


def upload(place, rows, name="rows", **said):
    client = place.client(DEPARTMENTS["tax_payment"])
    file = write_rows(place.folder / f"{name}.csv", "tax_payment", rows)
    job = client.upload(file, "tax_payment", **said)
    state = wait_for(job, client)
    counts = {name: state[name] for name in ("state", "rows_read", "issued", "unchanged", "rejected", "batches")}
    return counts, Counter((row["line"], row["status"]) for row in client.results(job))


@step("issue")
def upload_of_new_rows(place):
    firms = [place.fresh() for _ in range(3)]
    yield
    bad = {"实缴税额（元）": "many"}
    yield upload(place, [(firms[0], {}), (firms[1], bad), (firms[2], {})])


@step("issue")
def upload_that_supersedes(place):
    firms = [place.fresh() for _ in range(2)]
    upload(place, [(firm, {}) for firm in firms])
    yield
    yield upload(place, [(firms[0], {"实缴税额（元）": "2,000,000.00"}), (firms[1], {})], correct=True)


@step("issue")
def registration(place):
    firm = place.fresh()
    yield
    subject = place.register(firm).subject
    yield place.ledger.controller_entry(subject, 0) is not None


@step("consent")
def request(place):
    yield
    asked = place.request([GOOD])
    place.bank.post("/v1/consent-requests", place.asking(asked))
    yield None


@step("consent")
def grant_of_a_request(place):
    asked = place.request([GOOD])
    number = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    consent, _ = accept(place.shop.client, asked, Language.CHINESE, random_bytes(32), now=place.now())
    signatures = signed(place, consent.digest(place.ledger.consent_domain))
    yield
    parts = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json()}
    body = parts | {"signatures": signatures, "request": number}
    answer = place.bank.post("/v1/consents", body)
    yield answer["state"], answer["request"] == number


@step("consent")
def refusal_of_a_request(place):
    asked = place.request([GOOD])
    number = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    digest = refusal_digest(from_hex(number, "request"), place.ledger.consent_domain)
    yield
    body = {"signatures": signed(place, digest)}
    yield place.shop.client.post(f"/v1/consent-requests/{number}/refusal", body)["state"]


def changed(place, consent, what, number):
    digest = change_digest(from_hex(consent, "consent"), what, number, place.ledger.consent_domain)
    body = {"change": what.value, "number": number, "signatures": signed(place, digest)}
    return place.shop.client.post(f"/v1/consents/{consent}/changes", body)


@step("consent")
def pause_and_resumption(place):
    consent, _ = granted(place)
    yield
    first = changed(place, consent, Change.PAUSE, 1)
    second = changed(place, consent, Change.RESUME, 2)
    yield first["changes"], second["changes"]


def verified(place, consent, question):
    """Ask, and hold the evidence and the log against the answer."""
    answer = place.verify(consent, [question])
    use = answer["use"] and answer["use"]["id"]
    if use is not None:
        recorded = place.ledger.counted_uses([from_hex(consent, "consent")])
        assert [to_hex(one.ticket) for uses in recorded.values() for one in uses].count(use) == 1
        if answer["evidence"] is not None:
            assert examine(place.bank.evidence(use), place.ledger.trust()).failed is None
    _, rows = place.bank.access_rows()
    told = [(row["row"]["verdict"], row["row"]["reason"]) for row in rows if use and row["row"]["use"] == use]
    assert use is None or told[-1] == seen(answer)[0]
    return seen(answer), answer["uses"]


@step("verify")
def question_that_holds(place):
    consent, _ = granted(place)
    yield
    yield verified(place, consent, GOOD)


@step("verify")
def question_that_does_not_hold(place):
    consent, _ = granted(place)
    yield
    yield verified(place, consent, MORE)


@step("verify")
def question_that_cannot_be_told(place):
    firm = place.new_taxpayer()
    consent = place.grant(NONE, firm=firm)
    yield
    yield verified(place, consent, NONE)


@step("verify")
def question_that_was_not_consented_to(place):
    consent, _ = granted(place)
    yield
    yield verified(place, consent, one_form("tax_credit_rating.grade in {A}"))


@step("verify")
def question_without_a_use_left(place):
    consent, _ = granted(place, uses=1)
    place.verify(consent, [GOOD])
    yield
    yield verified(place, consent, GOOD)


@step("withdraw")
def withdrawal_by_secret(place):
    consent, secret = granted(place)
    yield
    state = place.bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})["state"]
    yield state, verified(place, consent, GOOD)


@step("withdraw")
def withdrawal_by_controllers(place):
    consent, _ = granted(place)
    digest = withdrawal_digest(from_hex(consent, "consent"), place.ledger.consent_domain)
    yield
    state = place.bank.post(f"/v1/consents/{consent}/withdrawal", {"signatures": signed(place, digest)})["state"]
    yield state, verified(place, consent, GOOD)


@step("access log")
def row_until_it_is_anchored(place):
    consent, _ = granted(place)
    yield
    told = verified(place, consent, GOOD)
    deadline = time.monotonic() + PATIENCE_S
    while not all(row["place"] for row in place.bank.access_rows()[1]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield told


@step("controllers")
def rotation(place):
    firm = place.register(place.fresh())
    heirs = Controllers(each_person([new_key().controller]), 1, random_bytes(32))
    yield
    yield rotate(place, firm, [Key(firm.keys[0])], heirs)["entry"]


def requested(place, firm, people):
    return place.regulator.post(path_of(firm, "/recoveries"), body_of(people))


@step("controllers")
def recovery_that_is_cancelled(place):
    firm, heir = place.register(place.fresh()), new_key()
    yield
    asked = requested(place, firm, [heir])
    yield cancel(place, firm, asked, [Key(firm.keys[0])])["state"]


@step("controllers")
def recovery_that_is_completed(place):
    firm, heir = place.register(place.fresh()), new_key()
    asked = requested(place, firm, [heir])
    place.served.pass_time(RECOVERY_DELAY_S)
    yield
    yield place.regulator.post(path_of(firm, f"/recoveries/{asked['number']}/completion"), {})["entry"]


@step("controllers")
def held(place):
    firm = place.register(place.fresh())
    yield
    yield hold(place, firm, [Key(firm.keys[0])])["number"]


@step("erasure")
def erasure_of_one_type(place):
    firm = place.new_taxpayer()
    yield
    body = {"credit_code": credit_code(firm.number, SEED), "schema": "tax_payment"}
    yield place.tax.post("/v1/erasures", body)["erased"]


@step("erasure")
def erasure_of_the_registration(place):
    firm = place.register(place.fresh())
    yield
    yield place.regulator.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})["erased"]


@step("notification")
def message_to_a_webhook(place):
    endpoint = Endpoint()
    try:
        place.bank.put("/v1/webhook", {"url": f"http://127.0.0.1:{endpoint.port}/"})
        all_told(place)
        yield
        consent, _ = granted(place)
        all_told(place)
        told = [one["id"] for one in place.bank.notifications()]
        got = endpoint.ids()
        assert sorted(set(got), key=got.index) == [one for one in told if one in set(got)]
        kinds = Counter(one["kind"] for one in place.bank.notifications() if one["data"].get("consent") == consent)
        assert got[-1] == told[-1]
        yield kinds
    finally:
        endpoint.close()


def all_told(place):
    """Wait until everything is told and taken."""
    deadline = time.monotonic() + PATIENCE_S
    head = place.ledger.head().number
    while next_block(place) <= head or place.bank.get("/v1/webhook")["waiting"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def next_block(place):
    """Return the first block that notifications do not tell of yet."""
    rows = rows_of(place.home.store, "SELECT next_block FROM chain_cursor")
    return rows[0]["next_block"] if rows else 0
