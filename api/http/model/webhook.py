"""Webhooks: a member's own endpoint for its notifications."""

from typing import Annotated, Literal

from pydantic import Field

from api.http.model.base import AnswerModel, Count, RequestModel, Time, text
from api.services.webhook.address import MAX_URL
from api.storage.table import WebhookState

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
