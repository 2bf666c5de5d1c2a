"""Tables of sign-in: keys of clients, tokens, and what was used once.

The proofs of possession that were accepted are tables only in a database that several processes share. They are
UNLOGGED: a crash of the server empties both together, so that who finds no memory knows that it is lost.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from api.storage.table.column import metadata, shared_metadata, single_row

sign_in_keys = Table(
    "sign_in_keys",
    metadata,
    Column("client", LargeBinary(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("keys", Text, nullable=False),
    Column("authority", LargeBinary(32), nullable=False),
    Column("signature", Text, nullable=False),
)
"""The public keys that a client signs in with.

``authority``: whose word that is; for a member the address of its key on the MemberRegistry, for a subject the
commitment to its controllers.
"""

access_token = Table(
    "access_token",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("principal", LargeBinary(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("thumbprint", String(43), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("access_token_by_principal", "principal"),
    Index("access_token_by_end", "expires_at"),
)
"""``thumbprint``: of the key that whoever sends the token must prove to have."""

assertion_used = Table(
    "assertion_used",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("assertion_used_by_end", "until"),
)
"""Client assertions that were used, for as long as they would count."""

proof_used = Table(
    "proof_used",
    shared_metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("proof_used_by_end", "until"),
    prefixes=["UNLOGGED"],
)
"""Proofs that were accepted, for as long as they would count, and a minute."""

proof_memory = Table(
    "proof_memory",
    shared_metadata,
    single_row(),
    Column("nonce", String(32), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("swept", BigInteger, nullable=False),
    prefixes=["UNLOGGED"],
)
"""One row: the memory's nonce, when it began, and up to when proofs were forgotten again."""
