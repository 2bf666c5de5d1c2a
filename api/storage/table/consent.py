"""Tables of consents: grants, requests, what controllers signed after the grant, and seeds that banks handed over."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata, sealed_columns, waiting

consent = Table(
    "consent",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("grantee", LargeBinary(32), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Column("bounds", Text, nullable=False),
    Column("signatures", Text, nullable=False),
    Column("controllers", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("request", LargeBinary(32), nullable=False),
    Column("transaction", LargeBinary(32)),
    Column("refusal", String(64)),
    Index("consent_by_subject", "subject"),
    Index("consent_by_grantee", "grantee"),
    waiting("consent_waiting", "id", where='"transaction" IS NULL AND refusal IS NULL'),
)
"""A consent without ``transaction`` is stored and not known to be on the ledger; it is tried until it is.

``refusal``: why it never will be, as a reason code; such a consent grants nothing, whatever the ledger holds.

``text``: what was shown when it was signed. ``request``: the request that it answers, or zeros.
"""

consent_request = Table(
    "consent_request",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("grantee", LargeBinary(32), nullable=False),
    Column("asked", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("answer_address", LargeBinary(20), nullable=False),
    Column("answer_key", LargeBinary, nullable=False),
    Column("transaction", LargeBinary(32)),
    Index("consent_request_by_subject", "subject"),
    Index("consent_request_by_grantee", "grantee"),
    waiting("consent_request_waiting", "id", where='"transaction" IS NULL'),
)
"""What banks ask for; without ``transaction`` it is not known to be on the ledger, and it is tried until it is.

``answer_address``: of the key that answers it. ``answer_key``: that key, sealed under the subject's data key.
"""

consent_word = Table(
    "consent_word",
    metadata,
    Column("target", LargeBinary(32), primary_key=True),
    Column("act", String(16), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("word", Text, nullable=False),
)
"""What controllers signed after the grant, for receipts. ``target``: the consent, or the request that was refused.

A word is written before the ledger is told; whether the act took place is for the ledger to say.
"""

counted_use = Table(
    "counted_use",
    metadata,
    Column("consent", LargeBinary(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("ticket", LargeBinary(32), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
)
"""What the ledger is known to have counted of a consent; ``place``: in which order, from 0 without gaps.

It spares reading the ledger's logs. Whoever relies on it compares its digest with the one that the ledger holds.
"""

spend_seed = Table(
    "spend_seed",
    metadata,
    Column("bank", LargeBinary(32), primary_key=True),
    *sealed_columns(),
)
"""The seeds of spend keys that banks handed over, so that this instance signs their uses."""
