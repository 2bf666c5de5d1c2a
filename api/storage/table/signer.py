"""Tables of changes of a firm's signers that are drawn up on a page, and of devices that wait to be taken in."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from api.storage.table.column import metadata

rotation_draft = Table(
    "rotation_draft",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("controllers", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("language", String(8), nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("cancelled_at", BigInteger),
    Index("rotation_draft_by_subject", "subject"),
)
"""A change of a firm's signers. ``entry``: the number that the new set gets.

``sealed``: the names of its keys, in their order, and the lines; the firm's data key opens it. What was signed of it
stands in ``collected_signature``. One that is done or called off stays for the record.
"""

device_offer = Table(
    "device_offer",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("person", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("device", String(128)),
    Column("credential", LargeBinary),
    Column("rp_id_hash", LargeBinary(32)),
    Column("public_key", LargeBinary(64)),
    Column("synced", Boolean),
    Column("arrived_at", BigInteger),
    Column("ended_at", BigInteger),
    Index("device_offer_by_subject", "subject"),
)
"""A device that shall sign for a firm. ``person``: the number of who holds it, 0 for a person who is new.

``sealed``: the person's name; the firm's data key opens it. ``arrived_at``: when the device showed its key, with the
one-time code of the offer. ``ended_at``: when it was taken in, or dropped.
"""
