"""Reasons of requests: what was sent, and who sent it."""

from collections.abc import Mapping
from typing import Final

from api.language.reason.next_step import CHOOSE, CLOCK, CORRECT_SOURCE, LATER, NOTHING, PROGRAM, SIGN_AGAIN, SIGN_IN
from api.language.reason.words import ReasonWords
from api.language.translation import N_
from ledger_node.domain.reason import Reason

REQUEST_WORDS: Final[Mapping[Reason, ReasonWords]] = {
    # input that must be fixed by whoever sent it
    Reason.JSON_MALFORMED: ReasonWords(N_("What was sent is not JSON."), PROGRAM),
    Reason.JSON_DUPLICATE_KEY: ReasonWords(N_("A name stands twice in what was sent."), PROGRAM),
    Reason.JSON_TOO_DEEP: ReasonWords(N_("What was sent is nested too deeply."), PROGRAM),
    Reason.NOT_CANONICAL: ReasonWords(
        N_("The document was changed after it was signed."), N_("Use the file exactly as you got it.")
    ),
    Reason.TOO_LARGE: ReasonWords(N_("What was sent is too large."), N_("Send less at once.")),
    Reason.FIELD_MISSING: ReasonWords(N_("Something that is needed is missing."), N_("Fill it in and send it again.")),
    Reason.FIELD_UNKNOWN: ReasonWords(
        N_("Something was sent that is not known here."), N_("Correct the spelling, or leave it out.")
    ),
    Reason.TYPE_WRONG: ReasonWords(
        N_("A value is of the wrong kind, such as a text in place of a number."), CORRECT_SOURCE
    ),
    Reason.VALUE_MALFORMED: ReasonWords(
        N_("A value is not written as it must be."), N_("Correct how it is written, and send it again.")
    ),
    Reason.VALUE_OUT_OF_RANGE: ReasonWords(
        N_("A number or date lies outside its bounds."), N_("Correct the number or date, and send it again.")
    ),
    Reason.VALUE_OUT_OF_BOUNDS: ReasonWords(N_("A value or day is one that cannot be."), CORRECT_SOURCE),
    Reason.VALUE_MISSING: ReasonWords(
        N_("A row lacks a value that is needed."), N_("Fill the cell, or write that there is none.")
    ),
    Reason.CREDIT_CODE_INVALID: ReasonWords(
        N_("This is no unified social credit code."),
        N_("Compare its 18 characters with the licence; the last one checks the others."),
    ),
    Reason.SCHEMA_INVALID: ReasonWords(N_("The definition of a type of data breaks a rule."), PROGRAM),
    Reason.SCHEMA_UNKNOWN: ReasonWords(N_("There is no such type of data."), CHOOSE),
    Reason.QUESTION_MALFORMED: ReasonWords(
        N_("The question cannot be read."), N_("Choose the question from the list again.")
    ),
    Reason.OPERATOR_UNSUPPORTED: ReasonWords(N_("This kind of question cannot be asked about this field."), CHOOSE),
    Reason.UNIT_MISSING: ReasonWords(N_("The amount has no unit."), N_("Add the unit, such as CNY.")),
    Reason.UNIT_UNKNOWN: ReasonWords(
        N_("The field is not measured in this unit."), N_("Use the unit that is shown beside the field.")
    ),
    Reason.CURRENCY_DIFFERS: ReasonWords(
        N_("The field is in another currency, and nothing is converted."), N_("Ask in the currency that the field has.")
    ),
    Reason.OFF_LADDER: ReasonWords(N_("Only certain steps may be asked about."), CHOOSE),
    Reason.RANGE_EMPTY: ReasonWords(
        N_("No value lies in this range."), N_("The lower end must be below the upper end.")
    ),
    Reason.SET_EMPTY: ReasonWords(N_("The list has no entry, so nothing is asked."), N_("Choose at least one.")),
    Reason.SET_FULL: ReasonWords(N_("The list has every entry, so nothing is asked."), N_("Leave at least one out.")),
    Reason.SET_DUPLICATE: ReasonWords(N_("An entry stands twice in the list."), N_("List each once.")),
    Reason.SET_MEMBER_UNKNOWN: ReasonWords(N_("The field has no such entry."), CHOOSE),
    Reason.NOT_REVEALABLE: ReasonWords(
        N_("The value of this field is never shown."), N_("Ask a question about it instead.")
    ),
    Reason.HEADING_MISSING: ReasonWords(
        N_("The file lacks a column."), N_("Add the column that is named, and send the file again.")
    ),
    Reason.HEADING_UNKNOWN: ReasonWords(
        N_("The file has a column that is not known."), N_("Remove or rename the column.")
    ),
    Reason.COLUMN_REPEATED: ReasonWords(
        N_("The file has two columns for one field."), N_("Remove the one that is not right.")
    ),
    Reason.ROW_MALFORMED: ReasonWords(
        N_("A row does not have as many cells as the heading, or a quote stands where none belongs."), CORRECT_SOURCE
    ),
    Reason.ROW_REPEATED: ReasonWords(
        N_("The file says the same of this firm and period twice."), N_("The first row counts; there is nothing to do.")
    ),
    Reason.ROW_CONFLICT: ReasonWords(
        N_("Rows of the file contradict each other about a firm and period."),
        N_("Leave the right row, and send the file again."),
    ),
    Reason.ROW_INCONSISTENT: ReasonWords(N_("The row contradicts itself."), CORRECT_SOURCE),
    Reason.ROW_OUTDATED: ReasonWords(
        N_("There is newer data about this firm and period."), N_("Send newer data, or send this as a correction.")
    ),
    Reason.CORRECTION_NEEDED: ReasonWords(
        N_("Something else is issued already for this firm, period and day."),
        N_("If this row is right, send it as a correction."),
    ),
    Reason.SUBJECT_ERASED: ReasonWords(
        N_("The department has erased this firm."), N_("If it must be issued again, say so with the file.")
    ),
    Reason.UPLOAD_INTERRUPTED: ReasonWords(
        N_("The upload broke off."), N_("Send the file again. No row is issued twice.")
    ),
    Reason.ENCODING_WRONG: ReasonWords(
        N_("The text of the file cannot be read."), N_("Save the file in UTF-8 or GB18030, and send it again.")
    ),
    Reason.SIGNATURE_MALFORMED: ReasonWords(N_("The signature cannot be read."), SIGN_AGAIN),
    Reason.PURPOSE_UNKNOWN: ReasonWords(N_("There is no such purpose."), CHOOSE),
    Reason.PURPOSE_CEILING: ReasonWords(
        N_("The request asks for more than its purpose allows."),
        N_("Shorten the time, the number of checks or the retention to what is shown."),
    ),
    Reason.MEMBER_UNKNOWN: ReasonWords(N_("There is no such member."), CHOOSE),
    Reason.SUBJECT_UNKNOWN: ReasonWords(
        N_("No such firm is registered here."), N_("Check the code, or ask the registrar to register the firm.")
    ),
    Reason.SUBJECT_EXISTS: ReasonWords(N_("The firm is registered already."), NOTHING),
    Reason.NOT_FOUND: ReasonWords(
        N_("There is nothing here for you."), N_("Check the address, and whether you signed in as the right person.")
    ),
    Reason.REQUEST_INVALID: ReasonWords(
        N_("What was sent cannot be taken in this form."), N_("Correct what is marked, and send it again.")
    ),
    Reason.WEBHOOK_URL_REFUSED: ReasonWords(N_("Messages cannot be sent to this address."), N_("Correct the address.")),
    Reason.WEBHOOK_ADDRESS_REFUSED: ReasonWords(
        N_("Messages go to public addresses only."), N_("Name a host outside of internal networks.")
    ),
    Reason.WEBHOOK_ADDRESS_UNKNOWN: ReasonWords(
        N_("The host of this address cannot be found."), N_("Check how its name is written.")
    ),
    Reason.SIGN_IN_NEEDED: ReasonWords(N_("You are not signed in."), N_("Sign in, then try again.")),
    Reason.NOT_ALLOWED: ReasonWords(N_("Your role may not do this."), N_("Ask somebody of your organisation who may.")),
    Reason.MEDIA_TYPE_UNSUPPORTED: ReasonWords(N_("What was sent is of a kind that is not read here."), PROGRAM),
    Reason.QUERY_TOO_LARGE: ReasonWords(N_("The address is too long."), N_("Open the page again from its start.")),
    Reason.HEADERS_TOO_LARGE: ReasonWords(
        N_("The browser sent too much beside the request."), N_("Delete the cookies of this site, then sign in again.")
    ),
    Reason.REQUEST_TIMEOUT: ReasonWords(
        N_("The connection broke off before everything had arrived."), N_("Try again.")
    ),
    Reason.RATE_LIMITED: ReasonWords(N_("You ask more often than is taken."), LATER),
    Reason.CURSOR_INVALID: ReasonWords(
        N_("This place in the list is not known any more."), N_("Open the list from its start.")
    ),
    # idempotency
    Reason.IDEMPOTENCY_KEY_MALFORMED: ReasonWords(
        N_("The number of the request is not written as it must be."), PROGRAM
    ),
    Reason.IDEMPOTENCY_KEY_REUSED: ReasonWords(N_("The number of the request was used for another request."), PROGRAM),
    Reason.IDEMPOTENCY_IN_PROGRESS: ReasonWords(
        N_("This was sent already and is under way."), N_("Wait a moment. It counts once.")
    ),
    Reason.IDEMPOTENCY_ANSWER_ERASED: ReasonWords(
        N_("The request was answered, and the answer was erased with the firm's data."),
        N_("Ask anew if you still may."),
    ),
    # signing in
    Reason.ALGORITHM_NOT_ALLOWED: ReasonWords(N_("The key is of a kind that is not taken."), N_("Use another key.")),
    Reason.ASSERTION_MALFORMED: ReasonWords(N_("The sign-in cannot be read."), SIGN_IN),
    Reason.ASSERTION_OTHER_AUDIENCE: ReasonWords(N_("The sign-in was made for another site."), SIGN_IN),
    Reason.ASSERTION_OTHER_CLIENT: ReasonWords(N_("The sign-in names somebody else than who signed it."), SIGN_IN),
    Reason.ASSERTION_REPLAYED: ReasonWords(N_("This sign-in was used before."), SIGN_IN),
    Reason.ASSERTION_TIME: ReasonWords(N_("The sign-in is too old, or the clock of the device is wrong."), CLOCK),
    Reason.CLIENT_UNKNOWN: ReasonWords(
        N_("This key belongs to nobody who may sign in here."),
        N_("Use the device that you linked, or ask for a new code."),
    ),
    Reason.MEMBER_NOT_ACTIVE: ReasonWords(N_("This member is suspended or has left."), N_("Ask the consortium.")),
    Reason.PROOF_MALFORMED: ReasonWords(N_("The program's proof of its key cannot be read."), PROGRAM),
    Reason.PROOF_NONCE: ReasonWords(N_("The platform has started anew since the program's proof was made."), PROGRAM),
    Reason.PROOF_OTHER_KEY: ReasonWords(N_("The program signed with another key than it signed in with."), PROGRAM),
    Reason.PROOF_OTHER_REQUEST: ReasonWords(N_("The program's proof was made for another request."), PROGRAM),
    Reason.PROOF_OTHER_TOKEN: ReasonWords(N_("The program's proof was made for another sign-in."), PROGRAM),
    Reason.PROOF_REPLAYED: ReasonWords(N_("The program's proof was used before."), PROGRAM),
    Reason.PROOF_TIME: ReasonWords(N_("The program's proof is too old, or its clock is wrong."), CLOCK),
    Reason.SIGN_IN_KEYS_OUTDATED: ReasonWords(
        N_("Other sign-in keys are in force by now."), N_("Look at the keys that are in force, then sign again.")
    ),
    Reason.TOKEN_UNKNOWN: ReasonWords(N_("Your sign-in has ended."), SIGN_IN),
}
