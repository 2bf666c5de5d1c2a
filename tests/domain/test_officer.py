"""What officers signed checks without an instance, in a row of the access log and in a receipt."""

from dataclasses import replace

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Basis
from ledger_node.domain.receipt_check import check_receipt
from tests.domain.test_access import BARE, KEEPER, ROW, SALT, made, refusal
from tests.kit.authenticator import Authenticator
from tests.kit.receipt import ALL, ASKED, SHOWN, TICKET, TRUSTED, bank_word, receipt, refused
from tests.kit.world import h

OFFICER, OTHER = Authenticator(71), Authenticator(72)


def signature(digest, device=OFFICER, key=OFFICER):
    return OfficerSignature(
        digest, Passkey(key.rp_id_hash, key.public_key), Assertion(*device.assertion(digest)).in_one_form()
    )


def used(officer):
    return receipt(Act.USED, Basis(SHOWN, bank_word=bank_word(), officer=officer), number=3, use=TICKET)


def test_a_row_keeps_what_an_officer_signed_and_reads_back():
    row = replace(ROW, officer=signature(ROW.use))
    assert type(row).from_json(row.to_json()) == row
    assert made(row)[0] != made(ROW)[0]
    row.require_officer()


def test_a_row_by_a_program_is_written_as_before():
    assert "officer" not in ROW.to_json()
    ROW.require_officer()


@pytest.mark.parametrize("null", [{"officer": None}, {"officer": {}}])
def test_an_officer_that_is_named_has_signed(null):
    with pytest.raises(InvalidInputError):
        type(ROW).from_json(ROW.to_json() | null)


@pytest.mark.parametrize(
    ("officer", "reason"),
    [
        (signature(h("another ticket")), Reason.CHALLENGE_MISMATCH),
        (replace(signature(h("another ticket")), signed=ROW.use), Reason.CHALLENGE_MISMATCH),
        (signature(ROW.use, device=OTHER), Reason.SIGNER_NOT_CONTROLLER),
    ],
)
def test_a_row_whose_officer_signed_something_else_is_refused(officer, reason):
    row = replace(ROW, officer=officer)
    place, facts = made(row)
    assert refusal(row, SALT, place, facts, keeper=KEEPER) is reason


def test_a_row_that_cost_no_use_shows_which_one_was_wanted():
    row = replace(BARE, officer=signature(h("never counted")))
    row.require_officer()
    forged = replace(BARE, officer=signature(h("never counted"), device=OTHER))
    with pytest.raises(VerificationError) as refused_row:
        forged.require_officer()
    assert refused_row.value.reason is Reason.SIGNER_NOT_CONTROLLER


def test_the_receipt_of_a_use_keeps_what_the_officer_signed():
    one = used(signature(TICKET))
    assert check_receipt(one.to_bytes(), TRUSTED) == one
    assert one.digest != ALL["used"].digest


def test_the_receipt_of_a_refusal_keeps_who_asked():
    plain = refused()
    one = receipt(Act.REFUSED, replace(plain.basis, officer=signature(plain.id)), id=plain.id)
    assert check_receipt(one.to_bytes(), TRUSTED) == one
    assert one.basis.asked == ASKED


@pytest.mark.parametrize(
    ("officer", "reason"),
    [
        (signature(h("another ticket")), Reason.CHALLENGE_MISMATCH),
        (signature(TICKET, device=OTHER), Reason.SIGNER_NOT_CONTROLLER),
    ],
)
def test_a_receipt_whose_officer_signed_something_else_fails_at_rule_4(officer, reason):
    with pytest.raises(VerificationError, match="rule 4") as refused_receipt:
        check_receipt(used(officer).to_bytes(), TRUSTED)
    assert refused_receipt.value.reason is reason


def test_a_grant_shows_no_officer():
    one = receipt(Act.GRANTED, Basis(SHOWN, officer=signature(TICKET)))
    with pytest.raises(VerificationError, match="rule 1"):
        check_receipt(one.to_bytes(), TRUSTED)
