"""What an officer of a bank signed with a passkey: kept, so that anybody can check it without an instance (CL1, 11).

Under a verification it is over the ticket of the use, under a request for consent over the request's id. The bank's
people are known to the instance that served them. So the passkey is the instance's word, and the signature is not.
"""

from dataclasses import dataclass
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason

MEMBER: Final = "officer"
"""What it is called in rows and receipts; where nobody signed, the member is left out: a program acted."""


@dataclass(frozen=True, slots=True)
class OfficerSignature:
    """``signed``: the 32 bytes that the assertion is over; ``passkey``: the officer's, by the bank's staff list."""

    signed: bytes
    passkey: Passkey
    assertion: Assertion

    def require_over(self, digest: bytes) -> None:
        """Require that the passkey signed ``digest``.

        Raises:
            VerificationError: ``challenge_mismatch``, it is over something else; or as ``Assertion.require_signer``.
        """
        if self.signed != digest:
            raise VerificationError(Reason.CHALLENGE_MISMATCH, "the officer signed something else than this")
        self.assertion.require_signer(digest, [self.passkey])

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "signed": to_hex(self.signed),
            "passkey": self.passkey.to_json(),
            "assertion": self.assertion.to_json(),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, MEMBER) as record:
            return cls(
                record.blob("signed"),
                Passkey.from_json(record.take("passkey")),
                Assertion.from_json(record.take("assertion")),
            )

    @classmethod
    def taken_from(cls, record: JsonObject) -> Self | None:
        """Read the optional member ``officer`` of a row or a receipt; where it stands, it is not null.

        Raises:
            InvalidInputError: as ``from_json``.
        """
        return cls.from_json(record.take(MEMBER)) if MEMBER in record else None
