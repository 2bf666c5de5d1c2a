"""The table of calls under an Idempotency-Key."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from api.storage.table.column import metadata

idempotent_call = Table(
    "idempotent_call",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("route", LargeBinary(32), nullable=False),
    Column("body", LargeBinary(32)),
    Column("seed", LargeBinary(32), nullable=False),
    Column("owner", LargeBinary(16), nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("answered", Integer, nullable=False, default=0),
    Column("subject", LargeBinary(32)),
    Column("data_keys", LargeBinary),
    Column("sealed", LargeBinary),
    Index("idempotent_call_by_expiry", "expires_at"),
    Index("idempotent_call_by_subject", "subject"),
)
"""A call under an Idempotency-Key. ``id``, ``route`` and ``body`` are keyed digests; ``sealed``: its answer.

``data_keys``: as in ``evidence``, of every attestation that the answer was made from.

One that is answered without ``sealed`` answered about a firm that was erased since. ``body`` is null while it
streams in.
"""
