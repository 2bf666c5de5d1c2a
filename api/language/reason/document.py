"""Reasons of documents that somebody checks: proofs, evidence and messages."""

from collections.abc import Mapping
from typing import Final

from api.language.reason.next_step import REJECT, REJECT_FILE
from api.language.reason.words import ReasonWords
from api.language.translation import N_
from ledger_node.domain.reason import Reason

DOCUMENT_WORDS: Final[Mapping[Reason, ReasonWords]] = {
    # proofs, headers, batches
    Reason.OPENING_MALFORMED: ReasonWords(N_("A proof of the answer is not of its kind."), REJECT),
    Reason.OPENED_SET_MISMATCH: ReasonWords(N_("A proof shows other entries than the question needs."), REJECT),
    Reason.MODE_MISMATCH: ReasonWords(N_("A proof is for another kind of field."), REJECT),
    Reason.FIELD_PROOF_FAILED: ReasonWords(
        N_("A proof does not lead to what the department issued, or not to this answer."), REJECT
    ),
    Reason.PATH_LENGTH: ReasonWords(N_("A proof has the wrong length."), REJECT),
    Reason.SIBLING_LENGTH: ReasonWords(N_("A part of a proof has the wrong length."), REJECT),
    Reason.INDEX_OUT_OF_RANGE: ReasonWords(N_("A proof names a place that does not exist."), REJECT),
    Reason.SCHEMA_MISMATCH: ReasonWords(N_("The department issued another type of data than was asked about."), REJECT),
    Reason.OTHER_NETWORK: ReasonWords(
        N_("This was made for another network."), N_("Ask on the network that it was made for.")
    ),
    Reason.NOT_IN_BATCH: ReasonWords(N_("This is not in the batch that it names."), REJECT),
    Reason.NOT_ANCHORED: ReasonWords(N_("The ledger does not hold this batch yet."), N_("Ask again in a few minutes.")),
    Reason.ISSUER_MISMATCH: ReasonWords(N_("Another department issued this than it says."), REJECT),
    Reason.ISSUER_NOT_ALLOWED: ReasonWords(N_("This department may not issue this type of data."), REJECT),
    Reason.BATCH_NOT_SIGNED: ReasonWords(N_("The batch is not signed by the department."), REJECT),
    Reason.KEY_NOT_VALID: ReasonWords(N_("The batch was signed by a key that was not valid then."), REJECT),
    Reason.KEY_COMPROMISED: ReasonWords(
        N_("The department's key was stolen before this was signed."),
        N_("Do not rely on it. Ask the department to issue it anew."),
    ),
    Reason.KEY_PURPOSE_WRONG: ReasonWords(N_("This was signed by a key that is for something else."), REJECT),
    Reason.BLOCK_NOT_FINAL: ReasonWords(N_("The block that the answer names is not on this ledger."), REJECT),
    Reason.SUBJECT_MISMATCH: ReasonWords(N_("This is about another firm than the consent."), REJECT),
    Reason.REVOKED: ReasonWords(
        N_("The department has revoked this."), N_("It counts for nothing. Ask the department why.")
    ),
    Reason.SUPERSEDED: ReasonWords(N_("There is a newer version of this."), N_("Ask again to get the newer one.")),
    Reason.OUTSIDE_INTERVAL: ReasonWords(N_("A row lies outside the time that the list is of."), REJECT_FILE),
    # evidence
    Reason.TRUST_INVALID: ReasonWords(
        N_("This is no trust file of a consortium."), N_("Get the trust file from somebody whom you trust.")
    ),
    Reason.ERA_ENDED: ReasonWords(N_("This era of the network ended before that block."), REJECT_FILE),
    Reason.BLOCK_PATH_NEEDED: ReasonWords(
        N_("The trust file is newer than this evidence."), N_("Ask the owner of the evidence for a newer one.")
    ),
    Reason.HEADER_MALFORMED: ReasonWords(N_("The block of the evidence cannot be read."), REJECT_FILE),
    Reason.SEAL_MALFORMED: ReasonWords(N_("A seal of the block cannot be read."), REJECT_FILE),
    Reason.SEAL_BY_OUTSIDER: ReasonWords(N_("A seal is by somebody who seals no block of this network."), REJECT_FILE),
    Reason.SEAL_REPEATED: ReasonWords(N_("One party sealed the block twice."), REJECT_FILE),
    Reason.VALIDATORS_DIFFER: ReasonWords(
        N_("The block names others who may seal it than the trust file does."),
        N_("Get a newer trust file, or do not rely on the evidence."),
    ),
    Reason.CODE_DIFFERS: ReasonWords(N_("The ledger runs another program than the trust file names."), REJECT_FILE),
    Reason.STATE_PROOF_MISSING: ReasonWords(N_("The evidence lacks the proof of a fact."), REJECT_FILE),
    Reason.STATE_PROOF_MALFORMED: ReasonWords(N_("A proof of the evidence cannot be read."), REJECT_FILE),
    Reason.STATE_PROOF_UNNEEDED: ReasonWords(N_("The evidence holds a proof that proves nothing."), REJECT_FILE),
    Reason.MEMBER_DIFFERS: ReasonWords(N_("The ledger knows a member by another name than the evidence."), REJECT_FILE),
    Reason.ANSWER_DIFFERS: ReasonWords(N_("The answer says something else than its proofs show."), REJECT),
    Reason.USE_NOT_RECORDED: ReasonWords(N_("No use of the consent was recorded before the answer."), REJECT),
    Reason.USE_DIFFERS: ReasonWords(N_("The use that was recorded is for another answer than this."), REJECT),
    Reason.USES_DIFFER: ReasonWords(N_("The ledger counted other uses of this consent than are shown."), REJECT),
    Reason.ANSWERED_LATE: ReasonWords(N_("The answer came too late after the use was counted."), REJECT),
    Reason.RECEIPT_MISSING: ReasonWords(N_("The evidence lacks the receipt that it needs."), REJECT_FILE),
    Reason.RECEIPT_DIFFERS: ReasonWords(N_("The receipt is of another answer, or signed by another key."), REJECT_FILE),
    Reason.KEEPER_NOT_ALLOWED: ReasonWords(N_("The answer is signed by a member that may not answer."), REJECT_FILE),
    Reason.STATEMENT_EARLIER: ReasonWords(
        N_("The statement of keys is older than the evidence."), N_("Take a statement of the same day or a later one.")
    ),
    Reason.GIVEN_LATER: ReasonWords(
        N_("The answer was given after the day that you ask about."), N_("Choose a later day.")
    ),
    # webhooks, for who receives them
    Reason.WEBHOOK_SIGNATURE_WRONG: ReasonWords(
        N_("The message was not signed with your secret."), N_("Drop the message.")
    ),
    Reason.WEBHOOK_LATE: ReasonWords(
        N_("The message is too old, or your clock is wrong."), N_("Drop the message, and check your clock.")
    ),
    Reason.WEBHOOK_REPLAYED: ReasonWords(N_("The message came before."), N_("Drop the message.")),
}
