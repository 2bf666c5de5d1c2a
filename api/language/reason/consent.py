"""Reasons of answers that cannot be told, of consents and of signers."""

from collections.abc import Mapping
from typing import Final

from api.language.reason.next_step import (
    ANEW,
    DEPARTMENT,
    NEW_CONSENT,
    NOTHING,
    OPERATOR,
    OTHER_CONSENT,
    REJECT,
    SIGN_AGAIN,
)
from api.language.reason.words import ReasonWords
from api.language.translation import N_
from ledger_node.domain.reason import Reason

CONSENT_WORDS: Final[Mapping[Reason, ReasonWords]] = {
    # answers that cannot be told
    Reason.NO_ATTESTATION: ReasonWords(
        N_("No department has issued data on this for this firm and period."),
        N_("It says nothing about the firm. Ask the firm for papers, or ask about another period."),
    ),
    Reason.ATTESTATION_EXPIRED: ReasonWords(
        N_("The data has run out."), N_("Ask again when the department has renewed it.")
    ),
    Reason.ATTESTATION_TOO_OLD: ReasonWords(
        N_("The data is older than you allow."), N_("Wait for newer data, or allow older data.")
    ),
    Reason.PERIOD_MISMATCH: ReasonWords(
        N_("The data is of another period than was asked about."), N_("Ask about a period that there is data for.")
    ),
    Reason.KIND_NOT_NAMED: ReasonWords(
        N_("There are several kinds of this data for the firm."), N_("Name one kind in the question.")
    ),
    Reason.KIND_MISMATCH: ReasonWords(N_("The data is of another kind than was asked about."), REJECT),
    Reason.DEPARTMENT_NOT_NAMED: ReasonWords(
        N_("Several departments may issue this data."), N_("Name one department in the question.")
    ),
    Reason.DEPARTMENT_MISMATCH: ReasonWords(N_("The data is of another department than was asked about."), REJECT),
    Reason.SCHEMA_VERSION_DIFFERS: ReasonWords(
        N_("The department issued this before the form of the data changed, so the question does not fit."), DEPARTMENT
    ),
    Reason.VALUE_ABSENT: ReasonWords(
        N_("The department has no value for this."), N_("It says nothing about the firm. Ask the firm for papers.")
    ),
    Reason.NEEDS_DISCLOSURE: ReasonWords(
        N_("To prove “no” would show the value, and the consent does not allow that."),
        N_("Ask the firm for a consent that allows it."),
    ),
    Reason.ERASED: ReasonWords(N_("The data has been erased."), N_("Nothing can be told any more.")),
    Reason.QUARANTINED: ReasonWords(
        N_("The data may have been erased; the operator is finding out."), N_("Ask again later.")
    ),
    Reason.ANSWER_LOST: ReasonWords(
        N_("The check was counted, but its answer did not arrive."), N_("Press “Check” again. It costs no second use.")
    ),
    # consent
    Reason.CONSENT_UNKNOWN: ReasonWords(
        N_("There is no such consent."), N_("Look at the list of your consents, or ask the firm for one.")
    ),
    Reason.CONSENT_ID_MISMATCH: ReasonWords(N_("What was sent is not what was signed."), ANEW),
    Reason.CONSENT_EXISTS: ReasonWords(
        N_("Exactly this consent was granted already."), N_("Use the consent that there is.")
    ),
    Reason.CONSENT_EXPIRED: ReasonWords(N_("The consent is over."), NEW_CONSENT),
    Reason.CONSENT_WITHDRAWN: ReasonWords(
        N_("The firm has withdrawn the consent."),
        N_("Nothing more may be asked under it. Delete the answers when their time is over."),
    ),
    Reason.CONSENT_PAUSED: ReasonWords(
        N_("The firm has paused the consent."), N_("Wait until the firm resumes it, or ask the firm.")
    ),
    Reason.CONSENT_NOT_PAUSED: ReasonWords(N_("The consent is not paused, so there is nothing to resume."), NOTHING),
    Reason.CONSENT_CHANGED_ALREADY: ReasonWords(N_("The consent was changed meanwhile."), ANEW),
    Reason.REQUEST_UNKNOWN: ReasonWords(N_("There is no such request."), N_("Look at the list of requests.")),
    Reason.REQUEST_ANSWERED: ReasonWords(
        N_("The request was granted or refused already."), N_("Make a new request if you need one.")
    ),
    Reason.CONSENT_NOT_YET_VALID: ReasonWords(N_("The consent is not valid yet."), N_("Ask again once it is.")),
    Reason.CONSENT_EXHAUSTED: ReasonWords(N_("All checks of the consent are used."), NEW_CONSENT),
    Reason.CONSENT_OTHER_GRANTEE: ReasonWords(
        N_("The consent is another bank's."), N_("Ask the firm for one of your own.")
    ),
    Reason.CONSENT_OTHER_PURPOSE: ReasonWords(N_("The consent is for another purpose."), OTHER_CONSENT),
    Reason.CONSENT_OTHER_DEPARTMENT: ReasonWords(N_("The consent does not cover this department."), OTHER_CONSENT),
    Reason.CONSENT_OTHER_PERIOD: ReasonWords(N_("The consent does not cover data of these days."), OTHER_CONSENT),
    Reason.CONSENT_TEXT_DIFFERS: ReasonWords(
        N_("The words on the page are not those of the consent. Nothing was signed."), N_("Open the page anew.")
    ),
    Reason.WORDING_UNKNOWN: ReasonWords(
        N_("The consent is in words that the council did not agree on."), N_("Open the page anew.")
    ),
    Reason.CONSENT_WRONG_SECRET: ReasonWords(
        N_("This code does not withdraw this consent."),
        N_("Check the code on the slip, or sign in and withdraw there."),
    ),
    Reason.USE_OTHER_MEMBER: ReasonWords(N_("This check is for another member to answer."), N_("Ask again.")),
    Reason.USE_TOO_LATE: ReasonWords(N_("The time for this check is over. It was not counted."), N_("Ask again.")),
    Reason.USE_SIGNATURE_WRONG: ReasonWords(N_("The bank's signature does not fit this check."), OPERATOR),
    Reason.USE_NUMBER_TAKEN: ReasonWords(N_("Another check took this number first."), N_("Ask again.")),
    Reason.CONSENT_GRANT_LATE: ReasonWords(
        N_("The time for answering is over. Nothing was granted."), N_("The bank can send a new request.")
    ),
    Reason.CONSENT_SIGNATURES_DIFFER: ReasonWords(
        N_("The consent was recorded with other signatures."), N_("Draw up a new consent, and sign it.")
    ),
    Reason.CONSENT_TERMS_DIFFER: ReasonWords(
        N_("The ledger holds other terms of this consent."),
        N_("Do not rely on the answer. Ask the firm for a new consent."),
    ),
    Reason.QUESTION_NOT_CONSENTED: ReasonWords(
        N_("The firm has not consented to this question."), N_("You can ask the firm for a further consent.")
    ),
    Reason.SIGNER_NOT_CONTROLLER: ReasonWords(
        N_("A signature is by a device that does not sign for the firm."),
        N_("Sign with a device that is linked to the firm."),
    ),
    Reason.CONTROLLERS_CHANGED: ReasonWords(
        N_("The signers of the firm have changed meanwhile."), N_("Open the page anew and sign again.")
    ),
    Reason.CONTROLLERS_FOREIGN: ReasonWords(
        N_("The signers of the firm were changed elsewhere. What was begun here is closed."),
        N_("Whoever changed them sends the change here too. Anybody else tells the registrar."),
    ),
    Reason.CONTROLLERS_NONE_COUNT: ReasonWords(
        N_("No change of the firm's signers counts, because the key behind them was stolen."),
        N_("The registrar starts a recovery."),
    ),
    Reason.SUBJECT_ON_HOLD: ReasonWords(
        N_("The firm is on hold. Until its end only withdrawals and recoveries go on."),
        N_("Wait until the hold is over."),
    ),
    Reason.HOLD_TOO_SOON: ReasonWords(
        N_("A firm can be put on hold once in 60 days."), N_("Wait until the 60 days are over.")
    ),
    Reason.SIGNATURES_LATE: ReasonWords(
        N_("The signatures were good until a time that is over. Nothing was done."), SIGN_AGAIN
    ),
    Reason.REGISTRAR_FOREIGN: ReasonWords(
        N_("Only the registrar that registered this firm, or recovered it last, may do this."),
        N_("Ask that registrar."),
    ),
    Reason.CONTROLLERS_MISMATCH: ReasonWords(N_("These are not the firm's signers at that time."), REJECT),
    Reason.THRESHOLD_NOT_MET: ReasonWords(
        N_("Too few persons have signed."), N_("Let the others sign. Two devices of one person count once.")
    ),
    Reason.CHALLENGE_MISMATCH: ReasonWords(
        N_("The device signed something else than this page. Nothing was done."),
        N_("Open the page anew and sign again."),
    ),
    Reason.ORIGIN_MISMATCH: ReasonWords(
        N_("The device signed for another site. Nothing was done."), N_("Open the right address, and sign there.")
    ),
    Reason.USER_NOT_VERIFIED: ReasonWords(
        N_("The device did not check that it is you. Nothing was done."),
        N_("Set a screen lock, then sign with fingerprint, face or PIN."),
    ),
    Reason.CONTROLLERS_UNCHANGED: ReasonWords(N_("The new signers are those of today."), NOTHING),
    Reason.RECOVERY_PENDING: ReasonWords(
        N_("A recovery of the firm's signers is under way."), N_("Wait for its end, or cancel it.")
    ),
    Reason.RECOVERY_NOT_PENDING: ReasonWords(N_("No recovery of the firm's signers is under way."), NOTHING),
    Reason.RECOVERY_EARLY: ReasonWords(N_("The waiting time of the recovery is not over."), N_("Try again after it.")),
    Reason.SIGNER_REPEATED: ReasonWords(
        N_("One person has signed twice. Each person counts once."), N_("Let another person sign.")
    ),
}
