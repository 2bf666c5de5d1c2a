"""What the reasons of documents mean that somebody checks: proofs, evidence, and messages of webhooks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger_node.domain.reason import Reason

DOCUMENT_REASON_TEXT: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        # proofs, headers, batches
        Reason.OPENING_MALFORMED: "A proof does not have the form of its kind; reject the answer.",
        Reason.OPENED_SET_MISMATCH: "A proof opens other members than the question demands; reject the answer.",
        Reason.MODE_MISMATCH: "A proof is for another kind of field; reject the answer.",
        Reason.FIELD_PROOF_FAILED: (
            "A proof does not lead to the attestation's root or to this verdict; reject the answer."
        ),
        Reason.PATH_LENGTH: "A path is not as long as its tree is deep; reject the answer.",
        Reason.SIBLING_LENGTH: "A sibling of a path is not 32 bytes; reject the answer.",
        Reason.INDEX_OUT_OF_RANGE: "A position lies outside its tree; reject the answer.",
        Reason.SCHEMA_MISMATCH: "The attestation is of another schema than the question; reject the answer.",
        Reason.OTHER_NETWORK: "The attestation was made for another network; ask its department to attest on this one.",
        Reason.NOT_IN_BATCH: "The attestation or row is not in the batch that it names; reject the answer.",
        Reason.NOT_ANCHORED: "The chain does not hold this batch; wait for its anchoring, or reject the answer.",
        Reason.ISSUER_MISMATCH: "The attestation names another issuer than the batch it is in; reject the answer.",
        Reason.ISSUER_NOT_ALLOWED: "This department may not issue attestations of this type; reject the answer.",
        Reason.BATCH_NOT_SIGNED: "The batch carries no signature of its member's key; reject the answer.",
        Reason.KEY_NOT_VALID: "The batch was signed by a key that was not valid then; reject the answer.",
        Reason.KEY_COMPROMISED: (
            "The batch was signed after its key was compromised; ask the department to attest anew."
        ),
        Reason.KEY_PURPOSE_WRONG: "This was signed by a key that its member has for something else; reject it.",
        Reason.BLOCK_NOT_FINAL: "The block that the answer names is not on this chain; ask again.",
        Reason.SUBJECT_MISMATCH: "This is about another firm than the consent; reject the answer.",
        Reason.REVOKED: "The department has revoked the attestation; it counts for nothing.",
        Reason.SUPERSEDED: "A newer attestation stands in its place; ask again.",
        Reason.OUTSIDE_INTERVAL: "The row lies outside the interval it is said to be in; reject the list.",
        # evidence
        Reason.TRUST_INVALID: "This is no trust file of a consortium; get it anew from whom you trust.",
        Reason.ERA_ENDED: "This era of the network ended before that block; reject the evidence.",
        Reason.BLOCK_PATH_NEEDED: (
            "The trust file fixes the chain behind this block, and the evidence does not lead there; ask its owner for "
            "newer evidence."
        ),
        Reason.HEADER_MALFORMED: "The block header of the evidence is none; reject the evidence.",
        Reason.SEAL_MALFORMED: "A seal of the block does not have the form of its engine; reject the evidence.",
        Reason.SEAL_BY_OUTSIDER: "A seal is by a key that seals no block of this chain; reject the evidence.",
        Reason.SEAL_REPEATED: "A validator sealed the block twice; reject the evidence.",
        Reason.VALIDATORS_DIFFER: (
            "The block names other validators than the trust file; get a newer trust file, or reject the evidence."
        ),
        Reason.CODE_DIFFERS: "A contract holds other code than the trust file names; reject the evidence.",
        Reason.STATE_PROOF_MISSING: "The evidence lacks the proof of a fact; reject it.",
        Reason.STATE_PROOF_MALFORMED: "A state proof of the evidence cannot be read; reject it.",
        Reason.STATE_PROOF_UNNEEDED: "The evidence holds a state proof that proves nothing; reject it.",
        Reason.MEMBER_DIFFERS: "The chain knows a member by another name than the evidence; reject it.",
        Reason.ANSWER_DIFFERS: "The answer says something else than its proofs show; reject it.",
        Reason.USE_NOT_RECORDED: "No use of the consent was recorded before the answer; reject it.",
        Reason.USE_DIFFERS: "The use that was counted is for another answer than this; reject it.",
        Reason.USES_DIFFER: "The ledger counted other uses of this consent than are shown; reject the answer.",
        Reason.ANSWERED_LATE: "A use is answered within ten minutes after it was counted; sign a new one, and ask.",
        Reason.RECEIPT_MISSING: "The evidence lacks the signed word that it needs; reject it.",
        Reason.RECEIPT_DIFFERS: "The signed word is of another answer or key; reject the evidence.",
        Reason.KEEPER_NOT_ALLOWED: "Only a member that records consents may sign answers; reject the evidence.",
        Reason.STATEMENT_EARLIER: "Take a statement of keys of the block of the evidence or of a later one.",
        Reason.GIVEN_LATER: "The answer was given after the day that you ask about; ask about a later day.",
        # webhooks, for who receives them
        Reason.WEBHOOK_SIGNATURE_WRONG: "The message was not signed with your secret; drop it.",
        Reason.WEBHOOK_LATE: "The message is too old or from the future; drop it, and see whether your clock is right.",
        Reason.WEBHOOK_REPLAYED: "The message came before; drop it.",
    }
)
