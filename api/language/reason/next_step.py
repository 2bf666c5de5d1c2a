"""What to do, where many reasons have it in common."""

from typing import Final

from api.language.translation import N_

PROGRAM: Final = N_("Tell whoever runs the program that sent this.")
CORRECT_SOURCE: Final = N_("Correct it where it came from, and send it again.")
CHOOSE: Final = N_("Choose one of those offered.")
ANEW: Final = N_("Open the page anew and try again.")
LATER: Final = N_("Wait a minute and try again.")
OPERATOR: Final = N_("Tell the operator of this platform.")
REJECT: Final = N_("Do not rely on this answer. Ask for it again.")
REJECT_FILE: Final = N_("Do not rely on this file. Ask its owner for a new one.")
NEW_CONSENT: Final = N_("Ask the firm for a new consent.")
OTHER_CONSENT: Final = N_("Ask the firm for a consent that covers this.")
SIGN_AGAIN: Final = N_("Sign again.")
SIGN_IN: Final = N_("Sign in again.")
CLOCK: Final = N_("Check the clock of your device, then try again.")
TELL_REGISTRAR: Final = N_("Tell the registrar.")
COUNTER: Final = N_("Ask at the registration counter.")
NOTHING: Final = N_("There is nothing to do.")
DEPARTMENT: Final = N_("Ask the department to issue it anew, then ask again.")
COPY: Final = N_("Take another copy.")
