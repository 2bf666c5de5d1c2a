"""Reasons that people meet at a page: codes, invitations, and what two people do."""

from collections.abc import Mapping
from typing import Final

from api.language.reason.words import ReasonWords
from api.language.translation import N_
from ledger_node.domain.reason import Reason

PEOPLE_WORDS: Final[Mapping[Reason, ReasonWords]] = {
    # people: codes, invitations, what two of them do
    Reason.CODE_UNKNOWN: ReasonWords(
        N_("There is no such code."), N_("Type it as it stands on the paper. Five wrong tries end it.")
    ),
    Reason.CODE_USED: ReasonWords(
        N_("This code was used already; each counts once."), N_("Ask whoever gave it to you for a new one.")
    ),
    Reason.CODE_EXPIRED: ReasonWords(N_("This code is over."), N_("Ask whoever gave it to you for a new one.")),
    Reason.CODE_LOCKED: ReasonWords(
        N_("Too many wrong codes were typed."), N_("Ask for a new code, or try again in an hour.")
    ),
    Reason.CHANNEL_MISSING: ReasonWords(
        N_("Nothing can be sent to such an address from here."), N_("Give an e-mail address or a telephone number.")
    ),
    Reason.CONTACTS_TOO_MANY: ReasonWords(
        N_("There are as many addresses for notices as there may be."), N_("Remove one first.")
    ),
    Reason.STAFF_EXISTS: ReasonWords(N_("Somebody of this name is on the list."), N_("Add what tells the two apart.")),
    Reason.KEY_SYNCHRONISED: ReasonWords(
        N_("This key can be copied to other devices."), N_("Use a security key that stays one device.")
    ),
    Reason.INVITATION_EXISTS: ReasonWords(
        N_("An invitation of this firm is open."), N_("Go on with that one, or end it first.")
    ),
    Reason.ENROLMENT_VOID: ReasonWords(
        N_("Two keys came by one code, so neither counts."), N_("Tell the registrar, who gives out a new code.")
    ),
    Reason.SUBJECT_NEW: ReasonWords(
        N_("The firm was registered a short time ago."), N_("Try again when 24 hours have gone by.")
    ),
    Reason.KEY_KNOWN: ReasonWords(N_("This key belongs to somebody here already."), N_("Use another key.")),
    Reason.RELEASE_BY_PREPARER: ReasonWords(N_("You prepared this."), N_("Somebody else must release it.")),
    Reason.OFFICER_MISSING: ReasonWords(
        N_("An officer of the bank must sign this."),
        N_("Ask at a page, or send the officer's signature; two people may also allow programs."),
    ),
    Reason.RELEASE_NUMBER_TAKEN: ReasonWords(
        N_("A release of this number was taken before."), N_("Open the page anew and look at it.")
    ),
    Reason.RELEASE_NOT_WAITING: ReasonWords(
        N_("This waits for nobody any more."), N_("Open the list anew to see what became of it.")
    ),
    # pages
    Reason.DRAFT_EXPIRED: ReasonWords(
        N_("The page was open for too long, and nothing was signed."), N_("Open the request again.")
    ),
    Reason.DRAFT_SUPERSEDED: ReasonWords(
        N_("Somebody has signed this request in another language or version."), N_("Open it again, and sign that one.")
    ),
    Reason.DRAFT_UNKNOWN: ReasonWords(
        N_("Nothing of this request waits for signatures."), N_("Open the request to see how it stands.")
    ),
    Reason.LOOK_UNKNOWN: ReasonWords(
        N_("This was not begun here, or was begun for something else."), N_("Open the page anew.")
    ),
    Reason.LOOK_USED: ReasonWords(N_("Each look at values is signed anew."), N_("Open the page again.")),
    Reason.ROTATION_WAITING: ReasonWords(
        N_("Somebody has signed another change of signers already."),
        N_("Sign that one, or call it off first."),
    ),
    Reason.LOOK_LATE: ReasonWords(
        N_("The page was open for more than five minutes."), N_("Open it anew and sign at once.")
    ),
    Reason.FILE_EARLY: ReasonWords(
        N_("No file of your records is ready."), N_("Ask for one, and fetch it a day later.")
    ),
    Reason.CROSS_SITE: ReasonWords(
        N_("Another site sent this form, so nothing was done."), N_("Open this site yourself and try again.")
    ),
    Reason.STEP_UP_NEEDED: ReasonWords(
        N_("This needs a fresh proof that it is you."), N_("Use your passkey once more, and you are led back here.")
    ),
    Reason.SIGN_IN_LATE: ReasonWords(
        N_("The page to sign in was open for too long, or was used before."), N_("Open it anew.")
    ),
    Reason.PASSKEY_UNKNOWN: ReasonWords(
        N_("This passkey signs in nobody here, or no longer."), N_("Use another device, or ask whoever linked it.")
    ),
    Reason.PASSKEY_MALFORMED: ReasonWords(
        N_("The device made a passkey that cannot be used here."), N_("Try again, or use another device.")
    ),
    Reason.PASSKEY_EXISTS: ReasonWords(N_("This passkey is linked already."), N_("Use another device.")),
}
