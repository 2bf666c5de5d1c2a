"""Several persons of a firm sign one after the other over HTTP, as at the pages: a grant, and a change of signers."""

import pytest

from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import each_person, keys_to_json
from ledger_node.randomness import random_bytes
from tests.kit.canary import plant
from tests.kit.served import one_form
from tests.kit.subject import refused

GOOD = "tax_payment.paid_amount >= 1000 CNY during 2025"
ID = "0x" + "ab" * 32


@pytest.fixture(scope="module")
def firm(inside):
    return inside.new_taxpayer(controllers=2, threshold=2)


@pytest.fixture(scope="module")
def shop(firm):
    return firm.client


def asked_by(inside, firm):
    """Let the bank ask a firm, and return the request's id."""
    return inside.bank.post("/v1/consent-requests", inside.asking(inside.request([one_form(GOOD)], firm=firm)))["id"]


def signed(draft, key):
    """Return a person's signature on a draft, with the draft as it was shown."""
    shown = {name: draft[name] for name in ("request", "terms", "bounds", "drawn_up_at")}
    return {**shown, "signature": to_hex(sign(from_hex(draft["id"], "draft"), key))}


def post(shop, draft, body):
    return shop.post(f"/v1/drafts/{draft['id']}/signatures", body)


def test_a_draft_is_granted_once_enough_persons_signed_the_words_that_were_shown(inside, firm, shop):
    draft = shop.post("/v1/drafts", {"request": asked_by(inside, firm), "language": "en"})
    assert (draft["needed"], draft["signed"], draft["granted"]) == (2, [], False)
    assert any("not less than" in line["text"] or "CNY 1,000" in line["text"] for line in draft["lines"])
    # what nobody signed is stored nowhere
    assert refused(lambda: shop.get(f"/v1/drafts/{draft['id']}")) == (404, "not_found")
    stranger = signed(draft, random_bytes(32))
    assert refused(lambda: post(shop, draft, stranger)) == (422, "signer_not_controller")
    other = signed(draft, firm.keys[0]) | {"bounds": draft["bounds"] | {"max_uses": 9}}
    assert refused(lambda: post(shop, draft, other)) == (422, "consent_terms_differ")
    first = post(shop, draft, signed(draft, firm.keys[0]))
    assert (first["signed"], first["granted"]) == ([1], False)
    assert refused(lambda: post(shop, draft, signed(draft, firm.keys[0])))[1] == "signer_repeated"
    assert shop.get(f"/v1/drafts/{draft['id']}") == shop.get("/v1/drafts")["drafts"][0] == first
    # another firm sees nothing of it
    assert inside.shop.client.get("/v1/drafts") == {"drafts": []}
    assert refused(lambda: inside.shop.client.get(f"/v1/drafts/{draft['id']}")) == (404, "not_found")
    assert post(shop, draft, signed(draft, firm.keys[1]))["granted"] is True
    assert inside.bank.get(f"/v1/consents/{draft['id']}")["state"] == "live"
    # again changes nothing
    assert post(shop, draft, signed(draft, firm.keys[1]))["granted"] is True
    assert refused(lambda: shop.post("/v1/drafts", {"request": draft["request"], "language": "en"}))[1] == (
        "request_answered"
    )


def test_a_draft_that_was_closed_can_be_signed_no_more(inside, firm, shop):
    request = asked_by(inside, firm)
    assert refused(lambda: shop.post("/v1/drafts/cancellation", {"request": request}))[1] == "draft_unknown"
    draft = shop.post("/v1/drafts", {"request": request, "language": "zh"})
    post(shop, draft, signed(draft, firm.keys[0]))
    assert shop.post("/v1/drafts/cancellation", {"request": request}) == {"request": request}
    assert shop.get("/v1/drafts") == {"drafts": []}
    assert refused(lambda: post(shop, draft, signed(draft, firm.keys[1])))[0] in {409, 422}
    assert refused(lambda: shop.post("/v1/drafts", {"request": ID, "language": "zh"})) == (404, "request_unknown")


def test_nobody_but_its_firm_draws_up_signs_or_closes_a_draft(inside, firm, shop):
    request, other = asked_by(inside, firm), inside.shop.client
    draft = shop.post("/v1/drafts", {"request": request, "language": "zh"})
    post(shop, draft, signed(draft, firm.keys[0]))
    assert refused(lambda: other.post("/v1/drafts", {"request": request, "language": "zh"}))[1] == "request_unknown"
    assert refused(lambda: other.post("/v1/drafts/cancellation", {"request": request}))[1] == "request_unknown"
    assert refused(lambda: post(other, draft, signed(draft, firm.keys[1])))[1] == "request_unknown"
    assert refused(lambda: inside.bank.post("/v1/drafts/cancellation", {"request": request})) == (403, "not_allowed")
    assert [one["id"] for one in shop.get("/v1/drafts")["drafts"]] == [draft["id"]]
    assert shop.post("/v1/drafts/cancellation", {"request": request}) == {"request": request}
    # twice closes nothing more
    assert refused(lambda: shop.post("/v1/drafts/cancellation", {"request": request}))[1] == "draft_unknown"
    assert shop.get("/v1/drafts") == {"drafts": []}


def test_signers_change_by_persons_who_sign_the_same_lines(inside):
    firm = inside.new_taxpayer(controllers=2, threshold=2)
    shop, new = firm.client, random_bytes(32)
    plant("a controller's key", new)
    wanted = {
        "controllers": keys_to_json(each_person([address_of(firm.keys[0]), address_of(new)])),
        "threshold": 1,
        "names": [{"person": "Wang Fang", "device": "Phone"}, {"person": "Li Lei", "device": "PC"}],
        "present_names": [{"person": "Wang Fang", "device": "Phone"}, {"person": "Zhao Jun", "device": "PC"}],
        "language": "en",
    }
    assert refused(lambda: shop.post("/v1/rotation-drafts", wanted | {"names": []}))[1] == "request_invalid"
    dropped = shop.post("/v1/rotation-drafts", wanted)
    path = f"/v1/rotation-drafts/{dropped['id']}"
    assert shop.post(f"{path}/cancellation", {}) == shop.get("/v1/rotation-drafts") == {"drafts": []}
    words = {"signature": to_hex(sign(from_hex(dropped["digest"], "digest"), firm.keys[0]))}
    assert refused(lambda: shop.post(f"{path}/signatures", words))[1] == "draft_unknown"

    draft = shop.post("/v1/rotation-drafts", wanted)
    assert shop.get("/v1/rotation-drafts") == {"drafts": [draft]}
    assert any("Li Lei" in line["text"] for line in draft["lines"])

    def sign_it(key):
        words = {"signature": to_hex(sign(from_hex(draft["digest"], "digest"), key))}
        return shop.post(f"/v1/rotation-drafts/{draft['id']}/signatures", words)

    assert refused(lambda: sign_it(new))[1] == "signer_not_controller"
    assert (sign_it(firm.keys[0])["done"], sign_it(firm.keys[1])["done"]) == (False, True)
    present = inside.regulator.get(f"/v1/subjects/{to_hex(firm.subject)}")
    assert (present["by"], present["threshold" if "threshold" in present else "entry"]) == ("rotation", 1)
    assert present["controllers"]["keys"] == draft["controllers"]["keys"]
