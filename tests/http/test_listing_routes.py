"""Lists that pages show, over HTTP: what may be asked, what a bank verified, which recoveries wait."""

import pytest

from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import each_person, keys_to_json
from ledger_node.randomness import random_bytes
from tests.kit.subject import refused

GOOD = "tax_payment.paid_amount >= 1000 CNY during 2025"


@pytest.mark.parametrize(("language", "words"), [("en", "CNY 500,000"), ("zh", "50 万元")])
def test_the_catalogue_has_what_may_be_asked_in_words(inside, language, words):
    answer = inside.http().get("/v1/catalogue", params={"language": language}).json()
    assert answer["wording"] == inside.bank.get("/v1/wording")["digest"]
    fields = {(one["type"], one["field"]): one for one in answer["fields"]}
    paid = fields["tax_payment", "paid_amount"]
    steps = {one["value"]: one["words"].replace("\u00a0", " ") for one in paid["steps"]}
    assert steps["500000"] == words
    assert "loan_application" in paid["purposes"]
    at_least = next(one for one in paid["operators"] if one["op"] == ">=")
    assert at_least["operand"] == "step"
    assert "{0}" in at_least["sentence"]
    grade = fields["tax_credit_rating", "grade"]
    assert [one["value"] for one in grade["members"]] == ["A", "B", "M", "C", "D"]
    assert grade["steps"] == []
    # what tells attestations apart is named by a question, not asked for
    assert ("tax_payment", "tax_kind") not in fields
    assert inside.http().get("/v1/catalogue", params={"language": "fr"}).status_code == 422


def test_a_bank_lists_what_it_verified_and_nobody_else_does(inside):
    consent = inside.grant(GOOD)
    use = inside.verify(consent, [GOOD])["use"]["id"]
    newest = inside.bank.get("/v1/verifications")["verifications"][0]
    assert (newest["use"], newest["consent"], newest["deleted_at"]) == (use, consent, None)
    # numbers are drawn, and this one is free no more
    assert newest["number"] not in inside.bank.get(f"/v1/consents/{consent}")["free_numbers"]
    assert newest["evidence"]["href"] == f"/v1/verifications/{use}/evidence"
    assert newest["evidence"]["digest"] == to_hex(keccak(b"\x61" + inside.bank.evidence(use)))
    assert refused(lambda: inside.shop.client.get("/v1/verifications")) == (403, "not_allowed")


def test_a_registrar_lists_the_recoveries_that_wait(inside):
    firm = inside.new_taxpayer()
    path = f"/v1/subjects/{to_hex(firm.subject)}/recoveries"
    keys = keys_to_json(each_person([address_of(random_bytes(32))]))
    asked = inside.regulator.post(path, {"controllers": keys, "threshold": 1})
    (waiting,) = inside.regulator.get("/v1/recoveries")["recoveries"]
    assert (waiting["subject"], waiting["number"]) == (asked["subject"], asked["number"])
    assert waiting["commitment"] == asked["commitment"]
    inside.regulator.post(f"{path}/{asked['number']}/cancellation", {})
    assert inside.regulator.get("/v1/recoveries") == {"recoveries": []}
    assert refused(lambda: inside.bank.get("/v1/recoveries")) == (403, "not_allowed")
