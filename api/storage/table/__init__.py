"""Every table of the store and of the key ledger, one module a topic.

Columns named ``sealed`` hold ciphertext. Nothing else may hold a value, a salt or a credit code.

``subject_index`` is a keyed digest of a credit code (per department), useless without the department's key.
``data_key`` names a key of the key ledger (``table/key.py``), which lies apart. A name without its key says *erased*.
"""

from api.storage.table.access_log import access_interval, access_row, evidence, use_under_way
from api.storage.table.asking import answer_deletion, request_draft
from api.storage.table.attestation import attestation, batch, erased_subject, restored_mark, status_order
from api.storage.table.column import key_metadata, metadata, shared_metadata
from api.storage.table.consent import consent, consent_request, consent_word, counted_use, spend_seed
from api.storage.table.draft import collected_signature, draft
from api.storage.table.enrolment import invitation, invitation_key
from api.storage.table.idempotency import idempotent_call
from api.storage.table.identity import network, store_identity
from api.storage.table.job import job, job_chunk, job_rejection, job_unchanged
from api.storage.table.key import data_key, erased_key, key_ledger, key_link, key_removal, quarantine, quarantined_key
from api.storage.table.ledger_log import ledger_log, ledger_log_mark
from api.storage.table.message import MessageState, contact, message
from api.storage.table.notification import (
    WebhookState,
    chain_cursor,
    consent_deadline,
    notice_mark,
    notification,
    reliance,
    webhook,
)
from api.storage.table.one_time_code import code_try, one_time_code
from api.storage.table.outbox import outbox, outbox_account
from api.storage.table.own_look import handover, own_look
from api.storage.table.session import credential, session
from api.storage.table.sign_in import access_token, assertion_used, proof_memory, proof_used, sign_in_keys
from api.storage.table.signer import device_offer, rotation_draft
from api.storage.table.staff import officer_signature, prepared_act, staff_member, staff_release
from api.storage.table.subject import subject, subject_controllers, subject_recovery, subject_refusal

__all__ = [
    "MessageState",
    "WebhookState",
    "access_interval",
    "access_row",
    "access_token",
    "answer_deletion",
    "assertion_used",
    "attestation",
    "batch",
    "chain_cursor",
    "code_try",
    "collected_signature",
    "consent",
    "consent_deadline",
    "consent_request",
    "consent_word",
    "contact",
    "counted_use",
    "credential",
    "data_key",
    "device_offer",
    "draft",
    "erased_key",
    "erased_subject",
    "evidence",
    "handover",
    "idempotent_call",
    "invitation",
    "invitation_key",
    "job",
    "job_chunk",
    "job_rejection",
    "job_unchanged",
    "key_ledger",
    "key_link",
    "key_metadata",
    "key_removal",
    "ledger_log",
    "ledger_log_mark",
    "message",
    "metadata",
    "network",
    "notice_mark",
    "notification",
    "officer_signature",
    "one_time_code",
    "outbox",
    "outbox_account",
    "own_look",
    "prepared_act",
    "proof_memory",
    "proof_used",
    "quarantine",
    "quarantined_key",
    "reliance",
    "request_draft",
    "restored_mark",
    "rotation_draft",
    "session",
    "shared_metadata",
    "sign_in_keys",
    "spend_seed",
    "staff_member",
    "staff_release",
    "status_order",
    "store_identity",
    "subject",
    "subject_controllers",
    "subject_recovery",
    "subject_refusal",
    "use_under_way",
    "webhook",
]
