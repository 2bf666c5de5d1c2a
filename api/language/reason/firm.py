"""What reasons say to a firm, where it is not what they say to banks, departments and programs."""

from collections.abc import Mapping
from typing import Final

from api.language.reason.next_step import COUNTER
from api.language.reason.words import ReasonWords
from api.language.translation import N_
from ledger_node.domain.reason import Reason

FIRM_WORDS: Final[Mapping[Reason, ReasonWords]] = {
    Reason.NOT_ALLOWED: ReasonWords(N_("You may not do this here."), N_("Sign in as a signer of the firm.")),
    Reason.NO_ATTESTATION: ReasonWords(
        N_("No department has issued a record on this for your firm and period."),
        N_("It says nothing against you. Ask the department if a record should be there."),
    ),
    Reason.VALUE_ABSENT: ReasonWords(
        N_("The department has no value for this."),
        N_("It says nothing against you. Ask the department if one should be there."),
    ),
    Reason.CONSENT_UNKNOWN: ReasonWords(
        N_("There is no such consent of your firm."), N_("Look at the list on your home page.")
    ),
    Reason.CONSENT_EXISTS: ReasonWords(
        N_("You have granted exactly this already."), N_("It counts once. You find it on your home page.")
    ),
    Reason.CONSENT_EXPIRED: ReasonWords(
        N_("This consent is over."), N_("The bank can ask no more. There is nothing to do.")
    ),
    Reason.CONSENT_WITHDRAWN: ReasonWords(
        N_("This consent is withdrawn."), N_("The bank can ask no more. There is nothing to do.")
    ),
    Reason.CONSENT_PAUSED: ReasonWords(N_("This consent is paused."), N_("Resume it if the bank shall ask again.")),
    Reason.REQUEST_ANSWERED: ReasonWords(
        N_("You have answered this request already."), N_("Look at your home page for what was decided.")
    ),
    Reason.CONSENT_EXHAUSTED: ReasonWords(
        N_("All checks of this consent are used."), N_("The bank can ask no more. There is nothing to do.")
    ),
    Reason.CONTROLLERS_FOREIGN: ReasonWords(
        N_("The signers of your firm were changed elsewhere. What was begun here is closed."),
        N_("If that was not you, tell the registration counter at once."),
    ),
    Reason.CONTROLLERS_NONE_COUNT: ReasonWords(
        N_("No change of your signers counts, because the key behind them was stolen."), COUNTER
    ),
    Reason.SUBJECT_ON_HOLD: ReasonWords(
        N_("Your firm is on hold. You can withdraw consents, and nothing else."),
        N_("Wait until the hold is over, or ask at the registration counter."),
    ),
    Reason.RECOVERY_PENDING: ReasonWords(
        N_("Somebody asked to replace your signers."), N_("Cancel it on your home page if it was not you.")
    ),
    Reason.STEP_UP_NEEDED: ReasonWords(
        N_("This needs a fresh proof that it is you."),
        N_("Use your fingerprint, face or screen lock once more, and you are led back here."),
    ),
    Reason.PASSKEY_UNKNOWN: ReasonWords(
        N_("This device signs in nobody here, or no longer."),
        N_("Use another device, or ask at the registration counter."),
    ),
}
DOCUMENT_FAILED: Final = ReasonWords(
    N_("A check of the document failed."), N_("Do not rely on it. Ask whoever gave it to you for a new one.")
)
"""How a firm is told of any check of a document: what exactly failed is for those who read proofs."""
