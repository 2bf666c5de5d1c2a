"""What the reasons mean that people meet at a page: codes, invitations, and what two people do."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger_node.domain.reason import Reason

PEOPLE_REASON_TEXT: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.CODE_UNKNOWN: "There is no such code; type it as it is written, and mind that five wrong tries end it.",
        Reason.CODE_USED: "This code was used, and each counts once; ask whoever gave it to you for a new one.",
        Reason.CODE_EXPIRED: "This code is over; ask whoever gave it to you for a new one.",
        Reason.CODE_LOCKED: "Too many wrong codes were typed; ask for a new code, or try again in an hour.",
        Reason.STAFF_EXISTS: "Somebody of this name is on the list; add what tells the two apart.",
        Reason.KEY_SYNCHRONISED: (
            "This key can be copied to other devices; people of members use a security key that stays one."
        ),
        Reason.KEY_KNOWN: "This key belongs to somebody here already; use another key.",
        Reason.RELEASE_BY_PREPARER: "You prepared this, so somebody else must release it.",
        Reason.RELEASE_NUMBER_TAKEN: "A release of this number was taken before; open the page anew and look at it.",
        Reason.RELEASE_NOT_WAITING: "This waits for nobody any more; open the list anew to see what became of it.",
        Reason.OFFICER_MISSING: (
            "Your member has people here: send what an officer's passkey signed, or have two people allow programs."
        ),
        Reason.ROTATION_WAITING: "A person signed another change of signers; sign that one, or call it off.",
        Reason.LOOK_UNKNOWN: "This was not begun here, or for something else; open the page anew.",
        Reason.LOOK_USED: "Each look at values is signed anew; open the page again.",
        Reason.LOOK_LATE: "The page was open for more than five minutes; open it anew and sign at once.",
        Reason.FILE_EARLY: "No file of your records is ready; wish for one, and fetch it a day later.",
        Reason.CROSS_SITE: "Another site sent this form, so nothing was done; open the portal yourself and try again.",
        Reason.STEP_UP_NEEDED: "Show your passkey again for this: the last time was more than five minutes ago.",
        Reason.SIGN_IN_LATE: "The page to sign in was open for too long, or was used before; open it anew.",
        Reason.PASSKEY_UNKNOWN: (
            "This passkey signs in nobody here, or no longer; use another device, or ask whoever enrolled you."
        ),
        Reason.PASSKEY_MALFORMED: "The device made a passkey that cannot be used here; try again or use another one.",
        Reason.PASSKEY_EXISTS: "This passkey is linked already; use another device.",
        Reason.CHANNEL_MISSING: "This instance sends nothing to such addresses; name an e-mail address or a telephone "
        "number, or ask its operator.",
        Reason.CONTACTS_TOO_MANY: "The firm has as many addresses for notices as it may; remove one first.",
        Reason.INVITATION_EXISTS: "An invitation of this firm is open; go on with that one, or end it first.",
        Reason.ENROLMENT_VOID: (
            "Two keys came by one code, so neither counts; tell the registrar, who gives out a new code."
        ),
        Reason.SUBJECT_NEW: "The firm was registered a short time ago; it grants and reads when 24 hours have gone by.",
        Reason.SUBJECT_ON_HOLD: "The firm is held; until 'held_until' only withdrawals and recoveries go on.",
        Reason.HOLD_TOO_SOON: "A controller may hold a firm once in 60 days, and so may its registrar.",
        Reason.DRAFT_EXPIRED: "The page was open for too long, and nothing was signed; open the request again.",
        Reason.DRAFT_SUPERSEDED: (
            "Somebody has signed this request in another language or version; open it again, and sign that one."
        ),
        Reason.DRAFT_UNKNOWN: "Nothing of this request waits for signatures; open the request to see how it stands.",
    }
)
