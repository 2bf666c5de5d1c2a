"""Receipts of a served instance: of every act, for its two parties, the same after a kill, checked offline."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from api.client.client import ApiError
from api.page.receipt import CONTENT_SECURITY_POLICY, receipt_page
from api.services.consent.signed_act import find_signed_act, store_signed_act
from api.storage.database import open_store
from ledger_node.domain.canonical import encode
from ledger_node.domain.consent_act import Change, SignedAct, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.consent_text import text_digest
from ledger_node.domain.event import ConsentEvent, Inclusion, Step
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.receipt import Act, Receipt
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from ledger_node.domain.signature import sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.served import one_form

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"


@pytest.fixture
def trusted(place):
    keeper = next(member for member in place.ledger.members() if "operator" in member.name)
    return TrustedOperator(place.home.relayer_keys(), keeper.id, place.ledger.consent_domain)


def checked(place, trusted, consent, client=None):
    """Return the receipts of a consent, each checked offline."""
    listed = (client or place.shop.client).get(f"/v1/consents/{consent}/receipts")["receipts"]
    receipts = [check_receipt(encode(item["receipt"]), trusted) for item in listed]
    assert [item["id"] for item in listed] == [to_hex(receipt.digest) for receipt in receipts]
    return receipts


def change(place, consent, what, number):
    digest = change_digest(from_hex(consent, "consent"), what, number, place.ledger.consent_domain)
    body = {"change": what.value, "number": number, "signatures": [to_hex(sign(digest, place.shop.keys[0]))]}
    place.shop.client.post(f"/v1/consents/{consent}/changes", body)


def number_of(answer):
    """The number of the use that an answer cost; a bank draws any that is free."""
    return answer["presentation"]["use"]["number"]


def test_every_act_on_a_consent_has_a_receipt_that_checks_offline(place, trusted):
    secret = random_bytes(32)
    consent = place.grant(GOOD, secret=secret)
    answer = place.verify(consent, [GOOD])
    change(place, consent, Change.PAUSE, 1)
    change(place, consent, Change.RESUME, 2)
    second = place.verify(consent, [GOOD])
    place.shop.client.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    receipts = checked(place, trusted, consent)
    acts = [(receipt.act, receipt.number) for receipt in receipts]
    assert acts == [
        (Act.GRANTED, 0),
        (Act.USED, number_of(answer)),
        (Act.PAUSED, 1),
        (Act.RESUMED, 2),
        (Act.USED, number_of(second)),
        (Act.WITHDRAWN, 0),
    ]
    assert number_of(answer) != number_of(second)
    assert receipts == checked(place, trusted, consent, place.bank)
    assert receipts[-1].basis.secret == secret
    assert answer["receipt"] == receipts[1].to_json()
    assert to_hex(receipts[1].use) == answer["use"]["id"]
    for receipt in receipts:
        found = place.ledger._rpc.request("eth_getTransactionReceipt", to_hex(receipt.recorded.transaction))
        assert found["blockHash"] == to_hex(receipt.recorded.block_hash)


def test_uses_that_share_a_block_have_a_receipt_each(place, trusted):
    consent = place.grant(GOOD)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: place.verify(consent, [GOOD]), range(6)))
    answered = [answer["receipt"] for answer in answers if answer["receipt"]]
    uses = [receipt for receipt in checked(place, trusted, consent) if receipt.act is Act.USED]
    assert sorted(receipt.number for receipt in uses) == [1, 2, 3]
    expected = sorted((receipt.to_json() for receipt in uses), key=lambda receipt: receipt["number"])
    assert sorted(answered, key=lambda receipt: receipt["number"]) == expected


def test_a_withdrawal_by_signatures_shows_them_and_no_secret(place, trusted):
    consent = place.grant(GOOD)
    digest = withdrawal_digest(from_hex(consent, "consent"), place.ledger.consent_domain)
    signature = sign(digest, place.shop.keys[0])
    place.bank.post(f"/v1/consents/{consent}/withdrawal", {"signatures": [to_hex(signature)]})
    withdrawn = checked(place, trusted, consent)[-1]
    assert (withdrawn.act, withdrawn.basis.secret, withdrawn.basis.signed_act.signatures) == (
        Act.WITHDRAWN,
        None,
        (signature,),
    )


def test_of_several_words_the_one_that_the_ledger_took_is_kept(tmp_path):
    store, target, taken = open_store(tmp_path / "store.sqlite3"), random_bytes(32), []
    ledger = SimpleNamespace(consent_events=lambda _: taken)
    words = [
        SignedAct(Controllers(each_person([random_bytes(20)]), 1, random_bytes(32)), (random_bytes(65),))
        for _ in range(3)
    ]
    store_signed_act(store, ledger, target, Act.PAUSED, words[0], number=1)
    store_signed_act(store, ledger, target, Act.PAUSED, words[1], number=1)
    assert find_signed_act(store, target, Act.PAUSED, number=1) == words[1]
    taken.append(ConsentEvent(Step.PAUSED, target, Inclusion(bytes(32), 1, bytes(32), 1), number=1))
    store_signed_act(store, ledger, target, Act.PAUSED, words[2], number=1)
    assert find_signed_act(store, target, Act.PAUSED, number=1) == words[1]
    assert find_signed_act(store, target, Act.PAUSED, number=2) is None
    store.dispose()


def test_a_use_in_a_paused_or_withdrawn_consent_has_no_receipt(place, trusted):
    consent = place.grant(GOOD)
    change(place, consent, Change.PAUSE, 1)
    assert place.verify(consent, [GOOD])["receipt"] is None
    assert [receipt.act for receipt in checked(place, trusted, consent)] == [Act.GRANTED, Act.PAUSED]


def test_a_request_has_the_receipt_of_its_answer(place, trusted):
    asked = place.request([one_form(GOOD)])
    request = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    route = f"/v1/consent-requests/{request}/receipt"
    with pytest.raises(ApiError) as early:
        place.bank.get(route)
    assert (early.value.status, early.value.reason) == (404, "not_found")
    digest = refusal_digest(from_hex(request, "request"), place.ledger.consent_domain)
    signatures = [to_hex(sign(digest, place.shop.keys[0]))]
    place.shop.client.post(f"/v1/consent-requests/{request}/refusal", {"signatures": signatures})
    for client in (place.bank, place.shop.client):
        receipt = check_receipt(encode(client.get(route)), trusted)
        assert (receipt.act, receipt.id, receipt.basis.about) == (Act.REFUSED, from_hex(request, "id"), asked)
    for stranger in (place.other_bank(), place.new_firm().client):
        with pytest.raises(ApiError) as refusal:
            stranger.get(route)
        assert (refusal.value.status, refusal.value.reason) == (404, "request_unknown")


def test_a_granted_request_has_the_receipt_of_the_grant(place, trusted):
    asked = place.request([one_form(GOOD)])
    request = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    offered = {name: getattr(asked, name) for name in ("spend_key", "salt", "not_before", "expires_at")}
    consent = place.consent([one_form(GOOD)], **offered)
    signature = to_hex(sign(consent.digest(place.ledger.consent_domain), place.shop.keys[0]))
    shown = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json()}
    body = {**shown, "signatures": [signature], "request": request}
    granted = place.shop.client.post("/v1/consents", body)["id"]
    receipt = check_receipt(encode(place.bank.get(f"/v1/consent-requests/{request}/receipt")), trusted)
    assert (receipt.act, to_hex(receipt.id)) == (Act.GRANTED, granted)


def test_a1_receipts_of_others_and_of_nothing_are_answered_alike(place):
    consent = place.grant(GOOD)
    for client in (place.other_bank(), place.new_firm().client):
        answers = []
        for one in (consent, to_hex(random_bytes(32))):
            with pytest.raises(ApiError) as refusal:
                client.get(f"/v1/consents/{one}/receipts")
            answers.append((refusal.value.status, refusal.value.reason, refusal.value.message))
        assert answers == [(404, "consent_unknown", "there is no such consent of yours")] * 2


def test_one_receipt_is_downloaded_byte_for_byte(place, trusted):
    consent = place.grant(GOOD)
    (receipt,) = checked(place, trusted, consent)
    http = place.http("demo-bank")
    found = http.get(f"/v1/consents/{consent}/receipts/{to_hex(receipt.digest)}")
    assert found.content == receipt.to_bytes()
    assert found.headers["content-disposition"].startswith("attachment; filename=")
    missing = http.get(f"/v1/consents/{consent}/receipts/{to_hex(random_bytes(32))}")
    assert (missing.status_code, missing.json()["reason"]) == (404, "not_found")
    assert http.get(f"/v1/consents/{consent}/receipts/xyz").status_code == 422


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_a8_the_page_of_receipts_runs_nothing_and_loads_nothing(place):
    consent = place.grant(GOOD)
    answer = place.verify(consent, [GOOD])
    http = place.http("demo-bank")
    found = http.get(f"/v1/consents/{consent}/receipts", headers={"Accept": "text/html"})
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "script" not in CONTENT_SECURITY_POLICY
    page = Tags()
    page.feed(found.text)
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "section", "h1", "table", "tbody", "tr", "th", "td"),
        *("pre", "p", "span", "h2"),
    }
    assert {name for _, attributes in page.tags for name in attributes} <= {"lang", "charset", "name", "content"} | {
        "scope",
        "class",
    }
    receipts, title = ("授权回执", "Receipt of a consent granted", "核验回执"), "信用核验授权书"
    for words in (*receipts, f"{number_of(answer)} / 3", consent, title):
        assert words in page.text


def test_a8_whatever_a_name_holds_is_shown_and_never_run(place, trusted):
    (receipt,) = checked(place, trusted, place.grant(GOOD))
    about = receipt.basis.about
    for evil in ("</td><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;script&gt;", "\"'><style>*{}"):
        terms = replace(
            about.terms, grantee_name=evil, purpose_text=evil, questions=(evil,), text_digest=text_digest(evil)
        )
        forged = replace(receipt, basis=replace(receipt.basis, about=replace(about, terms=terms)))
        page = Tags()
        page.feed(receipt_page([(forged, evil)]))
        assert page.text.count(evil) == 4
        assert not {tag for tag, _ in page.tags} & {"script", "img"}
        assert sum(tag == "style" for tag, _ in page.tags) == 1
    assert "another text" not in receipt_page([(receipt, "another text than was signed")])
    page = Tags()
    page.feed(receipt_page([]))
    assert "没有回执" in page.text


def test_the_command_lists_saves_and_verifies_receipts(place, trusted, tmp_path):
    consent = place.grant(GOOD)
    place.verify(consent, [GOOD])
    done = place.credence("receipt", "list", consent, "--as", "demo-bank", "--json")
    assert done.returncode == 0, done.stderr
    assert [item["receipt"]["act"] for item in printed(done)["receipts"]] == ["granted", "used"]
    done = place.credence("receipt", "save", consent, "--as", "demo-bank", "--folder", str(tmp_path), "--html")
    assert done.returncode == 0, done.stderr
    done = place.credence("receipt", "save", consent, "--as", "demo-bank", "--folder", __file__)
    assert (done.returncode, "configuration" in done.stderr) == (2, True)
    pages = [file.read_text("utf-8") for file in tmp_path.glob("*.html")]
    assert [page.count("信用核验授权书") for page in pages] == [1, 1]
    documents = sorted(tmp_path.glob("*.json"))
    assert [check_receipt(file.read_bytes(), trusted).act for file in documents] == [Act.GRANTED, Act.USED]
    done = place.credence("receipt", "verify", str(documents[0]), "--json")
    assert (done.returncode, printed(done)["checks"]) == (0, True)
    (address,) = place.home.relayer_keys()
    done = place.credence("receipt", "verify", str(documents[1]), "--key", to_hex(address))
    assert done.returncode == 0, done.stderr
    document = json.loads(documents[1].read_bytes())
    document["block"]["number"] += 1
    documents[1].write_bytes(encode(document))
    done = place.credence("receipt", "verify", str(documents[1]), "--json")
    assert done.returncode == 1
    assert printed(done)["reason"] == "key_not_valid"
    assert "rule 6" in done.stderr
    done = place.credence("receipt", "verify", str(documents[0]), "--key", "0x" + "11" * 20)
    assert (done.returncode, "rule 6" in done.stderr) == (1, True)
    trust = tmp_path / "trust.json"
    assert place.credence("trust", "export", str(trust)).returncode == 0
    options = ("--key", to_hex(address), "--trust", str(trust))
    assert place.credence("receipt", "verify", str(documents[0]), *options).returncode == 0
    other = json.loads(trust.read_text("utf-8"))
    trust.write_text(json.dumps(other | {"chain_id": other["chain_id"] + 1}), "utf-8")
    done = place.credence("receipt", "verify", str(documents[0]), *options, "--json")
    assert (done.returncode, printed(done)["reason"]) == (1, "other_network")
    for wrong in (["--key", "nonsense"], ["--member", "nonsense"]):
        assert place.credence("receipt", "verify", str(documents[0]), *wrong).returncode == 2
    assert place.credence("receipt", "verify", str(tmp_path / "none.json")).returncode == 2
    assert Receipt.from_bytes(documents[0].read_bytes()).act is Act.GRANTED
