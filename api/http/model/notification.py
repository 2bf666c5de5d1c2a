"""Notifications: what the ledger's events mean for the caller."""

from typing import Annotated, TypeAlias

from pydantic import Field

from api.http.model.base import AnswerModel, Count, HexText, Time, absent, shown
from api.services.notification.notice import NoticeKind
from ledger_node.domain.reason import Reason

NotificationId: TypeAlias = Annotated[str, Field(examples=["msg_6f1e2d"])]


class NotificationData(AnswerModel):
    """What a notification is about: ids, and times."""

    request: HexText = absent()
    consent: HexText = absent()
    attestation: HexText = absent()
    subject: HexText = absent()
    use: HexText = absent()
    commitment: HexText = absent()
    number: Count = absent()
    completable_at: Time = absent()
    reason: Reason = absent()
    change: str = absent()


class Notification(AnswerModel):
    """One thing that you are told. Kind and data together name it for good."""

    id: NotificationId
    kind: Annotated[NoticeKind, Field(examples=["consent.granted"])]
    time: Time
    data: Annotated[NotificationData, shown({"consent": "0x" + "5a" * 32})]


class NotificationList(AnswerModel):
    """A page of notifications, oldest first."""

    notifications: list[Notification]
    next: Annotated[NotificationId | None, Field(description="the 'after' of the next page")]
