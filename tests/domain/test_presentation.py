"""The JSON form of an answer: what is malformed is refused in the name of its place, and bounds are kept."""

import pytest

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.error import CredenceError
from ledger_node.domain.presentation import MAX_CLAIMS, SUBJECT_REGISTRATION
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from tests.kit.world import CODE, NOW, REGISTRATION, SCHEMAS, Presentation, build

FORM = encode(build().spent().presentation.to_json(SCHEMAS))
LARGE = 2**53 - 1


def said(path, change) -> str:
    """Put something else at a place of the answer, and return reason, field and message of the refusal."""
    form = decode(FORM)
    *way, last = path
    place = form
    for step in way:
        place = place[step]
    place[last] = change(place[last]) if callable(change) else change
    with pytest.raises(CredenceError) as refused:
        Presentation.from_json(form, SCHEMAS)
    return f"{refused.value.reason} {refused.value.field}: {refused.value.message}"


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (("claims", 0), "claim"),
        (("claims", 0, "question"), "question"),
        (("consent",), "consent"),
        (("consent", "terms"), "terms"),
        (("consent", "controllers"), "controllers"),
        (("consent", "bounds"), "bounds"),
        (("resumption",), "word"),
        (("use",), "use"),
        (("use", "uses", 0), "use"),
        (("subject",), "subject"),
        (("subject", "registration"), "attestation"),
        (("attestations", 0), "attestation"),
        (("attestations", 0, "header"), "header"),
        (("attestations", 0, "anchor"), "anchor"),
    ],
)
def test_what_is_no_object_is_named(path, what):
    assert said(path, 5) == f"type_wrong {what}: {what} must be a JSON object"


def test_an_answer_is_an_object():
    with pytest.raises(CredenceError) as refused:
        Presentation.from_json([], SCHEMAS)
    assert refused.value.message == "presentation must be a JSON object"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("claims", 0, "proof"), "proof"),
        (("claims", 0, "proof", "opening"), "opening"),
        (("subject", "proof"), "proof"),
    ],
)
def test_what_is_no_proof_is_named(path, field):
    assert said(path, 5) == f"opening_malformed {field}: {field} must be a JSON object"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("claims", 0, "attestation"), "attestation"),
        (("consent", "id"), "id"),
        (("consent", "signatures", 0), "signature"),
        (("consent", "terms", "departments"), "member"),
        (("consent", "bounds", "withdrawal_hash"), "withdrawal_hash"),
        (("use", "nonce"), "nonce"),
        (("use", "uses", 0, "ticket"), "ticket"),
        (("attestations", 0, "path", 0), "path"),
        (("attestations", 0, "subject_key"), "subject_key"),
    ],
)
def test_bytes_of_another_length_are_named(path, field):
    words = said(path, ["0x00"] if field == "member" else "0x00")
    digits = 130 if field == "signature" else 64
    assert words == f"value_malformed {field}: '{field}' must be 0x and {digits} lower-case hexadecimal digits"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("consent", "controllers", "keys", 0, "address"), "address"),
        (("consent", "bounds", "spend_key"), "spend_key"),
        (("attestations", 0, "anchor", "key"), "key"),
        (("attestations", 0, "header", "anchor_registry"), "anchor_registry"),
    ],
)
def test_an_address_of_another_form_is_named(path, field):
    words = f"value_malformed {field}: '{field}' must be an address: 0x and 40 hexadecimal digits"
    assert said(path, "0x00") == words


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (("claims",), MAX_CLAIMS),
        (("attestations",), MAX_CLAIMS),
        (("attestations", 0, "path"), 32),
        (("consent", "signatures"), 32),
        (("consent", "controllers", "keys"), 16),
        (("consent", "terms", "questions"), 64),
        (("consent", "terms", "departments"), 64),
        (("use", "uses"), 96),
    ],
)
def test_lists_are_bounded(path, most):
    assert said(path, [None] * (most + 1)) == f"too_large {path[-1]}: '{path[-1]}' has more than {most} items"


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        (("consent", "terms", "version"), 2, 2),
        (("consent", "bounds", "not_before"), 0, 2**40 - 1),
        (("consent", "bounds", "expires_at"), 0, 2**40 - 1),
        (("consent", "bounds", "grant_before"), 0, 2**40 - 1),
        (("consent", "bounds", "max_uses"), 1, 96),
        (("consent", "terms", "retention_days"), 0, 2**32 - 1),
        (("consent", "controllers", "threshold"), 0, 16),
        (("consent", "controllers", "keys", 0, "person"), 1, 255),
        (("use", "number"), 1, 96),
        (("use", "not_after"), 0, 2**40 - 1),
        (("use", "uses", 0, "number"), 1, 96),
        (("use", "uses", 0, "time"), 0, 2**40 - 1),
        (("attestations", 0, "index"), 0, LARGE),
        (("attestations", 0, "anchor", "stream"), 0, 255),
        (("attestations", 0, "anchor", "number"), 1, LARGE),
        (("attestations", 0, "anchor", "size"), 1, 2**24 - 1),
        (("attestations", 0, "anchor", "start"), 0, LARGE),
        (("attestations", 0, "header", "issued_at"), 0, LARGE),
        (("attestations", 0, "header", "chain_id"), 0, LARGE),
    ],
)
def test_integers_are_bounded(path, low, high):
    field = path[-1]
    for beyond in (low - 1, high + 1):
        assert said(path, beyond) == f"value_out_of_range {field}: '{field}' must lie between {low} and {high}"


@pytest.mark.parametrize("name", ["as_of", "period_from", "period_to"])
def test_days_are_dates_from_1970(name):
    path = ("attestations", 0, "header", name)
    assert said(path, "2025") == f"value_malformed {name}: '{name}' must be a date written YYYY-MM-DD"
    assert said(path, "1969-12-31") == f"value_out_of_range {name}: '{name}' lies before 1970-01-01"
    form = decode(FORM)
    form["attestations"][0]["header"][name] = "1970-01-01"
    Presentation.from_json(form, SCHEMAS)


@pytest.mark.parametrize("name", ["data_from", "data_to"])
def test_days_of_data_are_dates(name):
    path = ("consent", "terms", name)
    assert said(path, "2025") == f"value_malformed {name}: '{name}' must be a date written YYYY-MM-DD"
    assert said(path, "2025-01-011") == f"too_large {name}: '{name}' is longer than 10 characters"


def test_a_claim_in_other_words_than_its_question_is_refused():
    path = ("claims", 0, "claim")
    assert said(path, lambda text: text + " ").startswith("question_malformed None: the words of a claim")
    assert said(path, "x" * 4097) == "too_large claim: 'claim' is longer than 4096 characters"
    assert said(path, "x" * 4096).startswith("question_malformed None: the words of a claim")


@pytest.mark.parametrize("name", ["consent", "subject"])
def test_what_is_missing_is_said_to_be_null(name):
    assert (
        said((name,), lambda shown: {**shown, "more": 1}) == f"field_unknown more: {name} has an unknown member 'more'"
    )
    form = decode(FORM)
    form[name] = None
    assert getattr(Presentation.from_json(form, SCHEMAS), name) is None


@pytest.mark.parametrize("reason", [None, Reason.ERASED])
@pytest.mark.parametrize("message", [None, "the record was erased on request"])
def test_a_claim_without_a_proof_keeps_its_reason_and_words(reason, message):
    form = decode(FORM)
    form["claims"][0] |= {"verdict": "cannot_tell", "reason": reason, "message": message, "attestation": None}
    form["claims"][0]["proof"] = None
    shown = Presentation.from_json(form, SCHEMAS)
    claim = shown.claims[0]
    assert (claim.verdict, claim.reason, claim.message, claim.parts) == (Outcome.CANNOT_TELL, reason, message, ())
    assert decode(encode(shown.to_json(SCHEMAS))) == form


def test_the_subject_is_shown_by_its_code_and_registration():
    shown = build().spent().presentation.to_json(SCHEMAS)["subject"]
    assert (shown["credit_code"], SUBJECT_REGISTRATION) == (CODE, REGISTRATION.name)
    assert shown["registration"]["header"]["issued_at"] < NOW
