"""The store as it was before it had versions. It is a copy, so that it never changes with the tables of today."""

from typing import Any, Final

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

revision: Final = "0001"
down_revision: Final = None

HASH: Final = LargeBinary(32)
ADDRESS: Final = LargeBinary(20)
SIGNATURE: Final = LargeBinary(65)
ID: Final = LargeBinary(16)

_metadata: Final = MetaData()


def _key(kind: Any, *names: str) -> list[Column[Any]]:  # noqa: ANN401 - a type of SQLAlchemy
    return [Column(name, kind, primary_key=True) for name in names]


def _must(kind: Any, *names: str) -> list[Column[Any]]:  # noqa: ANN401 - as above
    return [Column(name, kind, nullable=False) for name in names]


def _may(kind: Any, *names: str) -> list[Column[Any]]:  # noqa: ANN401 - as above
    return [Column(name, kind) for name in names]


Table(
    "access_interval",
    _metadata,
    *_key(BigInteger(), "number"),
    *_must(HASH, "member"),
    *_must(BigInteger(), "since", "until"),
    *_must(HASH, "root", "filling"),
    *_must(Integer(), "row_count"),
    *_must(HASH, "before", "after", "tally_salt", "batch_root", "previous_root"),
    *_must(SIGNATURE, "signature"),
    *_may(BigInteger(), "start", "anchored_at"),
    *_may(ADDRESS, "key"),
    *_may(BigInteger(), "block"),
)
Table(
    "access_token",
    _metadata,
    *_key(HASH, "digest"),
    *_must(String(16), "kind"),
    *_must(HASH, "principal"),
    *_must(Text(), "label"),
    *_must(String(43), "thumbprint"),
    *_must(BigInteger(), "expires_at"),
    Index("access_token_by_end", "expires_at"),
    Index("access_token_by_principal", "principal"),
)
Table(
    "assertion_used",
    _metadata,
    *_key(HASH, "digest"),
    *_must(BigInteger(), "until"),
    Index("assertion_used_by_end", "until"),
)
Table(
    "attestation",
    _metadata,
    *_key(HASH, "digest"),
    *_must(HASH, "member"),
    *_must(String(64), "schema"),
    *_must(HASH, "subject_index", "row_tag"),
    *_must(Integer(), "period_first", "period_last", "as_of"),
    *_must(HASH, "fields_root", "subject_tag"),
    *_must(BigInteger(), "issued_at", "valid_until"),
    *_must(HASH, "supersedes"),
    *_must(ID, "data_key"),
    *_must(LargeBinary(), "sealed"),
    *_must(BigInteger(), "batch"),
    *_must(Integer(), "leaf"),
    *_must(LargeBinary(), "path"),
    *_may(String(32), "job"),
    *_may(Integer(), "line"),
    *_must(Integer(), "live"),
    Index("attestation_by_job", "job", "line"),
    Index("attestation_by_subject", "subject_index", "schema", "live", "period_last"),
)
Table("chain_cursor", _metadata, *_key(Integer(), "id"), *_must(BigInteger(), "next_block"))
Table(
    "consent_deadline",
    _metadata,
    *_key(HASH, "consent"),
    *_must(HASH, "grantee"),
    *_must(BigInteger(), "expires_at"),
    Index("consent_deadline_by_time", "expires_at"),
)
Table(
    "consent_word",
    _metadata,
    *_key(HASH, "target"),
    *_key(String(16), "act"),
    *_key(Integer(), "number"),
    *_must(Text(), "word"),
)
Table("data_key", _metadata, *_key(ID, "id"), *_must(LargeBinary(), "wrapped"))
Table(
    "evidence",
    _metadata,
    *_key(HASH, "use"),
    *_must(HASH, "bank", "digest"),
    *_must(LargeBinary(), "data_keys", "sealed"),
)
Table(
    "idempotent_call",
    _metadata,
    *_key(HASH, "id"),
    *_must(HASH, "route"),
    *_may(HASH, "body"),
    *_must(HASH, "seed"),
    *_must(ID, "owner"),
    *_must(BigInteger(), "lease_until", "expires_at"),
    *_must(Integer(), "answered"),
    *_may(HASH, "subject"),
    *_may(LargeBinary(), "wrapped", "sealed"),
    Index("idempotent_call_by_expiry", "expires_at"),
    Index("idempotent_call_by_subject", "subject"),
)
Table(
    "job",
    _metadata,
    *_key(String(32), "id"),
    *_must(HASH, "member"),
    *_must(String(64), "schema"),
    *_must(String(8), "format"),
    *_must(Integer(), "sequence"),
    *_must(String(16), "state"),
    *_must(ID, "data_key"),
    *_must(Integer(), "rows_read", "issued", "unchanged", "rejected"),
    *_must(BigInteger(), "created_at"),
    *_may(String(64), "reason"),
    *_may(Text(), "message"),
    UniqueConstraint("sequence"),
)
Table(
    "notification",
    _metadata,
    *_key(Integer(), "number"),
    *_must(String(40), "id"),
    *_must(HASH, "recipient"),
    *_must(String(32), "kind"),
    *_must(BigInteger(), "time"),
    *_must(Text(), "data"),
    *_must(HASH, "source"),
    UniqueConstraint("id"),
    UniqueConstraint("recipient", "source"),
    Index("notification_by_recipient", "recipient", "number"),
)
Table(
    "outbox",
    _metadata,
    *_key(HASH, "digest"),
    *_must(ADDRESS, "account"),
    *_must(BigInteger(), "nonce"),
    *_may(ADDRESS, "recipient"),
    *_must(LargeBinary(), "data"),
    *_must(BigInteger(), "gas"),
    *_must(LargeBinary(), "raw"),
    UniqueConstraint("account", "nonce"),
)
Table("outbox_account", _metadata, *_key(ADDRESS, "account"), *_must(BigInteger(), "next_nonce"))
Table(
    "reliance",
    _metadata,
    *_key(HASH, "use", "attestation"),
    *_must(HASH, "consent", "bank", "member"),
    *_must(BigInteger(), "word"),
    *_must(Integer(), "bit", "late"),
    Index("reliance_by_late", "late"),
    Index("reliance_by_word", "member", "word"),
)
Table(
    "sign_in_keys",
    _metadata,
    *_key(HASH, "client"),
    *_must(BigInteger(), "number"),
    *_must(Text(), "keys"),
    *_must(HASH, "authority"),
    *_must(Text(), "signature"),
)
Table(
    "subject",
    _metadata,
    *_key(HASH, "id"),
    *_must(HASH, "registrar", "subject_index"),
    *_must(ID, "data_key"),
    *_must(LargeBinary(), "sealed"),
    *_must(Integer(), "as_of"),
    *_may(HASH, "registration"),
    UniqueConstraint("subject_index"),
)
Table(
    "webhook",
    _metadata,
    *_key(HASH, "member"),
    *_must(Text(), "url"),
    *_must(ID, "data_key"),
    *_must(LargeBinary(), "sealed"),
    *_may(LargeBinary(), "sealed_before"),
    *_must(BigInteger(), "before_until"),
    *_must(Integer(), "delivered"),
    *_must(String(16), "state"),
    *_must(Integer(), "attempts"),
    *_must(BigInteger(), "next_at"),
    *_may(BigInteger(), "failing_since"),
    *_may(Text(), "last_failure"),
)
Table(
    "access_row",
    _metadata,
    *_key(Integer(), "number"),
    *_may(HASH, "subject"),
    *_must(HASH, "bank"),
    *_must(BigInteger(), "time"),
    *_may(HASH, "use"),
    *_must(HASH, "leaf", "head"),
    *_must(ID, "data_key"),
    *_must(LargeBinary(), "sealed"),
    *_may(BigInteger(), "interval"),
    *_may(Integer(), "slot"),
    *_may(LargeBinary(), "path"),
    ForeignKeyConstraint(["interval"], ["access_interval.number"]),
    UniqueConstraint("leaf"),
    Index("access_row_by_bank", "bank", "number"),
    Index("access_row_by_interval", "interval", "number"),
    Index("access_row_by_subject", "subject", "number"),
    Index("access_row_by_use", "use"),
)
Table(
    "batch",
    _metadata,
    *_key(HASH, "member"),
    *_key(BigInteger(), "number"),
    *_may(String(32), "job"),
    *_must(HASH, "root"),
    *_must(Integer(), "size"),
    *_must(HASH, "previous_root"),
    *_must(Text(), "supersedes"),
    *_must(SIGNATURE, "signature"),
    *_may(BigInteger(), "start", "anchored_at"),
    *_may(ADDRESS, "key"),
    *_may(HASH, "transaction"),
    *_may(BigInteger(), "block", "gas_used"),
    ForeignKeyConstraint(["job"], ["job.id"]),
)
Table(
    "consent",
    _metadata,
    *_key(HASH, "id"),
    *_must(HASH, "subject", "grantee"),
    *_must(Integer(), "entry"),
    *_must(Text(), "terms", "signatures", "controllers", "text"),
    *_must(HASH, "request"),
    *_may(HASH, "transaction"),
    ForeignKeyConstraint(["subject"], ["subject.id"]),
    Index("consent_by_grantee", "grantee"),
    Index("consent_by_subject", "subject"),
)
Table(
    "consent_request",
    _metadata,
    *_key(HASH, "id"),
    *_must(HASH, "subject", "grantee"),
    *_must(Text(), "asked"),
    *_must(BigInteger(), "requested_at"),
    *_may(HASH, "transaction"),
    ForeignKeyConstraint(["subject"], ["subject.id"]),
    Index("consent_request_by_grantee", "grantee"),
    Index("consent_request_by_subject", "subject"),
)
Table(
    "job_chunk",
    _metadata,
    *_key(String(32), "job"),
    *_key(Integer(), "number"),
    *_must(LargeBinary(), "sealed"),
    ForeignKeyConstraint(["job"], ["job.id"]),
)
Table(
    "job_rejection",
    _metadata,
    *_key(Integer(), "id"),
    *_must(String(32), "job"),
    *_must(Integer(), "line"),
    *_may(Text(), "field"),
    *_must(String(64), "reason"),
    *_must(Text(), "message"),
    ForeignKeyConstraint(["job"], ["job.id"]),
    Index("job_rejection_by_line", "job", "line"),
)
Table(
    "job_unchanged",
    _metadata,
    *_key(String(32), "job"),
    *_key(Integer(), "line"),
    *_must(HASH, "digest"),
    ForeignKeyConstraint(["job"], ["job.id"]),
)
Table(
    "subject_controllers",
    _metadata,
    *_key(HASH, "subject"),
    *_key(Integer(), "entry"),
    *_must(Text(), "controllers"),
    *_must(HASH, "commitment"),
    *_may(BigInteger(), "recovery"),
    *_must(Text(), "signatures"),
    *_may(BigInteger(), "since"),
    ForeignKeyConstraint(["subject"], ["subject.id"]),
)
Table(
    "subject_recovery",
    _metadata,
    *_key(HASH, "subject"),
    *_key(BigInteger(), "number"),
    *_must(Text(), "controllers"),
    *_must(HASH, "commitment"),
    *_may(BigInteger(), "requested_at"),
    ForeignKeyConstraint(["subject"], ["subject.id"]),
)


def upgrade() -> None:
    """Make all tables."""
    _metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop all tables."""
    _metadata.drop_all(op.get_bind(), checkfirst=False)
