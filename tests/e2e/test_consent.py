"""Consents are granted, used up and withdrawn by those who may, and each refusal has its reason."""

import time

import pytest

from api.client.client import ApiError
from ledger_node import clock
from ledger_node.domain.consent_act import withdrawal_digest
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.served import DAY, altered, seen

NOW = whole_minute(clock.now())
GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
TOO_MANY = tuple(GOOD.replace("1000000", f"{n}{'0' * zeros}") for n in range(1, 10) for zeros in range(3, 7))
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def refused(call):
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.status, caught.value.reason.value


def high_s(signature):
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    return r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])


def withdraw(place, consent, client=None, **body):
    return (client or place.shop.client).post(f"/v1/consents/{consent}/withdrawal", body)


class TestUse:
    """C1: no consent, another bank's, not yet valid, withdrawn, spent."""

    def test_c1_an_unknown_consent_and_another_banks_get_the_same_answer(self, place):
        other = place.other_bank()
        consent = place.grant(GOOD)
        unknown = place.verify(to_hex(random_bytes(32)), [GOOD], client=other)
        foreign = place.verify(consent, [GOOD], client=other)
        assert seen(unknown) == [("cannot_tell", "consent_unknown")]
        assert foreign == unknown
        assert place.shop.client.get(f"/v1/consents/{consent}")["uses"] == 0

    def test_c1_another_bank_cannot_look_at_a_consent(self, place):
        other = place.other_bank()
        consent = place.grant(GOOD)
        assert refused(lambda: other.get(f"/v1/consents/{consent}")) == (404, "consent_unknown")
        assert refused(lambda: other.get(f"/v1/consents/{to_hex(random_bytes(32))}")) == (404, "consent_unknown")
        assert other.get("/v1/consents")["consents"] == []

    def test_c1_a_consent_that_is_not_valid_yet_is_refused_without_a_use(self, place):
        consent = place.grant(GOOD, not_before=whole_minute(clock.now() + 3600))
        answer = place.verify(consent, [GOOD])
        assert seen(answer) == [("cannot_tell", "consent_not_yet_valid")]
        shown = place.shop.client.get(f"/v1/consents/{consent}")
        assert (shown["state"], shown["uses"]) == ("early", 0)

    def test_c1_a_withdrawn_consent_is_refused(self, place):
        secret = random_bytes(32)
        consent = place.grant(GOOD, secret=secret)
        assert place.ask(consent, GOOD) == [("holds", None)]
        withdraw(place, consent, secret=to_hex(secret))
        assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]
        assert place.bank.get(f"/v1/consents/{consent}")["state"] == "withdrawn"

    def test_c1_a_consent_is_exhausted_after_its_uses(self, place):
        consent = place.grant(GOOD, uses=1)
        assert place.ask(consent, GOOD) == [("holds", None)]
        answer = place.verify(consent, [GOOD])
        assert seen(answer) == [("cannot_tell", "consent_exhausted")]
        assert answer["presentation"]["subject"] is None
        assert place.bank.get(f"/v1/consents/{consent}")["state"] == "exhausted"

    def test_c1_a_consent_expires_by_block_time(self, place):
        now = clock.now()
        deadline = whole_minute(now + 64)
        consent = place.grant(GOOD, not_before=whole_minute(now - 60), expires_at=deadline)
        answer = place.verify(consent, ["tax_payment.tax_kind equals 10101"])
        assert seen(answer) == [("cannot_tell", "question_not_consented")]
        while clock.now() <= deadline:
            time.sleep(1)
        assert place.ask(consent, GOOD) == [("cannot_tell", "consent_expired")]
        assert place.bank.get(f"/v1/consents/{consent}")["state"] == "expired"


class TestGrant:
    """C2 to C7 and C10 through the API."""

    def test_c2_signatures_on_other_terms_grant_nothing(self, place):
        honest = place.consent([GOOD])
        signature = to_hex(sign(honest.digest(place.ledger.consent_domain), place.shop.keys[0]))
        more = altered(honest, max_uses=2)
        found = refused(lambda: place.post_consent(more, signatures=[signature]))
        assert found == (422, "signer_not_controller")

    def test_c3_a_key_that_does_not_control_the_subject_grants_nothing(self, place):
        found = refused(lambda: place.post_consent(place.consent([GOOD]), [random_bytes(32)]))
        assert found == (422, "signer_not_controller")

    @pytest.mark.parametrize("signatures", [[], ["0x"], ["0x" + "00" * 65], ["0x" + "ff" * 65], ["x"], [5]])
    def test_c5_a_malformed_signature_grants_nothing(self, place, signatures):
        consent = place.consent([GOOD])
        body = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json(), "signatures": signatures}
        status, reason = refused(lambda: place.bank.post("/v1/consents", body))
        assert status == 422
        assert reason in {"threshold_not_met", "signature_malformed", "value_malformed", "type_wrong"}

    def test_c5_a_high_s_signature_grants_nothing(self, place):
        terms = place.consent([GOOD])
        signature = high_s(sign(terms.digest(place.ledger.consent_domain), place.shop.keys[0]))
        found = refused(lambda: place.post_consent(terms, signatures=[to_hex(signature)]))
        assert found == (422, "signature_malformed")

    @pytest.mark.parametrize("what", ["chain", "contract"])
    def test_c6_a_grant_for_another_chain_or_contract_grants_nothing(self, place, what):
        here = place.ledger.consent_domain
        there = SigningDomain(here.chain_id + 1, here.contract)
        if what == "contract":
            there = SigningDomain(here.chain_id, place.ledger.anchor_domain.contract)
        found = refused(lambda: place.post_consent(place.consent([GOOD]), domain=there))
        assert found == (422, "signer_not_controller")

    @pytest.mark.parametrize(
        ("changes", "reason", "field"),
        [
            ({"expires_at": NOW + 40 * DAY}, "purpose_ceiling", "expires_at"),
            ({"max_uses": 4}, "purpose_ceiling", "max_uses"),
            ({"retention_days": 32}, "purpose_ceiling", "retention_days"),
            ({"purpose": "curiosity"}, "purpose_unknown", "purpose"),
            ({"not_before": NOW - 9000, "expires_at": NOW - 60}, "consent_expired", "expires_at"),
            ({"grantee": bytes(32)}, "member_unknown", "grantee"),
            ({"grantee_name": "Another bank"}, "member_unknown", "grantee"),
            ({"departments": (bytes(32),)}, "member_unknown", "departments"),
            ({"subject": bytes(32)}, "subject_unknown", "subject"),
            ({"questions": (GOOD.replace("1000000", "1234567"),)}, "off_ladder", None),
            ({"questions": (GOOD + " ",)}, "question_malformed", "questions"),
            ({"questions": ("tax_payment.paid_amount reveal",)}, "not_revealable", "paid_amount"),
            ({"questions": ()}, "request_invalid", None),
            ({"purpose": "post_loan_monitoring", "max_uses": 2}, "purpose_ceiling", "max_uses"),
            ({"purpose": "subsidy_or_tender", "max_uses": 1}, "purpose_ceiling", "questions"),
            ({"questions": TOO_MANY}, "purpose_ceiling", "questions"),
        ],
    )
    def test_c7_terms_beyond_their_bounds_are_refused_by_name(self, place, changes, reason, field):
        with pytest.raises(ApiError) as caught:
            place.post_consent(altered(place.consent([GOOD]), **changes))
        assert (caught.value.status, caught.value.reason) == (422, reason)
        assert field is None or caught.value.field == field

    def test_c7_a_department_is_no_bank(self, place):
        member = next(m for m in place.bank.get("/v1/members")["members"] if m["name"] == "Demo tax bureau")
        changes = {"grantee": bytes.fromhex(member["id"][2:]), "grantee_name": member["name"]}
        assert refused(lambda: place.post_consent(place.consent([GOOD], **changes))) == (422, "member_unknown")

    def test_c10_the_same_grant_twice_is_one_grant(self, place):
        terms = place.consent([GOOD])
        consent = place.post_consent(terms)["id"]
        assert refused(lambda: place.post_consent(terms)) == (409, "consent_exists")
        assert place.ask(consent, GOOD) == [("holds", None)]

    def test_c10_a_withdrawn_grant_cannot_be_granted_again(self, place):
        secret = random_bytes(32)
        terms = place.consent([GOOD], secret=secret)
        consent = place.post_consent(terms)["id"]
        withdraw(place, consent, secret=to_hex(secret))
        assert refused(lambda: place.post_consent(terms)) == (409, "consent_exists")
        assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]

    def test_c4_both_of_two_controllers_must_sign(self, place):
        firm = place.new_firm(controllers=2, threshold=2)
        one, two = firm.keys
        terms = place.consent([GOOD], firm=firm)
        assert refused(lambda: place.post_consent(terms, [one])) == (422, "threshold_not_met")
        assert refused(lambda: place.post_consent(terms, [one, one])) == (422, "signer_repeated")
        assert refused(lambda: place.post_consent(terms, [one, place.shop.keys[0]])) == (422, "signer_not_controller")
        consent = place.post_consent(terms, [two, one])["id"]
        assert place.ask(consent, GOOD) == [("holds", None)]
        digest = withdrawal_digest(bytes.fromhex(consent[2:]), place.ledger.consent_domain)
        alone = [to_hex(sign(digest, one))]
        assert refused(lambda: withdraw(place, consent, firm.client, signatures=alone)) == (422, "threshold_not_met")
        assert refused(lambda: withdraw(place, consent, signatures=alone)) == (404, "consent_unknown")
        withdraw(place, consent, signatures=[*alone, to_hex(sign(digest, two))])
        assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


class TestWithdrawal:
    """C9, and the ways to withdraw."""

    def test_c9_a_wrong_secret_withdraws_nothing(self, place):
        consent = place.grant(GOOD)
        wrong = to_hex(random_bytes(32))
        assert refused(lambda: withdraw(place, consent, secret=wrong)) == (422, "consent_wrong_secret")
        assert place.ask(consent, GOOD) == [("holds", None)]

    def test_a_lost_secret_does_not_trap_a_firm(self, place):
        consent = place.grant(GOOD)
        digest = withdrawal_digest(bytes.fromhex(consent[2:]), place.ledger.consent_domain)
        stranger = [to_hex(sign(digest, random_bytes(32)))]
        assert refused(lambda: withdraw(place, consent, signatures=stranger)) == (422, "signer_not_controller")
        withdraw(place, consent, signatures=[to_hex(sign(digest, place.shop.keys[0]))])
        assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]

    def test_a_signature_that_grants_does_not_withdraw(self, place):
        terms = place.consent([GOOD])
        consent = place.post_consent(terms)["id"]
        signature = to_hex(sign(bytes.fromhex(consent[2:]), place.shop.keys[0]))
        assert refused(lambda: withdraw(place, consent, signatures=[signature])) == (422, "signer_not_controller")

    def test_a_second_withdrawal_says_that_there_was_one(self, place):
        secret = random_bytes(32)
        consent = place.grant(GOOD, secret=secret)
        withdraw(place, consent, secret=to_hex(secret))
        assert refused(lambda: withdraw(place, consent, secret=to_hex(secret))) == (409, "consent_withdrawn")

    def test_an_unknown_consent_cannot_be_withdrawn(self, place):
        unknown = to_hex(random_bytes(32))
        assert refused(lambda: withdraw(place, unknown, secret=to_hex(random_bytes(32)))) == (404, "consent_unknown")

    def test_the_parties_list_a_consent_with_its_state(self, place):
        consent = place.grant(GOOD)
        for client in (place.shop.client, place.bank):
            listed = {held["id"]: held["state"] for held in client.get("/v1/consents")["consents"]}
            assert listed[consent] == "live"
