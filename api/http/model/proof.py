"""What the chain holds, and proofs that lead to it."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from api.http.model.base import Address, AnswerModel, Count, Day, HexText, Time


class Block(AnswerModel):
    """A block."""

    number: Count
    hash: HexText
    time: Time


class Anchor(AnswerModel):
    """A batch of attestations or a checkpoint of the access log, as the chain holds it."""

    member: HexText
    stream: Count
    number: Count
    root: HexText
    size: Count
    start: Count
    anchored_at: Time
    key: Address


class Header(AnswerModel):
    """The header of an attestation; it holds no value."""

    schema_id: HexText
    fields_root: HexText
    subject_tag: HexText
    issuer: HexText
    issued_at: Time
    valid_until: Time
    as_of: Day
    period_from: Day
    period_to: Day
    supersedes: HexText
    chain_id: Count
    anchor_registry: Address


Path: TypeAlias = list[HexText]
"""The siblings on the way from a leaf to its root."""


class PlainOpening(AnswerModel):
    """The value itself."""

    kind: Literal["plain"]
    value: Annotated[Any, Field(description="as questions write it", examples=["2025-12-15"])]


class BitsOpening(AnswerModel):
    """For some members of a field whether they are the value, and digests of the others."""

    kind: Literal["bits"]
    opened: dict[str, HexText]
    shut: dict[str, HexText]


class CodesOpening(AnswerModel):
    """For some members of a set that it has them, or has not, and digests of the others."""

    kind: Literal["codes"]
    present: dict[str, HexText]
    missing: dict[str, HexText]
    shut: dict[str, HexText]


class AbsentOpening(AnswerModel):
    """There is no value."""

    kind: Literal["absent"]


class AtLeastOpening(AnswerModel):
    """Links of two hash chains: the value is at least the threshold."""

    kind: Literal["at_least"]
    head_up: HexText
    tip_down: HexText


class BelowOpening(AnswerModel):
    """Links of two hash chains: the value is below the threshold."""

    kind: Literal["below"]
    head_down: HexText
    tip_up: HexText


class BetweenOpening(AnswerModel):
    """Links of two hash chains: the value lies between two thresholds."""

    kind: Literal["between"]
    head_up: HexText
    head_down: HexText


Opening: TypeAlias = Annotated[
    AtLeastOpening | BelowOpening | BetweenOpening | PlainOpening | BitsOpening | CodesOpening | AbsentOpening,
    Field(discriminator="kind"),
]


class FieldProof(AnswerModel):
    """What is shown of one field, and that the attestation has it. The kind of ``opening`` is that of the question."""

    opening: Opening
    salt: HexText
    path: Path


class ShownAttestation(AnswerModel):
    """An attestation in an answer."""

    header: Header
    anchor: Anchor
    index: Count
    path: Path
    subject_key: HexText
