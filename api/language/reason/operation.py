"""Reasons of the council, the ledger, the store and copies."""

from collections.abc import Mapping
from typing import Final

from api.language.reason.next_step import COPY, LATER, NOTHING, OPERATOR
from api.language.reason.words import ReasonWords
from api.language.translation import N_
from ledger_node.domain.reason import Reason

OPERATION_WORDS: Final[Mapping[Reason, ReasonWords]] = {
    # the council
    Reason.GOVERNOR_UNKNOWN: ReasonWords(
        N_("This account is not one of the council."), N_("Vote with the key of a governor.")
    ),
    Reason.PROPOSAL_UNKNOWN: ReasonWords(
        N_("There is no proposal of this number."), N_("Look at the list of proposals.")
    ),
    Reason.PROPOSAL_DIGEST_WRONG: ReasonWords(
        N_("The proposal is not the one that you looked at."), N_("Look at it again before you vote.")
    ),
    Reason.PROPOSAL_CLOSED: ReasonWords(N_("The proposal is closed, or its time is over."), NOTHING),
    Reason.PROPOSAL_VOTED: ReasonWords(N_("This governor has voted so already, or has no vote to take back."), NOTHING),
    Reason.PROPOSAL_LACKS_APPROVALS: ReasonWords(N_("Too few governors have approved."), N_("Ask the others.")),
    Reason.PROPOSAL_EARLY: ReasonWords(
        N_("The proposal is decided and waits."), N_("Try again when its waiting time is over.")
    ),
    Reason.COUNCIL_RULE_BROKEN: ReasonWords(
        N_("The council would break a rule of its own."), N_("Correct the number of votes or the waiting time.")
    ),
    # the chain and the machinery around it
    Reason.LEDGER_UNAVAILABLE: ReasonWords(N_("The ledger does not answer. Nothing was done."), LATER),
    Reason.LEDGER_WRONG_CHAIN: ReasonWords(N_("The platform is connected to another ledger than its own."), OPERATOR),
    Reason.LEDGER_REFUSED: ReasonWords(
        N_("The ledger refuses this. Nothing was done."), N_("Open the page anew to see how things stand.")
    ),
    Reason.LEDGER_STALE: ReasonWords(N_("The ledger stands still."), OPERATOR),
    Reason.NODE_LIMIT: ReasonWords(N_("The ledger's computer allows less than is needed."), OPERATOR),
    Reason.OUTBOX_STUCK: ReasonWords(N_("What should be written to the ledger does not arrive."), OPERATOR),
    Reason.NOTIFICATIONS_STUCK: ReasonWords(N_("Notices have not been made for a long time."), OPERATOR),
    Reason.WORKER_DIED: ReasonWords(
        N_("The answer broke off. Nothing was shown."), N_("Ask again. It costs no second use.")
    ),
    Reason.STORE_UNAVAILABLE: ReasonWords(
        N_("The platform's store does not answer. Nothing that was confirmed is lost."), LATER
    ),
    Reason.STORE_IN_USE: ReasonWords(N_("Another program works with this store."), N_("Stop the other program first.")),
    Reason.STORE_OUTDATED: ReasonWords(
        N_("The store is of an earlier version."), N_("The operator upgrades the store.")
    ),
    Reason.STORE_NEWER: ReasonWords(
        N_("The store is of a later version than this program."), N_("The operator installs that version.")
    ),
    Reason.STORE_MISMATCH: ReasonWords(
        N_("The store is not the one of this instance."), N_("The operator names the right one.")
    ),
    Reason.OVERLOADED: ReasonWords(N_("The platform is too busy at the moment. It is not about you."), LATER),
    # copies, for operators
    Reason.KEY_LEDGER_BUSY: ReasonWords(N_("Deleted keys are still being read by another program."), LATER),
    Reason.KEY_LEDGER_MISMATCH: ReasonWords(
        N_("The file of keys is gone, or that of another store."),
        N_("The operator puts the right one in place, or restores."),
    ),
    Reason.KEY_COPY_FAILED: ReasonWords(
        N_("The keys are erased, but not yet from their copy."),
        N_("The operator looks at the copy. Asking again finishes it."),
    ),
    Reason.KEY_COPY_MALFORMED: ReasonWords(N_("The copy of the keys is cut off or altered."), COPY),
    Reason.KEY_COPY_OTHER_INSTANCE: ReasonWords(N_("The copy of the keys is that of another instance."), COPY),
    Reason.KEY_COPY_OUTDATED: ReasonWords(
        N_("The copy of the keys is older than the backup."), N_("Take the newest copy.")
    ),
    Reason.BACKUP_MALFORMED: ReasonWords(N_("The backup is cut off or altered, or is none."), COPY),
    Reason.BACKUP_OTHER_RECIPIENT: ReasonWords(
        N_("The backup was encrypted for somebody else."), N_("Name the file of the right identity.")
    ),
    Reason.BACKUP_NEWER_FORMAT: ReasonWords(
        N_("A newer version wrote this copy."), N_("Restore it with that version.")
    ),
    Reason.PASSPHRASE_WRONG: ReasonWords(
        N_("The passphrase does not open the keys of the backup."), N_("Name the file of the right passphrase.")
    ),
    Reason.CHAIN_OTHER_NETWORK: ReasonWords(
        N_("The ledger is of another network, or ends before the backup."), N_("Take the right ledger.")
    ),
    Reason.CONFIGURATION: ReasonWords(N_("The platform is not set up rightly."), OPERATOR),
    Reason.INTERNAL: ReasonWords(
        N_("Something went wrong on our side. Nothing that was confirmed is lost."),
        N_("Try again. If it happens again, report it with the number shown here."),
    ),
}
