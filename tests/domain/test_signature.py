"""Case C5: what is a signature of the one form that counts, and what is not."""

from dataclasses import replace

import coincurve
import pytest

from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, address_of_point, low, recover, sign
from tests.kit.world import CONTROLLER_KEYS, h

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def malleated(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


MALFORMED = {
    "high s": malleated,
    "too short": lambda signature: signature[:64],
    "too long": lambda signature: signature + b"\x00",
    "empty": lambda _: b"",
    "v 0": lambda signature: signature[:64] + b"\x00",
    "v 29": lambda signature: signature[:64] + b"\x1d",
    "r 0": lambda signature: bytes(32) + signature[32:],
    "s 0": lambda signature: signature[:32] + bytes(32) + signature[64:],
    "r beyond the order": lambda signature: b"\xff" * 32 + signature[32:],
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_c5_a_high_s_or_malformed_signature_is_refused(valid, kind):
    shown = valid.presentation.consent
    signatures = (MALFORMED[kind](shown.signatures[0]), shown.signatures[1])
    bad = replace(shown, signatures=signatures)
    with pytest.raises(VerificationError) as failed:
        valid.with_presentation(consent=bad).verify()
    assert failed.value.reason is Reason.SIGNATURE_MALFORMED


def test_c5_the_high_s_form_would_recover_so_the_refusal_is_ours():
    digest, key = h("message"), CONTROLLER_KEYS[0]
    high = malleated(sign(digest, key))
    recovered = coincurve.PublicKey.from_signature_and_message(high[:64] + bytes([high[64] - 27]), digest, hasher=None)
    assert recovered == coincurve.PrivateKey(key).public_key
    assert recover(digest, sign(digest, key)) == address_of(key)


def test_c5_the_largest_low_s_is_not_a_high_one():
    half = (ORDER // 2).to_bytes(32, "big")
    signature = sign(h("message"), CONTROLLER_KEYS[0])[:32] + half + b"\x1b"
    assert len(recover(h("message"), signature)) == 20


def test_a_signature_of_a_device_is_made_low():
    signature = sign(h("message"), CONTROLLER_KEYS[0])
    assert low(signature[:64]) == signature[:64]
    assert low(malleated(signature)[:64]) == signature[:64]


def test_an_address_follows_from_the_point():
    point = coincurve.PrivateKey(CONTROLLER_KEYS[0]).public_key.format(compressed=False)[1:]
    assert address_of_point(point) == address_of(CONTROLLER_KEYS[0])
