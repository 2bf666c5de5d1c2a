"""Notifications: what the ledger's events mean for the caller."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from api.http.model.base import AnswerModel, Count, HexText, RequestModel, Time, absent, shown, text
from api.services.notification.notice import NoticeKind
from api.services.webhook.address import MAX_URL
from api.storage.table import WebhookState
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
    entry: Count = absent()
    member: HexText = absent()
    by_registrar: bool = absent()
    transaction: HexText = absent()
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


_EXAMPLE = "https://hooks.bank.example/credence"


class NewWebhook(RequestModel):
    """Where notifications go."""

    url: Annotated[str, text(MAX_URL, description="https, at a public address", examples=[_EXAMPLE])]


class Webhook(AnswerModel):
    """An endpoint, and how it stands with it: active, failing (tried again at ``next_at``) or stopped."""

    url: Annotated[str, Field(examples=[_EXAMPLE])]
    state: Annotated[WebhookState, Field(examples=["active"])]
    waiting: Annotated[int, Field(description="notifications that it was not sent yet", examples=[0])]
    attempts: Count
    next_at: Time | None
    failing_since: Time | None
    last_failure: str | None


class RegisteredWebhook(Webhook):
    """An endpoint with its new secret, which is shown once."""

    secret: Annotated[str, Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]


class RemovedWebhook(AnswerModel):
    """An endpoint that is forgotten."""

    state: Literal["removed"] = "removed"
