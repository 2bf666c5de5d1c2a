"""What every reason means and what to do about it: the text of the pages of problem types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from api.http.problem.document_reason_text import DOCUMENT_REASON_TEXT
from api.http.problem.people_reason_text import PEOPLE_REASON_TEXT
from ledger_node.domain.reason import Reason

REASON_TEXT: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        **DOCUMENT_REASON_TEXT,
        **PEOPLE_REASON_TEXT,
        # input that must be fixed by whoever sent it
        Reason.JSON_MALFORMED: "The body is not JSON in UTF-8; send one JSON value, without NUL or lone surrogates.",
        Reason.JSON_DUPLICATE_KEY: "A key stands twice in one JSON object; write each key once.",
        Reason.JSON_TOO_DEEP: "The JSON is nested too deeply; nothing that the API takes is deeper than a few levels.",
        Reason.TOO_LARGE: "The body, or a text or list in it, is larger than is taken; send less at once.",
        Reason.FIELD_MISSING: "A member that must be there is missing; add the one that 'field' names.",
        Reason.FIELD_UNKNOWN: "There is no such member or field; correct the spelling of the one that 'field' names.",
        Reason.TYPE_WRONG: "A member is of the wrong type; where a field has decimals, its number is a text.",
        Reason.VALUE_MALFORMED: "A value is not written as it must be; 'detail' says how.",
        Reason.VALUE_OUT_OF_RANGE: "A number or date lies outside its bounds; 'detail' says which.",
        Reason.VALUE_OUT_OF_BOUNDS: "A value or day is one that its type rules out; correct it where it came from.",
        Reason.VALUE_MISSING: "A row lacks a value that its type demands; fill the cell, or write that there is none.",
        Reason.CREDIT_CODE_INVALID: (
            "This is no unified social credit code; check its 18 characters, the last of which checks the others."
        ),
        Reason.SCHEMA_INVALID: "The schema breaks a rule of the format; 'detail' says which.",
        Reason.SCHEMA_UNKNOWN: "There is no type of attestation of this name; GET /v1/schemas lists them.",
        Reason.QUESTION_MALFORMED: "The question cannot be read; write it as the examples in the documentation are.",
        Reason.OPERATOR_UNSUPPORTED: (
            "This field does not answer questions of this kind; GET /v1/schemas says what it takes."
        ),
        Reason.UNIT_MISSING: "The threshold names no unit; write it with one, such as 500000 CNY.",
        Reason.UNIT_UNKNOWN: "The field is not measured in this unit; use the one that 'detail' names.",
        Reason.CURRENCY_DIFFERS: "The field is in another currency, and nothing is converted; ask in the one it has.",
        Reason.OFF_LADDER: "Thresholds are limited to those of the field's ladder; ask one that 'detail' lists.",
        Reason.RANGE_EMPTY: "No value lies in this range; its lower end must be below its upper end.",
        Reason.SET_EMPTY: "The set has no member, so nothing is asked; list at least one.",
        Reason.SET_FULL: "The set has every member, so nothing is asked; leave one out.",
        Reason.SET_DUPLICATE: "A member stands twice in the set; list each once.",
        Reason.SET_MEMBER_UNKNOWN: "The field has no such member; GET /v1/schemas lists its members.",
        Reason.NOT_REVEALABLE: "The value of this field is never shown; ask a question about it instead.",
        Reason.HEADING_MISSING: "The export lacks a column; add the one that 'field' names.",
        Reason.HEADING_UNKNOWN: "The export has a column that the type does not know; remove or rename it.",
        Reason.COLUMN_REPEATED: "The export has two columns for one field; remove the one that is not right.",
        Reason.ROW_MALFORMED: (
            "The row does not have as many cells as the heading, has a quote where none belongs, or is no JSON object; "
            "correct the row."
        ),
        Reason.ROW_REPEATED: "The export says the same of this firm and period twice; the first row counts.",
        Reason.ROW_CONFLICT: "Rows of the export contradict each other about a firm and period; leave the right one.",
        Reason.ROW_INCONSISTENT: "The row contradicts itself; 'detail' says where, correct it where it came from.",
        Reason.ROW_OUTDATED: (
            "There is a newer attestation of this firm and period; send newer data, or send this as a correction."
        ),
        Reason.CORRECTION_NEEDED: (
            "Something else is attested for this firm, period and day; if this row is right, send it as a correction."
        ),
        Reason.SUBJECT_ERASED: (
            "The department has erased this firm; where it must be attested to again, say so with the upload."
        ),
        Reason.UPLOAD_INTERRUPTED: "The upload broke off; send the file again, rows are never issued twice.",
        Reason.ENCODING_WRONG: "The export is neither UTF-8 nor GB18030; save it in one of them.",
        Reason.SIGNATURE_MALFORMED: "This is no signature of 65 bytes r, s, v with low s; have the wallet sign again.",
        Reason.PURPOSE_UNKNOWN: "The consortium knows no such purpose; GET /v1/purposes lists them.",
        Reason.PURPOSE_CEILING: "The consent asks for more than its purpose allows; stay within GET /v1/purposes.",
        Reason.MEMBER_UNKNOWN: "There is no such member of this kind; GET /v1/members lists them.",
        Reason.SUBJECT_UNKNOWN: "No such firm is registered here; the registrar registers it.",
        Reason.SUBJECT_EXISTS: "The firm is registered already; send the controllers that it was registered with.",
        Reason.NOT_FOUND: "There is nothing under this address or id for you; check both, and whom you sign in as.",
        Reason.REQUEST_INVALID: "The request is not one that this address takes; 'detail' says what is wrong.",
        Reason.SIGN_IN_NEEDED: "The request does not say who calls, or not so that it is believed; sign in.",
        Reason.NOT_ALLOWED: "Your role may not do this; sign in as a member that may.",
        Reason.MEDIA_TYPE_UNSUPPORTED: (
            "The body is not of a type that this address reads; name the type in Content-Type."
        ),
        Reason.QUERY_TOO_LARGE: "The part of the address behind the question mark is too long; shorten it.",
        Reason.HEADERS_TOO_LARGE: "The headers of the request are too long together; send fewer or shorter ones.",
        Reason.REQUEST_TIMEOUT: "The body stopped coming; send the request again, with the same Idempotency-Key.",
        Reason.RATE_LIMITED: "You ask more often than is taken from one caller; wait the seconds of Retry-After.",
        Reason.CURSOR_INVALID: "This is no cursor of this list; start without 'after', then follow 'next'.",
        Reason.IDEMPOTENCY_KEY_MALFORMED: (
            "The Idempotency-Key is not one quoted string; draw a UUID and put it in quotes."
        ),
        Reason.IDEMPOTENCY_KEY_REUSED: "This Idempotency-Key was used for another request; draw a new one.",
        Reason.IDEMPOTENCY_IN_PROGRESS: "A request with this Idempotency-Key is under way; send it again in a moment.",
        Reason.IDEMPOTENCY_ANSWER_ERASED: (
            "The request was answered, and the answer erased with its firm; ask anew if you still may."
        ),
        # sign-in
        Reason.ALGORITHM_NOT_ALLOWED: (
            "Signed with an algorithm that is not taken; use ES256 or Ed25519, or ES256K as a subject's controller."
        ),
        Reason.ASSERTION_MALFORMED: "The client assertion is no JWT of its kind; 'detail' says what is wrong.",
        Reason.ASSERTION_OTHER_AUDIENCE: (
            "The assertion was made for another instance; put this one's address, alone, into 'aud'."
        ),
        Reason.ASSERTION_OTHER_CLIENT: (
            "'client_id' names another client than the one that signed the assertion; leave it out, or name that one."
        ),
        Reason.ASSERTION_REPLAYED: "The assertion was used before; sign a new one for every token.",
        Reason.ASSERTION_TIME: "The assertion is too old or from the future; see whether your clock is right.",
        Reason.CLIENT_UNKNOWN: (
            "There is no such client with this key; see whether the key was published, and not replaced since."
        ),
        Reason.MEMBER_NOT_ACTIVE: "The chain holds the member as suspended or retired; ask the consortium.",
        Reason.PROOF_MALFORMED: "The header DPoP is no proof of possession; send one JWT of type dpop+jwt.",
        Reason.PROOF_NONCE: (
            "The instance has started since the proof was made; make it again with the nonce of DPoP-Nonce."
        ),
        Reason.PROOF_OTHER_KEY: (
            "The access token belongs to another key than the proof's; sign proofs with the key the token was got with."
        ),
        Reason.PROOF_OTHER_REQUEST: (
            "The proof was made for another request; name the method and address of this one in 'htm' and 'htu'."
        ),
        Reason.PROOF_OTHER_TOKEN: "The proof was made for another access token; put the hash of this one into 'ath'.",
        Reason.PROOF_REPLAYED: "The proof was used before; make a new one for every request, and for every retry.",
        Reason.PROOF_TIME: "The proof is too old or from the future; see whether your clock is right.",
        Reason.SIGN_IN_KEYS_OUTDATED: "Another set of sign-in keys is in force by now; sign the next number.",
        Reason.TOKEN_UNKNOWN: "The access token has ended or never was one; get a new one at POST /v1/token.",
        Reason.NOT_CANONICAL: "The document was written anew since it was signed; keep it byte for byte as you got it.",
        Reason.WEBHOOK_URL_REFUSED: "This is no address for webhooks; 'detail' says what is wrong with it.",
        Reason.WEBHOOK_ADDRESS_REFUSED: (
            "Webhooks go to public addresses only; name a host outside of internal networks."
        ),
        Reason.WEBHOOK_ADDRESS_UNKNOWN: "The host of the webhook has no address; see whether its name is right.",
        # answers that cannot be told
        Reason.NO_ATTESTATION: (
            "No department has attested to this for this firm and period; it says nothing about the firm."
        ),
        Reason.ATTESTATION_EXPIRED: "The attestation is over; wait for the department's next one.",
        Reason.ATTESTATION_TOO_OLD: "The data is older than your policy allows; wait for newer data, or allow it.",
        Reason.PERIOD_MISMATCH: "The attestation is of another period than was asked; ask for a period that there is.",
        Reason.KIND_NOT_NAMED: (
            "Several kinds are attested for the firm and period; name one, as in "
            "tax_payment[tax_kind=10101].paid_amount."
        ),
        Reason.KIND_MISMATCH: "The attestation is of another kind than was asked about; reject the answer.",
        Reason.DEPARTMENT_NOT_NAMED: (
            "Several departments may attest to this; name one in the question, as in "
            "penalty_summary[issuer=0x…].count_24m, or let the consent list one."
        ),
        Reason.DEPARTMENT_MISMATCH: "The attestation is of another department than was asked about; reject the answer.",
        Reason.SCHEMA_VERSION_DIFFERS: (
            "The attestation is of an older version of its type, where the question does not mean the same; ask what "
            "both versions know, or ask again once the department has attested anew."
        ),
        Reason.VALUE_ABSENT: "The department has no value for this field; it says nothing about the firm.",
        Reason.NEEDS_DISCLOSURE: (
            "A proof of 'no' would show the value, and the consent does not allow that; ask the firm to allow "
            "revealing it."
        ),
        Reason.ERASED: "What was attested to has been erased; nothing can be told any more.",
        Reason.QUARANTINED: (
            "The ledger calls what was attested to erased, and the instance's operator has not said yet whether it is; "
            "ask again later."
        ),
        Reason.ANSWER_LOST: (
            "A use was counted, and the process died before it answered; send the request again with its "
            "Idempotency-Key."
        ),
        # consent
        Reason.CONSENT_UNKNOWN: "You have no such consent; check the id, or ask the firm for a consent.",
        Reason.CONSENT_ID_MISMATCH: (
            "The terms hash to another id than this consent's; send the terms that were signed."
        ),
        Reason.CONSENT_EXISTS: "Exactly this consent was granted already; use it.",
        Reason.CONSENT_EXPIRED: "The consent is over; ask the firm for a new one.",
        Reason.CONSENT_WITHDRAWN: "The firm has withdrawn the consent; nothing more may be asked under it.",
        Reason.CONSENT_PAUSED: "The firm has paused the consent; it may resume it.",
        Reason.CONSENT_NOT_PAUSED: "The consent is not paused, so it cannot be resumed.",
        Reason.CONSENT_CHANGED_ALREADY: (
            "The consent was changed meanwhile; read its 'changes' and sign the next number."
        ),
        Reason.REQUEST_UNKNOWN: "There is no such request of this bank; check the id.",
        Reason.REQUEST_ANSWERED: "The request was granted or refused already; make a new one.",
        Reason.CONSENT_NOT_YET_VALID: "The consent is not valid yet; ask again once it is.",
        Reason.CONSENT_EXHAUSTED: "All uses of the consent are spent; ask the firm for a new one.",
        Reason.CONSENT_OTHER_GRANTEE: "The consent is another bank's; ask the firm for one of your own.",
        Reason.CONSENT_OTHER_PURPOSE: "The consent is for another purpose; ask the firm for one for this purpose.",
        Reason.CONSENT_OTHER_DEPARTMENT: "The consent does not cover this department; ask the firm for one that does.",
        Reason.CONSENT_OTHER_PERIOD: "The consent does not cover data of these days; ask the firm for one that does.",
        Reason.CONSENT_TEXT_DIFFERS: (
            "The terms were signed over other words than they stand for; show those of POST /v1/consent-texts."
        ),
        Reason.WORDING_UNKNOWN: (
            "The terms name words that the consortium did not agree on; draw them up anew with GET /v1/wording."
        ),
        Reason.CONSENT_WRONG_SECRET: (
            "This secret does not withdraw this consent; withdraw by the controllers' signatures."
        ),
        Reason.USE_OTHER_MEMBER: (
            "This use is for another member's answer; name the member that GET /v1/ledger calls `answers`."
        ),
        Reason.USE_TOO_LATE: "The time is over that this use was signed for; sign a new one, good for ten minutes.",
        Reason.USE_SIGNATURE_WRONG: (
            "The consent's spend key signed no use for just these claims; sign with the bank's own seed."
        ),
        Reason.USE_NUMBER_TAKEN: (
            "A use of this number was counted before; sign the use again with the free number of this answer."
        ),
        Reason.CONSENT_GRANT_LATE: "This consent was to be recorded earlier; draw up a new one, and sign it.",
        Reason.CONSENT_SIGNATURES_DIFFER: (
            "The ledger holds this consent with other signatures of controllers; sign a new one."
        ),
        Reason.CONSENT_TERMS_DIFFER: (
            "These are not the terms under this id: a bank rejects the answer, and a firm opens the request again."
        ),
        Reason.QUESTION_NOT_CONSENTED: "The firm did not consent to this question; ask it for a consent that lists it.",
        Reason.SIGNER_NOT_CONTROLLER: (
            "A signature is by a key that does not sign for the firm; sign with a controller's."
        ),
        Reason.CONTROLLERS_CHANGED: "The firm has other controllers by now; read the subject and sign again.",
        Reason.CONTROLLERS_FOREIGN: (
            "The ledger shows controllers of this firm that this instance does not know; what was begun here is "
            "closed. Whoever rotated elsewhere sends the same rotation here; anybody else tells the registrar."
        ),
        Reason.CONTROLLERS_NONE_COUNT: (
            "Every change of this firm's controllers rests on a compromised key; the registrar asks for a recovery."
        ),
        Reason.SIGNATURES_LATE: "The signatures were good until a time that is over; sign again.",
        Reason.REGISTRAR_FOREIGN: "Only the registrar that registered or last recovered this firm may do this.",
        Reason.CONTROLLERS_MISMATCH: "These are not the firm's controllers at that time; reject the answer.",
        Reason.THRESHOLD_NOT_MET: (
            "Too few persons signed; collect signatures of as many as must sign. Two devices of one person count once."
        ),
        Reason.CHALLENGE_MISMATCH: "The passkey signed another challenge; sign this request again.",
        Reason.ORIGIN_MISMATCH: "The passkey signed for another site; sign on the site that the terms name.",
        Reason.USER_NOT_VERIFIED: "The passkey did not verify its user; sign again with fingerprint, face or PIN.",
        Reason.CONTROLLERS_UNCHANGED: "The new controllers are those of today; nothing is to be changed.",
        Reason.RECOVERY_PENDING: "A recovery of this firm is under way; wait for its end, or cancel it.",
        Reason.RECOVERY_NOT_PENDING: "No recovery of this firm is under way.",
        Reason.RECOVERY_EARLY: "The waiting time of the recovery is not over; try again after it.",
        Reason.SIGNER_REPEATED: "A person signed twice, perhaps with two devices; each person counts once.",
        # the chain and the machinery around it
        Reason.STORE_UNAVAILABLE: (
            "The instance's store does not answer or is busy; nothing that was acknowledged is lost, "
            "try again after Retry-After."
        ),
        Reason.GOVERNOR_UNKNOWN: "This account is no governor; vote with the key of one.",
        Reason.PROPOSAL_UNKNOWN: "There is no proposal of this number; credence council list shows them.",
        Reason.PROPOSAL_DIGEST_WRONG: "The proposal has other calls than you looked at; look again before you vote.",
        Reason.PROPOSAL_CLOSED: "The proposal was executed, cancelled or blocked, or its time is over.",
        Reason.PROPOSAL_VOTED: "This governor has this vote already, or has none to take back; look again.",
        Reason.PROPOSAL_LACKS_APPROVALS: "Too few governors have approved; ask the others.",
        Reason.PROPOSAL_EARLY: "The proposal is decided and waits; credence council show says until when.",
        Reason.COUNCIL_RULE_BROKEN: "The council would break a rule of its own; correct threshold, quorum or delay.",
        Reason.NODE_LIMIT: "The chain's node allows less than the ledger needs; its operator raises that limit.",
        Reason.LEDGER_STALE: (
            "The chain stands still: no block was made for longer than is usual; the instance's operator must look."
        ),
        Reason.OUTBOX_STUCK: (
            "Transactions of the instance are not mined, so no use can be recorded; its operator must look."
        ),
        Reason.NOTIFICATIONS_STUCK: (
            "Events of the ledger have not become notifications for a long time; the instance's operator must look."
        ),
        Reason.WORKER_DIED: (
            "The processes that made the answer died; nothing was revealed. Ask again after Retry-After with the same "
            "Idempotency-Key, which costs no second use."
        ),
        Reason.STORE_IN_USE: "Another process works with this store, which takes one at a time; its operator stops it.",
        Reason.STORE_OUTDATED: "The store is of an earlier version; its operator runs: credence store upgrade.",
        Reason.STORE_NEWER: "The store is of a later version than this program; its operator installs that version.",
        Reason.STORE_MISMATCH: "The store is not the one of this instance's folder; its operator names the right one.",
        Reason.LEDGER_UNAVAILABLE: "The ledger does not answer; nothing was revealed, try again after Retry-After.",
        Reason.LEDGER_WRONG_CHAIN: "The node serves another chain than this network's; the operator must look.",
        Reason.LEDGER_REFUSED: "The ledger refuses this write; 'detail' says why.",
        Reason.OVERLOADED: (
            "The instance as a whole, whoever asks, has no room for more proofs of possession; this is no limit of "
            "yours: try again after Retry-After."
        ),
        # copies, for operators
        Reason.KEY_LEDGER_BUSY: "Deleted keys are still being read by another process; try again after Retry-After.",
        Reason.KEY_LEDGER_MISMATCH: (
            "The key ledger is gone or that of another store; the operator puts the right one in place or restores."
        ),
        Reason.KEY_COPY_FAILED: (
            "The keys are erased, but not yet from their copy, which cannot be written; the operator must look, and "
            "asking again with the same Idempotency-Key finishes it."
        ),
        Reason.KEY_COPY_MALFORMED: "The copy of the key ledger is cut off or altered; take an intact one.",
        Reason.KEY_COPY_OTHER_INSTANCE: "The copy of the key ledger is that of another instance; take the right one.",
        Reason.KEY_COPY_OUTDATED: (
            "The copy of the key ledger is older than the backup, so keys are missing; take the newest copy."
        ),
        Reason.BACKUP_MALFORMED: "The backup is cut off or altered, or is none; take another one.",
        Reason.BACKUP_OTHER_RECIPIENT: "The backup was encrypted for another identity; name the file of the right one.",
        Reason.BACKUP_NEWER_FORMAT: "A newer version wrote this copy; restore it with that version.",
        Reason.PASSPHRASE_WRONG: "The passphrase does not open the backup's keystores; name the file of the right one.",
        Reason.CHAIN_OTHER_NETWORK: "The chain is of another network, or ends before the backup; take the right one.",
        Reason.CONFIGURATION: "The instance is not set up rightly; 'detail' tells its operator what to change.",
        Reason.INTERNAL: (
            "A fault of ours; nothing that was acknowledged is lost, try again with the same Idempotency-Key."
        ),
    }
)
"""One text a reason; a test fails where one lacks."""
