"""Tables. Columns named ``sealed`` hold ciphertext; nothing else may hold a value, a salt or a credit code.

``subject_index`` is a keyed digest of a credit code (per department), useless without the department's key.
``data_key`` names a key of the key ledger (``key_table``), which lies apart; a name without its key says *erased*.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

COUNTED = BigInteger().with_variant(Integer, "sqlite")
"""Numbers that the database gives out, or that name one: of 64 bits, which SQLite calls INTEGER."""


def _waiting(name: str, *columns: str, where: str) -> Index:
    """Return the index of rows that wait for the ledger, so that looking for them costs what they are."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


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

key_link = Table(
    "key_link",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("ledger", LargeBinary(16), nullable=False),
)
"""One row: the key ledger that holds the data keys of this store."""

key_removal = Table(
    "key_removal",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("erases", Integer, nullable=False),
)
"""Data keys that nothing may be opened with any more: noted with the effect, gone from here when gone from the ledger.

``erases``: an erasure, so the copy of the key ledger must follow.
"""

job = Table(
    "job",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("schema", String(64), nullable=False),
    Column("format", String(8), nullable=False),
    Column("sequence", COUNTED, nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("data_key", LargeBinary(16), nullable=False),
    Column("rows_read", Integer, nullable=False, default=0),
    Column("issued", Integer, nullable=False, default=0),
    Column("unchanged", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
    Column("created_at", BigInteger, nullable=False),
    Column("reason", String(64)),
    Column("message", Text),
    Column("owner", LargeBinary(16)),
    Column("lines_read", Integer, nullable=False, default=0),
    Column("blank", Integer, nullable=False, default=0),
    Column("corrects", Integer, nullable=False, default=0),
    Column("restores", Integer, nullable=False, default=0),
)
"""``owner``: the process that receives the upload, while it is received.

``lines_read``: how far a job came; it goes on behind them. ``corrects``: its rows may replace what is as new or newer;
``restores``: they may be about firms that were erased.
"""

job_chunk = Table(
    "job_chunk",
    metadata,
    Column("job", String(32), ForeignKey("job.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

job_unchanged = Table(
    "job_unchanged",
    metadata,
    Column("job", String(32), ForeignKey("job.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
)
"""Rows that say what the live attestation already says: nothing is issued, the old receipt stands."""

job_rejection = Table(
    "job_rejection",
    metadata,
    Column("id", COUNTED, primary_key=True),
    Column("job", String(32), ForeignKey("job.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("field", Text),
    Column("reason", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Index("job_rejection_by_line", "job", "line"),
)

batch = Table(
    "batch",
    metadata,
    Column("member", LargeBinary(32), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("job", String(32), ForeignKey("job.id")),
    Column("root", LargeBinary(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("previous_root", LargeBinary(32), nullable=False),
    Column("supersedes", Text, nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Column("start", BigInteger),
    Column("anchored_at", BigInteger),
    Column("key", LargeBinary(20)),
    Column("transaction", LargeBinary(32)),
    Column("block", BigInteger),
    Column("gas_used", BigInteger),
    _waiting("batch_waiting", "member", "number", where="start IS NULL"),
)
"""A batch without ``start`` is signed and not known to be anchored yet; it is sent until it is."""

status_order = Table(
    "status_order",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("number", BigInteger, nullable=False),
)
"""Status changes that this instance signed, by what was signed: kept before they are sent, to know them again."""

attestation = Table(
    "attestation",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("member", LargeBinary(32), nullable=False),
    Column("schema", String(64), nullable=False),
    Column("schema_id", LargeBinary(32), nullable=False),
    Column("subject_index", LargeBinary(32), nullable=False),
    Column("kind_index", LargeBinary(32), nullable=False),
    Column("row_tag", LargeBinary(32), nullable=False),
    Column("period_first", Integer, nullable=False),
    Column("period_last", Integer, nullable=False),
    Column("as_of", Integer, nullable=False),
    Column("newest_as_of", Integer, nullable=False),
    Column("fields_root", LargeBinary(32), nullable=False),
    Column("subject_tag", LargeBinary(32), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("supersedes", LargeBinary(32), nullable=False),
    Column("data_key", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("leaf", Integer, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("job", String(32)),
    Column("line", Integer),
    Column("live", Integer, nullable=False),
    Index("attestation_by_subject", "subject_index", "schema", "live", "period_last"),
    Index("attestation_by_job", "job", "line"),
)
"""``schema``: the name of the type, ``schema_id``: which version of it. ``kind_index``: a keyed digest of the values
that tell it from others of its subject, type and period, or zeros where there are none. ``newest_as_of``: the latest
``as_of`` of this attestation and those that it stands for; a correction may be of an earlier day than what it corrects.
"""

erased_subject = Table(
    "erased_subject",
    metadata,
    Column("member", LargeBinary(32), primary_key=True),
    Column("subject_index", LargeBinary(32), primary_key=True),
    Column("schema", String(64), primary_key=True),
    Column("restored", Integer, nullable=False),
)
"""Firms that a department erased, of one type or (``schema`` empty) of all, so that no upload brings one back unasked.

``restored``: somebody said so since. The row of a type leads over that of all types.
"""

subject = Table(
    "subject",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("registrar", LargeBinary(32), nullable=False),
    Column("subject_index", LargeBinary(32), nullable=False, unique=True),
    Column("data_key", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("as_of", Integer, nullable=False),
    Column("registration", LargeBinary(32)),
    _waiting("subject_waiting", "id", where="registration IS NULL"),
)
"""A subject without ``registration`` is being registered; it is tried until it is."""

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
    _waiting("subject_controllers_waiting", "subject", where="since IS NULL"),
)
"""Who controlled a subject, one row an entry of the SubjectRegistry. One without ``since`` is not known to be on the
ledger; it is sent before anything else happens to its subject, and tried until it is, or is refused.

``recovery``: the number of the recovery that it completes. ``signatures``: those of a rotation.
"""

subject_recovery = Table(
    "subject_recovery",
    metadata,
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("controllers", Text, nullable=False),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("requested_at", BigInteger),
    _waiting("subject_recovery_waiting", "subject", where="requested_at IS NULL"),
)
"""A recovery and the controllers it is for; whether it is pending only the ledger says.

One without ``requested_at`` is not known to be on the ledger; it is sent as a row of ``subject_controllers`` is.
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

consent = Table(
    "consent",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),
    Column("subject", LargeBinary(32), ForeignKey("subject.id"), nullable=False),
    Column("grantee", LargeBinary(32), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Column("signatures", Text, nullable=False),
    Column("controllers", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("request", LargeBinary(32), nullable=False),
    Column("transaction", LargeBinary(32)),
    Column("refusal", String(64)),
    Index("consent_by_subject", "subject"),
    Index("consent_by_grantee", "grantee"),
    _waiting("consent_waiting", "id", where='"transaction" IS NULL AND refusal IS NULL'),
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
    Column("transaction", LargeBinary(32)),
    Index("consent_request_by_subject", "subject"),
    Index("consent_request_by_grantee", "grantee"),
    _waiting("consent_request_waiting", "id", where='"transaction" IS NULL'),
)
"""What banks ask for; without ``transaction`` it is not known to be on the ledger, and it is tried until it is."""

access_interval = Table(
    "access_interval",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("batch_number", BigInteger, nullable=False),
    Column("member", LargeBinary(32), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("filling", LargeBinary(32), nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("before", LargeBinary(32), nullable=False),
    Column("after", LargeBinary(32), nullable=False),
    Column("tally_salt", LargeBinary(32), nullable=False),
    Column("batch_root", LargeBinary(32), nullable=False),
    Column("previous_root", LargeBinary(32), nullable=False),
    Column("signature", LargeBinary(65), nullable=False),
    Column("start", BigInteger),
    Column("anchored_at", BigInteger),
    Column("key", LargeBinary(20)),
    Column("block", BigInteger),
    _waiting("access_interval_waiting", "number", where="start IS NULL"),
)
"""An interval of the access log. One without ``start`` is signed and not known to be anchored; it is sent until it is.

``number``: its place here; ``batch_number``: that in the keeper's stream on the ledger, which changes where somebody
else took it first. ``filling`` and ``tally_salt`` hide how many rows there were; they hide no row.
"""

access_row = Table(
    "access_row",
    metadata,
    Column("number", COUNTED, primary_key=True),
    Column("subject", LargeBinary(32)),
    Column("bank", LargeBinary(32), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("use", LargeBinary(32)),
    Column("leaf", LargeBinary(32), nullable=False, unique=True),
    Column("head", LargeBinary(32), nullable=False),
    Column("data_key", LargeBinary(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("interval", BigInteger, ForeignKey("access_interval.number")),
    Column("slot", Integer),
    Column("path", LargeBinary),
    Index("access_row_by_subject", "subject", "number"),
    Index("access_row_by_bank", "bank", "number"),
    Index("access_row_by_interval", "interval", "number"),
    Index("access_row_by_use", "use"),
)
"""A question that was asked. ``sealed``: salt and row; a row without ``interval`` waits for the next anchoring."""

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
network = Table(
    "network",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis", LargeBinary(32), nullable=False),
)
"""One row: the network that the store belongs to, from the first start on."""

store_identity = Table(
    "store_identity",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("id", LargeBinary(16), nullable=False),
)
"""One row: which store this is, as its homes know it. It is in no backup: a store that is restored is another one."""

use_under_way = Table(
    "use_under_way",
    metadata,
    Column("use", LargeBinary(32), primary_key=True),
    Column("consent", LargeBinary(32), nullable=False),
    Column("owner", LargeBinary(16), nullable=False),
)
"""Uses that are being recorded and have no access row yet, and by which process; only where several share the store."""

evidence = Table(
    "evidence",
    metadata,
    Column("use", LargeBinary(32), primary_key=True),
    Column("bank", LargeBinary(32), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("data_keys", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""The bundle of an answer. ``data_keys``: member and id of the data key of every attestation that it shows."""

outbox = Table(
    "outbox",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("account", LargeBinary(20), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("recipient", LargeBinary(20)),
    Column("data", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("owner", LargeBinary(16)),
    UniqueConstraint("account", "nonce"),
)
"""Transactions that are signed and not known to be mined: kept before they are sent, sent until they are mined.

``owner``: the process that carries it; another one takes over what a dead one left.
"""

outbox_account = Table(
    "outbox_account",
    metadata,
    Column("account", LargeBinary(20), primary_key=True),
    Column("next_nonce", BigInteger, nullable=False),
)
"""The next nonce of every account that sends."""
