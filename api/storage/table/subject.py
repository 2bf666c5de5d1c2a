"""Tables of subjects and who controls them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata, sealed_columns, waiting

subject = Table(
    "subject",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("registrar", LargeBinary(32), nullable=False),
    Column("subject_index", LargeBinary(32), nullable=False, unique=True),
    *sealed_columns(),
    Column("as_of", Integer, nullable=False),
    Column("registration", LargeBinary(32)),
    Column("salt", LargeBinary(32)),
    Column("waits_since", BigInteger),
    waiting("subject_waiting", "id", where="registration IS NULL"),
)
"""A subject without ``registration`` is being registered; it is tried until it is.

``salt``: what its id was computed with, beside the registrar and the first commitment. ``waits_since``: when a program
registered it, for the wait before its first grant; an enrolled one has the time in its invitation.
"""

subject_controllers = Table(
    "subject_controllers",
    metadata,
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("controllers", Text, nullable=False),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("recovery", BigInteger),
    Column("signatures", Text, nullable=False),
    Column("since", BigInteger),
    Column("deadline", BigInteger),
    Column("lines", Text),
    waiting("subject_controllers_waiting", "subject", where="since IS NULL"),
)
"""Who controlled a subject, one row an entry of the SubjectRegistry. One without ``since`` is not known to be on the
ledger; it is sent before anything else happens to its subject, and tried until it is, or is refused.

``recovery``: the number of the recovery that it completes. ``signatures``, ``deadline``: those of a rotation.
``lines``: what its signers read, where that was a page.
"""

subject_recovery = Table(
    "subject_recovery",
    metadata,
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("controllers", Text, nullable=False),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("completable_at", BigInteger),
    Column("entry", Integer, nullable=False),
    waiting("subject_recovery_waiting", "subject", where="completable_at IS NULL"),
)
"""A recovery and the controllers it is for; whether it is pending only the ledger says.

One without ``completable_at`` is not known to be on the ledger; it is sent as a row of ``subject_controllers`` is.
``entry``: the index that they will have.
"""

subject_refusal = Table(
    "subject_refusal",
    metadata,
    Column("subject", LargeBinary(32), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("commitment", LargeBinary(32), primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("time", BigInteger, nullable=False),
)
"""Registrations, rotations and recoveries that were begun here and closed as refused: by the ledger, or because it
shows an entry there that this instance did not send. ``number``: of the entry, or of the recovery.
"""
