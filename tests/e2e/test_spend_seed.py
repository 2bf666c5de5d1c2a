"""A bank that lets its instance sign: by its own act alone, sealed, and until it takes the seed back."""

import pytest

from api.client.client import ApiError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.served import BANK_NAME, one_form, seen

QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"
PATH = "/v1/spend-seed"


def unsigned(place, consent, client=None):
    """Ask without a use of one's own."""
    body = {"consent": consent, "claims": [one_form(QUESTION)]}
    return (client or place.bank).post("/v1/verifications", body)


def refused(call, *arguments):
    with pytest.raises(ApiError) as error:
        call(*arguments)
    return error.value.status, error.value.reason, error.value.field


def keyless(place):
    """Return a request for consent that names no spend key, and its salt."""
    asked = place.request([one_form(QUESTION)])
    body = place.asking(asked)
    del body["request"]["spend_key"]
    return body, asked.salt


def test_the_instance_signs_for_a_bank_only_while_it_holds_the_seed_that_the_bank_handed_over(place):
    consent = place.grant(QUESTION)
    assert place.bank.get(PATH) == {"is_held": False}
    assert refused(unsigned, place, consent) == (422, "field_missing", "use")
    body, salt = keyless(place)
    assert refused(place.bank.post, "/v1/consent-requests", body) == (422, "field_missing", "spend_key")

    done = place.credence("consent", "hand-over-seed", "--as", "demo-bank", "--json")
    assert (done.returncode, printed(done)) == (0, {"is_held": True})
    assert place.seed.to_text() not in done.stdout + done.stderr
    assert place.bank.get(PATH) == {"is_held": True}
    answer = unsigned(place, consent)
    assert (seen(answer), answer["uses"]) == ([("holds", None)], 1)
    # what the bank signs itself counts as before
    assert place.ask(consent, one_form(QUESTION)) == [("holds", None)]
    asked = place.bank.post("/v1/consent-requests", body)
    assert asked["request"]["spend_key"] == to_hex(address_of(place.seed.spend_key(salt)))
    assert (asked["state"], asked["request"]["grantee_name"]) == ("open", BANK_NAME)

    # the seed that is held is of no use to others
    other = place.other_bank()
    assert other.get(PATH) == {"is_held": False}
    assert other.delete(PATH) == {"is_held": False}
    assert refused(unsigned, place, consent, other) == (422, "field_missing", "use")
    other.put(PATH, {"seed": to_hex(random_bytes(32))})
    assert [one["reason"] for one in unsigned(place, consent, other)["presentation"]["claims"]] == ["consent_unknown"]
    for client in (place.tax, place.regulator, place.shop.client):
        for call in (
            client.get,
            client.delete,
            lambda path, client=client: client.put(path, {"seed": "0x" + "1" * 64}),
        ):
            assert refused(call, PATH)[:2] == (403, "not_allowed")
    assert place.bank.get(PATH) == {"is_held": True}

    done = place.credence("consent", "take-back-seed", "--as", "demo-bank", "--json")
    assert (done.returncode, printed(done)) == (0, {"is_held": False})
    assert refused(unsigned, place, consent) == (422, "field_missing", "use")
    assert place.ask(consent, one_form(QUESTION)) == [("holds", None)]


@pytest.mark.parametrize("seed", ["0x" + "ab" * 31, "ab" * 32, 7, None])
def test_what_is_no_seed_is_refused_without_being_repeated(place, seed):
    with pytest.raises(ApiError) as refused_:
        place.bank.put(PATH, {"seed": seed})
    assert (refused_.value.status, refused_.value.field) == (422, "seed")
    assert "abab" not in refused_.value.message
