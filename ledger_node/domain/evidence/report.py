"""What a check of evidence comes to: numbered checks in plain words, and what each verdict rests on."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.finality import FinalBlock
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import ShownClaim
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period, format_date
from ledger_node.domain.verification import Verdict


@dataclass(frozen=True, slots=True)
class Basis:
    """One attestation under a verdict. ``part``: of the claim, from 0; ``as_of``: days since 1970-01-01."""

    part: int
    schema: str
    department: bytes
    name: str
    period: Period
    as_of: int

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "part": self.part,
            "schema": self.schema,
            "department": to_hex(self.department),
            "name": self.name,
            "period": str(self.period),
            "as_of": format_date(self.as_of),
        }


def basis_of(shown: ShownClaim, bundle: Bundle) -> tuple[Basis, ...]:
    """Return what a claim of a bundle that checked rests on, in the order of its parts; nothing for no proof."""
    found = []
    for part in shown.parts:
        header = bundle.presentation.attestations[part.attestation].header
        schema, name = shown.claim.parts[part.part].schema, bundle.names[header.issuer]
        found.append(Basis(part.part, schema, header.issuer, name, header.period, header.as_of))
    return tuple(found)


@unique
class CheckName(StrEnum):
    """The checks in their order; a check is not reached when one before it fails."""

    FORM = "form"
    NETWORK = "network"
    BLOCK = "block"
    STATE = "state"
    MEMBERS = "members"
    KEYS = "keys"
    CONSENT = "consent"
    SUBJECT = "subject"
    ANSWERS = "answers"
    RECEIPT = "receipt"
    DAY = "day"

    @property
    def number(self) -> int:
        """From 1."""
        return list(CheckName).index(self) + 1


class Result(StrEnum):
    """How a check went."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was found, in words; ``reason`` where it failed."""

    name: CheckName
    result: Result
    words: str
    reason: Reason | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "number": self.name.number,
            "name": self.name.value,
            "result": self.result.value,
            "words": self.words,
            "reason": None if self.reason is None else self.reason.value,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All checks in their order.

    ``bundle`` and ``final`` as soon as they are established; ``verdicts`` are empty unless all checks passed.
    """

    checks: tuple[Check, ...]
    bundle: Bundle | None
    final: FinalBlock | None
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> Check | None:
        """The check that failed, if one did."""
        return next((check for check in self.checks if check.result is Result.FAILED), None)

    def require(self) -> Self:
        """Return this report if all checks passed.

        Raises:
            VerificationError: with reason and words of the check that failed; ``field`` is its name.
        """
        failed = self.failed
        if failed is not None and failed.reason is not None:
            raise VerificationError(failed.reason, failed.words, field=failed.name.value)
        return self

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        failed, bundle, final = self.failed, self.bundle, self.final
        block: JSON = None
        if bundle is not None and final is not None:
            header = bundle.block.header
            block = {"number": header.number, "hash": to_hex(final.hash), "time": header.timestamp}
        return {
            "valid": failed is None,
            "reason": None if failed is None or failed.reason is None else failed.reason.value,
            "digest": None if bundle is None else to_hex(bundle.digest),
            "block": block,
            "checks": [check.to_json() for check in self.checks],
            "claims": [] if bundle is None else self._claims(bundle),
            "use": None if bundle is None or failed is not None else _use_to_json(bundle),
            "receipt": None if bundle is None or failed is not None else _receipt_to_json(bundle),
        }

    def _claims(self, bundle: Bundle) -> list[JSON]:
        # without verdicts there is nothing to say, however many claims the bundle has
        claims = bundle.presentation.claims[: len(self.verdicts)]
        return [
            {
                "claim": verdict.claim.text(bundle.schemas),
                "verdict": verdict.outcome.value,
                "reason": None if verdict.reason is None else verdict.reason.value,
                "message": verdict.message,
                "based_on": [one.to_json() for one in basis_of(shown, bundle)],
            }
            for verdict, shown in zip(self.verdicts, claims, strict=True)
        ]


def _use_to_json(bundle: Bundle) -> JSON:
    use = bundle.presentation.use
    counted = None if use is None else use.counted
    assert counted is not None  # noqa: S101 - checks 1 and 7
    return {"id": to_hex(counted.ticket), "number": counted.number, "time": counted.time}


def _receipt_to_json(bundle: Bundle) -> JSON:
    receipt = bundle.receipt
    if receipt is None:
        return None
    return {"member": to_hex(receipt.member), "name": bundle.names[receipt.member], "use": to_hex(receipt.use)}
