"""What a firm's page says of each kind of notice. Messages outside say less: no bank and no question."""

from collections.abc import Mapping
from typing import Final

from api.language.translation import N_
from api.services.message.text import WORDS as MESSAGES
from api.services.notification.notice import NoticeKind

WORDS: Final[Mapping[str, str]] = {
    **MESSAGES,
    NoticeKind.REFUSED.value: N_("Your firm refused what a bank asked for."),
    NoticeKind.EXPIRED.value: N_("A consent of your firm has ended."),
    NoticeKind.NOT_GRANTED.value: N_("A consent of your firm did not come about. The bank can ask nothing by it."),
    NoticeKind.CHANGE_REFUSED.value: N_("A change of those who sign for your firm did not come about."),
}
"""Kind of notice -> what happened."""
UNKNOWN: Final = N_("Something happened that this page has no words for. Ask your registrar.")
